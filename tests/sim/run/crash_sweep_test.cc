#include "sim/run/crash_sweep.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <set>

#include "sim/run/draw_plan.h"
#include "sim/run/plan_edit.h"
#include "sim/run/run.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class CrashSweeps : public testing::Test {
 protected:
  CrashSweeps() { toy::register_toy(registry_); }

  /// One store, one writer with few numbers.
  void set_up(toy::Bug bug) {
    scenario_ = toy::quiet_scenario();
    scenario_.run_for = seconds(2);
    scenario_.cluster["store"] = Range::fixed(1);
    scenario_.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(bug));
    scenario_.workloads[0].clients = Range::fixed(1);
    scenario_.workloads[0].knobs["operations"] = Range::fixed(3);
    base_ = draw_plan(registry_, scenario_, 1);
  }

  RunRecord run(const Plan& plan, CrashPointsKept kept) const {
    return run_plan(registry_, scenario_, plan, {.crash_points = kept});
  }

  CrashSweep sweep(const CrashSweepOptions& options) const {
    return *CrashSweep::make(base_, run(base_, CrashPointsKept::kAll), options);
  }

  /// Runs all plans, one after the other; returns the signatures.
  std::set<std::string> run_all(CrashSweep& sweep) {
    std::set<std::string> signatures;
    for (auto numbers = sweep.next(1); !numbers.empty(); numbers = sweep.next(1)) {
      const std::uint64_t number = numbers.front();
      RunRecord record = run(sweep.plan(number), sweep.crash_points(number));
      if (record.is_red()) signatures.emplace(record.signature());
      sweep.take(number, record);
      EXPECT_TRUE(record.crash_points.empty()) << "a database keeps none";
    }
    return signatures;
  }

  Registry registry_;
  Scenario scenario_;
  Plan base_;
};

TEST_F(CrashSweeps, look_at_every_change_of_a_disk_and_change_nothing) {
  set_up(toy::Bug::kNone);

  const RunRecord plain = run(base_, CrashPointsKept::kNone);
  const RunRecord seen = run(base_, CrashPointsKept::kAll);

  EXPECT_EQ(plain.fingerprint, seen.fingerprint);
  EXPECT_TRUE(plain.crash_points.empty());
  std::vector<std::string> begun;
  for (const CrashPoint& point : seen.crash_points) {
    EXPECT_EQ(point.machine, "store-1") << "clients' disks are not swept";
    if (point.phase == sim::DiskPhase::kBefore) begun.push_back(point.what);
  }
  ASSERT_GE(begun.size(), 6U);
  // Formatting first, then the boot's sync, then what the writer asks for.
  EXPECT_EQ((std::vector(begun.begin(), begun.begin() + 6)),
            (std::vector<std::string>{"create log", "sync log", "sync directory ", "sync log",
                                      "write log", "sync log"}));
  EXPECT_EQ(seen.crash_points.size(), begun.size() * 3);
}

TEST_F(CrashSweeps, crash_where_they_planned_to_and_hold_where_promises_are_kept) {
  set_up(toy::Bug::kNone);
  CrashSweep all = sweep({});

  EXPECT_EQ(run_all(all), std::set<std::string>{});

  const SweepCoverage& coverage = all.coverage();
  EXPECT_EQ(coverage.missed, 0U);
  EXPECT_EQ(coverage.first_run, coverage.first_planned);
  EXPECT_EQ(coverage.second_run, coverage.second_planned);
  // All that the toy's recovery can leave a later crash leaves, too; the store's recovery is
  // crashed in tests/scenarios/crash_sweep_test.cc.
  EXPECT_GT(coverage.recovery_moments, 0U);
  EXPECT_GT(coverage.second_same, 0U);
  EXPECT_GT(coverage.images, 3U);
  EXPECT_TRUE(all.shortfalls().empty());
  for (const char* const shape : {"nothing", "everything", "names alone", "cut write"}) {
    EXPECT_GT(coverage.shapes.at(shape), 0U) << shape;
  }
}

// A system may leave as much unsynced as it likes: what is too much is said, and left out.
TEST_F(CrashSweeps, say_of_how_many_recoveries_they_sweep_only_the_beginning) {
  set_up(toy::Bug::kNone);
  CrashSweep all = sweep({});
  CrashPoint large{.machine = "store-1", .what = "write log"};
  large.files.push_back({.where = {}, .size_changes = 0, .sectors = {}});
  for (std::uint64_t sector = 0; sector < 150; ++sector) {
    large.files[0].sectors.push_back({.sector = sector, .versions = 1, .from = 0, .to = 512});
  }
  // All leave the same disk, so that one of them is run.
  large.images.assign(2'000, 1);
  std::optional<std::uint64_t> image;
  for (auto numbers = all.next(1); !numbers.empty() && numbers[0] < 100'000;
       numbers = all.next(1)) {
    RunRecord record = run(all.plan(numbers[0]), all.crash_points(numbers[0]));
    if (!record.power_losses.empty()) {
      if (!image.has_value()) image = record.power_losses[0].image;
      // Of the crashes that leave one disk the last one counts.
      if (record.power_losses[0].image == *image) record.crash_points.assign(300, large);
    }
    all.take(numbers[0], record);
  }

  EXPECT_EQ(all.coverage().recoveries_cut, 1U);
  EXPECT_GT(all.coverage().recovery_moments, 100U);
}

TEST_F(CrashSweeps, find_a_store_that_does_not_sync) {
  set_up(toy::Bug::kNoSync);
  CrashSweep all = sweep({});

  EXPECT_EQ(run_all(all), std::set<std::string>{"TOY-1/lost"});
}

TEST_F(CrashSweeps, share_their_first_plans_among_shards) {
  set_up(toy::Bug::kNone);
  std::multiset<std::uint64_t> numbers;
  for (const std::uint64_t shard : {1, 2, 3}) {
    CrashSweep part = sweep({.shard = shard, .shard_count = 3});
    for (const std::uint64_t number : part.next(10'000)) numbers.insert(number);
  }

  CrashSweep all = sweep({});
  const std::vector<std::uint64_t> whole = all.next(10'000);

  EXPECT_EQ(numbers, (std::multiset<std::uint64_t>(whole.begin(), whole.end())));
}

TEST_F(CrashSweeps, say_what_they_lack) {
  set_up(toy::Bug::kNone);
  CrashSweep unfinished = sweep({});
  RunRecord base = run(base_, CrashPointsKept::kRecovery);
  unfinished.next(1);
  unfinished.take(0, base);
  const Result<CrashSweep> idle = CrashSweep::make(base_, {}, {});

  ASSERT_EQ(unfinished.shortfalls().size(), 2U);
  EXPECT_TRUE(unfinished.shortfalls()[0].starts_with("the sweep is not complete: 1 of "));
  EXPECT_EQ(idle->shortfalls().front(),
            "no server of quiet changed its disk: there is nothing to sweep");
}

// A crash that did not come proves nothing.
TEST_F(CrashSweeps, count_a_crash_that_did_not_come_at_its_moment) {
  set_up(toy::Bug::kNone);
  CrashSweep all = sweep({});
  all.next(2);
  RunRecord without = run(base_, CrashPointsKept::kRecovery);
  RunRecord elsewhere = run(all.plan(1), CrashPointsKept::kRecovery);
  elsewhere.power_losses[0].at = "sync log done";

  all.take(1, without);
  EXPECT_EQ(all.coverage().missed, 1U);
  all.take(1, elsewhere);

  EXPECT_EQ(all.coverage().missed, 2U);
}

}  // namespace
}  // namespace millrace::run
