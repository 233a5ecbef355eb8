# Writes the two generated files of `millrace_build_info`. Called at build time with REPOSITORY,
# VERSION, COMPILER, PRESET, SANITIZER, SOURCE and HEADER. Files that would not change are left alone.

include("${CMAKE_CURRENT_LIST_DIR}/write_if_changed.cmake")

set(commit "unknown")
set(dirty "false")
# The project may be a folder of its repository. A copy that lies below some other repository has no
# commit of its own: that one does not know its files.
execute_process(COMMAND git -C "${REPOSITORY}" ls-files --error-unmatch CMakeLists.txt
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
if(status EQUAL 0)
  execute_process(COMMAND git -C "${REPOSITORY}" rev-parse --short=7 --verify --quiet HEAD
    OUTPUT_VARIABLE head RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(status EQUAL 0)
    set(commit "${head}")
  endif()
  execute_process(COMMAND git -C "${REPOSITORY}" status --porcelain
    OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(dirty "true")
  endif()
endif()

millrace_write_if_changed("${HEADER}" "#pragma once
// Generated: the build that this program comes from.

#include <string_view>

namespace millrace {

struct BuildInfo {
  std::string_view version;
  std::string_view commit;
  std::string_view compiler;
  std::string_view preset;
  std::string_view sanitizer;
  bool is_dirty;
};

/// Returns the description of this build. It lives as long as the program.
const BuildInfo& build_info();

}  // namespace millrace
")

millrace_write_if_changed("${SOURCE}" "// Generated.
#include \"generated/build_info.h\"

namespace millrace {
namespace {

constexpr BuildInfo kBuildInfo{
    .version = \"${VERSION}\",
    .commit = \"${commit}\",
    .compiler = \"${COMPILER}\",
    .preset = \"${PRESET}\",
    .sanitizer = \"${SANITIZER}\",
    .is_dirty = ${dirty},
};

}  // namespace

const BuildInfo& build_info() { return kBuildInfo; }

}  // namespace millrace
")
