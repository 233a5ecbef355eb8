#include "sim/command/output_dir.h"

#include <ctime>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <system_error>

#include "sim/run/writable.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kParent = "millrace-out";
// Two calls within a second get different names; more than this many point to another trouble.
constexpr int kSameSecondMax = 1'000;

std::string utc_text(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::unexpected<std::string> trouble(const std::string& path, const std::error_code& error) {
  return std::unexpected(fmt::format("{}: {}", path, error.message()));
}

}  // namespace

OutputDir::OutputDir(std::optional<std::string> chosen, std::string_view verb,
                     std::string_view scenario, std::chrono::system_clock::time_point now)
    : is_chosen_(chosen.has_value()) {
  if (is_chosen_) {
    path_ = *chosen;
    shown_path_ = path_;
    return;
  }
  name_ = fmt::format("{}-{}", utc_text(now), verb);
  if (!scenario.empty()) name_ += fmt::format("-{}", scenario);
  path_ = fmt::format("{}/{}", kParent, name_);
  shown_path_ = kLatestPath;
}

std::expected<void, std::string> OutputDir::check() const {
  // Nobody asked for the other one, and a run that passes does not need it.
  if (!is_chosen_) return {};
  const Result<void> writable = run::check_writable(path_, run::Wanted::kFolder);
  if (!writable.has_value()) return std::unexpected(writable.error().detail);
  return {};
}

std::expected<void, std::string> OutputDir::create() {
  if (is_created_) return {};
  if (is_chosen_) {
    std::error_code error;
    const bool is_new = fs::create_directories(path_, error);
    if (error) return trouble(path_, error);
    if (is_new) {
      if (auto written = write_file(path_ + "/.gitignore", "*\n"); !written.has_value()) {
        return written;
      }
    }
  } else if (auto made = create_default(); !made.has_value()) {
    return made;
  }
  is_created_ = true;
  return {};
}

std::expected<void, std::string> OutputDir::create_default() {
  std::error_code error;
  const fs::path parent(kParent);
  fs::create_directories(parent, error);
  if (error) return trouble(parent.string(), error);
  if (auto written = write_file((parent / ".gitignore").string(), "*\n"); !written.has_value()) {
    return written;
  }
  const std::string name = name_;
  for (int i = 2; !fs::create_directory(parent / name_, error); ++i) {
    if (error) return trouble((parent / name_).string(), error);
    if (i > kSameSecondMax) {
      return std::unexpected(fmt::format("{}/{}: too many of this second", kParent, name));
    }
    name_ = fmt::format("{}-{}", name, i);
  }
  path_ = (parent / name_).string();
  // A link cannot be replaced in place, but a rename replaces it at once.
  const fs::path fresh = parent / fmt::format(".latest-{}", name_);
  fs::create_directory_symlink(name_, fresh, error);
  if (error) return trouble(fresh.string(), error);
  fs::rename(fresh, parent / "latest", error);
  if (error) return trouble((parent / "latest").string(), error);
  return {};
}

std::expected<void, std::string> OutputDir::write(std::string_view name, std::string_view text) {
  if (auto made = create(); !made.has_value()) return made;
  const fs::path path = fs::path(path_) / name;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return trouble(path.parent_path().string(), error);
  return write_file(path.string(), text);
}

std::expected<void, std::string> write_file(const std::string& path, std::string_view text) {
  const Result<void> written = run::write_whole(path, text);
  if (!written.has_value()) return std::unexpected(written.error().detail);
  return {};
}

std::expected<std::string, std::string> read_file(const std::string& path) {
  auto text = read_text(path);
  if (text.has_value()) return text;
  return std::unexpected(fmt::format("{}: {}", path, text.error()));
}

std::expected<std::string, std::string> read_text(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    return std::unexpected(std::string("a folder, where a file is expected"));
  }
  if (!fs::exists(path, ignored)) return std::unexpected(std::string("there is no such file"));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return std::unexpected(std::string("the file cannot be read"));
  return text.str();
}

}  // namespace millrace::command
