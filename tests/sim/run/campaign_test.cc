#include "sim/run/campaign.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <signal.h>
#include <sqlite3.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sim/run/signature.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Campaigns : public testing::Test {
 protected:
  Campaigns() {
    toy::register_toy(registry_);
    source_.registry = &registry_;
    // Of its own: the same test may run in another checkout at the same time.
    std::string pattern = std::filesystem::temp_directory_path() / "millrace-campaign-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~Campaigns() override { std::filesystem::remove_all(directory_); }

  void add_scenario(toy::Bug bug) {
    Scenario scenario = toy::quiet_scenario();
    scenario.name = to_text(bug);
    scenario.run_for = seconds(1);
    scenario.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(bug));
    scenario.faults.kinds["machine.power_loss"] = "harsh";
    source_.scenarios.push_back(scenario);
  }

  CampaignSummary run(CampaignOptions options) {
    options.directory = directory_;
    CampaignListener nobody;
    return run_campaign(source_, options, nobody);
  }

  static std::int64_t count_in(const std::string& database, const char* query) {
    sqlite3* file = nullptr;
    sqlite3_stmt* statement = nullptr;
    std::int64_t count = -1;
    const bool is_ready =
        sqlite3_open_v2(database.c_str(), &file, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
        sqlite3_prepare_v2(file, query, -1, &statement, nullptr) == SQLITE_OK;
    if (is_ready && sqlite3_step(statement) == SQLITE_ROW) {
      count = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(file);
    return count;
  }

  static std::string read(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  Registry registry_;
  RunSource source_;
  std::filesystem::path directory_;
};

TEST_F(Campaigns, are_green_where_promises_are_kept) {
  add_scenario(toy::Bug::kNone);

  const CampaignSummary summary = run({.seeds = 250, .jobs = 2});

  EXPECT_EQ(exit_status(summary), 0) << testing::PrintToString(summary.inconclusive_reasons)
                                     << testing::PrintToString(summary.tool_errors);
  EXPECT_EQ(summary.passed, 250U);
  EXPECT_TRUE(summary.canary.has_run);
  EXPECT_GT(summary.canary.caught, 0U);
  // Seeds 1, 101 and 201.
  EXPECT_EQ(summary.determinism.checks, 3U);
  EXPECT_EQ(summary.properties.back().id, "COV-1");
}

TEST_F(Campaigns, group_failures_and_write_a_repro_that_reproduces) {
  add_scenario(toy::Bug::kNone);
  add_scenario(toy::Bug::kNoSync);

  const CampaignSummary summary = run({.seeds = 40, .jobs = 2});

  EXPECT_EQ(exit_status(summary), 1) << testing::PrintToString(summary.tool_errors);
  ASSERT_EQ(summary.groups.size(), 1U);
  const FailureGroup& group = summary.groups[0];
  EXPECT_EQ(group.signature, "TOY-1/lost");
  EXPECT_EQ(group.scenario, "no_sync");
  EXPECT_EQ(group.count, summary.failed);
  EXPECT_FALSE(group.record.trace.empty());
  EXPECT_EQ(summary.scenarios[0].failed, 0U);

  const Result<Repro> repro = repro_from_json(read(group.repro), registry_);
  ASSERT_TRUE(repro.has_value()) << repro.error().detail;
  const RunReply again =
      run_alone(source_, {.scenario = 1, .plan_json = plan_to_json(repro->plan)}, {});
  const Replay replay = judge_replay(*repro, again.record, 80);
  EXPECT_EQ(replay.verdict, ReplayVerdict::kReproduced);
  EXPECT_TRUE(replay.is_same_execution);
}

// Whoever reads the old one, or whatever kills the campaign: nobody sees half of a repro.
TEST_F(Campaigns, replace_a_repro_and_never_write_into_one) {
  add_scenario(toy::Bug::kNoSync);
  const std::string repro = run({.seeds = 10}).groups.at(0).repro;
  const std::string found = read(repro);
  std::ofstream(repro, std::ios::trunc) << "an older one";
  std::filesystem::create_hard_link(repro, directory_ / "older");

  run({.seeds = 10});

  EXPECT_EQ(read(repro), found);
  EXPECT_EQ(read(directory_ / "older"), "an older one");
}

TEST_F(Campaigns, do_not_depend_on_jobs) {
  add_scenario(toy::Bug::kNoSync);

  const CampaignSummary one = run({.seeds = 30, .jobs = 1});
  const CampaignSummary three = run({.seeds = 30, .jobs = 3});

  EXPECT_EQ(one.events, three.events);
  EXPECT_EQ(one.failed, three.failed);
  ASSERT_EQ(one.groups.size(), three.groups.size());
  EXPECT_EQ(one.groups[0].cheapest_seed, three.groups[0].cheapest_seed);
}

TEST_F(Campaigns, crashes_and_hangs_are_groups_of_their_own) {
  add_scenario(toy::Bug::kCrash);
  add_scenario(toy::Bug::kSpin);

  CampaignOptions options{.seeds = 2, .jobs = 2};
  options.worker.hang_cpu = milliseconds(200);
  const CampaignSummary summary = run(options);

  EXPECT_EQ(summary.crashed, 2U);
  EXPECT_EQ(summary.hung, 2U);
  ASSERT_EQ(summary.groups.size(), 2U);
  EXPECT_EQ(summary.groups[0].signature, "crash/SIGSEGV/store/connection");
  EXPECT_EQ(summary.groups[1].signature, "hang/store/connection");
  ASSERT_TRUE(summary.groups[1].record.breakdown.has_value());
  EXPECT_TRUE(summary.groups[1].record.breakdown->machine.starts_with("store-"));
  EXPECT_GT(summary.groups[1].record.breakdown->at.time.ns, 0);
  EXPECT_TRUE(summary.tool_errors.empty()) << testing::PrintToString(summary.tool_errors);
}

TEST_F(Campaigns, a_verdict_by_cpu_time_is_tried_again_alone_at_five_times_the_limit) {
  add_scenario(toy::Bug::kSlow);
  source_.scenarios[0].faults.kinds.clear();

  CampaignOptions options{.seeds = 2, .jobs = 2};
  options.worker.hang_cpu = milliseconds(200);
  const CampaignSummary summary = run(options);

  EXPECT_EQ(summary.hung, 0U);
  EXPECT_EQ(summary.passed, 2U);
  EXPECT_TRUE(summary.tool_errors.empty()) << testing::PrintToString(summary.tool_errors);
}

TEST_F(Campaigns, a_failure_that_does_not_come_alone_is_the_tools) {
  add_scenario(toy::Bug::kLeak);
  source_.scenarios[0].faults.kinds.clear();

  const CampaignSummary summary = run({.seeds = 8});

  // 42 numbers a run: the third run of a process fails, and passes in one of its own. Batches of
  // eight seeds have three.
  EXPECT_EQ(exit_status(summary), 3);
  ASSERT_FALSE(summary.tool_errors.empty());
  EXPECT_TRUE(summary.tool_errors[0].starts_with(
      "state leaked between runs: leak seed 3 gives check/toy_world:no run stores that many"))
      << summary.tool_errors[0];
  ASSERT_EQ(summary.groups.size(), 1U);
  EXPECT_TRUE(summary.groups[0].repro.empty());
}

// Without the fault nothing is lost, and what is left to object to is what the store reports.
TEST_F(Campaigns, keep_another_failure_that_a_reduction_came_across) {
  add_scenario(toy::Bug::kUnexpected);
  std::uint64_t seed = 1;
  while (run({.seeds_chosen = {seed}}).groups.at(0).signature != "TOY-1/lost") ++seed;

  const CampaignSummary summary =
      run({.seeds_chosen = {seed}, .shrink_time = std::chrono::seconds(60)});

  ASSERT_EQ(summary.groups.size(), 1U);
  EXPECT_EQ(summary.groups[0].record.signature(), "TOY-1/lost");
  ASSERT_EQ(summary.findings.size(), 1U);
  EXPECT_EQ(summary.findings[0].signature, "LOG-1/unexpected");
  const Result<Repro> repro = repro_from_json(read(summary.findings[0].repro), registry_);
  ASSERT_TRUE(repro.has_value()) << repro.error().detail;
  const RunReply again =
      run_alone(source_, {.scenario = 0, .plan_json = plan_to_json(repro->plan)}, {});
  EXPECT_EQ(again.record.signature(), "LOG-1/unexpected");
}

TEST_F(Campaigns, do_not_count_the_time_in_which_failures_are_reduced) {
  using Clock = std::chrono::steady_clock;
  class Stopwatch final : public CampaignListener {
   public:
    bool on_shrink(const ShrinkProgress& /*progress*/) override {
      if (!shrinks_after.has_value()) shrinks_after = Clock::now() - begun_;
      return true;
    }
    std::optional<std::chrono::nanoseconds> shrinks_after;

   private:
    Clock::time_point begun_ = Clock::now();
  };
  add_scenario(toy::Bug::kNoSync);
  Stopwatch watch;

  const CampaignSummary summary =
      run_campaign(source_, {.seeds = 10, .shrink_time = std::chrono::seconds(60)}, watch);

  ASSERT_EQ(summary.groups.size(), 1U);
  ASSERT_TRUE(summary.groups[0].shrunk.has_value());
  ASSERT_TRUE(watch.shrinks_after.has_value());
  EXPECT_LT(summary.wall_ns, watch.shrinks_after->count());
}

TEST_F(Campaigns, count_every_seed_that_differs_and_explain_the_first_three) {
  for (int i = 1; i <= 5; ++i) {
    add_scenario(toy::Bug::kAddressOrder);
    source_.scenarios.back().name += "-" + std::to_string(i);
  }

  const CampaignSummary summary = run({.seeds = 1, .jobs = 2});

  EXPECT_EQ(exit_status(summary), 3);
  EXPECT_EQ(summary.determinism.checks, 5U);
  EXPECT_EQ(summary.determinism.differing, 5U);
  EXPECT_EQ(summary.properties[summary.properties.size() - 2].id, "DET-1");
  EXPECT_EQ(summary.properties[summary.properties.size() - 2].failed_seeds, 5U);
  ASSERT_EQ(summary.determinism.examples.size(), 3U);
  for (const DeterminismCheck& check : summary.determinism.examples) {
    ASSERT_TRUE(check.difference.has_value());
    EXPECT_EQ(check.difference->task, "connection");
  }
  EXPECT_EQ(summary.determinism.examples[2].scenario, "address_order-3");
}

TEST_F(Campaigns, remember_seeds_that_differ_when_they_are_interrupted) {
  class Impatient final : public CampaignListener {
   public:
    bool on_progress(const CampaignProgress& progress) override { return progress.done < 80; }
  };
  add_scenario(toy::Bug::kAddressOrder);
  Impatient listener;

  const CampaignSummary summary =
      run_campaign(source_, {.seeds = 90, .directory = directory_}, listener);

  // Seed 1 was run again before the second batch; where the two differ nobody has looked.
  EXPECT_TRUE(summary.is_interrupted);
  EXPECT_EQ(summary.determinism.differing, 1U);
  ASSERT_EQ(summary.determinism.examples.size(), 1U);
  const DeterminismCheck& check = summary.determinism.examples[0];
  EXPECT_EQ(check.seed, 1U);
  EXPECT_NE(check.fingerprint, check.other_fingerprint);
  EXPECT_FALSE(check.difference.has_value());
}

TEST_F(Campaigns, name_the_first_seeds_with_too_little_and_count_the_others) {
  add_scenario(toy::Bug::kNone);
  source_.scenarios[0].floors.acked_operations = 1'000;

  const CampaignSummary summary = run({.seed_first = 9, .seeds = 5, .jobs = 2});

  // By number: 9 comes before 10.
  const std::vector<std::string>& reasons = summary.scenarios[0].reasons;
  ASSERT_EQ(reasons.size(), 4U);
  EXPECT_TRUE(reasons[0].starts_with("--seed 9: ")) << reasons[0];
  EXPECT_TRUE(reasons[2].starts_with("--seed 11: ")) << reasons[2];
  EXPECT_EQ(reasons[3], "and 2 more seeds");
}

TEST_F(Campaigns, every_way_to_break_costs_its_seed_and_has_a_place) {
  const std::vector<std::pair<toy::Bug, std::string>> ways{
      {toy::Bug::kCheck, "check/toy_world:numbers are never round"},
      {toy::Bug::kCrash, "crash/SIGSEGV/store/connection"},
      {toy::Bug::kOverflow, "crash/stack-overflow/store/connection"},
      {toy::Bug::kEatMemory, "limit/arena_bytes"},
      {toy::Bug::kSpawn, "limit/tasks"}};
  for (const auto& [bug, signature] : ways) add_scenario(bug);
  add_scenario(toy::Bug::kNone);

  const CampaignSummary summary = run({.seeds = 2});

  EXPECT_TRUE(summary.tool_errors.empty()) << testing::PrintToString(summary.tool_errors);
  EXPECT_EQ(summary.scenarios.back().passed, 2U);
  EXPECT_EQ(summary.groups.size(), ways.size());
  for (const auto& [bug, signature] : ways) {
    const auto group = std::ranges::find(summary.groups, signature, &FailureGroup::signature);
    ASSERT_NE(group, summary.groups.end()) << signature;
    ASSERT_TRUE(group->record.breakdown.has_value()) << signature;
    const Breakdown& place = *group->record.breakdown;
    EXPECT_EQ(group->count, 2U) << signature;
    EXPECT_TRUE(place.machine.starts_with("store-")) << signature;
    EXPECT_EQ(place.role, "store") << signature;
    EXPECT_NE(place.task, "") << signature;
    EXPECT_GT(place.at.time.ns, 0) << signature;
    EXPECT_GT(place.at.ordinal, 0U) << signature;
  }
}

TEST_F(Campaigns, too_little_done_is_inconclusive) {
  add_scenario(toy::Bug::kNone);
  source_.scenarios[0].floors.must_reach["store.never"] = {1, 10};
  source_.scenarios[0].floors.acked_operations = 1'000;

  const CampaignSummary summary = run({.seeds = 200, .jobs = 2});

  EXPECT_EQ(exit_status(summary), 4);
  EXPECT_EQ(summary.inconclusive, 200U);
  ASSERT_FALSE(summary.inconclusive_reasons.empty());
  EXPECT_EQ(summary.inconclusive_reasons[0],
            "none: store.never reached in 0 of 200 runs, floor 1/10");
}

TEST_F(Campaigns, properties_that_see_nothing_make_the_canary_sing) {
  // A world whose property objects to nothing.
  Registry blind;
  toy::register_blind_toy(blind);
  source_.registry = &blind;
  add_scenario(toy::Bug::kNone);

  const CampaignSummary summary = run({.seeds = 200, .jobs = 2});

  EXPECT_EQ(exit_status(summary), 4);
  ASSERT_FALSE(summary.inconclusive_reasons.empty());
  EXPECT_TRUE(summary.inconclusive_reasons.back().starts_with("canary: no property objected"))
      << summary.inconclusive_reasons.back();
}

/// Interrupts a campaign once all its seeds are done, at the n-th call after that.
class LateInterrupt final : public CampaignListener {
 public:
  explicit LateInterrupt(int calls) : calls_(calls) {}
  bool on_progress(const CampaignProgress& progress) override {
    return progress.done < progress.planned || --calls_ > 0;
  }

 private:
  int calls_;
};

// Of ten changed histories some were not shown to anybody.
TEST_F(Campaigns, hear_nothing_from_a_canary_that_was_interrupted) {
  Registry blind;
  toy::register_blind_toy(blind);
  source_.registry = &blind;
  add_scenario(toy::Bug::kNone);
  const std::string database = directory_ / "campaign.db";
  int stopped = 0;
  for (const int calls : {3, 6, 9}) {
    LateInterrupt listener(calls);

    const CampaignSummary summary =
        run_campaign(source_, {.seeds = 200, .database = database}, listener);

    EXPECT_TRUE(summary.is_interrupted) << calls;
    EXPECT_FALSE(summary.canary.has_run) << calls;
    for (const std::string& reason : summary.inconclusive_reasons) {
      EXPECT_FALSE(reason.starts_with("canary:")) << reason;
    }
    ++stopped;
    EXPECT_EQ(count_in(database, "SELECT count(*) FROM campaigns WHERE state = 'interrupted'"),
              stopped);
  }
}

// One worker has a batch of seeds before it looks at the first failure again.
TEST_F(Campaigns, leave_a_repro_when_they_are_interrupted_right_after_a_failure) {
  class Impatient final : public CampaignListener {
   public:
    bool on_progress(const CampaignProgress& progress) override { return progress.red == 0; }
    void on_new_group(const FailureGroup& group) override { groups.push_back(group.repro); }
    std::vector<std::string> groups;
  };
  add_scenario(toy::Bug::kThrow);
  Impatient listener;

  const CampaignSummary summary =
      run_campaign(source_, {.seeds = 400, .jobs = 1, .directory = directory_}, listener);

  EXPECT_TRUE(summary.is_interrupted);
  EXPECT_LT(summary.seeds, 400U);
  ASSERT_EQ(summary.groups.size(), 1U);
  EXPECT_GT(summary.groups[0].size.operations, 0U);
  ASSERT_EQ(listener.groups.size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(listener.groups[0])) << listener.groups[0];
}

TEST_F(Campaigns, stop_after_enough_failures) {
  add_scenario(toy::Bug::kThrow);

  const CampaignSummary summary = run({.seeds = 1'000, .jobs = 1, .failures_max = 3});

  EXPECT_EQ(summary.failed, 3U);
  EXPECT_FALSE(summary.is_interrupted);
  EXPECT_EQ(summary.groups[0].signature, "LOG-1/exception");
}

TEST_F(Campaigns, shards_together_are_the_whole) {
  add_scenario(toy::Bug::kNone);
  std::uint64_t events = 0;
  for (std::uint64_t shard = 1; shard <= 3; ++shard) {
    events += run({.seed_first = 5, .seeds = 20, .shard = shard, .shard_count = 3}).events;
  }

  EXPECT_EQ(events, run({.seed_first = 5, .seeds = 20}).events);
}

TEST_F(Campaigns, keep_every_run_in_the_database) {
  add_scenario(toy::Bug::kNone);
  const std::string database = directory_ / "campaign.db";

  run({.seeds = 70, .jobs = 2, .database = database});
  const CampaignSummary again = run({.seeds = 3, .database = database});

  EXPECT_TRUE(again.tool_errors.empty());
  EXPECT_EQ(count_in(database, "SELECT count(*) FROM campaigns"), 2);
  EXPECT_EQ(count_in(database, "SELECT count(*) FROM runs WHERE verdict = 'pass'"), 73);
  EXPECT_EQ(count_in(database, "SELECT count(*) FROM runs WHERE campaign = 2 AND seed <= 3"), 3);
}

TEST_F(Campaigns, keep_finished_seeds_through_a_kill) {
  add_scenario(toy::Bug::kNone);
  const std::string database = directory_ / "campaign.db";
  const pid_t child = fork();
  if (child == 0) {
    run({.seeds = 1'000'000, .database = database});
    _exit(1);
  }
  // Long enough for a commit by time; the batch is larger than what is done by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);

  // Another campaign finds what was committed, and cleans up what was not.
  run({.seeds = 1, .database = database});
  EXPECT_GT(count_in(database, "SELECT count(*) FROM runs WHERE campaign = 1"), 0);
}

TEST_F(Campaigns, have_kept_every_seed_before_a_failure_is_reduced) {
  class Looking final : public CampaignListener {
   public:
    explicit Looking(std::string database) : database_(std::move(database)) {}
    bool on_shrink(const ShrinkProgress& /*progress*/) override {
      kept = count_in(database_, "SELECT count(*) FROM runs");
      return false;
    }
    std::int64_t kept = 0;

   private:
    std::string database_;
  };
  add_scenario(toy::Bug::kNoSync);
  const std::string database = directory_ / "campaign.db";
  Looking listener(database);

  run_campaign(source_,
               {.seeds = 20, .database = database, .shrink_time = std::chrono::seconds(60)},
               listener);

  EXPECT_EQ(listener.kept, 20);
}

TEST_F(Campaigns, a_database_that_cannot_be_written_is_an_error_of_the_tool) {
  add_scenario(toy::Bug::kNone);

  const CampaignSummary summary = run({.seeds = 1, .database = "/nowhere/campaign.db"});

  EXPECT_EQ(exit_status(summary), 3);
  // What cannot be kept is not run.
  EXPECT_EQ(summary.seeds, 0U);
}

}  // namespace
}  // namespace millrace::run
