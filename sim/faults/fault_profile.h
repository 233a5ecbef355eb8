#pragma once

// Draws a fault plan from a seed, swarm style.
//
// A seed that has a bit of everything seldom has enough of anything. So for each seed each kind is
// either off or has a rate of its own, log-uniform over three decades, and some seeds stay healthy:
// bugs that any fault hides need those. Half of the faults are anchored. Every draw is keyed by the
// seed, the kind and the fault's number, so a change of one kind moves no other.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/deployment.h"
#include "sim/faults/fault_plan.h"
#include "system/base/time.h"

namespace millrace::sim {

/// How bad it gets.
enum class FaultLevel : std::uint8_t { kNone, kMild, kHarsh };

/// "none", "mild", "harsh".
std::string_view to_text(FaultLevel level);
std::optional<FaultLevel> fault_level_from_text(std::string_view name);

/// What a scenario says of its faults.
struct FaultProfile {
  FaultLevel level = FaultLevel::kNone;
  /// Kinds with a level of their own. A kind that is beyond the budget is only drawn from here.
  std::map<FaultKind, FaultLevel> kinds;
  /// Carried into the plan: claims beyond the budget are admitted.
  bool may_exceed_budget = false;

  friend bool operator==(const FaultProfile&, const FaultProfile&) = default;
};

/// What the faults are drawn for.
struct FaultSetting {
  Deployment deployment;
  /// Faults strike within this time.
  Duration run_for;
  /// The longest lease or timeout of the deployment: pauses and delays go up to three times it.
  Duration longest_lease;
  /// Marks at which faults may be anchored.
  std::vector<std::string> marks;
};

/// The plan of a seed. Two calls with equal arguments give equal plans.
FaultPlan draw_faults(const FaultProfile& profile, const FaultSetting& setting, std::uint64_t seed);

}  // namespace millrace::sim
