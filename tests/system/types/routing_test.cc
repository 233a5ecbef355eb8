#include "system/types/routing.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>

namespace millrace {
namespace {

const StreamName kStream = *StreamName::parse("orders");

TEST(RoutingKey, hashes_to_the_same_value_forever) {
  // Computed with an independent implementation of Murmur3 over UTF-16LE, seed 0x67d2c263.
  EXPECT_EQ(hash_routing_key("").value(), 0x3dbdde9466a2fU);
  EXPECT_EQ(hash_routing_key("a").value(), 0xf18217331898dU);
  EXPECT_EQ(hash_routing_key("routing key 17").value(), 0xf40206a9e4c0eU);
  EXPECT_EQ(hash_routing_key("\xc3\xbc\xf0\x9f\x98\x80").value(), 0x10c8873db215dU);
}

TEST(RoutingKey, that_is_not_utf8_still_has_a_hash) {
  // One replacement character for each byte that is part of no legal sequence.
  const std::string replaced = "\xef\xbf\xbd";
  const KeyHash once = hash_routing_key(replaced);
  EXPECT_EQ(hash_routing_key("\xff"), once);
  EXPECT_EQ(hash_routing_key("\xc3"), once) << "a sequence that was cut";
  EXPECT_EQ(hash_routing_key("\xc0\x80"), hash_routing_key(replaced + replaced)) << "overlong";
  EXPECT_EQ(hash_routing_key("\xed\xa0\x80"), hash_routing_key(replaced + replaced + replaced))
      << "a surrogate";
}

RC_GTEST_PROP(RoutingKey, any_bytes_hash_into_the_key_space, ()) {
  const auto key = *rc::gen::arbitrary<std::string>();
  RC_ASSERT(hash_routing_key(key).value() < kKeySpace);
}

TEST(KeyRange, leaves_out_its_low_end_but_for_zero) {
  const KeyRange first{.low = 0, .high = 10};
  const KeyRange second{.low = 10, .high = kKeySpace};

  EXPECT_TRUE(first.contains(KeyHash(0)));
  EXPECT_TRUE(first.contains(KeyHash(10)));
  EXPECT_FALSE(first.contains(KeyHash(11)));
  EXPECT_FALSE(second.contains(KeyHash(10)));
  EXPECT_TRUE(second.contains(KeyHash(11)));
  EXPECT_TRUE(second.contains(KeyHash(kKeySpace - 1)));
}

RC_GTEST_PROP(SegmentMap, gives_each_hash_to_the_one_range_that_contains_it, ()) {
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 200);
  const auto draw = *rc::gen::noShrink(rc::gen::resize(100, rc::gen::arbitrary<std::uint64_t>()));
  const KeyHash hash(draw & (kKeySpace - 1));
  const SegmentMap map = SegmentMap::equal_split(kStream, count);

  int owners = 0;
  std::uint64_t low = 0;
  for (const SegmentMap::Entry& entry : map.entries()) {
    RC_ASSERT(entry.range.low == low);
    RC_ASSERT(entry.range.high > entry.range.low);
    low = entry.range.high;
    if (!entry.range.contains(hash)) continue;
    ++owners;
    RC_ASSERT(map.segment_of(hash) == entry.segment);
  }
  RC_ASSERT(owners == 1);
  RC_ASSERT(low == kKeySpace);
}

TEST(SegmentMap, splits_evenly) {
  const SegmentMap map = SegmentMap::equal_split(kStream, 3);

  // 2^52 is one more than a multiple of 3: the first range gets the rest.
  EXPECT_EQ(map.entries()[0].range.high, kKeySpace / 3 + 1);
  EXPECT_EQ(map.entries()[1].range.high, 2 * (kKeySpace / 3) + 1);
  EXPECT_EQ(to_text(map.entries()[2].segment), "orders/2");
  EXPECT_EQ(map.segment_of(KeyHash(0)).number, 0U);
  EXPECT_EQ(map.segment_of(KeyHash(kKeySpace - 1)).number, 2U);
}

}  // namespace
}  // namespace millrace
