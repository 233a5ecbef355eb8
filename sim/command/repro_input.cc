#include "sim/command/repro_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

#include "sim/command/output_dir.h"
#include "sim/run/repro_token.h"

namespace millrace::command {
namespace {

using Mistakes = std::vector<std::string>;

/// Of a token, where it is not to be copied.
constexpr std::size_t kTokenShown = 16;

std::string read_stdin() {
  std::string text;
  std::array<char, 65'536> block{};
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

std::expected<ReproText, std::string> read_token(const std::string& name,
                                                 const std::string& token) {
  const std::string shown = token.substr(0, kTokenShown) + "...";
  Result<std::string> json = run::token_to_json(token);
  if (!json.has_value()) return std::unexpected(shown + ": " + json.error().detail);
  return ReproText{.name = name, .shown_name = shown, .json = *std::move(json), .is_token = true};
}

std::expected<std::vector<ReproText>, Mistakes> find_in_folder(const std::string& folder,
                                                               Console& console) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().string();
    if (path.ends_with(kReproSuffix)) paths.push_back(path);
  }
  Mistakes mistakes;
  if (error) mistakes.push_back(fmt::format("{}: {}", folder, error.message()));
  std::ranges::sort(paths);
  if (paths.empty() && !error) {
    console.complain(fmt::format("{} holds no *{}", folder, kReproSuffix));
  }
  std::vector<ReproText> found;
  for (const std::string& path : paths) {
    auto one = find_repro(path);
    if (one.has_value()) {
      found.push_back(*std::move(one));
    } else {
      mistakes.push_back(std::move(one).error());
    }
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  return found;
}

}  // namespace

std::expected<std::string, std::string> resolve_latest(const std::string& name) {
  std::error_code ignored;
  if (name != "latest" || std::filesystem::exists(name, ignored)) return name;
  std::string folder = std::string(kLatestPath) + "/failures";
  if (std::filesystem::is_directory(folder, ignored)) return folder;
  return std::unexpected(folder + ": no failure was saved");
}

std::expected<ReproText, std::string> find_repro(const std::string& name) {
  std::error_code ignored;
  if (name == "-") {
    std::string text = read_stdin();
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    const std::string word = start == std::string::npos ? "" : text.substr(start);
    if (run::is_token(word)) return read_token(name, word);
    return ReproText{.name = name, .shown_name = name, .json = std::move(text)};
  }
  // A file may be called as a token is.
  if (run::is_token(name) && !std::filesystem::exists(name, ignored)) return read_token(name, name);
  auto text = read_file(name);
  if (!text.has_value()) return std::unexpected(std::move(text).error());
  return ReproText{.name = name, .shown_name = name, .json = *std::move(text)};
}

std::expected<std::vector<ReproText>, Mistakes> find_repros(const std::string& name,
                                                            Console& console) {
  std::error_code ignored;
  if (std::filesystem::is_directory(name, ignored)) return find_in_folder(name, console);
  auto one = find_repro(name);
  if (!one.has_value()) return std::unexpected(Mistakes{std::move(one).error()});
  return std::vector{*std::move(one)};
}

}  // namespace millrace::command
