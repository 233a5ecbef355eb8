#pragma once

// `--set`, `--faults` and `--strategy`: what a command line changes in a scenario or a saved plan.
//
// A key of --set is a path as scenario files have it: a knob ROLE.FIELD, a setting such as
// streams.orders.segments, cluster.ROLE, cluster.zones, run_for, settle_for, or workloads.NAME.KEY.
// A value is what the file would have: "200ms", "2..3".

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/options.h"
#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::command {

/// Changes the scenario and validates it. Errors: every mistake, with the nearest name.
std::expected<void, std::vector<std::string>> override_scenario(const Overrides& overrides,
                                                                const run::Registry& registry,
                                                                run::Scenario& scenario);

/// Changes the knobs and settings of a plan that was drawn before; only `sets` may be used, each
/// with a single value.
std::expected<void, std::vector<std::string>> override_plan(const Overrides& overrides,
                                                            const run::Registry& registry,
                                                            run::Plan& plan);

/// Every key that --set takes for this scenario, sorted.
std::vector<std::string> set_keys(const run::Registry& registry, const run::Scenario& scenario);

}  // namespace millrace::command
