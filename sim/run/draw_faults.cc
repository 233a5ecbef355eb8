#include "sim/run/draw_faults.h"

#include <algorithm>

#include "sim/faults/fault_profile.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

/// The longest of the plan's leases and timeouts: pauses are interesting up to a few times of it.
Duration longest_lease(const Registry& registry, const Plan& plan) {
  std::int64_t longest = milliseconds(100).ns;
  const auto look = [&](const std::vector<KnobView>& knobs, const KnobValues& values) {
    for (const KnobView& knob : knobs) {
      if (!is_timeout(knob)) continue;
      const auto value = values.find(knob.name);
      if (value != values.end()) longest = std::max(longest, value->second);
    }
  };
  for (const PlanMachine& machine : plan.machines) {
    look(registry.find_role(machine.role)->knobs, machine.knobs);
  }
  for (const PlanClient& client : plan.clients) {
    look(registry.find_workload(client.workload)->knobs, client.knobs);
  }
  // A knob that says "practically never" must not make every pause as long as the run. Whole
  // milliseconds upwards: what lasts longer than this lasts longer than the lease.
  const std::int64_t bound = std::min(longest, plan.run_for.ns / 8);
  const std::int64_t millisecond = milliseconds(1).ns;
  return {(bound + millisecond - 1) / millisecond * millisecond};
}

sim::FaultLevel level_of(const std::string& name) {
  const std::optional<sim::FaultLevel> level = sim::fault_level_from_text(name);
  CHECK(level.has_value(), "the scenario was validated");
  return *level;
}

}  // namespace

bool is_timeout(const KnobView& knob) {
  return knob.kind == KnobKind::kDuration && (knob.name.find("timeout") != std::string::npos ||
                                              knob.name.find("lease") != std::string::npos);
}

void draw_faults(const Registry& registry, const Scenario& scenario, std::uint64_t seed,
                 Plan& plan) {
  sim::FaultProfile profile;
  profile.level = level_of(scenario.faults.profile);
  for (const auto& [name, level] : scenario.faults.kinds) {
    const std::optional<sim::FaultKind> kind = sim::fault_kind_from_text(name);
    CHECK(kind.has_value(), "the scenario was validated");
    profile.kinds[*kind] = level_of(level);
  }
  // `fifo` is the schedule without surprises, unless a scenario asks for them by name.
  const bool is_fifo = plan.strategy.kind == sim::StrategyKind::kFifo;
  if (is_fifo) profile.kinds.emplace(sim::FaultKind::kScheduleDelay, sim::FaultLevel::kNone);
  profile.may_exceed_budget = scenario.faults.may_exceed_budget;
  const sim::FaultSetting setting{.deployment = deployment_of(plan),
                                  .run_for = plan.run_for,
                                  .longest_lease = longest_lease(registry, plan),
                                  .marks = registry.marks()};
  plan.faults = sim::draw_faults(profile, setting, seed);
  // As a file would give it back.
  for (sim::FaultAction& action : plan.faults.actions) sim::forget_needless(action);
}

}  // namespace millrace::run
