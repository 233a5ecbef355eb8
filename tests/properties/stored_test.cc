#include "properties/stored.h"

#include <gtest/gtest.h>

#include "tests/properties/judging.h"

namespace millrace::properties {
namespace {

SegmentScanned scanned(std::string pass, std::uint64_t start, std::uint64_t end) {
  return {.pass = std::move(pass), .segment = segment(0), .start = start, .end = end};
}

TEST(AckedIsDurable, holds_where_the_last_scan_has_every_acknowledged_event) {
  Judging<AckedIsDurable> judging;
  judging.see(acked(1, 0)).see(acked(2, 10)).see(read("end", 1, 0)).see(read("end", 2, 10));
  judging.see(scanned("end", 0, 20));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 2u);
}

TEST(AckedIsDurable, objects_to_an_event_that_only_another_pass_has) {
  Judging<AckedIsDurable> judging;
  judging.see(acked(1, 0)).see(read("early", 1, 0)).see(scanned("end", 0, 0));

  EXPECT_EQ(judging.objections(), Classes{"lost"});
}

TEST(AckedIsDurable, excuses_what_lies_before_the_start) {
  Judging<AckedIsDurable> judging;
  judging.see(acked(1, 0)).see(acked(2, 10)).see(read("end", 2, 10)).see(scanned("end", 10, 20));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 1u);
}

// An event that was written when 40 bytes were acknowledged lies behind them, although its own
// acknowledgement does not say where.
TEST(AckedIsDurable, knows_that_an_event_lies_behind_what_was_acknowledged_before_it) {
  AppendAcked late = acked(2, 0);
  late.has_offset = false;
  Judging<AckedIsDurable> judging;
  judging.see(acked(1, 30)).see(invoked(2, 1, 1)).see(late);
  judging.see(read("end", 1, 30)).see(scanned("end", 30, 40));
  EXPECT_EQ(judging.objections(), Classes{"lost"});

  Judging<AckedIsDurable> truncated;
  truncated.see(acked(1, 30)).see(invoked(2, 1, 1)).see(late).see(scanned("end", 50, 60));
  EXPECT_EQ(truncated.objections(), Classes{});
}

// What is acknowledged between its writing and its own acknowledgement may lie on either side.
TEST(AckedIsDurable, excuses_a_placeless_event_that_may_lie_before_the_start) {
  AppendAcked late = acked(2, 0);
  late.has_offset = false;
  Judging<AckedIsDurable> judging;
  judging.see(invoked(2, 1, 1)).see(acked(1, 30)).see(late);
  judging.see(read("end", 1, 30)).see(scanned("end", 30, 40));

  EXPECT_EQ(judging.objections(), Classes{});
}

TEST(NoDuplicates, objects_to_one_event_at_two_places) {
  Judging<NoDuplicates> judging;
  judging.see(read("p", 1, 0)).see(read("q", 1, 0));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(read("p", 1, 30));
  EXPECT_EQ(judging.objections(), Classes{"stored_twice"});
}

TEST(NoDuplicates, objects_to_a_pass_that_gives_an_event_twice) {
  Judging<NoDuplicates> judging;
  judging.see(read("p", 1, 0)).see(read("p", 1, 0));

  EXPECT_EQ(judging.objections(), Classes{"delivered_twice"});
}

TEST(NoPhantoms, holds_for_what_was_written) {
  Judging<NoPhantoms> judging;
  judging.see(StreamKnown{.stream = orders(), .segments = 1});
  judging.see(invoked(1, 1, 0)).see(read("p", 1, 0, 1, 0));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 1u);
}

TEST(NoPhantoms, objects_to_what_nobody_wrote_or_wrote_otherwise) {
  Judging<NoPhantoms> judging;
  judging.see(read("p", 1, 0));
  judging.see(invoked(2, 1, 0)).see(read("p", 2, 10, 1, 7));
  judging.see(DamagedRead{.pass = "p",
                          .segment = segment(0),
                          .offset = 20,
                          .why = "a bad checksum",
                          .is_confirmed = true});

  EXPECT_EQ(judging.objections(), (Classes{"never_written", "altered", "damaged"}));
}

TEST(NoPhantoms, objects_to_a_key_in_another_segment_than_its_own) {
  const SegmentMap layout = SegmentMap::equal_split(orders(), 2);
  const std::uint32_t home = layout.segment_of(hash_routing_key("k1")).number;
  Judging<NoPhantoms> judging;
  judging.see(StreamKnown{.stream = orders(), .segments = 2}).see(invoked(1, 1, 0));

  judging.see(read("p", 1, 0, 1, 0, home));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(read("p", 1, 0, 1, 0, 1 - home));
  EXPECT_EQ(judging.objections(), Classes{"wrong_segment"});
}

TEST(NoPhantoms, objects_to_a_failed_append_that_is_read_before_or_after) {
  Judging<NoPhantoms> before;
  before.see(invoked(1, 1, 0)).see(read("p", 1, 0, 1, 0));
  before.see(AppendFailed{.uid = 1, .code = "sealed"});
  EXPECT_EQ(before.objections(), Classes{"failed_append_stored"});

  Judging<NoPhantoms> after;
  after.see(invoked(1, 1, 0)).see(AppendFailed{.uid = 1, .code = "sealed"});
  after.see(read("p", 1, 0, 1, 0));
  EXPECT_EQ(after.objections(), Classes{"failed_append_stored"});
}

TEST(WriteOnceOffsets, holds_where_reads_and_acknowledgements_agree) {
  Judging<WriteOnceOffsets> judging;
  judging.see(acked(1, 0)).see(read("p", 1, 0)).see(acked(1, 0));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 2u);
}

TEST(WriteOnceOffsets, objects_to_an_event_that_moved_and_an_offset_used_twice) {
  Judging<WriteOnceOffsets> judging;
  judging.see(acked(1, 0)).see(read("p", 1, 10)).see(acked(2, 0));

  EXPECT_EQ(judging.objections(), (Classes{"moved", "offset_used_twice"}));
}

}  // namespace
}  // namespace millrace::properties
