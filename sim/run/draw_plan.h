#pragma once

// Parts of a plan's drawing that are wanted alone.

#include <cstdint>

#include "sim/faults/deployment.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::run {

/// The deployment of the plan that this seed draws, without the work of drawing the rest: what the
/// check of a scenario asks.
sim::Deployment draw_deployment(const Registry& registry, const Scenario& scenario,
                                std::uint64_t seed);

}  // namespace millrace::run
