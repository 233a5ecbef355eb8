#include "tests/scenarios/plan_gen.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <rapidcheck.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/command/scenario_file.h"
#include "sim/kernel/identity.h"
#include "sim/run/plan_edit.h"
#include "system/base/check.h"

namespace millrace::scenarios {
namespace {

constexpr std::uint64_t kSeedEnd = std::uint64_t{1} << 53;

/// A fault beside those that the profile draws.
struct FaultChoice {
  std::uint32_t kind = 0;
  std::uint32_t machine = 0;
  std::uint32_t at_ms = 0;
  std::uint32_t down_ms = 0;
  std::uint32_t nth = 0;  ///< 0 for a time, else the mark at which it strikes.
};

/// All that is drawn; the rest follows from it.
struct Choice {
  std::uint64_t seed = 0;
  std::uint32_t stores = 1;
  std::uint32_t segments = 1;
  std::uint32_t profile = 0;
  std::uint32_t run_ms = 0;
  std::uint32_t writers = 1;
  /// Of a writer, a reader, a conditional writer, a resender and an administrator; a workload
  /// without any has no client.
  std::vector<std::uint32_t> operations;
  std::vector<FaultChoice> faults;
  std::vector<std::uint32_t> overrides;
};

// Draws that a plan may fix, and the run must hold all the same.
constexpr std::array kPurposes{sim::Purpose::kCpuCost,   sim::Purpose::kLateness,
                               sim::Purpose::kLatency,   sim::Purpose::kDiskLatency,
                               sim::Purpose::kDiskStall, sim::Purpose::kCrashShape,
                               sim::Purpose::kTear,      sim::Purpose::kLoss};
constexpr std::array kKinds{sim::FaultKind::kMachineKill, sim::FaultKind::kMachinePowerLoss,
                            sim::FaultKind::kMachinePause};

rc::Gen<std::uint32_t> below(std::uint32_t end) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(0, end));
}
rc::Gen<std::uint32_t> between(std::uint32_t low, std::uint32_t high) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint32_t>(low, high + 1));
}

rc::Gen<Choice> any_choice() {
  const auto seed =
      rc::gen::map(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>()),
                   [](std::uint64_t bits) { return bits % kSeedEnd; });
  const auto fault = rc::gen::construct<FaultChoice>(below(kKinds.size()), below(2), below(2'000),
                                                     between(1, 800), below(6));
  const auto few = [](const auto& gen, int count_max) {
    using Element = typename std::decay_t<decltype(gen)>::ValueType;
    return rc::gen::resize(count_max, rc::gen::container<std::vector<Element>>(gen));
  };
  return rc::gen::noShrink(rc::gen::construct<Choice>(
      seed, between(1, 2), between(1, 3), below(3), between(300, 2'000), between(1, 2),
      rc::gen::container<std::vector<std::uint32_t>>(5, below(9)), few(fault, 3),
      few(below(kPurposes.size()), 2)));
}

run::ScenarioWorkload workload(const std::string& name, std::uint32_t clients,
                               std::uint32_t operations) {
  return {.name = name,
          .kind = name,
          .clients = run::Range::fixed(clients),
          .knobs = {{"operations", run::Range::fixed(operations)}}};
}

run::Scenario scenario_of(const Registry& registry, const Choice& choice) {
  static constexpr std::array<const char*, 3> kProfiles{"none", "mild", "harsh"};
  const auto source = command::find_scenario("quickstart", registry);
  run::Scenario scenario = *command::load_scenario(*source, registry);
  scenario.run_for = milliseconds(choice.run_ms);
  scenario.settle_for = seconds(60);
  scenario.cluster["segment_store"] = run::Range::fixed(choice.stores);
  scenario.settings["streams.orders.segments"] = run::Range::fixed(choice.segments);
  scenario.faults = {.profile = kProfiles[choice.profile]};
  scenario.floors = {};
  scenario.workloads = {workload("writer", choice.writers, 1 + choice.operations[0])};
  static constexpr std::array<const char*, 4> kOthers{"catch_up_reader", "conditional_writer",
                                                      "resender", "admin"};
  for (std::size_t i = 0; i < kOthers.size(); ++i) {
    const std::uint32_t operations = choice.operations[i + 1];
    if (operations > 0) scenario.workloads.push_back(workload(kOthers[i], 1, operations));
  }
  CHECK(run::validate(scenario, registry).empty(), "a generated scenario is legal");
  return scenario;
}

void add_faults(run::Plan& plan, const Choice& choice) {
  std::uint64_t id = 0;
  for (const sim::FaultAction& action : plan.faults.actions) id = std::max(id, action.id);
  for (const FaultChoice& fault : choice.faults) {
    const std::string store = fmt::format("store-{}", 1 + fault.machine % choice.stores);
    sim::FaultAction action{.id = ++id,
                            .kind = kKinds[fault.kind],
                            .at = milliseconds(fault.at_ms % choice.run_ms),
                            .anchor = {},
                            .targets = {store},
                            .others = {},
                            .duration = milliseconds(fault.down_ms),
                            .period = {}};
    if (fault.nth > 0) {
      action.at = {};
      action.anchor = sim::Anchor{.kind = sim::AnchorKind::kMark,
                                  .machine = store,
                                  .peer = {},
                                  .name = "append.acked",
                                  .fields = {},
                                  .nth = fault.nth};
    }
    sim::forget_needless(action);
    plan.faults.actions.push_back(action);
  }
  CHECK(sim::validate(plan.faults).has_value(), "generated faults are legal");
}

/// Leaves out every fourth operation and fault, as a reducer does.
void thin_out(run::Plan& plan) {
  const auto is_out = [&](std::uint64_t id) { return sim::mix(id, plan.seed) % 4 == 0; };
  std::set<std::uint64_t> operations;
  for (const run::PlanClient& client : plan.clients) {
    for (const run::PlanOperation& planned : client.operations) {
      if (is_out(planned.operation.id)) operations.insert(planned.operation.id);
    }
  }
  std::set<std::uint64_t> faults;
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (is_out(action.id)) faults.insert(action.id);
  }
  run::remove_operations(plan, operations);
  run::remove_faults(plan, faults);
}

SmallPlan plan_of(const Registry& registry, const Choice& choice) {
  run::Scenario scenario = scenario_of(registry, choice);
  run::Plan plan = run::draw_plan(registry, scenario, choice.seed);
  thin_out(plan);
  add_faults(plan, choice);
  for (const std::uint32_t purpose : choice.overrides) {
    plan.overrides.push_back(
        {.purpose = kPurposes[purpose], .root = {}, .kind = {}, .where = {}, .n = {}, .value = {}});
  }
  return {.scenario = std::move(scenario), .plan = std::move(plan)};
}

}  // namespace

rc::Gen<SmallPlan> any_plan(const Registry& registry) {
  return rc::gen::map(any_choice(),
                      [&registry](const Choice& choice) { return plan_of(registry, choice); });
}

SmallPlan plan_of_seed(const Registry& registry, std::uint64_t seed) {
  return any_plan(registry)(rc::Random(seed), rc::kNominalSize).value();
}

std::ostream& operator<<(std::ostream& out, const SmallPlan& small) {
  return out << run::plan_to_json(small.plan);
}

}  // namespace millrace::scenarios
