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

StoreLoad load(std::uint64_t connections, std::uint64_t tasks) {
  return {.connections = connections, .tasks = tasks, .operations_pending = 3};
}

TEST(NothingLeaks, says_nothing_of_a_store_that_still_serves_somebody) {
  Judging<NothingLeaks> judging;
  judging.see(load(0, 2)).see(load(1, 5));

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 1u);
}

TEST(NothingLeaks, objects_to_more_tasks_than_at_the_first_quiet_moment_of_the_boot) {
  Judging<NothingLeaks> judging;
  judging.see(load(0, 2)).see(load(3, 9)).see(load(0, 2));
  // Another boot may have another number of them.
  judging.see(recovered(1, 1)).see(load(0, 4)).see(load(0, 4));
  EXPECT_EQ(judging.objections(), Classes{});

  judging.see(load(0, 5));
  EXPECT_EQ(judging.objections(), Classes{"task_left"});
}

run::ProcessHolds holds(std::uint32_t boot, std::uint64_t tasks, std::uint64_t sockets,
                        std::uint64_t files, std::uint64_t memory_bytes) {
  return {.machine = "store-1",
          .role = "segment_store",
          .boot = boot,
          .tasks = tasks,
          .sockets = sockets,
          .files = files,
          .memory_bytes = memory_bytes};
}

constexpr std::uint64_t kSomeMemory = 100'000;

TEST(NothingLeaks, holds_where_the_last_clients_leave_a_process_as_they_found_it) {
  Judging<NothingLeaks> judging;
  judging.see(holds(1, 4, 2, 2, kSomeMemory));
  // There is nothing to compare with yet.
  EXPECT_EQ(judging.comparisons(), 0u);

  // A connection of a machine that had lost its power was noticed in between.
  // And a table has got room for what it did not hold before.
  judging.see(holds(1, 4, 1, 2, kSomeMemory + 32));
  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 1u);
}

TEST(NothingLeaks, compares_no_process_with_another_one) {
  Judging<NothingLeaks> judging;
  judging.see(holds(1, 4, 0, 2, kSomeMemory)).see(holds(2, 5, 1, 3, kSomeMemory * 2));
  run::ProcessHolds other = holds(2, 9, 9, 9, kSomeMemory * 9);
  other.machine = "store-2";
  judging.see(other);

  EXPECT_EQ(judging.objections(), Classes{});
  EXPECT_EQ(judging.comparisons(), 0u);
}

TEST(NothingLeaks, objects_to_whatever_is_more_after_the_last_clients) {
  const auto classes_of = [](const run::ProcessHolds& after) {
    Judging<NothingLeaks> judging;
    judging.see(holds(1, 4, 0, 2, kSomeMemory)).see(after);
    return judging.objections();
  };

  EXPECT_EQ(classes_of(holds(1, 5, 0, 2, kSomeMemory)), Classes{"task_left"});
  EXPECT_EQ(classes_of(holds(1, 4, 1, 2, kSomeMemory)), Classes{"socket_left"});
  EXPECT_EQ(classes_of(holds(1, 4, 0, 3, kSomeMemory)), Classes{"file_left"});
  // A node of a map is more than that.
  EXPECT_EQ(classes_of(holds(1, 4, 0, 2, kSomeMemory + 33)), Classes{"memory_left"});
  // A task that is left explains its memory and its socket.
  EXPECT_EQ(classes_of(holds(1, 5, 1, 2, kSomeMemory * 2)), Classes{"task_left"});
}

}  // namespace
}  // namespace millrace::properties
