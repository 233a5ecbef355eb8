# What a program says of the build it comes from.
#
#   millrace_build_info(TARGET)
#
# adds to TARGET the generated header "generated/build_info.h", in namespace millrace:
#
#   struct BuildInfo { std::string_view version, commit, compiler, preset, sanitizer; bool is_dirty; };
#   const BuildInfo& build_info();
#
# Commit and dirtiness are looked up at every build; where there is no git, the commit is "unknown".
#
# The package brings a description of its own build. A program that calls this for its executable
# (an executable: its objects come before any library) describes itself instead, so that the failures
# and repros that it writes name its own version and commit.

set(MILLRACE_BUILD_INFO_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/build_info_script.cmake")

function(millrace_build_info TARGET)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/generated/${TARGET}")
  set(header "${folder}/generated/build_info.h")
  set(source "${folder}/generated/build_info.cc")
  string(REGEX MATCH "^[0-9]+" major "${CMAKE_CXX_COMPILER_VERSION}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(compiler "g++-${major}")
  elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    set(compiler "clang-${major}")
  else()
    set(compiler "${CMAKE_CXX_COMPILER_ID}-${major}")
  endif()
  set(preset "custom")
  set(sanitizer "none")
  if(CMAKE_BUILD_TYPE)
    set(preset "${CMAKE_BUILD_TYPE}")
  endif()
  if(MILLRACE_PRESET)
    set(preset "${MILLRACE_PRESET}")
  endif()
  if(MILLRACE_SANITIZER)
    set(sanitizer "${MILLRACE_SANITIZER}")
  endif()
  # No file tells that a commit was made, so the script runs at every build and mostly changes nothing.
  add_custom_target(${TARGET}_build_info
    BYPRODUCTS "${source}" "${header}"
    COMMAND "${CMAKE_COMMAND}" "-DREPOSITORY=${PROJECT_SOURCE_DIR}" "-DVERSION=${PROJECT_VERSION}"
            "-DCOMPILER=${compiler}" "-DPRESET=${preset}" "-DSANITIZER=${sanitizer}"
            "-DSOURCE=${source}" "-DHEADER=${header}" -P "${MILLRACE_BUILD_INFO_SCRIPT}"
    COMMENT "Looking up the commit for ${TARGET}"
    VERBATIM)
  add_dependencies(${TARGET} ${TARGET}_build_info)
  if(TARGET generated_sources)
    add_dependencies(generated_sources ${TARGET}_build_info)
  endif()
  target_sources(${TARGET} PRIVATE "${source}" "${header}")
  target_include_directories(${TARGET} PUBLIC "$<BUILD_INTERFACE:${folder}>")
endfunction()
