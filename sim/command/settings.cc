#include "sim/command/settings.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "sim/command/scenario_values.h"

// clang-format off: the options come first.
#include "sim/command/toml_options.h"
#include <toml++/toml.h>
// clang-format on

namespace millrace::command {
namespace {

constexpr std::string_view kFileName = "millrace.toml";

std::optional<std::string> environment(const char* name) {
  // The command has one thread.
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder) {
  for (std::filesystem::path at = folder;; at = at.parent_path()) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(at / kFileName, ignored)) return at / kFileName;
    if (at == at.parent_path()) return std::nullopt;
  }
}

class Reader {
 public:
  Reader(std::filesystem::path file, std::optional<std::string> profile)
      : file_(std::move(file)), profile_(std::move(profile)) {}

  std::expected<Settings, std::vector<FileError>> read();

 private:
  /// The setting of this key, and whether it is a path; null where there is no such key.
  std::optional<std::string>* setting(std::string_view key, bool& is_path);
  void read_keys(const toml::table& table, bool is_top);
  void read_profiles(const toml::node& node);
  void complain(const toml::node& node, std::string what) {
    const toml::source_position at = node.source().begin;
    errors_.push_back(
        {.file = file_.string(), .line = at.line, .column = at.column, .what = std::move(what)});
  }

  std::filesystem::path file_;
  std::optional<std::string> profile_;
  Settings settings_;
  std::vector<FileError> errors_;
};

std::optional<std::string>* Reader::setting(std::string_view key, bool& is_path) {
  is_path = key != "jobs" && key != "seeds";
  if (key == "scenarios") return &settings_.scenarios;
  if (key == "repros") return &settings_.repros;
  if (key == "known") return &settings_.known;
  if (key == "out") return &settings_.out;
  if (key == "jobs") return &settings_.jobs;
  if (key == "seeds") return &settings_.seeds;
  return nullptr;
}

void Reader::read_keys(const toml::table& table, bool is_top) {
  for (const auto& [key, node] : table) {
    if (is_top && key.str() == "profile") continue;
    bool is_path = false;
    std::optional<std::string>* const target = setting(key.str(), is_path);
    if (target == nullptr) {
      complain(node,
               unknown_name("key", key.str(),
                            {"scenarios", "repros", "known", "out", "jobs", "seeds", "profile"}));
    } else if (const auto text = node.value_exact<std::string>()) {
      *target = is_path ? (file_.parent_path() / *text).lexically_normal().string() : *text;
    } else if (const auto integer = node.value_exact<std::int64_t>(); integer && !is_path) {
      *target = std::to_string(*integer);
    } else {
      complain(node, fmt::format("{} is a {}", key.str(), is_path ? "text" : "number or a text"));
    }
  }
}

void Reader::read_profiles(const toml::node& node) {
  const toml::table* const profiles = node.as_table();
  if (profiles == nullptr) return complain(node, "profile is a table: [profile.ci]");
  const Settings own = settings_;
  for (const auto& [name, below] : *profiles) {
    const toml::table* const table = below.as_table();
    if (table == nullptr) {
      complain(below, fmt::format("profile.{} is a table", name.str()));
      continue;
    }
    // Each profile is read, so that its mistakes are seen before the day it is needed.
    const Settings before = settings_;
    read_keys(*table, false);
    if (name.str() != profile_) settings_ = before;
  }
  if (!errors_.empty()) settings_ = own;
}

std::expected<Settings, std::vector<FileError>> Reader::read() {
  std::ifstream in(file_, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    return std::unexpected(std::vector<FileError>{
        {.file = file_.string(), .line = 0, .column = 0, .what = "the file cannot be read"}});
  }
  const toml::parse_result parsed = toml::parse(text.str(), file_.string());
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return std::unexpected(std::vector<FileError>{{.file = file_.string(),
                                                   .line = error.source().begin.line,
                                                   .column = error.source().begin.column,
                                                   .what = std::string(error.description())}});
  }
  const toml::table& top = parsed.table();
  read_keys(top, true);
  const toml::node* const profiles = top.get("profile");
  if (profiles != nullptr) read_profiles(*profiles);
  if (profile_.has_value() && !top["profile"][*profile_].is_table()) {
    std::vector<std::string> known;
    if (const toml::table* const table = top["profile"].as_table()) {
      for (const auto& [name, below] : *table) known.emplace_back(name.str());
    }
    errors_.push_back({.file = file_.string(),
                       .line = 0,
                       .column = 0,
                       .what = unknown_name("profile", *profile_, known)});
  }
  if (!errors_.empty()) return std::unexpected(std::move(errors_));
  return std::move(settings_);
}

}  // namespace

SettingsEnvironment read_settings_environment() {
  return {.out = environment("MILLRACE_OUT"),
          .jobs = environment("MILLRACE_JOBS"),
          .profile = environment("MILLRACE_PROFILE")};
}

std::expected<Settings, std::vector<FileError>> load_settings(
    std::string_view folder, const SettingsEnvironment& environment) {
  Settings settings;
  if (const auto file = find_file(folder)) {
    auto read = Reader(*file, environment.profile).read();
    if (!read.has_value()) return std::unexpected(std::move(read).error());
    settings = *std::move(read);
    settings.project = file->parent_path().string();
  } else if (environment.profile.has_value()) {
    return std::unexpected(
        std::vector<FileError>{{.file = "MILLRACE_PROFILE",
                                .line = 0,
                                .column = 0,
                                .what = fmt::format("profile '{}': there is no {} here or above",
                                                    *environment.profile, kFileName)}});
  }
  if (environment.out.has_value()) settings.out = environment.out;
  if (environment.jobs.has_value()) settings.jobs = environment.jobs;
  return settings;
}

}  // namespace millrace::command
