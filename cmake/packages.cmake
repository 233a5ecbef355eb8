# Third-party packages, all from Debian 12, as targets. Imported targets are system includes.

include(FindPkgConfig)
find_package(Threads REQUIRED)
# Static: the shared one would bring a second standard library into a libc++ build.
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.74 REQUIRED COMPONENTS context)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(zstd REQUIRED)
find_package(CLI11 REQUIRED)
find_package(pugixml REQUIRED)
pkg_check_modules(MILLRACE_XXHASH_PC REQUIRED IMPORTED_TARGET libxxhash)

# It has neither a CMake package nor a .pc file.
find_library(MILLRACE_MURMURHASH_LIBRARY murmurhash REQUIRED)
add_library(millrace_murmurhash INTERFACE)
target_link_libraries(millrace_murmurhash INTERFACE "${MILLRACE_MURMURHASH_LIBRARY}")

# Module lists say `fmt`; which form of it is the build's choice.
if(MILLRACE_HEADER_ONLY_PACKAGES)
  set(MILLRACE_PACKAGE_fmt fmt::fmt-header-only)
else()
  set(MILLRACE_PACKAGE_fmt fmt::fmt)
endif()

# xxHash and toml++ are used as headers: no library to link, none built for another standard library.
add_library(millrace_xxhash INTERFACE)
target_compile_definitions(millrace_xxhash INTERFACE XXH_INLINE_ALL)
add_library(millrace_tomlplusplus INTERFACE)
target_compile_definitions(millrace_tomlplusplus INTERFACE TOML_HEADER_ONLY=1)

if(MILLRACE_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  pkg_check_modules(MILLRACE_SIMGRID IMPORTED_TARGET simgrid)
endif()
