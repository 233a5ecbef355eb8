#include "sim/run/shrink.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "sim/run/property.h"
#include "sim/run/run.h"
#include "sim/run/run_records.h"
#include "sim/run/trace_parting.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

using Ids = std::set<std::uint64_t>;

// --- what is planted ---

/// Objects once three certain operations were taken and both stores lost their power. Without the
/// first of the three the third one is another failure.
class NeedsFiveThings {
 public:
  static constexpr Claim claim{"PLANT-1", "needs_five_things", "Five things never come together."};
  static constexpr std::array<std::string_view, 2> classes{"together", "alone"};
  using Sees = Records<OperationTaken, ProcessEnded, toy::Stored>;

  void on(const OperationTaken& taken, At at, Judge& judge) {
    judge.compared();
    taken_.insert(taken.operation);
    if (taken.operation == 28 && !taken_.contains(3)) object("alone", at, judge);
    look(at, judge);
  }
  void on(const ProcessEnded& ended, At at, Judge& judge) {
    if (ended.how == "power_loss") lost_.insert(ended.machine);
    look(at, judge);
  }
  void on(const toy::Stored& /*stored*/, At /*at*/) {}

 private:
  void look(At at, Judge& judge) {
    const bool has_all = taken_.contains(3) && taken_.contains(17) && taken_.contains(28) &&
                         lost_.contains("store-1") && lost_.contains("store-2");
    if (has_all) object("together", at, judge);
  }
  static void object(std::string_view how, At at, Judge& judge) {
    judge.violated(
        {.failure_class = how, .seen = "it", .expected = "nothing of it", .evidence = {at}});
  }

  Ids taken_;
  std::set<std::string, std::less<>> lost_;
};

/// Every stored number is found, and nobody asks whether there was somebody to look for it.
class FoundByWhoever {
 public:
  static constexpr Claim claim{"PLANT-2", "found_by_whoever", "Every stored number is found.",
                               PropertyKind::kEventually};
  using Sees = Records<toy::Stored, toy::Found>;

  void on(const toy::Stored& stored, At at) { open_.emplace(stored.number, at); }
  void on(const toy::Found& found, At /*at*/) { open_.erase(found.number); }
  void at_end(Judge& judge) {
    for (const auto& [number, at] : open_) {
      judge.violated({.seen = "not there", .expected = "there", .evidence = {at}});
    }
  }

 private:
  std::map<std::uint64_t, At> open_;
};

/// No operation takes longer than a bound, which a test sets before its workers are forked.
class IsQuick {
 public:
  static constexpr Claim claim{"PLANT-3", "is_quick", "No operation takes long."};
  using Sees = Records<OperationTaken, OperationEnded, toy::Stored>;
  static Duration bound;

  void on(const OperationTaken& taken, At at) { taken_[taken.operation] = at; }
  void on(const OperationEnded& ended, At at, Judge& judge) {
    judge.compared();
    const At began = taken_[ended.operation];
    longest = std::max(longest, at.time - began.time);
    if (at.time - began.time <= bound) return;
    judge.violated({.seen = "slow", .expected = "quick", .evidence = {began, at}});
  }
  void on(const toy::Stored& /*stored*/, At /*at*/) {}

  /// Of the last run in this process.
  static Duration longest;

 private:
  std::map<std::uint64_t, At> taken_;
};
Duration IsQuick::bound;
Duration IsQuick::longest;

/// No store loses its power while a certain operation is under way; which one, a test sets before
/// its workers are forked.
class IsAloneMeanwhile {
 public:
  static constexpr Claim claim{"PLANT-4", "is_alone_meanwhile", "The power stays on meanwhile."};
  using Sees = Records<OperationTaken, OperationEnded, ProcessEnded, toy::Stored>;
  static std::uint64_t operation;

  void on(const OperationTaken& taken, At /*at*/, Judge& judge) {
    judge.compared();
    open_.insert(taken.operation);
  }
  void on(const OperationEnded& ended, At /*at*/, Judge& /*judge*/) {
    open_.erase(ended.operation);
  }
  void on(const ProcessEnded& ended, At at, Judge& judge) {
    if (ended.how != "power_loss") return;
    struck = open_;
    if (!open_.contains(operation)) return;
    judge.violated({.seen = "a power loss", .expected = "none", .evidence = {at}});
  }
  void on(const toy::Stored& /*stored*/, At /*at*/) {}

  /// What was under way at the last power loss in this process.
  static Ids struck;

 private:
  Ids open_;
};
std::uint64_t IsAloneMeanwhile::operation;
Ids IsAloneMeanwhile::struck;

/// Objects to operation 3: beside operation 17 always, without it where the time at which it was
/// taken can be divided by three. That is as good as drawn, for each schedule anew.
class NeedsASchedule {
 public:
  static constexpr Claim claim{"PLANT-5", "needs_a_schedule", "Operation 3 is never taken.",
                               PropertyKind::kEventually};
  using Sees = Records<OperationTaken, toy::Stored>;

  void on(const OperationTaken& taken, At at) {
    if (taken.operation == 3) third_ = at;
    if (taken.operation == 17) has_other_ = true;
  }
  void on(const toy::Stored& /*stored*/, At /*at*/) {}
  void at_end(Judge& judge) {
    judge.compared();
    if (third_.record == 0 || !(has_other_ || third_.time.ns % 3 == 0)) return;
    judge.violated({.seen = "it", .expected = "nothing of it", .evidence = {third_}});
  }

 private:
  At third_;
  bool has_other_ = false;
};

// --- the tests ---

class Shrinking : public testing::Test {
 protected:
  Shrinking() { toy::register_blind_toy(registry_); }

  /// Two writers with twenty operations each, and a power loss a store among a dozen other faults.
  Plan busy_plan() {
    Plan plan = toy::with_power_losses(draw_plan(registry_, scenario_, 1));
    for (std::uint64_t id = 10; id < 22; ++id) {
      sim::FaultAction action;
      action.id = id;
      action.kind = id % 2 == 0 ? sim::FaultKind::kMachinePause : sim::FaultKind::kDiskSlow;
      action.at = milliseconds(static_cast<std::int64_t>(150 * (id - 9)));
      action.targets = {id % 3 == 0 ? "store-1" : "store-2"};
      action.duration = milliseconds(30);
      if (action.kind == sim::FaultKind::kDiskSlow) action.amount = 3;
      plan.faults.actions.push_back(action);
    }
    return plan;
  }

  void plant_bug(toy::Bug bug) {
    scenario_.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(bug));
  }

  RunSource source() const { return {.registry = &registry_, .scenarios = {scenario_}}; }

  Shrunk shrunk(const Plan& plan, ShrinkOptions options = {}) {
    const RunSource all = source();
    WorkerPool pool(all, options.jobs, {.hang_cpu = milliseconds(500)});
    RunRequest request{.seed = plan.seed};
    request.plan_json = plan_to_json(plan);
    const RunReply original = pool.run_alone(request);
    EXPECT_TRUE(original.record.is_red());
    options.wall_time = std::chrono::seconds(120);
    Result<Shrunk> result = shrink(pool, registry_, plan, original.record, options);
    EXPECT_TRUE(result.has_value()) << result.error().detail;
    return result.has_value() ? *std::move(result) : Shrunk{};
  }

  RunRecord run(const Plan& plan) { return run_plan(registry_, scenario_, plan, {}); }
  RunRecord traced(const Plan& plan) {
    return run_plan(registry_, scenario_, plan, {.is_traced = true});
  }

  Registry registry_;
  Scenario scenario_ = toy::quiet_scenario();
};

Ids operations_of(const Plan& plan) {
  Ids ids;
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) ids.insert(planned.operation.id);
  }
  return ids;
}

Ids faults_of(const Plan& plan) {
  Ids ids;
  for (const sim::FaultAction& action : plan.faults.actions) ids.insert(action.id);
  return ids;
}

bool has_client(const Plan& plan, std::string_view workload) {
  return std::ranges::find(plan.clients, workload, &PlanClient::workload) != plan.clients.end();
}

TEST_F(Shrinking, leaves_the_operations_and_faults_that_are_needed) {
  registry_.property<NeedsFiveThings>();

  const Shrunk small = shrunk(busy_plan());

  // The fifth mark of a store needs operations of its own; as the first one it needs none of them.
  EXPECT_EQ(operations_of(small.plan), (Ids{3, 17, 28}));
  EXPECT_EQ(faults_of(small.plan), (Ids{1, 2}));
  EXPECT_FALSE(has_client(small.plan, "final_reader"));
  EXPECT_EQ(small.record.signature(), "PLANT-1/together");
  EXPECT_EQ(small.from.operations, 42U);
  EXPECT_EQ(small.from.faults, 14U);
  EXPECT_EQ(small.to, size_of(small.plan));
  EXPECT_EQ(small.replays_alike, kReplays);
  EXPECT_FALSE(small.is_cut_short);
  EXPECT_EQ(small.plan.strategy, sim::StrategySpec{});
}

TEST_F(Shrinking, keeps_another_failure_as_a_finding) {
  registry_.property<NeedsFiveThings>();

  const Shrunk small = shrunk(busy_plan());

  ASSERT_TRUE(small.findings.contains("PLANT-1/alone"));
  const Finding& finding = small.findings.at("PLANT-1/alone");
  EXPECT_EQ(run(finding.plan).signature(), "PLANT-1/alone");
}

TEST_F(Shrinking, gives_the_same_whatever_the_number_of_workers) {
  registry_.property<NeedsFiveThings>();

  const Shrunk one = shrunk(busy_plan(), {.jobs = 1});
  const Shrunk three = shrunk(busy_plan(), {.jobs = 3});

  EXPECT_EQ(one.plan, three.plan);
  EXPECT_EQ(one.runs, three.runs);
  EXPECT_EQ(one.neighbour.has_value(), three.neighbour.has_value());
}

TEST_F(Shrinking, stops_after_its_runs_and_keeps_what_there_is) {
  registry_.property<NeedsFiveThings>();

  const Shrunk small = shrunk(busy_plan(), {.runs_max = 12});

  EXPECT_TRUE(small.is_cut_short);
  EXPECT_LT(small.to.operations + small.to.faults, 56U);
  EXPECT_EQ(run(small.plan).signature(), "PLANT-1/together");
}

TEST_F(Shrinking, stops_when_it_is_told_to) {
  registry_.property<NeedsFiveThings>();
  std::uint64_t asked = 0;

  const Shrunk small =
      shrunk(busy_plan(), {.on_progress = [&](const ShrinkProgress&) { return ++asked < 20; }});

  EXPECT_TRUE(small.is_cut_short);
  EXPECT_EQ(run(small.plan).signature(), "PLANT-1/together");
}

// The power goes at the mark of a write, before anybody is told of it: one number to be lost, and
// one for the moment at which it is.
TEST_F(Shrinking, finds_a_lost_write_in_two_operations_and_one_fault) {
  registry_ = Registry();
  toy::register_toy(registry_);
  plant_bug(toy::Bug::kNoSync);
  Plan plan = busy_plan();
  while (!run(plan).is_red()) ++plan.seed;

  const Shrunk small = shrunk(plan);

  EXPECT_EQ(story_of(small.plan), "2 operations, 1 fault, 3 machines");
  EXPECT_EQ(small.to, size_of(small.plan));
}

// The power goes at the fiftieth write of a store, and what matters is only that one operation was
// under way then. All the others that write there are what makes it the fiftieth.
TEST_F(Shrinking, takes_away_the_operations_that_only_make_up_the_count_of_an_anchor) {
  registry_.property<IsAloneMeanwhile>();
  scenario_.workloads[0].knobs["operations"] = Range::fixed(60);
  Plan plan = toy::with_power_losses(draw_plan(registry_, scenario_, 1));
  plan.faults.actions.resize(1);
  plan.faults.actions[0].anchor->nth = 50;
  IsAloneMeanwhile::operation = 0;
  run(plan);
  ASSERT_EQ(IsAloneMeanwhile::struck.size(), 1U);
  IsAloneMeanwhile::operation = *IsAloneMeanwhile::struck.begin();

  const Shrunk small = shrunk(plan);

  EXPECT_GE(small.from.operations, 120U);
  EXPECT_EQ(operations_of(small.plan), Ids{IsAloneMeanwhile::operation});
  ASSERT_EQ(small.plan.faults.actions.size(), 1U);
  // Alone it is the first of all.
  EXPECT_EQ(small.plan.faults.actions[0].anchor->nth, 1U);
  EXPECT_EQ(small.plan.faults.actions[0].anchor->since_operation, 0U);
  EXPECT_EQ(small.replays_alike, kReplays);
}

// By the plan's own schedule the bug is gone without operation 17; by another one it is not.
TEST_F(Shrinking, does_without_a_part_under_another_schedule) {
  registry_.property<NeedsASchedule>();
  Shrunk small;
  for (std::uint64_t seed = 1; !small.plan.strategy.seed.has_value(); ++seed) {
    ASSERT_LT(seed, 20U) << "a third of all schedules will do";
    Plan plan = draw_plan(registry_, scenario_, seed);
    plan.strategy = {.kind = sim::StrategyKind::kRandom, .window = milliseconds(5)};
    // What comes after the parts changes times, too.
    small = shrunk(plan, {.on_progress = [](const ShrinkProgress& progress) {
                     constexpr std::array<std::string_view, 3> kLater{"settings", "knobs",
                                                                      "clocks and disks"};
                     return std::ranges::find(kLater, progress.step) == kLater.end();
                   }});
    EXPECT_TRUE(operations_of(small.plan).contains(3));
  }

  EXPECT_EQ(operations_of(small.plan), Ids{3});
  EXPECT_EQ(run(small.plan).signature(), "PLANT-5/violated");
}

// A reader that is taken away finds nothing, and no bug is needed for that.
TEST_F(Shrinking, does_not_take_away_who_looks) {
  registry_.property<FoundByWhoever>();
  plant_bug(toy::Bug::kNoSync);
  Plan plan = busy_plan();
  while (!run(plan).is_red()) ++plan.seed;

  const Shrunk small = shrunk(plan);

  EXPECT_TRUE(has_client(small.plan, "final_reader"));
  EXPECT_EQ(small.to.faults, 1U);
  EXPECT_EQ(small.to.operations, 2U);
}

TEST_F(Shrinking, knows_a_neighbour_that_passes) {
  registry_ = Registry();
  toy::register_toy(registry_);
  plant_bug(toy::Bug::kNoSync);
  Plan plan = busy_plan();
  while (!run(plan).is_red()) ++plan.seed;

  const Shrunk small = shrunk(plan);

  ASSERT_TRUE(small.neighbour.has_value());
  EXPECT_FALSE(run(small.neighbour->plan).is_red());
  EXPECT_FALSE(small.neighbour->change.empty());
  // Where they part lies within the failing run, and all before it is common to both.
  EXPECT_GT(small.neighbour->parts_at, 1U);
  EXPECT_LE(small.neighbour->parts_at, small.record.events);
  // A report shows the same event as the first that the other run lacks.
  const RunRecord failing = traced(small.plan);
  const TraceParting at = find_parting(failing.trace, traced(small.neighbour->plan).trace);
  ASSERT_LT(at.here, failing.trace.size());
  EXPECT_LE(small.neighbour->parts_at, failing.trace[at.here].ordinal);
}

TEST_F(Shrinking, works_on_what_crashes_the_process) {
  plant_bug(toy::Bug::kCrash);

  const Shrunk small = shrunk(busy_plan());

  EXPECT_EQ(small.record.signature(), "crash/SIGSEGV/store/connection");
  EXPECT_EQ(small.to.operations, 1U);
  EXPECT_EQ(small.to.faults, 0U);
  EXPECT_EQ(small.to.machines, 2U);
}

TEST_F(Shrinking, works_on_what_hangs) {
  plant_bug(toy::Bug::kSpin);

  const Shrunk small = shrunk(busy_plan());

  EXPECT_EQ(small.record.verdict, Verdict::kHang);
  EXPECT_EQ(small.to.operations, 1U);
  EXPECT_EQ(small.to.faults, 0U);
}

TEST_F(Shrinking, gives_back_the_draws_that_are_needed) {
  registry_.property<IsQuick>();
  Plan plan = draw_plan(registry_, scenario_, 1);
  plan.strategy = {};
  Plan neutral = plan;
  neutral.overrides.emplace_back();
  IsQuick::bound = seconds(1'000);
  const auto longest_of = [&](const Plan& one) {
    IsQuick::longest = {};
    run(one);
    return IsQuick::longest;
  };
  const Duration drawn = longest_of(plan);
  const Duration plain = longest_of(neutral);
  ASSERT_GT(drawn, plain);
  // Only some draws bring an operation beyond this.
  IsQuick::bound = Duration{(drawn.ns + plain.ns) / 2};

  const Shrunk small = shrunk(plan);

  EXPECT_EQ(small.record.signature(), "PLANT-3/violated");
  EXPECT_EQ(small.to.operations, 1U);
  ASSERT_GE(small.plan.overrides.size(), 2U);
  EXPECT_LE(small.plan.overrides.size(), 4U);
  EXPECT_EQ(small.plan.overrides.back(), sim::Override{});
  EXPECT_TRUE(small.plan.overrides.front().n.has_value());
  EXPECT_TRUE(small.plan.overrides.front().value.has_value());
}

}  // namespace
}  // namespace millrace::run
