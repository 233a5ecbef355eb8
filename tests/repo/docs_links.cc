#include "tests/repo/docs_links.h"

#include <cctype>
#include <filesystem>
#include <regex>
#include <set>

namespace millrace::repo {
namespace {

/// The name that a heading gets as a link target: lower case, blanks as hyphens, punctuation gone.
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
      anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

/// Returns the lines of a Markdown text, those of code blocks empty.
std::vector<std::string> lines_without_code_blocks(std::string_view text) {
  std::vector<std::string> lines;
  bool is_code = false;
  for (const std::string_view line : split_lines(text)) {
    const bool is_fence = line.substr(0, 3) == "```";
    lines.emplace_back(is_code || is_fence ? std::string_view() : line);
    is_code = is_code != is_fence;
  }
  return lines;
}

std::set<std::string> anchors_in(std::string_view text) {
  std::set<std::string> anchors;
  for (const std::string& line : lines_without_code_blocks(text)) {
    const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
    if (level > 0 && level < line.size() && line[level] == ' ') {
      anchors.insert(anchor_of(std::string_view(line).substr(level + 1)));
    }
  }
  return anchors;
}

std::optional<std::string> problem_of(const std::string& target, const RepositoryFile& file,
                                      const FileLookup& lookup) {
  const std::size_t hash = std::min(target.find('#'), target.size());
  const std::string relative = target.substr(0, hash);
  const std::string path =
      relative.empty()
          ? file.path
          : (std::filesystem::path(file.path).parent_path() / relative).lexically_normal().string();
  const std::optional<std::string> text = lookup(path);
  if (!text) {
    return "the link leads to " + path + ", which does not exist";
  }
  if (hash < target.size() && !anchors_in(*text).contains(target.substr(hash + 1))) {
    return "the link leads to the heading " + target.substr(hash) + ", which " + path +
           " does not have";
  }
  return std::nullopt;
}

}  // namespace

std::vector<Violation> check_links(const RepositoryFile& file, const FileLookup& lookup) {
  static const std::regex link(R"(\]\(([^()\s]+)\))");
  static const std::regex inline_code(R"(`[^`]*`)");
  std::vector<Violation> violations;
  int number = 0;
  for (const std::string& line : lines_without_code_blocks(file.text)) {
    ++number;
    const std::string text = std::regex_replace(line, inline_code, "");
    for (std::sregex_iterator it(text.begin(), text.end(), link); it != std::sregex_iterator();
         ++it) {
      const std::string target = (*it)[1].str();
      if (target.find("://") != std::string::npos || target.starts_with("mailto:")) {
        continue;
      }
      if (const std::optional<std::string> problem = problem_of(target, file, lookup)) {
        violations.push_back({file.path, number, *problem});
      }
    }
  }
  return violations;
}

}  // namespace millrace::repo
