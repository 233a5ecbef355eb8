#include "properties/recovery.h"

#include <gtest/gtest.h>

#include "tests/properties/judging.h"

namespace millrace::properties {
namespace {

ContainerApplied applied(std::uint64_t sequence, std::uint64_t digest) {
  return {.container = 0, .sequence = sequence, .digest = digest};
}
ContainerRecovered recovered(std::uint64_t sequence, std::uint64_t digest) {
  ContainerRecovered fact;
  fact.sequence = sequence;
  fact.digest = digest;
  return fact;
}

TEST(RecoveryKeepsDurable, holds_where_it_ends_at_the_durable_end_or_later) {
  Judging<RecoveryKeepsDurable> judging;
  judging.see(applied(5, 50)).see(recovered(5, 50)).see(applied(6, 60)).see(recovered(9, 90));
  judging.see(recovered(9, 90));

  EXPECT_EQ(judging.objections(), Classes{});
  // All but the first record, which has nothing before it.
  EXPECT_EQ(judging.comparisons(), 4u);
}

TEST(RecoveryKeepsDurable, objects_to_an_earlier_end_and_to_another_state) {
  Judging<RecoveryKeepsDurable> judging;
  judging.see(applied(5, 50)).see(recovered(4, 40));
  judging.see(applied(6, 60)).see(recovered(6, 61));

  EXPECT_EQ(judging.objections(), (Classes{"lost_records", "different_state"}));
}

// What a recovery showed was synced first, so the next recovery shows it, too.
TEST(RecoveryKeepsDurable, objects_to_a_recovery_that_is_taken_back) {
  Judging<RecoveryKeepsDurable> judging;
  judging.see(applied(5, 50)).see(recovered(8, 80)).see(recovered(5, 50));

  EXPECT_EQ(judging.objections(), Classes{"lost_records"});
}

TEST(RecoveryKeepsDurable, objects_to_a_durable_end_that_goes_back) {
  Judging<RecoveryKeepsDurable> judging;
  judging.see(applied(5, 50)).see(applied(4, 40));

  EXPECT_EQ(judging.objections(), Classes{"went_back"});
}

TEST(RecoveryKeepsDurable, objects_to_a_log_that_cannot_be_used) {
  Judging<RecoveryKeepsDurable> judging;
  judging.see(applied(5, 50)).see(LogCorrupt{.file = "1.log", .offset = 52, .why = "a gap"});

  EXPECT_EQ(judging.objections(), Classes{"log_unusable"});
}

StoreLoad load(std::uint64_t connections, std::uint64_t tasks, std::uint64_t reads_waiting) {
  return {.connections = connections,
          .tasks = tasks,
          .reads_waiting = reads_waiting,
          .operations_pending = 3};
}

TEST(NothingLeaks, objects_to_a_read_without_a_connection) {
  Judging<NothingLeaks> judging;
  judging.see(load(1, 5, 2)).see(load(0, 2, 0));
  EXPECT_EQ(judging.objections(), Classes{});
  // With a connection there is nothing to say.
  EXPECT_EQ(judging.comparisons(), 1u);

  judging.see(load(0, 2, 1));
  EXPECT_EQ(judging.objections(), Classes{"read_left"});
}

TEST(NothingLeaks, objects_to_more_tasks_than_at_the_first_quiet_moment_of_the_boot) {
  Judging<NothingLeaks> judging;
  judging.see(load(0, 2, 0)).see(load(3, 9, 0)).see(load(0, 2, 0));
  // Another boot may have another number of them.
  judging.see(recovered(1, 1)).see(load(0, 4, 0)).see(load(0, 4, 0));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(load(0, 5, 0));
  EXPECT_EQ(judging.objections(), Classes{"task_left"});
}

}  // namespace
}  // namespace millrace::properties
