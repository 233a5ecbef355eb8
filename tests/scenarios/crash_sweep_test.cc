// The crash sweep of the store, over a workload so small that it ends within seconds. The sweep of
// `small_store` as it is goes further.

#include "sim/run/crash_sweep.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/run/campaign.h"
#include "sim/run/draw_plan.h"
#include "sim/run/run.h"

namespace millrace::scenarios {
namespace {

/// A sweep that remembers which numbers it gave out.
class Remembering final : public run::PlanSource {
 public:
  explicit Remembering(run::CrashSweep& sweep) : sweep_(sweep) {}

  std::vector<std::uint64_t> next(std::uint64_t count) override {
    std::vector<std::uint64_t> given = sweep_.next(count);
    numbers.insert(numbers.end(), given.begin(), given.end());
    return given;
  }
  run::Plan plan(std::uint64_t number) const override { return sweep_.plan(number); }
  run::CrashPointsKept crash_points(std::uint64_t number) const override {
    return sweep_.crash_points(number);
  }
  void take(std::uint64_t number, run::RunRecord& record) override { sweep_.take(number, record); }
  std::uint64_t planned() const override { return sweep_.planned(); }
  std::vector<std::string> shortfalls() const override { return sweep_.shortfalls(); }
  const run::SweepCoverage& coverage() const override { return sweep_.coverage(); }

  std::vector<std::uint64_t> numbers;

 private:
  run::CrashSweep& sweep_;
};

/// The first of the second crashes comes after the first crash of its number, and is data like it.
void expect_second_crashes_below_the_first(const Remembering& sweep,
                                           const run::Registry& registry) {
  const auto second = std::ranges::find_if(
      sweep.numbers, [](auto number) { return number > run::CrashSweep::kFirstPlansMax; });
  ASSERT_NE(second, sweep.numbers.end());
  const run::Plan first = sweep.plan(*second / (run::CrashSweep::kFirstPlansMax + 1));
  const run::Plan both = sweep.plan(*second);

  ASSERT_EQ(first.faults.actions.size(), 1U);
  ASSERT_EQ(both.faults.actions.size(), 2U);
  EXPECT_EQ(both.faults.actions[0], first.faults.actions[0]);
  EXPECT_EQ(both.faults.actions[1].after, both.faults.actions[0].id);
  EXPECT_EQ(*run::plan_from_json(run::plan_to_json(both), registry), both);
}

TEST(CrashSweepOfTheStore, holds_at_all_moments_with_all_shapes) {
  run::Registry registry;
  store_world(registry);
  const auto source = command::find_scenario("small_store", registry);
  run::Scenario scenario = *command::load_scenario(*source, registry);
  scenario.floors = {};
  std::erase_if(scenario.workloads, [](const run::ScenarioWorkload& workload) {
    return workload.kind == "conditional_writer" || workload.kind == "resender" ||
           workload.kind == "admin";
  });
  for (run::ScenarioWorkload& workload : scenario.workloads) {
    if (workload.kind == "writer") workload.knobs["operations"] = run::Range::fixed(2);
  }
  const run::RunSource runs{.registry = &registry, .scenarios = {scenario}};
  const run::Plan base = run::draw_plan(registry, scenario, 1);
  const run::RunRecord without =
      run::run_plan(registry, scenario, base, {.crash_points = run::CrashPointsKept::kAll});
  run::CrashSweep sweep = *run::CrashSweep::make(base, without, {});
  Remembering remembering(sweep);
  run::CampaignListener nobody;

  const run::CampaignSummary summary =
      run::run_campaign(runs, {.jobs = 1, .plans = &remembering}, nobody);

  EXPECT_EQ(summary.passed, summary.seeds);
  EXPECT_TRUE(summary.tool_errors.empty());
  ASSERT_TRUE(summary.sweep.has_value());
  EXPECT_EQ(summary.sweep->missed, 0U);
  EXPECT_EQ(summary.sweep->first_run, summary.sweep->first_planned);
  EXPECT_EQ(summary.sweep->second_run, summary.sweep->second_planned);
  EXPECT_GT(summary.sweep->second_run, 0U);
  // Frames are longer than a sector: parts of them can be missing.
  EXPECT_GT(summary.sweep->shapes.at("some sectors"), 0U);
  EXPECT_GT(summary.marks.at("wal.torn_tail"), 0U);
  expect_second_crashes_below_the_first(remembering, registry);
}

}  // namespace
}  // namespace millrace::scenarios
