// Deleting operations from a plan leaves nearly all draws of the rest as they were. Shrinking and
// replay across edits stand on this.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/kernel/identity.h"
#include "sim/run/plan.h"
#include "sim/run/run.h"
#include "sim/run/run_record.h"
#include "system/base/time.h"

namespace millrace::scenarios {
namespace {

constexpr std::uint64_t kSeeds = 6;

/// When each event of a run happened, by its id. A draw is a function of the seed, its event's id
/// and its purpose, so two runs with one id have the same draws for it.
using Events = std::map<std::uint64_t, Instant>;

Events events_of(const Registry& registry, const run::Scenario& scenario, const run::Plan& plan) {
  Events events;
  run::RunOptions options;
  options.keeps_block_hashes = true;
  options.keep_block_last = ~std::uint64_t{0};
  const run::RunRecord record = run::run_plan(registry, scenario, plan, options);
  for (const run::KeptEvent& event : record.kept) events.try_emplace(event.id, event.time_ns);
  return events;
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

struct Kept {
  std::size_t all = 0;
  std::size_t same = 0;          // The id is in both runs.
  std::size_t same_in_time = 0;  // And it is that of the same thing: it happens within a second.
};

void compare(const Events& before, const Events& after, Kept& kept) {
  for (const auto& [id, time] : after) {
    ++kept.all;
    const auto found = before.find(id);
    if (found == before.end()) continue;
    ++kept.same;
    if (std::abs((time - found->second).ns) <= seconds(1).ns) ++kept.same_in_time;
  }
}

class Draws : public testing::TestWithParam<std::string> {};

// Anchored faults count an entity's events and may move, so the plans have none.
TEST_P(Draws, stay_when_a_tenth_of_the_operations_is_deleted) {
  Registry registry;
  store_world(registry);
  const auto source = command::find_scenario(GetParam(), registry);
  ASSERT_TRUE(source.has_value());
  const auto scenario = command::load_scenario(*source, registry);
  ASSERT_TRUE(scenario.has_value());
  Kept kept;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    run::Plan plan = run::draw_plan(registry, *scenario, seed);
    plan.faults = {};
    const run::Plan less = without_a_tenth(plan);
    ASSERT_LT(run::operation_count(less), run::operation_count(plan));

    compare(events_of(registry, *scenario, plan), events_of(registry, *scenario, less), kept);
  }

  RecordProperty("same_per_mille", static_cast<int>(kept.same * 1000 / kept.all));
  RecordProperty("same_in_time_per_mille", static_cast<int>(kept.same_in_time * 1000 / kept.all));
  EXPECT_GE(kept.same * 100, kept.all * 95) << kept.same << " of " << kept.all;
  EXPECT_GE(kept.same_in_time * 100, kept.all * 95) << kept.same_in_time << " of " << kept.all;
}

std::vector<std::string> library() {
  Registry registry;
  store_world(registry);
  std::vector<std::string> names;
  for (const run::ScenarioSource& source : registry.scenario_sources()) {
    const auto scenario = command::load_scenario(source, registry);
    // Of a handful of operations there is no tenth.
    const bool is_tiny =
        scenario.has_value() && std::ranges::find(scenario->tags, "sweep") != scenario->tags.end();
    if (!is_tiny) names.push_back(source.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(library, Draws, testing::ValuesIn(library()),
                         [](const auto& named) { return named.param; });

}  // namespace
}  // namespace millrace::scenarios
