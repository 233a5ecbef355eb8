#include "system/client/conditional_writer.h"

#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <utility>

#include "system/env/sync.h"
#include "system/types/event.h"
#include "tests/system/client/scripted_store.h"

namespace millrace::client {
namespace {

using namespace literals;

constexpr std::uint64_t kSchedules = 30;
constexpr std::uint64_t kFramedBytes = kEventHeaderBytes + 2;

/// One append in a task of its own, while the test plays the store.
class Append {
 public:
  Append(ClientWorld& world, ConditionalWriter& writer, std::uint64_t expected_offset,
         Duration patience)
      : world_(world), group_(world.tasks) {
    group_.spawn("appender", [this, &writer, expected_offset, patience] {
      outcome_.emplace(
          writer.append(as_bytes("aa"), expected_offset, world_.tasks.now() + patience));
    });
  }

  Result<ConditionalOutcome> outcome() {
    EXPECT_TRUE(group_.join(world_.later()).has_value());
    return *outcome_;
  }

 private:
  ClientWorld& world_;
  TaskGroup group_;
  std::optional<Result<ConditionalOutcome>> outcome_;
};

void conflict(ScriptedStore& store, const wire::AppendBlock& block, std::uint64_t length) {
  store.send(wire::ConditionalCheckFailed{.segment = block.segment,
                                          .writer = block.writer,
                                          .event_number_first = block.event_number_first,
                                          .event_number_last = block.event_number_last,
                                          .segment_length = length});
}

/// Lets an append be sent once and lost.
wire::AppendBlock lose_one(ClientWorld& world) {
  ScriptedStore store(world);
  store.set_up(kNothingStored);
  auto block = store.expect<wire::AppendBlock>();
  store.cut();
  return block;
}

TEST(ConditionalWriter, appends_at_the_expected_offset_and_keeps_its_connection) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    ConditionalWriter writer(world.context(), world.segment(0));
    Append first(world, writer, 100, 10_s);
    ScriptedStore store(world);
    store.set_up(kNothingStored);
    const auto block = store.expect<wire::AppendBlock>();
    EXPECT_EQ(block.expected_offset, 100U);
    store.acknowledge(block, 100);
    const Result<ConditionalOutcome> outcome = first.outcome();
    ASSERT_TRUE(outcome.has_value());
    EXPECT_TRUE(outcome->is_appended);
    EXPECT_EQ(outcome->segment_length, 100 + kFramedBytes);

    Append second(world, writer, 100 + kFramedBytes, 10_s);
    const auto next_block = store.expect<wire::AppendBlock>();
    store.acknowledge(next_block, 100 + kFramedBytes);

    EXPECT_EQ(next_block.event_number_first, EventNumber(1));
    EXPECT_TRUE(second.outcome().has_value());
  });
}

TEST(ConditionalWriter, a_conflict_tells_the_length_and_uses_up_no_event_number) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    ConditionalWriter writer(world.context(), world.segment(0));
    Append first(world, writer, 100, 10_s);
    ScriptedStore store(world);
    store.set_up(kNothingStored);
    conflict(store, store.expect<wire::AppendBlock>(), 130);
    const Result<ConditionalOutcome> outcome = first.outcome();
    ASSERT_TRUE(outcome.has_value());
    EXPECT_FALSE(outcome->is_appended);
    EXPECT_EQ(outcome->segment_length, 130U);

    Append second(world, writer, 130, 10_s);
    const auto block = store.expect<wire::AppendBlock>();
    store.acknowledge(block, 130);

    EXPECT_EQ(block.event_number_first, EventNumber(0));
    EXPECT_TRUE(second.outcome()->is_appended);
  });
}

TEST(ConditionalWriter, a_lost_acknowledgement_is_found_by_asking_and_nothing_is_sent_again) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    ConditionalWriter writer(world.context(), world.segment(0));
    Append append(world, writer, 100, 10_s);
    lose_one(world);

    ScriptedStore store(world);
    store.set_up(EventNumber(0));
    const Result<ConditionalOutcome> outcome = append.outcome();

    ASSERT_TRUE(outcome.has_value());
    EXPECT_TRUE(outcome->is_appended);
    EXPECT_EQ(outcome->segment_length, 100 + kFramedBytes);
    EXPECT_EQ(world.journal.marks("conditional.asked"), 1);
    store.expect_silence(1_ms);
  });
}

TEST(ConditionalWriter, a_copy_that_was_overtaken_by_the_question_counts_as_the_append) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    ConditionalWriter writer(world.context(), world.segment(0));
    Append append(world, writer, 100, 10_s);
    const wire::AppendBlock first = lose_one(world);

    // The first copy is stored between the answer to the set-up and the second copy, which is then
    // a duplicate.
    ScriptedStore store(world);
    store.set_up(kNothingStored);
    const auto again = store.expect<wire::AppendBlock>();
    EXPECT_EQ(again, first);
    store.acknowledge(again, std::nullopt);

    EXPECT_TRUE(append.outcome()->is_appended);
  });
}

TEST(ConditionalWriter, a_conflict_of_a_repeated_append_is_definite_only_beyond_the_offset) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    ConditionalWriter writer(world.context(), world.segment(0));
    Append append(world, writer, 100, 10_s);
    lose_one(world);
    {
      // Shorter than expected: it may grow to 100 before the first copy arrives.
      ScriptedStore store(world);
      store.set_up(kNothingStored);
      conflict(store, store.expect<wire::AppendBlock>(), 90);
      store.expect_hang_up();
    }
    // Longer than expected: no copy can be appended any more.
    ScriptedStore store(world);
    store.set_up(kNothingStored);
    conflict(store, store.expect<wire::AppendBlock>(), 120);

    const Result<ConditionalOutcome> outcome = append.outcome();
    ASSERT_TRUE(outcome.has_value());
    EXPECT_FALSE(outcome->is_appended);
  });
}

TEST(ConditionalWriter, after_an_unknown_outcome_the_writer_has_another_identity) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    ConditionalWriter writer(world.context(), world.segment(0));
    const WriterId before = writer.writer();
    Append first(world, writer, 100, 100_ms);
    ScriptedStore silent(world);
    silent.set_up(kNothingStored);
    silent.expect<wire::AppendBlock>();
    EXPECT_TRUE(failed_with(first.outcome(), Errc::kTimeout));

    Append second(world, writer, 100, 10_s);
    ScriptedStore store(world);
    const wire::SetupAppend setup = store.set_up(kNothingStored);
    const auto block = store.expect<wire::AppendBlock>();
    store.acknowledge(block, 100);

    EXPECT_NE(setup.writer, before);
    EXPECT_EQ(block.event_number_first, EventNumber(0));
    EXPECT_TRUE(second.outcome()->is_appended);
    EXPECT_EQ(world.journal.marks("conditional.unknown"), 1);
  });
}

TEST(ConditionalWriter, what_was_never_sent_did_not_happen) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    world.network.is_refusing = true;
    ConditionalWriter writer(world.context(), world.segment(0));
    const WriterId before = writer.writer();
    Append append(world, writer, 100, 100_ms);

    EXPECT_TRUE(failed_with(append.outcome(), Errc::kRefused));
    EXPECT_EQ(writer.writer(), before);
  });
}

TEST(ConditionalWriter, a_seal_met_by_a_repeated_append_is_decided_by_asking_again) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    for (const bool is_stored : {false, true}) {
      ClientWorld world(tasks);
      ConditionalWriter writer(world.context(), world.segment(0));
      Append append(world, writer, 100, 10_s);
      lose_one(world);
      ScriptedStore store(world);
      store.set_up(kNothingStored);
      store.refuse(store.expect<wire::AppendBlock>(), Errc::kSealed);
      ScriptedStore asked(world);
      asked.set_up(is_stored ? std::optional(EventNumber(0)) : kNothingStored);

      const Result<ConditionalOutcome> outcome = append.outcome();
      if (is_stored) {
        EXPECT_TRUE(outcome.has_value());
      } else {
        EXPECT_TRUE(failed_with(outcome, Errc::kSealed));
      }
    }
  });
}

TEST(ConditionalWriter, a_seal_met_by_the_only_copy_is_definite_at_once) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    ConditionalWriter writer(world.context(), world.segment(0));
    Append append(world, writer, 100, 10_s);
    ScriptedStore store(world);
    store.set_up(kNothingStored);
    store.refuse(store.expect<wire::AppendBlock>(), Errc::kSealed);

    EXPECT_TRUE(failed_with(append.outcome(), Errc::kSealed));
    EXPECT_EQ(world.network.connect_count, 1);
  });
}

TEST(ConditionalWriter, a_segment_that_vanished_after_a_copy_was_sent_leaves_it_unknown) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    world.config.attempts_max = 2;
    ConditionalWriter writer(world.context(), world.segment(0));
    Append append(world, writer, 100, 10_s);
    lose_one(world);
    ScriptedStore store(world);
    const auto setup = store.expect<wire::SetupAppend>();
    store.send(wire::ErrorReply{
        .request = setup.request, .code = Errc::kNotFound, .detail = "no such segment"});

    const Result<ConditionalOutcome> outcome = append.outcome();

    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(happened(outcome.error().code), Happened::kUnknown);
  });
}

}  // namespace
}  // namespace millrace::client
