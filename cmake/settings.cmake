# Language, warnings and compiler flags that hold for all our code.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Symbolised frames of a crash need the program's own names in its dynamic table (-rdynamic).
set(CMAKE_ENABLE_EXPORTS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# The presets state -O and -g; NDEBUG is never defined, because checks are on in every build.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "")
set(CMAKE_CXX_FLAGS_DEBUG "")

set(MILLRACE_PRESET "custom" CACHE STRING "Name of the preset, as the build description reports it")
set(MILLRACE_SANITIZER "none" CACHE STRING "Sanitizers of this build, as the build description reports them")

find_program(MILLRACE_CCACHE ccache)
if(MILLRACE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Objects depend on neither the build folder's name nor the checkout's, so that build folders and
  # copies of the repository (one for each mutant) share them.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    env CCACHE_NOHASHDIR=true "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" ${MILLRACE_CCACHE})
endif()

# With a cache, the compiler sees paths relative to the build folder.
file(RELATIVE_PATH MILLRACE_SOURCE_FROM_BINARY "${PROJECT_BINARY_DIR}" "${PROJECT_SOURCE_DIR}/x")
string(REGEX REPLACE "x$" "" MILLRACE_SOURCE_FROM_BINARY "${MILLRACE_SOURCE_FROM_BINARY}")

add_compile_options(
  -fno-omit-frame-pointer
  # File names in checks and source locations are relative to the repository, on every machine.
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/="
  "-fmacro-prefix-map=${MILLRACE_SOURCE_FROM_BINARY}="
  -fdiagnostics-color=auto)

set(MILLRACE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Werror)
if(NOT MILLRACE_SANITIZER STREQUAL "none")
  # The checks that a sanitizer inserts hide initialisations from g++ 12, which then warns in std::regex.
  list(APPEND MILLRACE_WARNINGS -Wno-maybe-uninitialized)
endif()
# Tests and benchmarks are spared this one: literals of every width meet there.
set(MILLRACE_WARNINGS_STRICT ${MILLRACE_WARNINGS} -Wconversion)
