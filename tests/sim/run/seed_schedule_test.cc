#include "sim/run/seed_schedule.h"

#include <gtest/gtest.h>

namespace millrace::run {
namespace {

std::vector<std::pair<std::uint32_t, std::uint64_t>> all_of(SeedSchedule& schedule) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> all;
  while (true) {
    const std::vector<RunRequest> next = schedule.next(10);
    if (next.empty()) return all;
    for (const RunRequest& request : next) all.emplace_back(request.scenario, request.seed);
  }
}

TEST(SeedSchedule, goes_scenario_by_scenario) {
  const CampaignOptions options{.seed_first = 7, .seeds = 2};
  SeedSchedule schedule(2, options);

  EXPECT_EQ(schedule.planned(), 4U);
  EXPECT_EQ(all_of(schedule),
            (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{0, 7}, {0, 8}, {1, 7}, {1, 8}}));
}

TEST(SeedSchedule, shards_by_seed_modulo) {
  const CampaignOptions options{.seed_first = 1, .seeds = 10, .shard = 2, .shard_count = 4};
  SeedSchedule schedule(1, options);

  // Seeds from 1 to 10 with seed % 4 == 1.
  EXPECT_EQ(all_of(schedule),
            (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{0, 1}, {0, 5}, {0, 9}}));
  EXPECT_EQ(schedule.index_of(0, 5), 1U);
}

TEST(SeedSchedule, takes_the_seeds_that_were_chosen) {
  const CampaignOptions options{.seeds_chosen = {9, 4}};
  SeedSchedule schedule(1, options);

  EXPECT_EQ(all_of(schedule),
            (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{0, 9}, {0, 4}}));
}

TEST(SeedSchedule, numbers_the_chosen_seeds_of_its_shard) {
  const CampaignOptions options{.seeds_chosen = {4, 9, 6, 7}, .shard = 2, .shard_count = 2};
  SeedSchedule schedule(1, options);

  // One in a hundred is run a second time, the first always: so each shard counts for itself.
  EXPECT_EQ(schedule.index_of(0, 9), 0U);
  EXPECT_EQ(schedule.index_of(0, 7), 1U);
}

TEST(SeedSchedule, takes_the_list_of_each_scenario) {
  const CampaignOptions options{.seeds_by_scenario = {{9, 4}, {}, {7}}};
  SeedSchedule schedule(3, options);

  EXPECT_EQ(schedule.planned(), 3U);
  EXPECT_EQ(all_of(schedule),
            (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{0, 9}, {0, 4}, {2, 7}}));
  EXPECT_EQ(schedule.index_of(0, 4), 1U);
}

TEST(SeedSchedule, goes_in_rounds_when_time_is_short) {
  const CampaignOptions options{.seeds = 1'000, .wall_time = std::chrono::seconds(1)};
  SeedSchedule schedule(3, options);

  std::vector<std::uint32_t> order;
  for (int i = 0; i < 4; ++i) order.push_back(schedule.next(64).front().scenario);

  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 1, 2, 0}));
}

}  // namespace
}  // namespace millrace::run
