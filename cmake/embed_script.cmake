# Writes the two generated files of `millrace_embed`. Called at build time with FILES (joined by |),
# NAMESPACE, SOURCE and HEADER. Files that would not change are left alone.

include("${CMAKE_CURRENT_LIST_DIR}/write_if_changed.cmake")

string(REPLACE "|" ";" paths "${FILES}")
set(named "")
foreach(path IN LISTS paths)
  get_filename_component(name "${path}" NAME)
  list(APPEND named "${name}|${path}")
endforeach()
list(SORT named)
list(LENGTH named count)

set(header "#pragma once
// Generated: the files that are embedded in this program, sorted by name.

#include <span>
#include <string_view>

namespace millrace::${NAMESPACE} {

/// One file, whole.
struct EmbeddedFile {
  std::string_view name;
  std::string_view text;
};

/// Returns every embedded file, sorted by name. The text lives as long as the program.
std::span<const EmbeddedFile> embedded_files();

}  // namespace millrace::${NAMESPACE}
")
millrace_write_if_changed("${HEADER}" "${header}")

set(entries "")
foreach(pair IN LISTS named)
  string(FIND "${pair}" "|" bar)
  string(SUBSTRING "${pair}" 0 ${bar} name)
  math(EXPR bar "${bar} + 1")
  string(SUBSTRING "${pair}" ${bar} -1 path)
  file(READ "${path}" text)
  string(FIND "${text}" ")millrace\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${path}: an embedded file may not hold the sequence )millrace\"")
  endif()
  string(APPEND entries "    EmbeddedFile{\"${name}\", R\"millrace(${text})millrace\"},\n")
endforeach()

set(source "// Generated.
#include \"${NAMESPACE}/embedded.h\"

#include <array>

// A page is longer than what every compiler has to take as one literal; these take it.
#pragma GCC diagnostic ignored \"-Woverlength-strings\"

namespace millrace::${NAMESPACE} {
namespace {

constexpr std::array<EmbeddedFile, ${count}> kFiles{
${entries}};

}  // namespace

std::span<const EmbeddedFile> embedded_files() { return kFiles; }

}  // namespace millrace::${NAMESPACE}
")
millrace_write_if_changed("${SOURCE}" "${source}")
