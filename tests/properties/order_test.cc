#include "properties/order.h"

#include <gtest/gtest.h>

#include "tests/properties/judging.h"

namespace millrace::properties {
namespace {

TEST(KeyOrder, holds_where_a_pass_follows_the_writer) {
  Judging<KeyOrder> judging;
  judging.see(invoked(1, 1, 0)).see(invoked(2, 1, 1)).see(acked(1, 0)).see(acked(2, 10));
  judging.see(read("p", 1, 0, 1, 0)).see(read("p", 2, 10, 1, 1));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 2u);
}

TEST(KeyOrder, objects_to_an_earlier_event_after_a_later_one) {
  Judging<KeyOrder> judging;
  judging.see(read("p", 2, 0, 1, 1)).see(read("p", 1, 10, 1, 0));

  EXPECT_EQ(judging.objections(), Classes{"delivered_out_of_order"});
}

TEST(KeyOrder, lets_another_pass_or_key_start_again) {
  Judging<KeyOrder> judging;
  judging.see(read("p", 2, 0, 1, 1)).see(read("q", 1, 0, 1, 0)).see(read("p", 3, 20, 2, 0));

  EXPECT_EQ(judging.objections(), Classes{});
}

TEST(KeyOrder, objects_to_acknowledged_offsets_against_the_order_of_writing) {
  Judging<KeyOrder> judging;
  judging.see(invoked(1, 1, 0)).see(invoked(2, 1, 1)).see(acked(1, 50)).see(acked(2, 10));

  EXPECT_EQ(judging.objections(), Classes{"stored_out_of_order"});
}

TEST(StableOrder, holds_where_passes_agree) {
  Judging<StableOrder> judging;
  judging.see(read("p", 1, 0)).see(read("p", 2, 10)).see(read("q", 1, 0)).see(read("q", 2, 10));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_GE(judging.comparisons(), 2u);
}

TEST(StableOrder, objects_to_another_event_at_the_same_place) {
  Judging<StableOrder> judging;
  judging.see(read("p", 1, 0)).see(read("q", 2, 0));

  EXPECT_EQ(judging.objections(), Classes{"changed"});
}

TEST(StableOrder, objects_to_a_pass_that_leaves_out_what_is_not_truncated) {
  Judging<StableOrder> judging;
  judging.see(TruncateInvoked{.operation = 1, .segment = segment(0), .offset = 30});
  judging.see(read("p", 1, 0)).see(read("p", 4, 30));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(read("p", 6, 50));
  EXPECT_EQ(judging.objections(), Classes{"skipped"});
}

TEST(StableOrder, objects_to_damage_that_another_pass_does_not_meet) {
  const DamagedRead confirmed{.pass = "p",
                              .segment = segment(0),
                              .offset = 20,
                              .why = "a bad checksum",
                              .is_confirmed = true};
  DamagedRead alone = confirmed;
  alone.is_confirmed = false;
  Judging<StableOrder> judging;
  judging.see(confirmed);
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(alone);
  EXPECT_EQ(judging.objections(), Classes{"damage_not_confirmed"});
}

TEST(StableOrder, objects_to_events_that_reach_into_each_other) {
  Judging<StableOrder> judging;
  judging.see(read("p", 1, 0)).see(read("q", 2, 5));
  EXPECT_EQ(judging.objections(), Classes{"overlapping"});

  judging.see(read("r", 3, 100)).see(read("r", 4, 95));
  EXPECT_EQ(judging.objections(), (Classes{"overlapping", "overlapping"}));
}

}  // namespace
}  // namespace millrace::properties
