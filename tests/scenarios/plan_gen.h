#pragma once

// Generators of small plans for the store, for RapidCheck: a few machines, clients, operations and
// faults within the budget, legal by construction. A run of one takes some milliseconds.
//
// RapidCheck does not shrink them: it would need thousands of runs where the project's own reducer
// needs dozens. A failing case shows the plan as JSON, and `millrace run quickstart --plan F
// --shrink` takes it from there.

#include <cstdint>
#include <iosfwd>

#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace rc {
template <typename T>
class Gen;
}

namespace millrace::scenarios {

/// A plan and the scenario that it was drawn from.
struct SmallPlan {
  run::Scenario scenario;
  run::Plan plan;
};
std::ostream& operator<<(std::ostream& out, const SmallPlan& small);

/// Any small plan. The registry is the store's, and outlives the generator.
rc::Gen<SmallPlan> any_plan(const Registry& registry);

/// The plan of this seed, the same for ever.
SmallPlan plan_of_seed(const Registry& registry, std::uint64_t seed);

}  // namespace millrace::scenarios
