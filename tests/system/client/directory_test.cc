#include "system/client/directory.h"

#include <gtest/gtest.h>

namespace millrace::client {
namespace {

constexpr Instant kDeadline{1};

TEST(StaticDirectory, knows_the_streams_and_stores_that_it_was_given) {
  const StreamName orders = *StreamName::parse("orders");
  const SegmentId first{.stream = orders, .number = 0};
  const SegmentId second{.stream = orders, .number = 1};
  StaticDirectory directory;
  directory.add(
      orders, SegmentMap::equal_split(orders, 2),
      {{first, {.machine = "store-1", .port = 1}}, {second, {.machine = "store-2", .port = 2}}});

  const Result<SegmentMap> segments = directory.segments(orders, kDeadline);
  const Result<Address> store = directory.store_of(second, kDeadline);

  ASSERT_TRUE(segments.has_value());
  EXPECT_EQ(segments->entries().size(), 2U);
  ASSERT_TRUE(store.has_value());
  EXPECT_EQ(*store, (Address{.machine = "store-2", .port = 2}));
}

TEST(StaticDirectory, does_not_know_others) {
  const StreamName orders = *StreamName::parse("orders");
  StaticDirectory directory;

  EXPECT_TRUE(failed_with(directory.segments(orders, kDeadline), Errc::kNotFound));
  EXPECT_TRUE(
      failed_with(directory.store_of({.stream = orders, .number = 0}, kDeadline), Errc::kNotFound));
}

}  // namespace
}  // namespace millrace::client
