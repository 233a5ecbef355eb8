// A property is judged before it judges: it must object to small histories that are wrong, and to
// none that is right.

#include "quorum/linearizable.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace quorum {
namespace {

using Classes = std::vector<std::string>;

using Judging = millrace::Judging<Linearizable>;

Began write(std::uint64_t operation) {
  return {.operation = operation, .key = 1, .is_write = true, .value = 10 * operation};
}
Began read(std::uint64_t operation) {
  return {.operation = operation, .key = 1, .is_write = false, .value = 0};
}
Ended ended(std::uint64_t operation, Version version, std::uint64_t value) {
  return {.operation = operation, .version = version, .value = value, .was_settled = false};
}

constexpr Version kFirst{.number = 1, .operation = 1};  // What the write of operation 1 makes.
constexpr Version kNever{};

TEST(Linearizable, accepts_a_read_of_what_was_written) {
  Judging judging;
  judging.see(write(1)).see(ended(1, kFirst, 10)).see(read(2)).see(ended(2, kFirst, 10));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 2U);
}

TEST(Linearizable, accepts_either_value_during_a_write) {
  Judging judging;
  judging.see(write(1)).see(read(2)).see(read(3));
  judging.see(ended(2, kNever, 0)).see(ended(3, kFirst, 10)).see(ended(1, kFirst, 10));

  EXPECT_EQ(judging.objections(), Classes{});
}

TEST(Linearizable, objects_to_a_read_that_goes_back) {
  Judging judging;
  judging.see(write(1)).see(read(2)).see(ended(2, kFirst, 10));
  // The write is still under way, but one read has seen it, so a later one must.
  judging.see(read(3)).see(ended(3, kNever, 0));

  EXPECT_EQ(judging.objections(), Classes{"stale_read"});
}

TEST(Linearizable, objects_to_a_write_below_one_that_had_ended) {
  Judging judging;
  judging.see(write(1)).see(ended(1, {.number = 2, .operation = 1}, 10));
  judging.see(write(2)).see(ended(2, {.number = 1, .operation = 2}, 20));

  EXPECT_EQ(judging.objections(), Classes{"reordered_write"});
}

TEST(Linearizable, objects_to_a_version_of_two_values) {
  Judging judging;
  judging.see(write(1)).see(write(2)).see(ended(1, kFirst, 10));
  judging.see(read(3)).see(ended(3, kFirst, 20));

  EXPECT_EQ(judging.objections(), Classes{"two_values"});
}

TEST(Linearizable, objects_to_a_value_that_nobody_wrote) {
  Judging judging;
  judging.see(read(1)).see(ended(1, {.number = 1, .operation = 7}, 70));

  EXPECT_EQ(judging.objections(), Classes{"invented_value"});
}

TEST(Linearizable, objects_to_an_answer_without_its_question) {
  Judging judging;
  judging.see(write(1)).see(ended(1, kFirst, 10)).see(ended(1, kFirst, 10));

  EXPECT_EQ(judging.objections(), Classes{"unasked_answer"});
}

TEST(ReadersSettle, is_seen_where_a_read_met_replicas_that_disagree) {
  millrace::Judging<ReadersSettle> judging;
  judging.see(ended(1, kFirst, 10));
  EXPECT_FALSE(judging.has_witnessed());

  Ended settled = ended(2, kFirst, 10);
  settled.was_settled = true;
  judging.see(settled);
  EXPECT_TRUE(judging.has_witnessed());
}

}  // namespace
}  // namespace quorum
