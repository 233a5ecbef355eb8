# What strangers do with the installed package, as tests with the label `package`: tests/package/
# installs it into the build folder, builds examples/ against it, and does what the walk-through of
# docs/bring-your-own-system.md says. Their builds are made as this one, sanitizers included.

function(millrace_add_package_tests)
  if(NOT TARGET millrace OR NOT MILLRACE_INSTALL)
    return()
  endif()
  set(environment
    "MILLRACE_SOURCE=${PROJECT_SOURCE_DIR}"
    "MILLRACE_BUILD=${PROJECT_BINARY_DIR}"
    "CXX=${CMAKE_CXX_COMPILER}"
    "CXXFLAGS=${CMAKE_CXX_FLAGS}"
    "LDFLAGS=${CMAKE_EXE_LINKER_FLAGS}"
    "CMAKE_GENERATOR=${CMAKE_GENERATOR}")
  foreach(name build_info install examples walk_through)
    add_test(NAME package.${name} COMMAND bash "${PROJECT_SOURCE_DIR}/tests/package/${name}.sh")
    set_tests_properties(package.${name} PROPERTIES
      LABELS package TIMEOUT 1800 ENVIRONMENT "${environment}")
  endforeach()
  set_tests_properties(package.install PROPERTIES FIXTURES_SETUP package)
  set_tests_properties(package.examples package.walk_through PROPERTIES FIXTURES_REQUIRED package)
endfunction()
