#include "system/base/units.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millrace {
namespace {

using namespace literals;

TEST(ParseDuration, reads_every_unit) {
  EXPECT_EQ(*parse_duration("7ns"), 7_ns);
  EXPECT_EQ(*parse_duration("7us"), 7_us);
  EXPECT_EQ(*parse_duration("200ms"), 200_ms);
  EXPECT_EQ(*parse_duration("30s"), 30_s);
  EXPECT_EQ(*parse_duration("2min"), 120_s);
  EXPECT_EQ(*parse_duration("1h"), 3600_s);
  EXPECT_EQ(*parse_duration("0"), 0_s);
  EXPECT_EQ(*parse_duration("-5ms"), milliseconds(-5));
}

TEST(ParseDuration, refuses_everything_else) {
  for (const char* const text : {"", "5", "ms", "5 ms", " 5ms", "5ms ", "5m", "1.5s", "+5s", "0x5s",
                                 "99999999999999999999s", "9223372037s", "5sms"}) {
    EXPECT_TRUE(failed_with(parse_duration(text), Errc::kInvalid)) << text;
  }
  EXPECT_EQ(parse_duration("5").error().detail,
            "expected a time such as 200ms or 3s (ns us ms s min h), got \"5\"");
}

TEST(ParseBytes, reads_every_unit_and_plain_bytes) {
  EXPECT_EQ(*parse_bytes("4096"), 4096U);
  EXPECT_EQ(*parse_bytes("12B"), 12U);
  EXPECT_EQ(*parse_bytes("64KiB"), 64 * kKiB);
  EXPECT_EQ(*parse_bytes("3MiB"), 3 * kMiB);
  EXPECT_EQ(*parse_bytes("1GiB"), kGiB);
}

TEST(ParseBytes, refuses_everything_else) {
  for (const char* const text :
       {"", "KiB", "-1", "-1KiB", "1KB", "1.5MiB", "1 MiB", "8589934592GiB"}) {
    EXPECT_TRUE(failed_with(parse_bytes(text), Errc::kInvalid)) << text;
  }
}

TEST(ParseInteger, reads_decimal_numbers_of_64_bits_and_nothing_else) {
  EXPECT_EQ(*parse_integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(*parse_integer("007"), 7);
  for (const char* const text : {"", "-", "1 ", " 1", "+1", "1e3", "9223372036854775808"}) {
    EXPECT_TRUE(failed_with(parse_integer(text), Errc::kInvalid)) << text;
  }
}

TEST(BytesText, is_exact_in_the_largest_whole_unit) {
  EXPECT_EQ(bytes_text(0), "0B");
  EXPECT_EQ(bytes_text(1000), "1000B");
  EXPECT_EQ(bytes_text(1024), "1KiB");
  EXPECT_EQ(bytes_text(1536 * kKiB), "1536KiB");
  EXPECT_EQ(bytes_text(5 * kMiB), "5MiB");
}

RC_GTEST_PROP(Units, read_back_what_they_print, (std::int64_t ns)) {
  RC_ASSERT(*parse_duration(to_text(Duration{ns})) == Duration{ns});
  const std::uint64_t bytes = static_cast<std::uint64_t>(ns) >> 1;
  RC_ASSERT(*parse_bytes(bytes_text(bytes)) == bytes);
}

}  // namespace
}  // namespace millrace
