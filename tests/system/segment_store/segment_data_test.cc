#include "system/segment_store/segment_data.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <string_view>

#include "system/base/bytes.h"

namespace millrace::segment_store {
namespace {

RC_GTEST_PROP(SegmentData, reads_what_a_string_would_give, ()) {
  const auto blocks = *rc::gen::container<std::vector<std::string>>(
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z'))));
  const auto start = *rc::gen::inRange<std::uint64_t>(0, 1000);
  std::string all;
  SegmentData data;
  for (const std::string& block : blocks) {
    data.add(start + all.size(), to_bytes(std::string_view(block)), wal::LogAddress(all.size()));
    all += block;
  }
  const auto cut = *rc::gen::inRange<std::size_t>(0, all.size() + 1);
  data.truncate(start + cut);

  const auto offset = *rc::gen::inRange<std::size_t>(cut, all.size() + 3);
  const auto bytes_max = *rc::gen::inRange<std::size_t>(1, 50);
  const std::string expected = offset < all.size() ? all.substr(offset, bytes_max) : std::string();

  RC_ASSERT(std::string(as_text(data.read(start + offset, bytes_max))) == expected);
  RC_ASSERT(data.covers(start + cut, start + all.size()));
  RC_ASSERT(data.bytes() >= all.size() - cut);
  RC_ASSERT(data.continues_at(start + all.size()));
}

TEST(SegmentData, gives_nothing_outside_of_what_it_holds) {
  SegmentData data;
  EXPECT_TRUE(data.read(0, 10).empty());
  data.add(5, to_bytes(std::string_view("abc")), wal::LogAddress(1));

  EXPECT_TRUE(data.read(4, 10).empty());
  EXPECT_TRUE(data.read(8, 10).empty());
  EXPECT_FALSE(data.covers(4, 8));
  EXPECT_FALSE(data.covers(5, 9));
  EXPECT_FALSE(data.covers(5, 7));
  EXPECT_TRUE(data.covers(6, 8));
}

TEST(SegmentData, keeps_the_block_that_a_truncation_cuts_in_two) {
  SegmentData data;
  data.add(0, to_bytes(std::string_view("abc")), wal::LogAddress(4));
  data.add(3, to_bytes(std::string_view("def")), wal::LogAddress(6));

  data.truncate(2);
  EXPECT_EQ(data.first_address(), wal::LogAddress(4));
  data.truncate(3);
  EXPECT_EQ(data.first_address(), wal::LogAddress(6));
  data.truncate(6);
  EXPECT_FALSE(data.first_address().has_value());
  EXPECT_EQ(data.bytes(), 0U);
}

}  // namespace
}  // namespace millrace::segment_store
