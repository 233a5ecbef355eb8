#include "tests/repo/file_size.h"

#include <regex>

namespace millrace::repo {
namespace {

/// Blanks preprocessor lines, with their continuations.
std::string without_directives(std::string code) {
  bool is_directive = false;
  std::size_t start = 0;
  while (start < code.size()) {
    const std::size_t end = std::min(code.find('\n', start), code.size());
    const std::size_t first = code.find_first_not_of(" \t", start);
    is_directive = is_directive || (first < end && code[first] == '#');
    const bool continues = end > start && code[end - 1] == '\\';
    if (is_directive) {
      code.replace(start, end - start, end - start, ' ');
    }
    is_directive = is_directive && continues;
    start = end + 1;
  }
  return code;
}

/// What the brace after `head` opens.
enum class Opens { kScope, kFunction, kData };

Opens what_opens(const std::string& head) {
  static const std::regex scope(
      R"(^(template\s*<[^{}]*>\s*)?(inline\s+)?(namespace|class|struct|union|enum|extern)\b)");
  static const std::regex member_initialiser(R"(\)[^:]*[^:]:[^:][\s\S]*[A-Za-z0-9_>]\s*$)");
  if (std::regex_search(head, scope)) {
    return Opens::kScope;
  }
  if (head.find('(') == std::string::npos || std::regex_search(head, member_initialiser)) {
    return Opens::kData;
  }
  return Opens::kFunction;
}

/// Walks the code of one source, scope by scope.
class FunctionFinder {
 public:
  explicit FunctionFinder(std::string_view text)
      : code_(without_directives(split_source(text).code)) {}

  std::vector<FunctionSpan> run() {
    for (; at_ < code_.size(); ++at_) {
      step(code_[at_]);
      line_ += code_[at_] == '\n' ? 1 : 0;
    }
    return std::move(functions_);
  }

 private:
  void step(char c) {
    if (c == '(') {
      ++parentheses_;
    } else if (c == ')') {
      --parentheses_;
    }
    if (c == '{') {
      open();
    } else if (c == '}') {
      // The end of a scope that is looked into.
      head_.clear();
    } else if (c == ';' && parentheses_ == 0) {
      head_.clear();
    } else {
      extend_head(c);
    }
  }

  void extend_head(char c) {
    if (head_.empty()) {
      if (c == ' ' || c == '\n') {
        return;
      }
      line_first_ = line_;
    }
    head_ += c;
    if (head_ == "public:" || head_ == "private:" || head_ == "protected:") {
      head_.clear();
    }
  }

  void open() {
    const Opens opens = parentheses_ > 0 ? Opens::kData : what_opens(head_);
    if (opens == Opens::kScope) {
      head_.clear();
      return;
    }
    skip_to_closing_brace();
    if (opens == Opens::kFunction) {
      functions_.push_back({.head = head_, .line_first = line_first_, .line_last = line_});
      head_.clear();
    } else {
      // Data goes on to its semicolon; a member initialiser to the function's own brace.
      head_ += "{}";
    }
  }

  void skip_to_closing_brace() {
    int depth = 0;
    for (; at_ < code_.size(); ++at_) {
      if (code_[at_] == '{') {
        ++depth;
      } else if (code_[at_] == '}' && --depth == 0) {
        return;
      }
      line_ += code_[at_] == '\n' ? 1 : 0;
    }
  }

  std::string code_;
  std::size_t at_ = 0;
  int line_ = 1;
  int parentheses_ = 0;
  std::string head_;
  int line_first_ = 1;
  std::vector<FunctionSpan> functions_;
};

}  // namespace

std::vector<FunctionSpan> find_functions(std::string_view text) {
  return FunctionFinder(text).run();
}

std::vector<Violation> check_file_size(const RepositoryFile& file) {
  std::vector<Violation> violations;
  const auto lines = static_cast<int>(split_lines(file.text).size());
  if (lines > kFileLinesMax) {
    violations.push_back({file.path, lines,
                          "the file has " + std::to_string(lines) + " lines, at most " +
                              std::to_string(kFileLinesMax) + " are allowed: split it by subject"});
  }
  for (const FunctionSpan& function : find_functions(file.text)) {
    if (function.lines() > kFunctionLinesMax) {
      violations.push_back({file.path, function.line_first,
                            "a function of " + std::to_string(function.lines()) +
                                " lines, at most " + std::to_string(kFunctionLinesMax) +
                                " are allowed: name its parts"});
    }
  }
  return violations;
}

}  // namespace millrace::repo
