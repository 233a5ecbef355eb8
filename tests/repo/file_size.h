#pragma once
// How long files and functions may be, and how that is counted.
//
// A function's length is the number of lines from the first line of its signature (its doc comment
// left out) to the line of its closing brace, both included. Functions are found by braces, which
// is right for code that clang-format wrote: outside of functions, a brace opens
//  - a scope that is looked into, after namespace, class, struct, union, enum or extern;
//  - a function, after any other text with a parameter list in it (lambdas in a variable's
//    initialiser and TEST bodies are functions too);
//  - data, after text without one, or inside parentheses: a table may be long.
// A function within a function counts with the outer one. Preprocessor lines are not looked at.

#include <string>
#include <vector>

#include "tests/repo/source_text.h"

namespace millrace::repo {

inline constexpr int kFileLinesMax = 700;
inline constexpr int kFunctionLinesMax = 70;

/// One function body as found in a source.
struct FunctionSpan {
  std::string head;  ///< The signature, blanks and line breaks as in the source.
  int line_first = 0;
  int line_last = 0;

  int lines() const { return line_last - line_first + 1; }
};

/// Finds the functions of a C++ source, in order.
std::vector<FunctionSpan> find_functions(std::string_view text);

/// Checks the size of one file, and of each of its functions.
std::vector<Violation> check_file_size(const RepositoryFile& file);

}  // namespace millrace::repo
