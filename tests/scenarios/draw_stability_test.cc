// Deleting operations from a plan leaves nearly all draws of the rest as they were. Shrinking and
// replay across edits stand on this.

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/kernel/identity.h"
#include "sim/run/plan.h"
#include "sim/run/run.h"
#include "sim/run/run_record.h"

namespace millrace::scenarios {
namespace {

/// Ids of all events of a run. A draw is a function of the seed, its event's id and its purpose, so
/// two runs with one id have the same draws for it.
std::set<std::uint64_t> event_ids(const Registry& registry, const run::Scenario& scenario,
                                  const run::Plan& plan) {
  std::set<std::uint64_t> ids;
  run::RunOptions options;
  options.keeps_block_hashes = true;
  options.keep_block_last = ~std::uint64_t{0};
  const run::RunRecord record = run::run_plan(registry, scenario, plan, options);
  for (const run::KeptEvent& event : record.kept) ids.insert(event.id);
  return ids;
}

/// Leaves out each tenth operation, by its id.
run::Plan without_a_tenth(run::Plan plan) {
  for (run::PlanClient& client : plan.clients) {
    std::erase_if(client.operations, [&](const run::PlanOperation& planned) {
      return sim::mix(planned.operation.id, plan.seed) % 10 == 0;
    });
  }
  return plan;
}

// Not over the scenarios with many conditional appends: what such an operation does depends on what
// the others did, so deleting one changes the doings of the next, not only their draws.
TEST(Draws, stay_when_a_tenth_of_the_operations_is_deleted) {
  Registry registry;
  store_world(registry);
  std::size_t kept = 0;
  std::size_t all = 0;
  for (const std::string name : {"quickstart", "crash_storm", "disk_damage", "clock_chaos"}) {
    const auto source = command::find_scenario(name, registry);
    ASSERT_TRUE(source.has_value());
    const auto scenario = command::load_scenario(*source, registry);
    ASSERT_TRUE(scenario.has_value());
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      run::Plan plan = run::draw_plan(registry, *scenario, seed);
      plan.faults = {};
      const run::Plan less = without_a_tenth(plan);
      ASSERT_LT(run::operation_count(less), run::operation_count(plan));

      const std::set<std::uint64_t> before = event_ids(registry, *scenario, plan);
      const std::set<std::uint64_t> after = event_ids(registry, *scenario, less);

      std::vector<std::uint64_t> common;
      std::ranges::set_intersection(before, after, std::back_inserter(common));
      kept += common.size();
      all += after.size();
    }
  }

  RecordProperty("kept_per_mille", static_cast<int>(kept * 1000 / all));
  EXPECT_GE(kept * 100, all * 95) << kept << " of " << all;
}

}  // namespace
}  // namespace millrace::scenarios
