#pragma once

// The faults of a plan, drawn from a scenario's profile.

#include <cstdint>

#include "sim/run/plan.h"

namespace millrace::run {

/// Whether a knob is a lease or a timeout, by its kind and name.
bool is_timeout(const KnobView& knob);

/// Draws `plan.faults`; machines, groups, clients, knobs and strategy are there already.
void draw_faults(const Registry& registry, const Scenario& scenario, std::uint64_t seed,
                 Plan& plan);

}  // namespace millrace::run
