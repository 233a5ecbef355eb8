#include "sim/run/run.h"

#include <gtest/gtest.h>

#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Run : public testing::Test {
 protected:
  Run() { toy::register_toy(registry_); }

  RunRecord run(const Scenario& scenario, const Plan& plan, const RunOptions& options = {}) const {
    return run_plan(registry_, scenario, plan, options);
  }

  Scenario with_bug(toy::Bug bug) const {
    Scenario scenario = toy::quiet_scenario();
    scenario.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(bug));
    return scenario;
  }

  Registry registry_;
};

TEST_F(Run, passes_where_nothing_goes_wrong) {
  const Scenario scenario = toy::quiet_scenario();
  const Plan plan = draw_plan(registry_, scenario, 1);

  const RunRecord record = run(scenario, plan);

  EXPECT_EQ(record.verdict, Verdict::kPass) << run_record_to_json(record);
  // Two writers with 20 operations, and a fresh one with a tenth of that.
  EXPECT_EQ(record.acked_operations, 42U);
  EXPECT_EQ(record.untaken_operations, 0U);
  EXPECT_EQ(record.marks.at("store.put"), 42U);
  for (const PropertyResult& property : record.properties) {
    EXPECT_EQ(property.verdict, PropertyVerdict::kHeld) << property.id;
    EXPECT_GT(property.evaluated, 0U) << property.id;
  }
}

TEST_F(Run, is_a_function_of_its_plan) {
  const Scenario scenario = toy::quiet_scenario();
  const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario, 7));

  RunRecord first = run(scenario, plan);
  RunRecord second = run(scenario, plan);

  first.wall_ns = second.wall_ns = 0;
  EXPECT_EQ(first, second);
}

TEST_F(Run, tracing_changes_nothing_but_the_trace) {
  const Scenario scenario = with_bug(toy::Bug::kNoSync);
  const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario, 3));

  const RunRecord plain = run(scenario, plan);
  const RunRecord traced = run(scenario, plan, {.is_traced = true});

  EXPECT_EQ(plain.fingerprint, traced.fingerprint);
  EXPECT_EQ(plain.violation, traced.violation);
  EXPECT_TRUE(plain.trace.empty());
  EXPECT_FALSE(traced.trace.empty());
}

TEST_F(Run, keeps_promises_through_power_losses) {
  const Scenario scenario = toy::quiet_scenario();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario, seed));

    const RunRecord record = run(scenario, plan);

    EXPECT_EQ(record.verdict, Verdict::kPass) << seed << ' ' << run_record_to_json(record);
  }
}

TEST_F(Run, finds_an_acknowledgement_before_the_sync) {
  const Scenario scenario = with_bug(toy::Bug::kNoSync);
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario, seed));

    const RunRecord record = run(scenario, plan);

    if (record.verdict != Verdict::kFail) continue;
    ++found;
    EXPECT_EQ(record.signature(), "TOY-1/lost");
    EXPECT_FALSE(record.violation->evidence.empty());
  }
  // Half of the crash shapes keep what was not synced.
  EXPECT_GT(found, 3);
}

TEST_F(Run, a_failed_check_is_a_verdict_with_a_place) {
  const Scenario scenario = with_bug(toy::Bug::kCheck);

  const RunRecord record = run(scenario, draw_plan(registry_, scenario, 1));

  EXPECT_EQ(record.verdict, Verdict::kFail);
  EXPECT_EQ(record.signature(), "check/toy_world:numbers are never round");
  EXPECT_EQ(record.breakdown->role, "store");
  EXPECT_EQ(record.breakdown->task, "connection");
  EXPECT_TRUE(record.breakdown->machine.starts_with("store-"));
}

TEST_F(Run, an_exception_that_leaves_a_task_is_found_by_LOG_1) {
  const Scenario scenario = with_bug(toy::Bug::kThrow);

  const RunRecord record = run(scenario, draw_plan(registry_, scenario, 1));

  EXPECT_EQ(record.signature(), "LOG-1/exception");
}

TEST_F(Run, tasks_without_end_are_a_limit) {
  const Scenario scenario = with_bug(toy::Bug::kSpawn);

  const RunRecord record = run(scenario, draw_plan(registry_, scenario, 1));

  EXPECT_EQ(record.verdict, Verdict::kLimit);
  EXPECT_EQ(record.signature(), "limit/tasks");
}

TEST_F(Run, memory_without_end_is_a_limit) {
  const Scenario scenario = with_bug(toy::Bug::kEatMemory);

  const RunRecord record =
      run(scenario, draw_plan(registry_, scenario, 1), {.limits = {.arena_bytes = 32 << 20}});

  EXPECT_EQ(record.signature(), "limit/arena_bytes");
}

TEST_F(Run, too_few_acknowledged_operations_are_inconclusive) {
  Scenario scenario = toy::quiet_scenario();
  scenario.floors.acked_operations = 43;

  const RunRecord record = run(scenario, draw_plan(registry_, scenario, 1));

  EXPECT_EQ(record.verdict, Verdict::kInconclusive);
  EXPECT_EQ(record.reason, "42 acknowledged operations, floor 43");
}

TEST_F(Run, a_skipped_property_does_not_judge) {
  Scenario scenario = with_bug(toy::Bug::kThrow);
  scenario.skips.push_back({.id = "clean", .reason = "throws on purpose"});

  const RunRecord record = run(scenario, draw_plan(registry_, scenario, 1));

  EXPECT_NE(record.signature(), "LOG-1/exception");
}

TEST_F(Run, an_operation_waits_for_the_one_that_it_follows) {
  const Scenario scenario = toy::quiet_scenario();
  Plan plan = draw_plan(registry_, scenario, 1);
  // Every operation of the second client after the last of the first.
  const std::uint64_t last = plan.clients[0].operations.back().operation.id;
  for (PlanOperation& planned : plan.clients[1].operations) planned.after = last;

  const RunRecord record = run(scenario, plan, {.is_traced = true});

  EXPECT_EQ(record.verdict, Verdict::kPass);
  bool seen_last = false;
  for (const TraceLine& line : record.trace) {
    if (line.text == "Stored number=" + std::to_string(last)) seen_last = true;
    const bool is_follower = line.machine == "writer-2" && line.text.starts_with("Stored");
    EXPECT_TRUE(!is_follower || seen_last);
  }
  EXPECT_TRUE(seen_last);
}

}  // namespace
}  // namespace millrace::run
