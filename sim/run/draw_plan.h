#pragma once

// Parts of a plan's drawing that are wanted alone.

#include <cstdint>

#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::run {

/// The plan that this seed draws without its operations, strategy and faults, which are most of the
/// work: what the check of a scenario asks.
Plan draw_bare_plan(const Registry& registry, const Scenario& scenario, std::uint64_t seed);

}  // namespace millrace::run
