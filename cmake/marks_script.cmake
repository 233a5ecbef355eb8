# Writes the two generated files of `millrace_mark_list`. Called at build time with DIRS (joined by
# |), EXCLUDE (the build folder), NAMESPACE, SOURCE and HEADER. Files that would not change are left alone.

include("${CMAKE_CURRENT_LIST_DIR}/write_if_changed.cmake")

string(REPLACE "|" ";" dirs "${DIRS}")
set(marks "")
foreach(dir IN LISTS dirs)
  file(GLOB_RECURSE files "${dir}/*.cc" "${dir}/*.h")
  foreach(file IN LISTS files)
    string(FIND "${file}" "${EXCLUDE}" at)
    if(at EQUAL 0)
      continue()
    endif()
    file(READ "${file}" text)
    string(REGEX REPLACE "//[^\n]*" "" text "${text}")
    string(REGEX MATCHALL "(\\.|->)mark\\([ \t\r\n]*\"[^\"\n]*\"" calls "${text}")
    foreach(call IN LISTS calls)
      string(REGEX REPLACE "^[^\"]*\"([^\"]*)\"$" "\\1" mark "${call}")
      if(NOT mark MATCHES "^mutant\\.")
        list(APPEND marks "${mark}")
      endif()
    endforeach()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES marks)
list(SORT marks)
list(LENGTH marks count)

set(header "#pragma once
// Generated: the marks that this program can report.

#include <span>
#include <string_view>

namespace millrace::${NAMESPACE} {

/// Returns every mark literal of the program's sources, sorted, each once.
std::span<const std::string_view> marks();

}  // namespace millrace::${NAMESPACE}
")
millrace_write_if_changed("${HEADER}" "${header}")

set(entries "")
foreach(mark IN LISTS marks)
  string(APPEND entries "    \"${mark}\",\n")
endforeach()

set(source "// Generated.
#include \"${NAMESPACE}/marks.h\"

#include <array>

namespace millrace::${NAMESPACE} {
namespace {

constexpr std::array<std::string_view, ${count}> kMarks{
${entries}};

}  // namespace

std::span<const std::string_view> marks() { return kMarks; }

}  // namespace millrace::${NAMESPACE}
")
millrace_write_if_changed("${SOURCE}" "${source}")
