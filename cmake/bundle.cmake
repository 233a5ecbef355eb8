# A bundle is what a user of the installed package links: several modules under one name.
#
#   millrace_bundle(NAME HEADER file [MODULES module...] [BUNDLES bundle...])
#
# makes the target `millrace::NAME`, and the header <millrace/NAME.h>, which includes HEADER. Only what
# exists is part of it.

set_property(GLOBAL PROPERTY MILLRACE_BUNDLES "")

function(millrace_bundle NAME)
  cmake_parse_arguments(PARSE_ARGV 1 BUNDLE "" "HEADER" "MODULES;BUNDLES")
  set(target millrace_${NAME})
  add_library(${target} INTERFACE)
  add_library(millrace::${NAME} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${NAME})
  millrace_existing_modules(modules ${BUNDLE_MODULES} ${BUNDLE_BUNDLES})
  target_link_libraries(${target} INTERFACE ${modules})

  if(EXISTS "${PROJECT_SOURCE_DIR}/${BUNDLE_HEADER}")
    set(folder "${PROJECT_BINARY_DIR}/generated/include")
    file(CONFIGURE OUTPUT "${folder}/millrace/${NAME}.h"
      CONTENT "#pragma once\n#include \"${BUNDLE_HEADER}\"  // IWYU pragma: export\n" @ONLY)
    target_include_directories(${target} INTERFACE "$<BUILD_INTERFACE:${folder}>")
    set_property(TARGET ${target} PROPERTY MILLRACE_HEADER "${folder}/millrace/${NAME}.h")
    # A header that no module's folder holds is installed by its bundle.
    get_filename_component(dir "${BUNDLE_HEADER}" DIRECTORY)
    if(dir STREQUAL "sim")
      target_sources(${target} INTERFACE
        FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES "${PROJECT_SOURCE_DIR}/${BUNDLE_HEADER}")
    endif()
  endif()
  set_property(GLOBAL APPEND PROPERTY MILLRACE_BUNDLES ${NAME})
endfunction()
