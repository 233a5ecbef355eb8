#pragma once

// Settings that outlive one call: `millrace.toml`, and three variables of the environment.
//
//   scenarios = "sim/scenarios"   # further scenario files
//   out = "build/sim"             # as --out
//   jobs = 4                      # as --jobs
//   seeds = 50                    # as --seeds; also "1..50"
//   repros = "tests/repros"
//   known = "tests/known_failures.toml"
//   [profile.ci]                  # the same keys; chosen by MILLRACE_PROFILE=ci
//   seeds = 500
//
// The file is looked for from the working directory upwards. A flag outweighs MILLRACE_OUT and
// MILLRACE_JOBS, these the profile, that the file's own keys, and these what is built in. Nothing
// here changes what a seed does.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/scenario_file.h"

namespace millrace::command {

/// What the environment and the file say. Values stay text, so that a flag and a setting are read
/// by the same code; paths of the file are already joined with its folder.
struct Settings {
  std::optional<std::string> scenarios = {};
  std::optional<std::string> repros = {};
  std::optional<std::string> known = {};
  std::optional<std::string> out = {};
  std::optional<std::string> jobs = {};
  std::optional<std::string> seeds = {};
  /// The folder of the file, where there is one.
  std::optional<std::string> project = {};
};

/// The variables that count; an empty one counts as unset.
struct SettingsEnvironment {
  std::optional<std::string> out = {};
  std::optional<std::string> jobs = {};
  std::optional<std::string> profile = {};
};

/// Reads MILLRACE_OUT, MILLRACE_JOBS and MILLRACE_PROFILE.
SettingsEnvironment read_settings_environment();

/// Finds and reads the file from `folder` upwards, and joins it with the environment. Errors: all
/// mistakes of the file, and a profile that it does not have.
std::expected<Settings, std::vector<FileError>> load_settings(
    std::string_view folder, const SettingsEnvironment& environment);

}  // namespace millrace::command
