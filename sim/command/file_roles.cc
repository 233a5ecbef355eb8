#include "sim/command/file_roles.h"

#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "sim/command/options.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;

struct FileRole {
  std::string flag;  // Empty for a name that stands by itself.
  std::string path;
  bool is_written = false;
};

/// By its place, whatever the way to it; empty for what can be written by two.
std::string place_of(const std::string& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) return {};
  const fs::path place = fs::weakly_canonical(path, ignored);
  return place.empty() ? fs::path(path).lexically_normal().string() : place.string();
}

std::vector<FileRole> roles_of(const Options& options) {
  std::vector<FileRole> roles;
  const auto add = [&](std::string_view flag, const std::optional<std::string>& path,
                       bool is_written) {
    std::error_code ignored;
    // A name that is no file is looked up elsewhere.
    if (!path.has_value() || (!is_written && !fs::exists(*path, ignored))) return;
    roles.push_back({.flag = std::string(flag), .path = *path, .is_written = is_written});
  };
  for (const std::string& name : options.names) add("", name, false);
  add("--plan", options.plan, false);
  add("--against", options.against, false);
  add("--db", options.database, true);
  add("--junit", options.junit, true);
  add("--report", options.report, true);
  add("--trace", options.trace, true);
  add("--output", options.output, true);
  return roles;
}

}  // namespace

std::optional<std::string> shared_file(const Options& options) {
  const std::vector<FileRole> roles = roles_of(options);
  for (const FileRole& written : roles) {
    if (!written.is_written) continue;
    const std::string place = place_of(written.path);
    for (const FileRole& other : roles) {
      if (&other == &written || place.empty() || place != place_of(other.path)) continue;
      if (other.flag.empty()) {
        return fmt::format("{}: is to be read, and {} would write over it", written.path,
                           written.flag);
      }
      return fmt::format("{}: {} would write over what {} {}", written.path, written.flag,
                         other.flag, other.is_written ? "writes" : "reads");
    }
  }
  return std::nullopt;
}

}  // namespace millrace::command
