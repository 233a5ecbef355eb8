#include "reports/progress.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

#include "tests/reports/sample_records.h"

namespace millrace::reports {
namespace {

constexpr ScreenOptions kNarrow{.has_color = false, .is_verbose = false, .columns = 80};

run::CampaignProgress some_progress() {
  run::CampaignProgress progress;
  progress.scenario = "partitions";
  progress.scenario_index = 5;
  progress.scenario_count = 7;
  progress.done = 812;
  progress.planned = 1'400;
  progress.red = 4;
  progress.groups = 1;
  progress.wall_ns = 39'800'000'000;
  return progress;
}

TEST(ProgressLine, says_where_the_campaign_stands) {
  EXPECT_EQ(progress_line(some_progress(), kNarrow),
            "partitions 5/7  812/1,400 seeds  20.4/s  4 failed (1 group new)  29 s left");
}

TEST(ProgressLine, does_not_call_a_group_new_that_is_known) {
  run::CampaignProgress progress = some_progress();
  progress.groups = 3;
  progress.groups_known = 2;
  EXPECT_NE(progress_line(progress, kNarrow).find("4 failed (1 group new)"), std::string::npos);
  progress.groups_known = 3;
  EXPECT_NE(progress_line(progress, kNarrow).find("4 failed (0 groups new)"), std::string::npos);
}

TEST(ProgressLine, of_a_sweep_counts_plans) {
  run::CampaignProgress progress = some_progress();
  progress.sweep = "crash";
  EXPECT_EQ(progress_line(progress, {.columns = 120}),
            "crash sweep partitions  812/1,400 plans  20.4/s  4 failed (1 group new)  29 s left");
}

TEST(ProgressLine, guesses_what_is_left_in_whole_seconds) {
  run::CampaignProgress progress = some_progress();
  progress.done = 1'340;
  EXPECT_TRUE(progress_line(progress, kNarrow).ends_with("  2 s left"));
  progress.done = 1'399;
  EXPECT_TRUE(progress_line(progress, kNarrow).ends_with("  1 s left"));
}

TEST(ProgressLine, leaves_out_what_nobody_knows_yet) {
  run::CampaignProgress progress = some_progress();
  progress.done = 0;
  progress.planned = 0;
  progress.red = 0;
  progress.wall_ns = 0;
  EXPECT_EQ(progress_line(progress, kNarrow), "partitions 5/7  0 seeds");
}

TEST(ProgressLine, never_fills_the_terminals_last_column) {
  EXPECT_EQ(progress_line(some_progress(), {.columns = 40}),
            "partitions 5/7  812/1,400 seeds  20....");
}

TEST(NewGroup, takes_three_lines) {
  EXPECT_EQ(new_group_lines(testing::red_campaign().groups[0], "seed",
                            "millrace replay out/failures/DUR-1-4e956e3a.repro.json", kNarrow),
            R"(NEW  DUR-1 acked_is_durable (lost)   crash_storm seed 187   group 4e956e3a
     orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read returns it
     millrace replay out/failures/DUR-1-4e956e3a.repro.json
)");
}

TEST(NewGroup, is_called_known_where_an_earlier_campaign_saw_it) {
  run::FailureGroup group = testing::red_campaign().groups[0];
  group.is_known = true;
  group.name = "recovery_keeps_what_was_durable_before_the_crash_came_and_more_than_that";
  const std::string lines = new_group_lines(group, "seed", "millrace replay F", kNarrow);

  EXPECT_TRUE(lines.starts_with("KNOWN  DUR-1 ")) << lines;
  EXPECT_EQ(std::ranges::count(lines, '\n'), 3) << lines;
  EXPECT_LE(lines.find('\n'), 80U) << lines;
}

TEST(NewGroup, takes_three_lines_however_long_its_title_is) {
  run::FailureGroup group = testing::red_campaign().groups[0];
  group.name = "recovery_keeps_what_was_durable_before_the_crash_came";
  group.cheapest_seed = 9'007'199'254'740'991;
  const std::string lines = new_group_lines(group, "seed", "millrace replay F", kNarrow);

  EXPECT_EQ(std::ranges::count(lines, '\n'), 3) << lines;
  EXPECT_LE(lines.find('\n'), 80U) << lines;
  EXPECT_NE(lines.find("crash_storm seed 9007199254740991"), std::string::npos) << lines;
}

TEST(NewGroup, without_a_command_there_is_no_line_for_it) {
  const std::string lines = new_group_lines(testing::red_campaign().groups[0], "seed", "", kNarrow);
  EXPECT_TRUE(lines.ends_with("yet no read returns it\n"));
}

TEST(NewGroup, a_breakdown_is_titled_by_its_signature) {
  EXPECT_EQ(group_title(testing::red_campaign().groups[1]), "hang/segment_store/flusher");
}

TEST(NewGroup, the_only_class_of_a_property_is_not_named) {
  run::FailureGroup group = testing::red_campaign().groups[0];
  group.signature = "DUR-1/violated";
  EXPECT_EQ(group_title(group), "DUR-1 acked_is_durable");
}

}  // namespace
}  // namespace millrace::reports
