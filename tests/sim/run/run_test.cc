#include "sim/run/run.h"

#include <array>
#include <gtest/gtest.h>
#include <sstream>
#include <vector>

#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

/// Objects at the end of every run, but counts on leases.
class NeedsLeases {
 public:
  static constexpr Claim claim{"LEASE-1", "needs_leases", "Nothing that holds."};
  static constexpr std::array<Assumption, 1> needs{Assumption::kLeaseTiming};
  using Sees = Records<toy::Stored>;
  void on(const toy::Stored& /*stored*/, At /*at*/) {}
  void at_end(Judge& judge) { judge.violated({.seen = "always"}); }
};

/// Objects to every quiet moment, and says what the processes hold then.
class Quiet {
 public:
  static constexpr Claim claim{"QUIET-1", "quiet", "No server is ever left alone."};
  using Sees = Records<ProcessHolds>;
  void on(const ProcessHolds& holds, At /*at*/) {
    seen_ += holds.machine + " as " + holds.role + ": tasks " + std::to_string(holds.tasks) +
             ", sockets " + std::to_string(holds.sockets) + ", files " +
             std::to_string(holds.files) + (holds.memory_bytes > 0 ? "" : ", empty") + '\n';
  }
  void at_end(Judge& judge) { judge.violated({.seen = seen_, .expected = "nothing"}); }

 private:
  std::string seen_;
};

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
  EXPECT_EQ(record.taken_operations, "1-42");
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

// What is unexpected counts for itself only where nobody can say what it led to.
TEST_F(Run, an_unexpected_fact_is_held_against_the_run_at_its_end) {
  const Scenario scenario = with_bug(toy::Bug::kUnexpected);

  const RunRecord record = run(scenario, draw_plan(registry_, scenario, 1));

  EXPECT_EQ(record.signature(), "LOG-1/unexpected");
  ASSERT_EQ(record.violation->evidence.size(), 1u);
  EXPECT_LT(record.violation->evidence[0].record, record.violation->at.record);
}

TEST_F(Run, an_unexpected_fact_gives_way_to_a_property_that_sees_the_loss) {
  const Scenario scenario = with_bug(toy::Bug::kUnexpected);
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario, seed));

    const RunRecord record = run(scenario, plan);

    ASSERT_EQ(record.verdict, Verdict::kFail) << seed;
    if (record.signature() == "LOG-1/unexpected") continue;
    ++found;
    EXPECT_EQ(record.signature(), "TOY-1/lost");
    ASSERT_EQ(record.consequences.size(), 1u);
    EXPECT_EQ(record.consequences[0].signature, "LOG-1/unexpected");
  }
  // As many as for the lost sync alone.
  EXPECT_GT(found, 3);
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

TEST_F(Run, more_events_than_the_limit_are_a_limit) {
  const Scenario scenario = toy::quiet_scenario();

  const RunRecord record =
      run(scenario, draw_plan(registry_, scenario, 1), {.limits = {.events = 200}});

  EXPECT_EQ(record.verdict, Verdict::kLimit);
  EXPECT_EQ(record.signature(), "limit/events");
  EXPECT_EQ(record.limit, "events");
}

TEST_F(Run, steps_without_virtual_progress_are_a_hang) {
  const Scenario scenario = toy::quiet_scenario();

  // Two machines boot at once, so that two steps at one instant are too many here.
  const RunRecord record =
      run(scenario, draw_plan(registry_, scenario, 1), {.limits = {.steps_without_progress = 1}});

  EXPECT_EQ(record.verdict, Verdict::kHang);
  EXPECT_TRUE(record.signature().starts_with("hang/")) << record.signature();
  EXPECT_NE(record.breakdown->task, "");
  // Counted, not measured: the same each time, and so it has a fingerprint.
  EXPECT_NE(record.fingerprint, 0U);
}

TEST_F(Run, a_client_that_is_stuck_when_all_is_healed_breaks_REC_1) {
  const Scenario scenario = toy::quiet_scenario();
  Plan plan = draw_plan(registry_, scenario, 1);
  // Shorter than any reply takes: the fresh client cannot be done.
  plan.settle_for = microseconds(50);
  const RunRecord fresh = run(scenario, plan);
  EXPECT_EQ(fresh.signature(), "REC-1/fresh_client_stuck");

  sim::FaultAction cut;
  cut.id = 1;
  cut.kind = sim::FaultKind::kNetPartition;
  cut.targets = {"writer-1"};
  plan.faults.actions = {cut};
  const RunRecord old = run(scenario, plan);
  EXPECT_EQ(old.signature(), "REC-1/old_client_stuck");

  // The same cut is healed in time where there is some.
  plan.settle_for = seconds(20);
  EXPECT_EQ(run(scenario, plan).verdict, Verdict::kPass);
}

TEST_F(Run, a_broken_assumption_takes_its_properties_out_of_judgement) {
  registry_.property<NeedsLeases>();
  const Scenario scenario = toy::quiet_scenario();
  Plan plan = draw_plan(registry_, scenario, 1);
  const auto judged = [&] {
    for (const PropertyResult& property : run(scenario, plan).properties) {
      if (property.id == "LEASE-1") return property;
    }
    return PropertyResult{};
  };
  EXPECT_EQ(judged().verdict, PropertyVerdict::kFailed);

  sim::FaultAction suspend;
  suspend.id = 7;
  suspend.kind = sim::FaultKind::kMachineSuspend;
  suspend.targets = {"store-2"};
  suspend.duration = milliseconds(10);
  plan.faults.actions = {suspend};

  EXPECT_EQ(judged().verdict, PropertyVerdict::kNotJudged);
  EXPECT_EQ(judged().reason, "lease_timing was broken by fault 7: store-2 was suspended");
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

TEST_F(Run, an_operation_waits_beyond_the_end_of_the_faults) {
  const Scenario scenario = toy::quiet_scenario();
  Plan plan = draw_plan(registry_, scenario, 1);
  PlanOperation& last = plan.clients[0].operations.back();
  last.not_before = plan.run_for + milliseconds(500);
  for (PlanOperation& planned : plan.clients[1].operations) planned.after = last.operation.id;

  const RunRecord record = run(scenario, plan, {.is_traced = true});

  EXPECT_EQ(record.verdict, Verdict::kPass);
  EXPECT_EQ(record.taken_operations, "1-42");
  std::size_t followers = 0;
  for (const TraceLine& line : record.trace) {
    if (line.machine != "writer-2" || !line.text.starts_with("Stored")) continue;
    ++followers;
    EXPECT_GE(line.time_ns, last.not_before.ns);
  }
  EXPECT_GT(followers, 0U);
}

struct NoConfig {};

Result<void> exit_at_once(Env& /*env*/, const NoConfig& /*config*/) { return {}; }

TEST_F(Run, a_supervisor_restarts_once_for_each_exit) {
  registry_.role("quitter", exit_at_once, {.about = "Exits."});
  Scenario scenario = toy::quiet_scenario();
  scenario.cluster["quitter"] = Range::fixed(1);
  Plan plan = draw_plan(registry_, scenario, 1);
  // Between an exit and the restart that it has coming.
  sim::FaultAction loss;
  loss.id = 1;
  loss.kind = sim::FaultKind::kMachinePowerLoss;
  loss.at = milliseconds(250);
  loss.duration = milliseconds(100);
  loss.targets = {"quitter-1"};
  plan.faults.actions = {loss};

  const RunRecord record = run(scenario, plan, {.is_traced = true});

  EXPECT_EQ(record.verdict, Verdict::kPass);
  std::vector<std::int64_t> boots_ms;
  for (const TraceLine& line : record.trace) {
    const bool is_boot = line.machine == "quitter-1" && line.text.starts_with("boots");
    if (is_boot) boots_ms.push_back(line.time_ns / 1'000'000);
  }
  ASSERT_GE(boots_ms.size(), 4U);
  // What the schedule draws adds some milliseconds to each life.
  EXPECT_NEAR(boots_ms[1], 350, 50);
  // The first exit's restart, due at 500 ms, has nothing left to do.
  EXPECT_NEAR(boots_ms[2], 850, 50);
  EXPECT_NEAR(boots_ms[3], 1350, 50);
}

Result<void> finish_at_once(Env& /*env*/, const NoConfig& /*config*/, Client& /*client*/) {
  return {};
}

TEST_F(Run, an_operation_does_not_wait_for_a_client_that_has_finished_without_it) {
  registry_.workload("idler", finish_at_once, {.about = "Takes none of its operations."});
  const Scenario scenario = toy::quiet_scenario();
  Plan plan = draw_plan(registry_, scenario, 1);
  PlanClient idler = plan.clients[0];
  idler.name = "idler-1";
  idler.workload = "idler";
  idler.knobs = {};
  idler.operations.resize(1);
  idler.operations[0].operation.id = 1'000'000;
  plan.clients.push_back(idler);
  plan.clients[1].operations[0].after = 1'000'000;

  const RunRecord record = run(scenario, plan);

  EXPECT_EQ(record.verdict, Verdict::kPass);
  EXPECT_EQ(record.taken_operations, "1-42");
}

TEST_F(Run, tells_what_servers_hold_before_and_after_the_last_clients) {
  registry_.property<Quiet>();
  const Scenario scenario = toy::quiet_scenario();
  const Plan plan = draw_plan(registry_, scenario, 1);

  const RunRecord record = run(scenario, plan);

  ASSERT_TRUE(record.violation.has_value());
  std::vector<std::string> seen;
  std::istringstream lines(record.violation->seen);
  for (std::string line; std::getline(lines, line);) seen.push_back(line);
  // Two stores, twice: the last client only reads, and leaves them as they were.
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_TRUE(seen[0].starts_with("store-1 as store: tasks ")) << seen[0];
  EXPECT_TRUE(seen[1].starts_with("store-2 as store: tasks ")) << seen[1];
  EXPECT_NE(seen[0].find(", sockets 0, files "), std::string::npos) << seen[0];
  EXPECT_EQ(seen[0].find(", empty"), std::string::npos) << seen[0];
  EXPECT_EQ(seen[2], seen[0]);
  EXPECT_EQ(seen[3], seen[1]);
}

}  // namespace
}  // namespace millrace::run
