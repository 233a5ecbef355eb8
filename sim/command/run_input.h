#pragma once

// What `run` and `plan` are asked for: a scenario and a seed, or a plan in a file.

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "sim/command/options.h"
#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/repro.h"
#include "sim/run/scenario.h"

namespace millrace::command {

struct RunInput {
  /// With all overrides.
  run::Scenario scenario;
  /// Drawn for the seed, or as the file has it.
  run::Plan plan;
  /// The scenario as it was named, for commands that are printed.
  std::string shown_name;
  /// The file that the plan comes from.
  std::optional<std::string> plan_file = {};
};

/// Reads positional SCENARIO, --seed, --plan and the overrides. Errors: every mistake.
std::expected<RunInput, std::vector<std::string>> read_run_input(const Options& options,
                                                                 const run::Registry& registry);

/// Loads one scenario by name or path, with its overrides.
std::expected<run::Scenario, std::vector<std::string>> read_scenario(const std::string& name,
                                                                     const Overrides& overrides,
                                                                     const run::Registry& registry);

/// The scenario that a plan names, or one that holds no more than the plan's times where the
/// Registry has no such scenario.
run::Scenario scenario_of_plan(const run::Plan& plan, const run::Registry& registry);

/// The scenario that judges a repro: the one of its name, with the skips that it was found with and
/// without floors. What a short, shrunk or edited plan does is no question of a floor.
run::Scenario scenario_of_repro(const run::Repro& repro, const run::Registry& registry);

}  // namespace millrace::command
