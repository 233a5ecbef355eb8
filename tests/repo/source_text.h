#pragma once
// The repository as text: which files there are, and what of a C++ source is code, what comment and
// what string. The checks of this folder are functions over this text, so that each can be tried
// on a planted violation.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::repo {

/// One file of the repository.
struct RepositoryFile {
  std::string path;  ///< From the repository root, with `/`.
  std::string text;
};

/// What a check found, in words for whoever has to mend it.
struct Violation {
  std::string path;
  int line = 0;
  std::string message;

  friend bool operator==(const Violation&, const Violation&) = default;
};

/// A source split by what its characters are. Each view has the length and the line breaks of the
/// source; characters that belong to another view are blanks. Quotes and comment signs belong to
/// none.
struct SplitSource {
  std::string code;
  std::string comments;
  std::string strings;
};

/// Returns the root of the checkout that this program was built from.
std::filesystem::path repository_root();

/// Reads the files below the named folders whose names end in one of `endings`, sorted by path. A
/// folder that does not exist has no files; build folders and outputs are left out.
std::vector<RepositoryFile> read_files(const std::vector<std::string>& folders,
                                       const std::vector<std::string>& endings);

/// Splits C++ text. Knows line and block comments, character literals, digit separators, strings
/// with escapes and raw strings. An include line is code, quotes and all.
SplitSource split_source(std::string_view text);

/// Returns the lines of a text without their line breaks.
std::vector<std::string_view> split_lines(std::string_view text);

/// Writes violations one a line, as compilers do.
std::string describe(const std::vector<Violation>& violations);

}  // namespace millrace::repo
