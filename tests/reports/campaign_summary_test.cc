#include "reports/campaign_summary.h"

#include <gtest/gtest.h>
#include <string>

#include "tests/reports/sample_records.h"

namespace millrace::reports {
namespace {

using testing::green_campaign;
using testing::red_campaign;

constexpr ScreenOptions kNarrow{.has_color = false, .is_verbose = false, .columns = 80};
constexpr ScreenOptions kWide{.has_color = false, .is_verbose = false, .columns = 120};

CampaignContext context(int status) {
  return {
      .program = "millrace", .directory = "millrace-out/20261122-2114-campaign/", .status = status};
}

std::string last_line(const std::string& text) {
  const std::string all = text.substr(0, text.size() - 1);
  return all.substr(all.rfind('\n') + 1);
}

TEST(CampaignSummary, a_red_campaign_at_120_columns) {
  EXPECT_EQ(campaign_summary(red_campaign(), context(1), kWide),
            R"(  scenario          seeds   pass   fail   inconcl   acked ops   faults    virtual
  quickstart          200    200      .         .      41,880    1,204   2 h 13 m
  crash_storm         200    197      3         .      96,412    8,330   3 h 20 m
  slow_everything   1,000    998      1         1      61,007        .   4 d 04 h

NEW    DUR-1 acked_is_durable (lost)   crash_storm  3 seeds, pct 2 random 1   1,204 operations, 1 fault
       millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json
NEW    hang/segment_store/flusher   slow_everything  1 seed, pos 1   400 operations, 12 faults
       millrace run slow_everything --seed 4
INCONCLUSIVE  slow_everything --seed 131: 812 acknowledged operations, floor 1000
INCONCLUSIVE  fault kind disk.stale_read was planned 14 times and never took effect
did it do anything?  properties 3/4 evaluated (rarest SEG-2, 212), NEVER: APP-2   faults 1/2 took effect, NEVER:
                     disk.stale_read (planned 14)
                     marks 2/9, NEVER: client.fenced, container.replay, segment.truncate_race, server.busy, server.late,
                     wal.roll, 1 more (-v)   situations 3/4, NEVER: reply_lost   determinism 4/4   canary 8/10
                     millrace explain ID says how to reach one
20.3 seeds/s  318,841 events/s  290 virtual s/s  58 MiB a worker        millrace-out/20261122-2114-campaign/
FAIL  4 of 1,400 seeds failed in 2 groups; 1 inconclusive        1 m 09 s, exit 1
)");
}

TEST(CampaignSummary, a_red_campaign_at_80_columns) {
  EXPECT_EQ(campaign_summary(red_campaign(), context(1), kNarrow),
            R"(  scenario         seeds  pass  fail  inconcl  acked ops  faults   virtual
  quickstart         200   200     .        .     41,880   1,204  2 h 13 m
  crash_storm        200   197     3        .     96,412   8,330  3 h 20 m
  slow_everything  1,000   998     1        1     61,007       .  4 d 04 h

NEW    DUR-1 acked_is_durable (lost)   crash_storm  3 seeds, pct 2 random 1
       1,204 operations, 1 fault
       millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json
NEW    hang/segment_store/flusher   slow_everything  1 seed, pos 1
       400 operations, 12 faults
       millrace run slow_everything --seed 4
INCONCLUSIVE  slow_everything --seed 131: 812 acknowledged operations, floor
              1000
INCONCLUSIVE  fault kind disk.stale_read was planned 14 times and never took
              effect
did it do anything?  properties 3/4 evaluated (rarest SEG-2, 212), NEVER: APP-2
                     faults 1/2 took effect, NEVER: disk.stale_read (planned 14)
                     marks 2/9, NEVER: client.fenced, container.replay,
                     segment.truncate_race, server.busy, server.late, wal.roll,
                     1 more (-v)   situations 3/4, NEVER: reply_lost
                     determinism 4/4   canary 8/10
                     millrace explain ID says how to reach one
20.3 seeds/s  318,841 events/s  290 virtual s/s  58 MiB a worker
millrace-out/20261122-2114-campaign/
FAIL  4 of 1,400 seeds failed in 2 groups; 1 inconclusive   1 m 09 s, exit 1
)");
}

TEST(CampaignSummary, a_green_campaign_that_wrote_nothing) {
  EXPECT_EQ(campaign_summary(green_campaign(), {}, kWide),
            R"(  scenario      seeds   pass   fail   inconcl   acked ops   faults    virtual
  quickstart      200    200      .         .      41,880    1,204   2 h 13 m
  crash_storm     200    200      .         .      96,412    8,330   3 h 20 m

did it do anything?  properties 3/3 evaluated (rarest SEG-2, 212)   faults 1/1 took effect
                     marks 2/2   situations 4/4   determinism 4/4   canary 8/10
20.4 seeds/s  1.1 M events/s  1,019 virtual s/s  58 MiB a worker
PASS  400 of 400 seeds passed        20 s, exit 0
)");
}

TEST(CampaignSummary, says_nothing_of_workers_that_nobody_measured) {
  run::CampaignSummary summary = green_campaign();
  summary.peak_rss_kib = 0;
  EXPECT_EQ(campaign_summary(summary, context(0), kWide).find("a worker"), std::string::npos);
}

TEST(CampaignSummary, the_last_line_is_the_verdict_whatever_happened) {
  run::CampaignSummary summary = green_campaign();
  summary.is_interrupted = true;
  EXPECT_EQ(last_line(campaign_summary(summary, context(130), kWide)),
            "INTERRUPTED  400 of 400 seeds passed; interrupted        20 s, exit 130");

  summary = green_campaign();
  summary.inconclusive_reasons = {"the canary was not noticed"};
  EXPECT_EQ(last_line(campaign_summary(summary, context(4), kWide)),
            "INCONCLUSIVE  400 of 400 seeds passed        20 s, exit 4");

  summary = red_campaign();
  summary.tool_errors = {"worker lost"};
  EXPECT_EQ(
      last_line(campaign_summary(summary, context(3), kNarrow)),
      "TOOL FAILED  4 of 1,400 seeds failed in 2 groups; 1 inconclusive; 1 failure of the tool   "
      "1 m 09 s, exit 3");
}

TEST(CampaignSummary, a_difference_between_two_runs_names_the_first_event) {
  run::CampaignSummary summary = green_campaign();
  run::DeterminismCheck check;
  check.scenario = "quickstart";
  check.seed = 7;
  check.difference = run::FirstDifference{.event = 12,
                                          .time_ns = 1'204'000'000,
                                          .machine = "store-1",
                                          .task = "flusher",
                                          .first = "timer",
                                          .second = "deliver",
                                          .what = {}};
  summary.determinism = {.checks = 4, .differing = 1, .examples = {check}};

  const std::string text = campaign_summary(summary, context(3), kWide);

  EXPECT_NE(
      text.find("TOOL FAILED  quickstart seed 7 ran differently the second time, first at event "
                "12 (1.204 s, store-1, task flusher):\n             timer; then deliver\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("determinism 3/4"), std::string::npos);
}

TEST(CampaignSummary, seeds_that_differ_beyond_the_examples_are_counted) {
  run::CampaignSummary summary = green_campaign();
  summary.determinism = {.checks = 14, .differing = 3, .examples = {}};

  const std::string text = campaign_summary(summary, context(3), kWide);

  EXPECT_NE(text.find("TOOL FAILED  3 seeds ran differently the second time\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("determinism 11/14"), std::string::npos);
  EXPECT_TRUE(
      last_line(text).starts_with("TOOL FAILED  400 of 400 seeds passed; 3 failures of the tool"))
      << last_line(text);

  run::DeterminismCheck check;
  check.scenario = "quickstart";
  check.seed = 7;
  summary.determinism.examples = {check};
  EXPECT_NE(campaign_summary(summary, context(3), kWide)
                .find("TOOL FAILED  quickstart seed 7 ran differently the second time\n"
                      "TOOL FAILED  2 more seeds ran differently the second time\n"),
            std::string::npos);
}

TEST(CampaignSummary, a_reason_that_the_campaign_repeats_is_said_once) {
  run::CampaignSummary summary = green_campaign();
  summary.scenarios[0].reasons = {"wal.roll reached in 1 of 200 runs, floor 1/20"};
  summary.inconclusive_reasons = {"quickstart: wal.roll reached in 1 of 200 runs, floor 1/20"};

  const std::string text = campaign_summary(summary, context(4), kWide);

  EXPECT_NE(text.find("INCONCLUSIVE  quickstart: wal.roll reached"), std::string::npos);
  EXPECT_EQ(text.find("wal.roll"), text.rfind("wal.roll"));
}

TEST(CampaignSummary, a_verbose_summary_names_every_mark_that_was_not_reached) {
  ScreenOptions options = kWide;
  options.is_verbose = true;

  EXPECT_NE(campaign_summary(red_campaign(), context(1), options).find("wal.torn_tail"),
            std::string::npos);
}

TEST(CampaignSummary, hostile_names_are_escaped) {
  run::CampaignSummary summary = red_campaign();
  summary.scenarios[0].name = "a\x1b[2J";
  summary.groups[0].scenario = "b\n";
  summary.scenarios[2].reasons = {"c\r"};

  const std::string text = campaign_summary(summary, context(1), kWide);

  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_NE(text.find("a\\x1b[2J"), std::string::npos);
  EXPECT_NE(text.find("b\\n  3 seeds"), std::string::npos);
}

TEST(CampaignSummary, prints_a_token_whole_below_the_command_with_the_file) {
  run::CampaignSummary summary = testing::red_campaign();
  summary.groups[0].token = "mr1." + std::string(1'000, 'x');

  const std::string text = campaign_summary(summary, {}, {.columns = 80});

  EXPECT_NE(text.find("  millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json\n"
                      "  millrace replay " +
                      summary.groups[0].token + "\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace millrace::reports
