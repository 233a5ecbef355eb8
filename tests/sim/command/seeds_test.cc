#include "sim/command/seeds.h"

#include <gtest/gtest.h>

namespace millrace::command {
namespace {

TEST(Seeds, are_decimal_or_hexadecimal) {
  EXPECT_EQ(parse_seed("0"), 0U);
  EXPECT_EQ(parse_seed("187"), 187U);
  EXPECT_EQ(parse_seed("0x1F"), 31U);
  EXPECT_EQ(parse_seed("0xbeef"), 0xBEEFU);
}

TEST(Seeds, with_a_leading_zero_are_decimal) {
  EXPECT_EQ(parse_seed("010"), 10U);
  EXPECT_EQ(parse_seed("0000089"), 89U);
}

TEST(Seeds, end_at_two_to_the_53rd) {
  EXPECT_EQ(parse_seed("9007199254740991"), kSeedMax);
  EXPECT_EQ(parse_seed("0x1fffffffffffff"), kSeedMax);
  EXPECT_FALSE(parse_seed("9007199254740992").has_value());
  EXPECT_FALSE(parse_seed("0x20000000000000").has_value());
  // Beyond 64 bits, too.
  EXPECT_FALSE(parse_seed("18446744073709551617").has_value());
}

TEST(Seeds, refuse_signs_and_junk) {
  for (const char* const text : {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "1_000", "1,000", "0x",
                                 "0xg", "x1", "seed", "0b1", "-0x1", "1\n", "--1", "0x-1"}) {
    EXPECT_FALSE(parse_seed(text).has_value()) << '\'' << text << '\'';
  }
}

TEST(Seeds, of_a_campaign_are_a_number_a_range_or_a_list) {
  const auto count = parse_seeds("50");
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(count->first, 1U);
  EXPECT_EQ(count->count, 50U);
  EXPECT_FALSE(count->has_first);

  const auto range = parse_seeds("7..9");
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->first, 7U);
  EXPECT_EQ(range->count, 3U);

  const auto list = parse_seeds("9,3,0x3,0");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->chosen, (std::vector<std::uint64_t>{0, 3, 9}));
}

TEST(Seeds, of_a_campaign_are_at_least_one) {
  for (const char* const text : {"0", "", "-5", "9..7", "..", "1..", "..3", "1...3", "1,", ",1",
                                 "1,,2", "1,x", "1..0x", "5..9007199254740992"}) {
    EXPECT_FALSE(parse_seeds(text).has_value()) << text;
  }
  EXPECT_EQ(parse_seeds("5..5")->count, 1U);
}

TEST(Shards, count_from_one) {
  const auto shard = parse_shard("2/4");
  ASSERT_TRUE(shard.has_value());
  EXPECT_EQ(shard->index, 2U);
  EXPECT_EQ(shard->count, 4U);
  EXPECT_TRUE(parse_shard("4/4").has_value());
  const auto zero = parse_shard("0/4");
  ASSERT_FALSE(zero.has_value());
  // The hint: what the first one is called.
  EXPECT_NE(zero.error().find("1/4 to 4/4"), std::string::npos) << zero.error();
  for (const char* const text : {"5/4", "1", "/", "1/", "/4", "1/0", "a/4", "-1/4", "1/4/2"}) {
    EXPECT_FALSE(parse_shard(text).has_value()) << text;
  }
}

TEST(WallTimes, know_minutes_by_one_letter) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_wall_time("10m"), 10min);
  EXPECT_EQ(parse_wall_time("90s"), 90s);
  EXPECT_EQ(parse_wall_time("2h"), 2h);
  EXPECT_EQ(parse_wall_time("500ms"), 500ms);
  for (const char* const text : {"", "0s", "10", "-1s", "m", "1d", "1.5h", "10 m"}) {
    EXPECT_FALSE(parse_wall_time(text).has_value()) << text;
  }
}

TEST(Counts, are_whole_and_at_least_one) {
  EXPECT_EQ(parse_count("--jobs", "8", 16), 8U);
  for (const char* const text : {"0", "17", "-1", "", "a", "1.5"}) {
    const auto count = parse_count("--jobs", text, 16);
    ASSERT_FALSE(count.has_value()) << text;
    EXPECT_NE(count.error().find("--jobs"), std::string::npos);
  }
}

}  // namespace
}  // namespace millrace::command
