#include "sim/run/campaign_tally.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Tally : public testing::Test {
 protected:
  Tally() {
    toy::register_toy(registry_);
    source_.registry = &registry_;
    source_.scenarios = {toy::quiet_scenario()};
  }

  /// A run in which every property held.
  RunRecord passing(std::uint64_t seed) const {
    RunRecord record;
    record.scenario = "quiet";
    record.seed = seed;
    record.strategy = "fifo";
    record.events = 1'000 + seed;
    record.client_records = 10;
    for (const PropertyType& type : registry_.properties()) {
      record.properties.push_back({.id = std::string(type.claim.id),
                                   .name = std::string(type.claim.name),
                                   .kind = type.claim.kind,
                                   .evaluated = 1,
                                   .reason = {}});
    }
    return record;
  }

  RunRecord failing(std::uint64_t seed, std::uint64_t events) const {
    RunRecord record = passing(seed);
    record.verdict = Verdict::kFail;
    record.events = events;
    record.violation = Objection{};
    record.violation->property = "TOY-1";
    record.violation->signature = "TOY-1/lost";
    return record;
  }

  /// The reasons why a campaign of these runs is inconclusive, a lucky canary given.
  std::vector<std::string> reasons(const std::vector<RunRecord>& records) const {
    CampaignTally tally(source_);
    for (const RunRecord& record : records) tally.add(0, record);
    const CanarySummary canary{.has_run = true, .tried = 10, .caught = 1, .scenario = "quiet"};
    return tally.finish(canary, {.checks = 1}).inconclusive_reasons;
  }

  std::vector<RunRecord> passing_runs(std::uint64_t count) const {
    std::vector<RunRecord> records;
    for (std::uint64_t seed = 1; seed <= count; ++seed) records.push_back(passing(seed));
    return records;
  }

  using Reasons = std::vector<std::string>;

  Registry registry_;
  RunSource source_;
};

TEST_F(Tally, of_enough_runs_in_which_all_was_judged_has_nothing_to_say) {
  EXPECT_EQ(reasons(passing_runs(200)), Reasons{});
}

TEST_F(Tally, a_kind_that_was_planned_and_never_took_effect_is_too_little) {
  std::vector<RunRecord> records = passing_runs(200);
  for (RunRecord& record : records) {
    record.faults.push_back({.kind = "net.ring", .planned = 1, .fired = 1});
  }
  EXPECT_EQ(reasons(records), Reasons{"net.ring never took effect (planned 200)"});

  // Once is enough.
  records[7].faults[0].took_effect = 1;
  EXPECT_EQ(reasons(records), Reasons{});
}

TEST_F(Tally, a_kind_that_the_budget_refused_had_no_chance) {
  std::vector<RunRecord> records = passing_runs(200);
  for (RunRecord& record : records) {
    record.faults.push_back({.kind = "disk.bit_rot", .planned = 1, .refused = 1});
  }

  EXPECT_EQ(reasons(records), Reasons{});
}

TEST_F(Tally, a_property_that_was_never_evaluated_is_too_little_unless_it_is_skipped) {
  std::vector<RunRecord> records = passing_runs(200);
  for (RunRecord& record : records) {
    PropertyResult& result = *std::ranges::find(record.properties, "TOY-1", &PropertyResult::id);
    result.evaluated = 0;
    result.verdict = PropertyVerdict::kNotEvaluated;
  }
  EXPECT_EQ(reasons(records), Reasons{"TOY-1 stored_is_found was never evaluated"});

  for (RunRecord& record : records) {
    std::ranges::find(record.properties, "TOY-1", &PropertyResult::id)->verdict =
        PropertyVerdict::kSkipped;
  }
  EXPECT_EQ(reasons(records), Reasons{});
}

TEST_F(Tally, shows_the_canary_a_run_in_which_most_was_judged) {
  std::vector<RunRecord> records = passing_runs(5);
  // A run that broke an assumption, and one with nothing to change.
  records[0].properties[0].verdict = PropertyVerdict::kNotJudged;
  records[1].client_records = 0;
  CampaignTally tally(source_);
  for (const RunRecord& record : {records[4], records[2], records[0], records[3], records[1]}) {
    tally.add(0, record);
  }

  ASSERT_TRUE(tally.passing().has_value());
  EXPECT_EQ(tally.passing()->seed, 3U);
}

TEST_F(Tally, of_an_interrupted_campaign_does_not_miss_the_canary) {
  CampaignTally tally(source_);
  for (const RunRecord& record : passing_runs(200)) tally.add(0, record);

  EXPECT_EQ(tally.finish({}, {.checks = 1}).inconclusive_reasons, Reasons{});
}

TEST_F(Tally, a_mark_that_too_few_runs_reach_is_too_little) {
  source_.scenarios[0].floors.must_reach["store.put"] = {1, 10};
  std::vector<RunRecord> records = passing_runs(200);
  for (std::size_t i = 0; i < 19; ++i) records[i].marks["store.put"] = 5;
  EXPECT_EQ(reasons(records), Reasons{"quiet: store.put reached in 19 of 200 runs, floor 1/10"});

  records[19].marks["store.put"] = 1;
  EXPECT_EQ(reasons(records), Reasons{});
}

TEST_F(Tally, floors_over_many_runs_are_not_judged_for_few) {
  source_.scenarios[0].floors.must_reach["store.put"] = {1, 10};
  std::vector<RunRecord> records = passing_runs(199);
  for (RunRecord& record : records) {
    record.faults.push_back({.kind = "net.ring", .planned = 1, .fired = 1});
  }

  EXPECT_EQ(reasons(records), Reasons{});
}

TEST_F(Tally, does_not_depend_on_the_order_in_which_runs_complete) {
  const std::vector<RunRecord> records{passing(4),     failing(3, 70), failing(1, 50),
                                       failing(2, 50), passing(9),     failing(7, 90)};
  std::vector<RunRecord> reversed(records.rbegin(), records.rend());
  const auto finish = [&](const std::vector<RunRecord>& all) {
    CampaignTally tally(source_);
    for (const RunRecord& record : all) tally.add(0, record);
    EXPECT_EQ(tally.passing()->seed, 4U);
    return tally.finish({}, {});
  };

  const CampaignSummary one = finish(records);
  const CampaignSummary other = finish(reversed);

  // Two cost the same: the lower seed counts.
  for (const CampaignSummary* const summary : {&one, &other}) {
    ASSERT_EQ(summary->groups.size(), 1U);
    EXPECT_EQ(summary->groups[0].cheapest_seed, 1U);
    EXPECT_EQ(summary->groups[0].count, 4U);
    EXPECT_EQ(summary->seed_first, 1U);
    EXPECT_EQ(summary->seed_last, 9U);
  }
}

}  // namespace
}  // namespace millrace::run
