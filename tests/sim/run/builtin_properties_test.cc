#include "sim/run/builtin_properties.h"

#include <gtest/gtest.h>

#include "tests/properties/judging.h"

namespace millrace::run {
namespace {

using properties::Classes;
using properties::Judging;

OperationTaken taken(std::uint64_t operation) { return {.operation = operation, .kind = "write"}; }
OperationEnded ended(std::uint64_t operation) {
  return {.operation = operation, .outcome = Outcome::kUnknown};
}

TEST(NoWedgedOperation, objects_to_one_that_the_whole_settle_phase_did_not_end) {
  Judging<NoWedgedOperation> judging;
  judging.see(PhaseBegan{.phase = Phase::kFaults}).see(taken(1)).see(taken(2)).see(ended(1));
  judging.see(PhaseBegan{.phase = Phase::kSettle}).at_end();

  EXPECT_EQ(judging.objections(), Classes{"wedged"});
}

TEST(NoWedgedOperation, leaves_one_that_began_after_the_heal_to_its_client) {
  Judging<NoWedgedOperation> judging;
  judging.see(PhaseBegan{.phase = Phase::kFaults}).see(taken(1));
  judging.see(PhaseBegan{.phase = Phase::kSettle}).see(taken(2)).see(ended(1)).at_end();

  EXPECT_EQ(judging.objections(), Classes{});
}

// Whoever is asked may be gone with its disk: the one who asks ends nevertheless.
TEST(NoWedgedOperation, is_judged_whatever_was_lost) {
  const PropertyType type = property_type<NoWedgedOperation>();

  EXPECT_TRUE(type.needs.empty());
  EXPECT_EQ(type.claim.kind, PropertyKind::kAlways);
}

TEST(Clean, objects_to_the_first_unexpected_fact_and_at_the_end_only) {
  Judging<Clean> judging;
  judging.see(UnexpectedReported{.where = "here", .why = "so"});
  judging.see(UnexpectedReported{.where = "there", .why = "so"});
  EXPECT_EQ(judging.objections(), Classes{});

  judging.at_end();
  EXPECT_EQ(judging.objections(), Classes{"unexpected"});
}

TEST(Clean, objects_to_an_exception_at_once) {
  Judging<Clean> judging;
  judging.see(TaskEnded{.role = "store", .task = "main", .exception = "no more"});

  EXPECT_EQ(judging.objections(), Classes{"exception"});
}

}  // namespace
}  // namespace millrace::run
