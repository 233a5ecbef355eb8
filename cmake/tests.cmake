# Tests and benchmarks, found by folder.
#
# Every folder tests/<path> with a *.cc becomes one program: <path with _>_test, built of all its
# *.cc, run by ctest test by test. It links the module of the same folder and what
# `millrace_test_modules` names for it. tests/system_links_alone.cc and tests/toy_main.cc are the
# exceptions, see below. tests/rapidcheck_seed.cc is part of each of these programs.

# Modules that the tests of a folder use beyond the module of that folder.
function(millrace_test_modules OUT path)
  set(modules "")
  if(path MATCHES "^(env_conformance|sim/|system/(env|wal|segment_store|client)$)")
    set(modules devices faults run)
  endif()
  if(path MATCHES "^(system/(segment_store|client))$")
    list(APPEND modules segment_store client)
  elseif(path MATCHES "^(env_conformance)$")
    list(APPEND modules env)
  endif()
  set(${OUT} "${modules}" PARENT_SCOPE)
endfunction()

function(millrace_add_test_folder path)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${path}/*.cc")
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" name "${path}")
  set(target ${name}_test)

  millrace_test_modules(names ${path})
  get_property(all GLOBAL PROPERTY MILLRACE_MODULES)
  foreach(module IN LISTS all)
    get_property(dirs TARGET millrace_${module} PROPERTY MILLRACE_DIRS)
    if(path IN_LIST dirs)
      list(APPEND names ${module})
    endif()
  endforeach()
  millrace_existing_modules(modules ${names})

  add_executable(${target} ${sources} $<TARGET_OBJECTS:millrace_rapidcheck_seed>)
  target_compile_options(${target} PRIVATE ${MILLRACE_WARNINGS})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE
    ${modules} millrace_test_folders ${MILLRACE_PACKAGE_fmt} GTest::gtest_main GTest::gmock rapidcheck rapidcheck_gtest)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${path}: "
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600 LABELS unit)
endfunction()

# A static library hides a missing dependency until the final link, where the simulator is present.
# So one program links every object of system/, and nothing of sim/.
function(millrace_add_system_links_alone)
  millrace_existing_modules(modules base env types wire wal segment_store client)
  if(NOT modules OR NOT EXISTS "${PROJECT_SOURCE_DIR}/tests/system_links_alone.cc")
    return()
  endif()
  set(objects "")
  set(packages "")
  foreach(module IN LISTS modules)
    get_target_property(type ${module} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND objects "$<TARGET_OBJECTS:${module}>")
    endif()
    get_target_property(found ${module} MILLRACE_PACKAGES)
    list(APPEND packages ${found})
  endforeach()
  add_executable(system_links_alone "${PROJECT_SOURCE_DIR}/tests/system_links_alone.cc" ${objects})
  target_compile_options(system_links_alone PRIVATE ${MILLRACE_WARNINGS})
  target_link_libraries(system_links_alone PRIVATE ${packages})
  add_test(NAME system_links_alone COMMAND system_links_alone)
endfunction()

# The toy world of the harness's tests as a program, which the tests of the command start.
function(millrace_add_toy)
  if(NOT TARGET sim_command_test)
    return()
  endif()
  millrace_existing_modules(modules command)
  add_executable(toy "${PROJECT_SOURCE_DIR}/tests/toy_main.cc"
    "${PROJECT_SOURCE_DIR}/tests/sim/command/toy_scenarios.cc"
    "${PROJECT_SOURCE_DIR}/tests/sim/run/toy_world.cc")
  target_compile_options(toy PRIVATE ${MILLRACE_WARNINGS})
  target_include_directories(toy PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(toy PRIVATE ${modules} ${MILLRACE_PACKAGE_fmt})
  set_target_properties(toy PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  add_dependencies(sim_command_test toy)
endfunction()

# The one source that knows paths of this machine, so that the objects of all others can be shared
# between checkouts.
function(millrace_add_test_folders_source)
  add_library(millrace_test_folders STATIC "${PROJECT_SOURCE_DIR}/tests/folders.cc")
  target_compile_options(millrace_test_folders PRIVATE ${MILLRACE_WARNINGS})
  target_compile_definitions(millrace_test_folders PRIVATE
    MILLRACE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" MILLRACE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_include_directories(millrace_test_folders PRIVATE "${PROJECT_SOURCE_DIR}")
endfunction()

# What makes a program's properties draw the same cases in every run. Nobody calls it, so it has to
# be an object: of a library the linker would leave it out.
function(millrace_add_rapidcheck_seed)
  add_library(millrace_rapidcheck_seed OBJECT "${PROJECT_SOURCE_DIR}/tests/rapidcheck_seed.cc")
  target_compile_options(millrace_rapidcheck_seed PRIVATE ${MILLRACE_WARNINGS})
endfunction()

function(millrace_add_tests)
  include(GoogleTest)
  millrace_add_test_folders_source()
  millrace_add_rapidcheck_seed()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/tests/*.cc")
  set(paths "")
  foreach(source IN LISTS sources)
    get_filename_component(path "${source}" DIRECTORY)
    if(path)
      list(APPEND paths "${path}")
    endif()
  endforeach()
  list(REMOVE_DUPLICATES paths)
  foreach(path IN LISTS paths)
    millrace_add_test_folder(${path})
  endforeach()
  millrace_add_system_links_alone()
  millrace_add_toy()
  millrace_add_browser_tests()
endfunction()

# The report pages in headless Chromium: python3, chromium and chromium-driver, which `./dev test`
# installs. Where one is missing the tests fail and name it.
function(millrace_add_browser_tests)
  if(NOT TARGET toy)
    return()
  endif()
  set(folder "${PROJECT_SOURCE_DIR}/tests/reports/browser")
  file(GLOB scripts CONFIGURE_DEPENDS "${folder}/*_test.py")
  set(environment "MILLRACE_REPORT_PAGES=${PROJECT_BINARY_DIR}/generated/report_pages"
    "MILLRACE_TOY=$<TARGET_FILE:toy>")
  foreach(script IN LISTS scripts)
    get_filename_component(name "${script}" NAME_WE)
    string(REGEX REPLACE "_test$" "" name "${name}")
    add_test(NAME "reports/browser: ${name}" COMMAND python3 -B "${script}")
    set_tests_properties("reports/browser: ${name}" PROPERTIES LABELS browser TIMEOUT 300
      ENVIRONMENT "${environment}")
  endforeach()
endfunction()

# One program of all benchmarks, and benchmarks/simgrid*.cc as a program of its own where SimGrid is
# installed: a peer runs with its own allocator.
function(millrace_add_benchmarks)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/benchmarks/*.cc")
  file(GLOB peers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/benchmarks/simgrid*.cc")
  list(REMOVE_ITEM sources ${peers})
  millrace_existing_modules(modules scenarios command run faults devices kernel fiber env base)
  add_executable(millrace_bench ${sources})
  target_compile_options(millrace_bench PRIVATE ${MILLRACE_WARNINGS})
  target_include_directories(millrace_bench PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(millrace_bench PRIVATE ${modules} CLI11::CLI11 nlohmann_json::nlohmann_json
    ${MILLRACE_PACKAGE_fmt} Boost::context)
  set_target_properties(millrace_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  add_dependencies(benchmarks_test millrace_bench)
  target_compile_definitions(benchmarks_test PRIVATE
    MILLRACE_BENCH="$<TARGET_FILE:millrace_bench>")

  # SimGrid's context switches mean nothing to a sanitizer.
  if(MILLRACE_SIMGRID_FOUND AND MILLRACE_SANITIZER STREQUAL "none")
    add_executable(millrace_bench_simgrid ${peers} "${PROJECT_SOURCE_DIR}/benchmarks/probe.cc")
    target_compile_options(millrace_bench_simgrid PRIVATE ${MILLRACE_WARNINGS})
    target_include_directories(millrace_bench_simgrid PRIVATE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(millrace_bench_simgrid PRIVATE
      millrace_base PkgConfig::MILLRACE_SIMGRID ${MILLRACE_PACKAGE_fmt})
    set_target_properties(millrace_bench_simgrid PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
    add_dependencies(millrace_bench millrace_bench_simgrid)
    target_compile_definitions(millrace_bench PRIVATE
      MILLRACE_SIMGRID_PEER="$<TARGET_FILE:millrace_bench_simgrid>")
  endif()
endfunction()
