#pragma once

// Reads scenario files: TOML into a run::Scenario, with every mistake of a file reported at once,
// each with its line, what was expected and the nearest valid name.
//
// One table of keys (scenario_keys()) serves the loader, its messages and the JSON schema for
// editors. What the keys below `cluster`, `workloads` and the settings may be comes from the
// Registry.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::command {

/// A mistake in a file. Line and column count from 1; 0 where the file as a whole is meant.
struct FileError {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string what;
};

/// "everything.toml:12:3: unknown key 'sory'; the nearest is 'story'"
std::string to_text(const FileError& error);

using ScenarioResult = std::expected<run::Scenario, std::vector<FileError>>;

/// Reads and validates one file; a scenario that it returns can be drawn from. `extends` finds its
/// base among the Registry's sources.
ScenarioResult load_scenario(const run::ScenarioSource& source, const run::Registry& registry);

/// A name of the Registry's scenarios, or a path (it has a '/' or ends in ".toml"). The error of an
/// unknown name carries the nearest one.
std::expected<run::ScenarioSource, FileError> find_scenario(std::string_view name_or_path,
                                                            const run::Registry& registry);

/// A key of the file's top level.
struct ScenarioKey {
  std::string_view name;
  std::string_view about;
  bool is_required = false;
};

/// All of them, in the order in which documentation lists them.
const std::vector<ScenarioKey>& scenario_keys();

}  // namespace millrace::command
