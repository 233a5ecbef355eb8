// The crash sweep of the store, over a workload so small that it ends within seconds. The sweep of
// `small_store` as it is goes further.

#include "sim/run/crash_sweep.h"

#include <gtest/gtest.h>
#include <string>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/run/campaign.h"
#include "sim/run/draw_plan.h"
#include "sim/run/run.h"

namespace millrace::scenarios {
namespace {

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
  run::CrashSweep sweep = *run::CrashSweep::make(base, without.crash_points, {});
  run::CampaignListener nobody;

  const run::CampaignSummary summary =
      run::run_campaign(runs, {.jobs = 1, .plans = &sweep}, nobody);

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
}

}  // namespace
}  // namespace millrace::scenarios
