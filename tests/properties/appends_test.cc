#include "properties/appends.h"

#include <gtest/gtest.h>

#include "tests/properties/judging.h"

namespace millrace::properties {
namespace {

ConditionalInvoked at(std::uint64_t uid, std::uint64_t expected) {
  return {.uid = uid, .segment = segment(0), .expected_offset = expected};
}
ConditionalAnswered refused(std::uint64_t uid, std::uint64_t length) {
  return {.uid = uid, .is_appended = false, .length = length};
}

TEST(ConditionalAppend, holds_for_honest_answers) {
  Judging<ConditionalAppend> judging;
  judging.see(at(1, 0)).see(acked(1, 0)).see(at(2, 0)).see(refused(2, 10));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 2u);
}

TEST(ConditionalAppend, objects_to_a_success_at_another_place) {
  Judging<ConditionalAppend> judging;
  judging.see(at(1, 0)).see(acked(1, 30));

  EXPECT_EQ(judging.objections(), Classes{"wrong_place"});
}

// The writer believes its store; who reads the event sees where it really is.
TEST(ConditionalAppend, objects_to_a_reader_who_finds_it_at_another_place) {
  Judging<ConditionalAppend> judging;
  judging.see(at(1, 0)).see(read("p", 1, 30));

  EXPECT_EQ(judging.objections(), Classes{"wrong_place"});
}

TEST(ConditionalAppend, objects_to_a_refusal_of_what_is_stored_whichever_comes_first) {
  Judging<ConditionalAppend> before;
  before.see(acked(1, 0)).see(at(1, 0)).see(refused(1, 10));
  EXPECT_EQ(before.objections(), Classes{"refused_yet_stored"});

  Judging<ConditionalAppend> after;
  after.see(at(1, 0)).see(refused(1, 10)).see(read("p", 1, 0));
  EXPECT_EQ(after.objections(), Classes{"refused_yet_stored"});
}

TEST(ConditionalAppend, objects_to_a_refusal_that_names_the_expected_length) {
  Judging<ConditionalAppend> judging;
  judging.see(at(1, 10)).see(refused(1, 10));

  EXPECT_EQ(judging.objections(), Classes{"lying_refusal"});
}

TEST(ConditionalAppend, objects_to_a_refusal_that_names_a_length_of_the_past) {
  Judging<ConditionalAppend> judging;
  judging.see(acked(5, 0)).see(acked(6, 10)).see(at(1, 30)).see(refused(1, 10));

  EXPECT_EQ(judging.objections(), Classes{"stale_refusal"});
}

BlockInvoked block(std::uint64_t operation, std::uint64_t first, std::uint64_t last) {
  return {.operation = operation,
          .segment = segment(0),
          .writer_id = "id",
          .first = first,
          .last = last};
}
BlockAnswered took(std::uint64_t operation, std::uint64_t offset) {
  return {
      .operation = operation, .is_acked = true, .has_offset = true, .offset = offset, .code = {}};
}
BlockAnswered refuses(std::uint64_t operation) {
  return {.operation = operation,
          .is_acked = false,
          .has_offset = false,
          .offset = 0,
          .code = "bad_event_number"};
}
WriterAsked asks(std::uint64_t operation) {
  return {.operation = operation, .segment = segment(0), .writer_id = "id"};
}

TEST(IdempotentAppend, holds_for_repetitions_gaps_and_overlaps_that_are_treated_as_such) {
  Judging<IdempotentAppend> judging;
  judging.see(block(1, 0, 2)).see(took(1, 0)).see(block(2, 0, 2)).see(took(2, 0));
  judging.see(block(3, 2, 4)).see(refuses(3)).see(block(4, 9, 9)).see(refuses(4));
  judging.see(asks(5)).see(WriterAnswered{.operation = 5, .count = 3});

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 5u);
}

TEST(IdempotentAppend, objects_to_a_repetition_at_another_place) {
  Judging<IdempotentAppend> judging;
  judging.see(block(1, 0, 2)).see(took(1, 0)).see(block(2, 0, 2)).see(took(2, 30));

  EXPECT_EQ(judging.objections(), Classes{"moved"});
}

TEST(IdempotentAppend, objects_to_an_overlap_or_a_gap_that_is_taken) {
  Judging<IdempotentAppend> judging;
  judging.see(block(1, 0, 2)).see(took(1, 0)).see(block(2, 2, 4)).see(took(2, 30));
  judging.see(block(3, 9, 9)).see(took(3, 60));

  EXPECT_EQ(judging.objections(), (Classes{"overlap_accepted", "gap_accepted"}));
}

// Block 2..4 was sent and never answered; the store may have it, and then block 2..3 is no news.
TEST(IdempotentAppend, lets_an_overlap_pass_that_an_unanswered_block_may_cover) {
  Judging<IdempotentAppend> judging;
  judging.see(block(1, 0, 2)).see(took(1, 0)).see(block(2, 3, 5));
  judging.see(block(3, 2, 4)).see(took(3, 30));

  EXPECT_EQ(judging.objections(), Classes{});
}

TEST(IdempotentAppend, objects_to_a_repetition_that_is_refused) {
  Judging<IdempotentAppend> judging;
  judging.see(block(1, 0, 2)).see(took(1, 0)).see(block(2, 0, 2)).see(refuses(2));

  EXPECT_EQ(judging.objections(), Classes{"repeat_refused"});
}

// A conditional block that is repeated is stored: the offset has moved on, and that is no reason.
TEST(IdempotentAppend, objects_to_a_repetition_that_is_refused_for_its_offset) {
  Judging<IdempotentAppend> judging;
  BlockAnswered moved_on = refuses(2);
  moved_on.code = "bad_offset";
  judging.see(block(1, 0, 2)).see(took(1, 0)).see(block(2, 0, 2)).see(moved_on);

  EXPECT_EQ(judging.objections(), Classes{"repeat_refused"});
}

TEST(IdempotentAppend, objects_to_a_store_that_forgets_or_invents) {
  Judging<IdempotentAppend> judging;
  judging.see(block(1, 0, 2)).see(took(1, 0));
  judging.see(asks(2)).see(WriterAnswered{.operation = 2, .count = 1});
  judging.see(asks(3)).see(WriterAnswered{.operation = 3, .count = 4});

  EXPECT_EQ(judging.objections(), (Classes{"forgotten", "invented"}));
}

}  // namespace
}  // namespace millrace::properties
