#include "sim/run/repro.h"

#include <gtest/gtest.h>

#include "sim/run/run.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Repros : public testing::Test {
 protected:
  Repros() : scenario_(toy::quiet_scenario()) {
    toy::register_toy(registry_);
    scenario_.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(toy::Bug::kNoSync));
    for (std::uint64_t seed = 1; repro_.signature.empty(); ++seed) {
      const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario_, seed));
      const RunRecord record = run_plan(registry_, scenario_, plan, {});
      if (record.is_red()) repro_ = make_repro(scenario_, plan, record);
    }
  }

  Replay replay(const Plan& plan) {
    return judge_replay(repro_, run_plan(registry_, scenario_, plan, {}), 80);
  }

  Registry registry_;
  Scenario scenario_;
  Repro repro_;
};

TEST_F(Repros, are_read_back_as_they_were_written) {
  const Result<Repro> read = repro_from_json(repro_to_json(repro_), registry_);

  ASSERT_TRUE(read.has_value()) << read.error().detail;
  EXPECT_EQ(*read, repro_);
}

TEST_F(Repros, reproduce) {
  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kReproduced);
  EXPECT_TRUE(replayed.is_same_execution);
  EXPECT_FALSE(replayed.is_edited);
}

TEST_F(Repros, are_gone_when_the_bug_is_fixed) {
  for (PlanMachine& machine : repro_.plan.machines) machine.knobs["bug"] = 0;

  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kGone);
  EXPECT_EQ(replayed.matched_percent, 100U);
  EXPECT_TRUE(replayed.is_edited);
}

TEST_F(Repros, give_another_failure_its_own_name) {
  for (PlanMachine& machine : repro_.plan.machines) {
    machine.knobs["bug"] = static_cast<std::int64_t>(toy::Bug::kThrow);
  }

  EXPECT_EQ(replay(repro_.plan).verdict, ReplayVerdict::kOther);
}

TEST_F(Repros, are_stale_when_too_little_of_the_plan_is_met) {
  for (PlanMachine& machine : repro_.plan.machines) machine.knobs["bug"] = 0;
  // Anchors that no longer exist.
  for (int i = 0; i < 20; ++i) {
    sim::FaultAction action = repro_.plan.faults.actions[0];
    action.id = 100 + static_cast<std::uint64_t>(i);
    action.anchor->name = "store.renamed";
    repro_.plan.faults.actions.push_back(action);
  }

  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kStale);
  EXPECT_LT(replayed.matched_percent, 80U);
}

TEST_F(Repros, of_another_version_are_named) {
  std::string json = repro_to_json(repro_);
  const std::size_t at = json.rfind("\"schema\": 1");
  json.replace(at, 11, "\"schema\": 9");

  const Result<Repro> read = repro_from_json(json, registry_);

  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().detail, "schema: version 9 of repro files is not known, only 1");
}

}  // namespace
}  // namespace millrace::run
