#include "system/base/time.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using namespace literals;

TEST(Duration, calculates_in_nanoseconds) {
  EXPECT_EQ(1_s, 1000_ms);
  EXPECT_EQ(1_ms, 1000_us);
  EXPECT_EQ(1_us, 1000_ns);
  EXPECT_EQ((2_s + 500_ms).ns, 2'500'000'000);
  EXPECT_EQ(1_ms - 2_ms, milliseconds(-1));
  EXPECT_EQ(3_ms * 4, 12_ms);
  EXPECT_EQ(7_ns / 2, 3_ns);
  Duration sum = 1_ms;
  sum += 1_us;
  EXPECT_EQ(sum, nanoseconds(1'001'000));
  EXPECT_LT(999_us, 1_ms);
}

TEST(Instant, moves_by_durations_and_gives_them_as_differences) {
  const Instant start{5};
  EXPECT_EQ(start + 3_ns, Instant{8});
  EXPECT_EQ(start - 3_ns, Instant{2});
  EXPECT_EQ(Instant{8} - start, 3_ns);
  EXPECT_LT(start + seconds(1'000'000'000), Instant::max());
}

TEST(WallTime, is_ordered) { EXPECT_LT(WallTime{1}, WallTime{2}); }

TEST(DurationText, is_exact_in_the_largest_whole_unit) {
  EXPECT_EQ(to_text(0_s), "0s");
  EXPECT_EQ(to_text(90_s), "90s");
  EXPECT_EQ(to_text(1500_ms), "1500ms");
  EXPECT_EQ(to_text(20_us), "20us");
  EXPECT_EQ(to_text(1001_ns), "1001ns");
  EXPECT_EQ(to_text(milliseconds(-5)), "-5ms");
  EXPECT_EQ(to_text(Instant{} + 2_ms), "2ms");
  EXPECT_EQ(to_text(Instant::max()), "never");
}

}  // namespace
}  // namespace millrace
