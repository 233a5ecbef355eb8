#include "properties/bounds.h"

#include <gtest/gtest.h>

#include "tests/properties/judging.h"

namespace millrace::properties {
namespace {

InfoInvoked asked(std::uint64_t operation) {
  return {.operation = operation, .segment = segment(0)};
}
InfoAnswered told(std::uint64_t operation, std::uint64_t start, std::uint64_t length,
                  bool is_sealed = false) {
  return {.operation = operation,
          .segment = segment(0),
          .start = start,
          .length = length,
          .is_sealed = is_sealed};
}

TEST(ReadYourAck, judges_by_what_was_acknowledged_before_the_question) {
  Judging<ReadYourAck> judging;
  judging.see(acked(1, 0)).see(asked(7)).see(acked(2, 10)).see(told(7, 0, 10));
  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 1u);

  judging.see(asked(8)).see(told(8, 0, 10));
  EXPECT_EQ(judging.objections(), Classes{"stale_length"});
}

TEST(ReadYourAck, objects_to_a_tail_before_an_acknowledged_event) {
  Judging<ReadYourAck> judging;
  judging.see(acked(1, 0)).see(PassBegan{.pass = "p", .segment = segment(0)});
  judging.see(PassEnded{.pass = "p", .segment = segment(0), .end = 10});
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(PassBegan{.pass = "q", .segment = segment(0)});
  judging.see(PassEnded{.pass = "q", .segment = segment(0), .end = 0});
  EXPECT_EQ(judging.objections(), Classes{"stale_tail"});
}

TEST(ReadYourAck, counts_only_what_it_can_compare_with_an_acknowledgement) {
  Judging<ReadYourAck> judging;
  judging.see(asked(7)).see(told(7, 0, 10)).see(PassBegan{.pass = "p", .segment = segment(0)});
  judging.see(PassEnded{.pass = "p", .segment = segment(0), .end = 10});

  EXPECT_EQ(judging.comparisons(), 0u);
}

SealAnswered sealed(std::uint64_t length) {
  return {.operation = 1, .segment = segment(0), .length = length};
}

TEST(SealedStaysSealed, lets_a_late_acknowledgement_pass_and_objects_to_a_late_append) {
  Judging<SealedStaysSealed> judging;
  judging.see(sealed(20)).see(acked(1, 10)).see(read("p", 1, 10)).see(sealed(20));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(acked(2, 20)).see(read("p", 2, 20));
  EXPECT_EQ(judging.objections(), (Classes{"appended", "read_beyond_end"}));
}

TEST(SealedStaysSealed, objects_to_a_seal_before_what_is_acknowledged) {
  Judging<SealedStaysSealed> judging;
  judging.see(acked(1, 0)).see(sealed(5));

  EXPECT_EQ(judging.objections(), Classes{"appended"});
}

// A late acknowledgement names no offset; but an append that came after the seal cannot have one.
TEST(SealedStaysSealed, objects_to_an_acknowledgement_of_what_was_written_after_the_seal) {
  AppendAcked late = acked(1, 0);
  late.has_offset = false;
  AppendAcked later = late;
  later.uid = 2;
  Judging<SealedStaysSealed> judging;
  judging.see(invoked(1, 1, 0)).see(sealed(20)).see(late);
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(invoked(2, 1, 1)).see(later);
  EXPECT_EQ(judging.objections(), Classes{"appended"});
}

TEST(SealedStaysSealed, takes_the_word_of_an_answer_that_tells_of_a_seal) {
  Judging<SealedStaysSealed> judging;
  judging.see(asked(1)).see(told(1, 0, 20, true)).see(asked(2)).see(told(2, 0, 20));
  judging.see(sealed(30));

  EXPECT_EQ(judging.objections(), (Classes{"unsealed", "length_changed"}));
}

TEST(SealedStaysSealed, counts_no_answer_that_has_nothing_to_be_compared_with) {
  Judging<SealedStaysSealed> judging;
  judging.see(sealed(20)).see(asked(1)).see(told(1, 0, 20, true));

  EXPECT_EQ(judging.comparisons(), 1u);
}

TEST(SealedStaysSealed, objects_to_an_answer_that_denies_the_seal) {
  Judging<SealedStaysSealed> judging;
  judging.see(asked(1)).see(sealed(20)).see(told(1, 0, 10));  // Asked before the seal.
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(asked(2)).see(told(2, 0, 20)).see(asked(3)).see(told(3, 0, 30, true));
  EXPECT_EQ(judging.objections(), (Classes{"unsealed", "length_changed"}));
}

TruncateInvoked truncate(std::uint64_t offset) {
  return {.operation = 1, .segment = segment(0), .offset = offset};
}
TruncateAnswered truncated(std::uint64_t offset) {
  return {.operation = 1, .segment = segment(0), .offset = offset};
}

TEST(Truncation, holds_between_what_was_done_and_what_was_asked) {
  Judging<Truncation> judging;
  judging.see(truncate(20)).see(asked(2)).see(truncated(20)).see(told(2, 0, 50));
  judging.see(asked(3)).see(told(3, 20, 50));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_GE(judging.comparisons(), 2u);
}

TEST(Truncation, objects_to_one_that_is_taken_back_and_to_more_than_was_asked) {
  Judging<Truncation> judging;
  judging.see(truncate(20)).see(truncated(20)).see(asked(2)).see(told(2, 10, 50));
  judging.see(asked(3)).see(told(3, 30, 50));

  EXPECT_EQ(judging.objections(), (Classes{"taken_back", "more_than_asked"}));
}

// What is answered with success is done, also where the answer names an earlier start.
TEST(Truncation, takes_an_answer_for_what_was_asked) {
  Judging<Truncation> judging;
  judging.see(truncate(20)).see(truncated(5)).see(asked(2)).see(told(2, 5, 50));

  EXPECT_EQ(judging.objections(), Classes{"taken_back"});
}

TEST(Truncation, objects_to_an_answer_beyond_what_anybody_asked) {
  Judging<Truncation> judging;
  judging.see(truncate(20)).see(truncated(30));

  EXPECT_EQ(judging.objections(), Classes{"more_than_asked"});
}

TEST(Truncation, objects_to_a_read_that_is_refused_though_nobody_truncated_so_far) {
  const ReadInvoked invoked{.operation = 2, .segment = segment(0), .offset = 20};
  Judging<Truncation> judging;
  judging.see(truncate(20)).see(truncated(20)).see(invoked);
  judging.see(
      ReadAnswered{.operation = 2, .segment = segment(0), .offset = 20, .is_truncated = true});

  EXPECT_EQ(judging.objections(), Classes{"more_than_asked"});
}

TEST(Truncation, counts_nothing_for_a_segment_that_nobody_truncates) {
  Judging<Truncation> judging;
  judging.see(asked(2)).see(told(2, 0, 50));

  EXPECT_EQ(judging.comparisons(), 0u);
}

TEST(Truncation, objects_to_a_read_below_the_start) {
  const ReadInvoked invoked{.operation = 2, .segment = segment(0), .offset = 10};
  Judging<Truncation> judging;
  judging.see(truncate(20)).see(truncated(20)).see(invoked);
  judging.see(
      ReadAnswered{.operation = 2, .segment = segment(0), .offset = 10, .is_truncated = true});
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(invoked);
  judging.see(
      ReadAnswered{.operation = 2, .segment = segment(0), .offset = 10, .is_truncated = false});
  EXPECT_EQ(judging.objections(), Classes{"read_below_start"});
}

TEST(SaneBounds, objects_to_a_start_beyond_the_length) {
  Judging<SaneBounds> judging;
  judging.see(told(1, 5, 5));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(told(1, 6, 5));
  judging.see(SegmentBounds{.segment = segment(0), .start_offset = 9, .length = 8});
  EXPECT_EQ(judging.objections(), (Classes{"start_beyond_length", "start_beyond_length"}));
}

TEST(MonotoneBounds, judges_by_what_was_told_before_the_question) {
  Judging<MonotoneBounds> judging;
  judging.see(asked(1)).see(asked(2)).see(told(2, 10, 50)).see(told(1, 0, 20));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(asked(3)).see(told(3, 0, 60)).see(asked(4)).see(told(4, 10, 40));
  EXPECT_EQ(judging.objections(), (Classes{"start_went_back", "length_went_back"}));
}

}  // namespace
}  // namespace millrace::properties
