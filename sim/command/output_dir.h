#pragma once

// The directory that a campaign, a failing run or a replay writes to.
//
// It is made when the first file needs it. Without --out it is
// millrace-out/<UTC>-<verb>-<scenario>/, with the link `latest` beside it and a .gitignore of `*`;
// a directory that was named is used as it is.

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::command {

/// The link to the last directory that had no --out, from where the command was called.
inline constexpr std::string_view kLatestPath = "millrace-out/latest";

class OutputDir {
 public:
  /// `chosen` is --out or what stands for it. `scenario` is empty where several are meant.
  OutputDir(std::optional<std::string> chosen, std::string_view verb, std::string_view scenario,
            std::chrono::system_clock::time_point now);

  /// Whether a directory that was chosen could be made or written, before anything runs. The error
  /// says which path and why.
  std::expected<void, std::string> check() const;

  /// Makes the directory, once. The error says which path and why.
  std::expected<void, std::string> create();
  bool is_created() const { return is_created_; }

  /// Writes a file below the directory, whole or not at all. The error says which path and why.
  std::expected<void, std::string> write(std::string_view name, std::string_view text);

  /// Where it is.
  const std::string& path() const { return path_; }
  /// As a printed command has it: through the link `latest` where there is one.
  const std::string& shown_path() const { return shown_path_; }

 private:
  std::expected<void, std::string> create_default();

  bool is_chosen_;
  std::string name_;
  std::string path_;
  std::string shown_path_;
  bool is_created_ = false;
};

/// Writes a file whole or not at all (run::write_whole). The error says which path and why.
std::expected<void, std::string> write_file(const std::string& path, std::string_view text);

/// Reads a file whole. The error says which path and why.
std::expected<std::string, std::string> read_file(const std::string& path);
/// The same; the error says only why.
std::expected<std::string, std::string> read_text(const std::string& path);

}  // namespace millrace::command
