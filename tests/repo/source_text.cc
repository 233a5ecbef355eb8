#include "tests/repo/source_text.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/folders.h"

namespace millrace::repo {
namespace {

namespace fs = std::filesystem;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Walks a source once and deals its characters out to the three views.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {
    std::string blank(text);
    std::ranges::replace_if(blank, [](char c) { return c != '\n'; }, ' ');
    split_ = {.code = blank, .comments = blank, .strings = blank};
  }

  SplitSource run() {
    while (at_ < text_.size()) {
      step();
    }
    return split_;
  }

 private:
  void step() {
    if (text_.substr(at_, 2) == "//") {
      take(split_.comments, std::min(text_.find('\n', at_), text_.size()));
    } else if (text_.substr(at_, 2) == "/*") {
      const std::size_t close = text_.find("*/", at_ + 2);
      take(split_.comments, close == std::string_view::npos ? text_.size() : close + 2);
    } else if (is_include_line()) {
      take(split_.code, std::min(text_.find('\n', at_), text_.size()));
    } else if (text_.substr(at_, 2) == "R\"" && (at_ == 0 || !is_word(text_[at_ - 1]))) {
      const std::size_t open = text_.find('(', at_);
      const std::string end = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
      const std::size_t close = text_.find(end, open);
      take(split_.strings, close == std::string_view::npos ? text_.size() : close + end.size());
    } else if (text_[at_] == '"') {
      take(split_.strings, end_of_literal('"'));
    } else if (text_[at_] == '\'' && (at_ == 0 || !is_word(text_[at_ - 1]))) {
      take(split_.strings, end_of_literal('\''));
    } else {
      take(split_.code, at_ + 1);
    }
  }

  bool is_include_line() const {
    if (text_[at_] != '#') {
      return false;
    }
    const std::size_t word = text_.find_first_not_of(" \t", at_ + 1);
    return word != std::string_view::npos && text_.substr(word, 7) == "include";
  }

  std::size_t end_of_literal(char quote) const {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    return std::min(end + 1, text_.size());
  }

  void take(std::string& view, std::size_t end) {
    std::copy(text_.begin() + static_cast<std::ptrdiff_t>(at_),
              text_.begin() + static_cast<std::ptrdiff_t>(end),
              view.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = end;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  SplitSource split_;
};

}  // namespace

fs::path repository_root() { return source_folder(); }

std::vector<RepositoryFile> read_files(const std::vector<std::string>& folders,
                                       const std::vector<std::string>& endings) {
  const std::set<std::string> skipped = {"build", ".git", "millrace-out", ".cache"};
  std::vector<RepositoryFile> files;
  for (const std::string& folder : folders) {
    const fs::path top = repository_root() / folder;
    if (!fs::is_directory(top)) {
      continue;
    }
    for (auto entry = fs::recursive_directory_iterator(top); entry != fs::end(entry); ++entry) {
      if (entry->is_directory() && skipped.contains(entry->path().filename().string())) {
        entry.disable_recursion_pending();
      }
      const std::string path = fs::relative(entry->path(), repository_root()).generic_string();
      const auto has_ending = [&](const std::string& ending) { return path.ends_with(ending); };
      if (entry->is_regular_file() && std::ranges::any_of(endings, has_ending)) {
        std::ifstream in(entry->path(), std::ios::binary);
        files.push_back({.path = path, .text = {std::istreambuf_iterator<char>(in), {}}});
      }
    }
  }
  std::ranges::sort(files, {}, &RepositoryFile::path);
  return files;
}

SplitSource split_source(std::string_view text) { return Splitter(text).run(); }

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string describe(const std::vector<Violation>& violations) {
  std::string out;
  for (const Violation& violation : violations) {
    out += violation.path + ":" + std::to_string(violation.line) + ": " + violation.message + "\n";
  }
  return out;
}

}  // namespace millrace::repo
