# A module is a folder of the repository as a static library.
#
#   millrace_module(NAME DIRS dir... [DEPENDS module...] [PACKAGES target...] [EXCLUDE file...])
#
# makes `millrace_NAME`, alias `millrace::NAME`, from DIRS/*.cc, with DIRS/*.h as its public headers.
# A folder without sources becomes a header-only library; an empty or missing folder is skipped, and
# so is any dependency that was skipped. `MILLRACE_<NAME>_IS_HEADERS` tells a header-only module.
# The target `header_check` compiles every header of every module alone.
#
#   millrace_executable(NAME SOURCES file... MODULES module...)
#
# makes a program at the top of the build folder.

add_custom_target(header_check)
# All that cmake/embed.cmake and cmake/marks.cmake generate: what clang-tidy needs before it can start.
add_custom_target(generated_sources)
set_property(GLOBAL PROPERTY MILLRACE_MODULES "")

# Sets OUT to those of the named modules that exist, as targets.
function(millrace_existing_modules OUT)
  set(found "")
  foreach(module IN LISTS ARGN)
    if(TARGET millrace_${module})
      list(APPEND found millrace_${module})
    endif()
  endforeach()
  set(${OUT} "${found}" PARENT_SCOPE)
endfunction()

# Sets OUT to the targets that the package names stand for.
function(millrace_package_targets OUT)
  set(found "")
  foreach(package IN LISTS ARGN)
    if(DEFINED MILLRACE_PACKAGE_${package})
      list(APPEND found ${MILLRACE_PACKAGE_${package}})
    else()
      list(APPEND found ${package})
    endif()
  endforeach()
  set(${OUT} "${found}" PARENT_SCOPE)
endfunction()

function(millrace_module NAME)
  cmake_parse_arguments(PARSE_ARGV 1 MODULE "" "" "DIRS;DEPENDS;PACKAGES;EXCLUDE")

  set(sources "")
  set(headers "")
  foreach(dir IN LISTS MODULE_DIRS)
    file(GLOB found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${dir}/*.cc")
    list(APPEND sources ${found})
    file(GLOB found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${dir}/*.h")
    list(APPEND headers ${found})
  endforeach()
  foreach(file IN LISTS MODULE_EXCLUDE)
    list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/${file}")
  endforeach()
  if(NOT sources AND NOT headers)
    message(STATUS "millrace: module ${NAME} is empty, skipped")
    return()
  endif()

  set(target millrace_${NAME})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    target_compile_options(${target} PRIVATE ${MILLRACE_WARNINGS_STRICT})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
    set(MILLRACE_${NAME}_IS_HEADERS TRUE)
  endif()
  string(TOUPPER ${NAME} upper)
  set(MILLRACE_${upper}_IS_HEADERS ${MILLRACE_${NAME}_IS_HEADERS} PARENT_SCOPE)
  add_library(millrace::${NAME} ALIAS ${target})

  millrace_existing_modules(depends ${MODULE_DEPENDS})
  millrace_package_targets(packages ${MODULE_PACKAGES})
  target_link_libraries(${target} ${scope} ${depends} ${packages})
  target_compile_features(${target} ${scope} cxx_std_23)
  # Installed headers keep their paths from the repository root, below include/millrace.
  target_include_directories(${target} ${scope}
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>"
    "$<INSTALL_INTERFACE:include;include/millrace>")
  if(headers)
    target_sources(${target} ${scope}
      FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${headers})
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${NAME} VERIFY_INTERFACE_HEADER_SETS TRUE)
  set_property(TARGET ${target} PROPERTY MILLRACE_DIRS "${MODULE_DIRS}")
  set_property(TARGET ${target} PROPERTY MILLRACE_PACKAGES "${packages}")
  set_property(GLOBAL APPEND PROPERTY MILLRACE_MODULES ${NAME})
  if(headers)
    # CMake makes this target at generation time, once the header sets are known.
    add_dependencies(header_check ${target}_verify_interface_header_sets)
  endif()
endfunction()

function(millrace_executable NAME)
  cmake_parse_arguments(PARSE_ARGV 1 PROGRAM "" "" "SOURCES;MODULES;PACKAGES")
  add_executable(${NAME} ${PROGRAM_SOURCES})
  target_compile_options(${NAME} PRIVATE ${MILLRACE_WARNINGS_STRICT})
  millrace_existing_modules(modules ${PROGRAM_MODULES})
  target_link_libraries(${NAME} PRIVATE ${modules} ${PROGRAM_PACKAGES})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endfunction()
