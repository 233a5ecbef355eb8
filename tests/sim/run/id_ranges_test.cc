#include "sim/run/id_ranges.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

namespace millrace::run {
namespace {

TEST(IdRanges, write_what_follows_each_other_as_a_range) {
  EXPECT_EQ(IdRanges().text(), "");
  EXPECT_EQ(IdRanges({7}).text(), "7");
  EXPECT_EQ(IdRanges({3, 1, 2, 9, 11, 10, 20}).text(), "1-3,9-11,20");
}

RC_GTEST_PROP(IdRangesProperty, hold_what_they_were_made_of_and_nothing_else, ()) {
  const auto ids =
      *rc::gen::container<std::set<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 60));

  const IdRanges ranges(std::vector<std::uint64_t>(ids.begin(), ids.end()));
  const Result<IdRanges> read = IdRanges::parse(ranges.text());

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == ranges);
  for (std::uint64_t id = 0; id <= 61; ++id) RC_ASSERT(read->contains(id) == ids.contains(id));
}

TEST(IdRanges, are_read_in_one_spelling_only) {
  for (const char* const text :
       {",", "1,", ",1", "1,,2", "-", "1-", "-1", "2-1", "1-2-3", "1 ", "+1", "01", "x", "1,1",
        "1-3,3", "1,2", "9007199254740992", "18446744073709551616"}) {
    EXPECT_FALSE(IdRanges::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace millrace::run
