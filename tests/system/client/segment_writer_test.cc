#include "system/client/segment_writer.h"

#include <array>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "system/types/event.h"
#include "tests/system/client/scripted_store.h"

namespace millrace::client {
namespace {

using namespace literals;
using Numbers = std::pair<std::uint64_t, std::uint64_t>;

constexpr std::uint64_t kSchedules = 30;
constexpr std::uint64_t kFramedBytes = kEventHeaderBytes + 2;  // Of the two-letter events below.

/// A world and a writer in it that is closed at the end.
struct Fixture {
  explicit Fixture(FakeTasks& tasks, const ClientConfig& config = {}) : world(tasks) {
    world.config = config;
    writer.emplace(world.context(), world.segment(0));
  }

  WriteHandle write(std::string_view payload) {
    const std::array<ByteView, 1> payloads = {as_bytes(payload)};
    Result<WriteHandle> handle = writer->write(payloads, world.later());
    EXPECT_TRUE(handle.has_value());
    return std::move(*handle);
  }

  void close() {
    EXPECT_TRUE(writer->close(world.later()).has_value());
    writer.reset();
  }

  ClientWorld world;
  std::optional<SegmentWriter> writer;
};

Numbers numbers(const wire::AppendBlock& block) {
  return {block.event_number_first.value(), block.event_number_last.value()};
}

Errc code_of(WriteHandle& handle) {
  const Result<WriteAck> outcome = handle.wait(Instant::max());
  EXPECT_FALSE(outcome.has_value());
  return outcome.has_value() ? Errc::kInvalid : outcome.error().code;
}

std::optional<std::uint64_t> offset_of(WriteHandle& handle) {
  const Result<WriteAck> outcome = handle.wait(Instant::max());
  EXPECT_TRUE(outcome.has_value());
  return outcome.has_value() ? outcome->offset : std::nullopt;
}

ClientConfig one_event_a_block() {
  ClientConfig config;
  config.block_events_max = 1;
  return config;
}

// ---- The straight path ----

TEST(SegmentWriter, an_acknowledged_block_gives_each_of_its_writes_its_own_offset) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks);
    WriteHandle first = f.write("aa");
    const std::array<ByteView, 2> batch = {as_bytes("bb"), as_bytes("cc")};
    WriteHandle second = std::move(*f.writer->write(batch, f.world.later()));
    WriteHandle third = f.write("dd");

    ScriptedStore store(f.world);
    const wire::SetupAppend setup = store.set_up(kNothingStored);
    const auto block = store.expect<wire::AppendBlock>();
    EXPECT_EQ(setup.writer, f.writer->writer());
    EXPECT_EQ(numbers(block), Numbers(0, 3));
    EXPECT_EQ(block.data.size(), 4 * kFramedBytes);
    store.acknowledge(block, 1'000);

    EXPECT_EQ(offset_of(first), 1'000);
    EXPECT_EQ(offset_of(second), 1'000 + kFramedBytes);
    const Result<WriteAck> ack = third.wait(f.world.later());
    ASSERT_TRUE(ack.has_value());
    EXPECT_EQ(ack->offset, 1'000 + 3 * kFramedBytes);
    EXPECT_EQ(ack->event_number_first, EventNumber(3));
    EXPECT_TRUE(f.writer->flush(f.world.later()).has_value());
    f.close();
  });
}

TEST(SegmentWriter, blocks_are_sent_ahead_of_their_acknowledgements_up_to_the_window) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config = one_event_a_block();
    config.blocks_in_flight_max = 2;
    Fixture f(tasks, config);
    std::vector<WriteHandle> handles;
    for (int i = 0; i < 3; ++i) handles.push_back(f.write("xx"));

    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    const auto first = store.expect<wire::AppendBlock>();
    const auto second = store.expect<wire::AppendBlock>();
    store.expect_silence(1_ms);
    store.acknowledge(first, 0);
    const auto third = store.expect<wire::AppendBlock>();

    EXPECT_EQ(numbers(first), Numbers(0, 0));
    EXPECT_EQ(numbers(second), Numbers(1, 1));
    EXPECT_EQ(numbers(third), Numbers(2, 2));
    f.close();
  });
}

TEST(SegmentWriter, a_block_takes_whole_writes_up_to_its_bounds) {
  under_schedules(1, [](FakeTasks& tasks) {
    ClientConfig config;
    config.block_bytes_max = 2 * kFramedBytes;
    Fixture f(tasks, config);
    std::vector<WriteHandle> handles;
    for (int i = 0; i < 3; ++i) handles.push_back(f.write("xx"));
    const std::array<ByteView, 3> batch = {as_bytes("bb"), as_bytes("cc"), as_bytes("dd")};
    handles.push_back(std::move(*f.writer->write(batch, f.world.later())));

    ScriptedStore store(f.world);
    store.set_up(kNothingStored);

    EXPECT_EQ(numbers(store.expect<wire::AppendBlock>()), Numbers(0, 1));
    EXPECT_EQ(numbers(store.expect<wire::AppendBlock>()), Numbers(2, 2));
    // A batch is stored as one, so it goes beyond the bound rather than into two blocks.
    EXPECT_EQ(numbers(store.expect<wire::AppendBlock>()), Numbers(3, 5));
    f.close();
  });
}

TEST(SegmentWriter, a_write_that_no_block_can_hold_is_not_taken) {
  under_schedules(1, [](FakeTasks& tasks) {
    Fixture f(tasks);
    const Bytes large(kEventBytesMax + 1);
    const std::array<ByteView, 1> too_large = {large};
    const std::array<ByteView, 2> together = {ByteView(large).first(kEventBytesMax),
                                              ByteView(large).first(1)};

    EXPECT_TRUE(failed_with(f.writer->write(too_large, f.world.later()), Errc::kInvalid));
    EXPECT_TRUE(failed_with(f.writer->write(together, f.world.later()), Errc::kInvalid));
    EXPECT_TRUE(failed_with(f.writer->write({}, f.world.later()), Errc::kInvalid));
    f.close();
  });
}

TEST(SegmentWriter, a_full_queue_makes_the_caller_wait_and_then_takes_nothing) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config;
    config.queue_bytes_max = kFramedBytes;
    Fixture f(tasks, config);
    WriteHandle first = f.write("aa");
    const std::array<ByteView, 1> payloads = {as_bytes("bb")};

    EXPECT_TRUE(failed_with(f.writer->write(payloads, tasks.now() + 1_ms), Errc::kTimeout));
    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    store.acknowledge(store.expect<wire::AppendBlock>(), 0);
    WriteHandle third = f.write("cc");
    const auto block = store.expect<wire::AppendBlock>();

    // The number of the event that was not taken went to the next.
    EXPECT_EQ(numbers(block), Numbers(1, 1));
    EXPECT_GE(f.world.journal.marks("writer.waited"), 1);
    f.close();
  });
}

// ---- Broken connections ----

TEST(SegmentWriter, after_a_break_the_same_blocks_come_again_in_order_before_new_ones) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config = one_event_a_block();
    config.blocks_in_flight_max = 3;
    Fixture f(tasks, config);
    std::vector<WriteHandle> handles;
    for (const char* text : {"aa", "bb", "cc", "dd"}) handles.push_back(f.write(text));
    std::vector<wire::AppendBlock> sent;
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      for (int i = 0; i < 3; ++i) sent.push_back(store.expect<wire::AppendBlock>());
      store.cut();
    }

    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    for (const wire::AppendBlock& before : sent) {
      const auto again = store.expect<wire::AppendBlock>();
      EXPECT_EQ(again, before);
      store.acknowledge(again, before.event_number_first.value() * kFramedBytes);
    }
    EXPECT_EQ(numbers(store.expect<wire::AppendBlock>()), Numbers(3, 3));

    EXPECT_EQ(offset_of(handles[2]), 2 * kFramedBytes);
    EXPECT_EQ(f.world.journal.marks("writer.reconnected"), 1);
    EXPECT_EQ(f.world.journal.marks("writer.resent"), 3);
    f.close();
  });
}

TEST(SegmentWriter, block_boundaries_are_kept_though_a_larger_block_would_fit_now) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks);
    WriteHandle first = f.write("aa");
    std::optional<WriteHandle> second;
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      EXPECT_EQ(numbers(store.expect<wire::AppendBlock>()), Numbers(0, 0));
      store.cut();
      second.emplace(f.write("bb"));
    }

    ScriptedStore store(f.world);
    store.set_up(kNothingStored);

    EXPECT_EQ(numbers(store.expect<wire::AppendBlock>()), Numbers(0, 0));
    EXPECT_EQ(numbers(store.expect<wire::AppendBlock>()), Numbers(1, 1));
    f.close();
  });
}

TEST(SegmentWriter, what_the_store_has_already_is_acknowledged_by_the_set_up) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks, one_event_a_block());
    WriteHandle first = f.write("aa");
    WriteHandle second = f.write("bb");
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      store.expect<wire::AppendBlock>();
      store.cut();
    }

    ScriptedStore store(f.world);
    store.set_up(EventNumber(0));
    const auto again = store.expect<wire::AppendBlock>();
    EXPECT_EQ(numbers(again), Numbers(1, 1));
    store.acknowledge(again, 500);

    EXPECT_EQ(offset_of(first), std::nullopt);
    EXPECT_EQ(offset_of(second), 500);
    EXPECT_EQ(f.world.journal.marks("writer.implicit_ack"), 1);
    f.close();
  });
}

TEST(SegmentWriter, answers_on_a_connection_that_was_given_up_are_not_heard) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks, one_event_a_block());
    WriteHandle first = f.write("aa");
    ScriptedStore old(f.world);
    old.set_up(kNothingStored);
    const auto block = old.expect<wire::AppendBlock>();
    // The client asks for a sign of life, gets none and hangs up.
    old.expect<wire::KeepAlive>();
    old.expect_hang_up();

    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    EXPECT_EQ(store.expect<wire::AppendBlock>(), block);
    old.acknowledge(block, 0);
    EXPECT_FALSE(first.is_ready());
    store.acknowledge(block, 77);

    EXPECT_EQ(offset_of(first), 77);
    EXPECT_EQ(f.world.journal.marks("writer.silence"), 1);
    f.close();
  });
}

TEST(SegmentWriter, a_store_that_is_slow_but_alive_is_waited_for) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks);
    WriteHandle first = f.write("aa");
    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    const auto block = store.expect<wire::AppendBlock>();

    for (int i = 0; i < 20; ++i) {
      store.expect<wire::KeepAlive>();
      store.send(wire::KeepAlive{});
    }
    store.acknowledge(block, 5);

    EXPECT_EQ(offset_of(first), 5);
    EXPECT_EQ(f.world.network.connect_count, 1);
    f.close();
  });
}

TEST(SegmentWriter, an_idle_writer_does_not_stir) {
  under_schedules(1, [](FakeTasks& tasks) {
    Fixture f(tasks);
    WriteHandle first = f.write("aa");
    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    store.acknowledge(store.expect<wire::AppendBlock>(), 0);

    store.expect_silence(100_s);

    EXPECT_EQ(f.world.network.connect_count, 1);
    f.close();
  });
}

// ---- Acknowledgement rules ----

TEST(SegmentWriter, a_late_second_acknowledgement_changes_nothing) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks, one_event_a_block());
    WriteHandle first = f.write("aa");
    WriteHandle second = f.write("bb");
    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    const auto block = store.expect<wire::AppendBlock>();
    const auto next_block = store.expect<wire::AppendBlock>();
    store.acknowledge(block, 0);
    store.acknowledge(block, std::nullopt);
    store.acknowledge(next_block, 10);

    EXPECT_EQ(offset_of(first), 0);
    EXPECT_EQ(offset_of(second), 10);
    EXPECT_EQ(f.world.journal.marks("writer.late_ack"), 1);
    EXPECT_EQ(f.world.network.connect_count, 1);
    f.close();
  });
}

TEST(SegmentWriter, a_missed_acknowledgement_ends_the_connection_and_is_reported) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks, one_event_a_block());
    WriteHandle first = f.write("aa");
    WriteHandle second = f.write("bb");
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      store.expect<wire::AppendBlock>();
      store.acknowledge(store.expect<wire::AppendBlock>(), 10);
      store.expect_hang_up();
    }
    EXPECT_FALSE(first.is_ready());
    EXPECT_FALSE(second.is_ready());

    ScriptedStore store(f.world);
    store.set_up(EventNumber(1));

    EXPECT_EQ(offset_of(first), std::nullopt);
    EXPECT_EQ(offset_of(second), std::nullopt);
    EXPECT_EQ(f.world.journal.facts("Unexpected"), 1);
    f.close();
  });
}

TEST(SegmentWriter, a_refusal_that_overtakes_an_acknowledgement_proves_nothing_and_is_reported) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks, one_event_a_block());
    WriteHandle first = f.write("aa");
    WriteHandle second = f.write("bb");
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      store.expect<wire::AppendBlock>();
      store.refuse(store.expect<wire::AppendBlock>(), Errc::kSealed);
      store.expect_hang_up();
    }

    ScriptedStore store(f.world);
    store.set_up(EventNumber(0));
    const auto again = store.expect<wire::AppendBlock>();
    store.refuse(again, Errc::kSealed);
    ScriptedStore asked(f.world);
    asked.set_up(EventNumber(0));

    EXPECT_EQ(offset_of(first), std::nullopt);
    EXPECT_EQ(code_of(second), Errc::kSealed);
    EXPECT_EQ(f.world.journal.facts("Unexpected"), 1);
    f.close();
  });
}

TEST(SegmentWriter, a_refusal_that_may_pass_is_followed_by_the_same_block) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    for (const Errc code : {Errc::kOverloaded, Errc::kWrongHost, Errc::kIo, Errc::kFenced,
                            Errc::kShuttingDown, Errc::kCancelled}) {
      Fixture f(tasks);
      WriteHandle first = f.write("aa");
      ScriptedStore before(f.world);
      before.set_up(kNothingStored);
      const auto block = before.expect<wire::AppendBlock>();
      before.refuse(block, code);

      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      EXPECT_EQ(store.expect<wire::AppendBlock>(), block);
      store.acknowledge(block, 3);

      EXPECT_EQ(offset_of(first), 3);
      f.close();
    }
  });
}

// ---- Ends ----

TEST(SegmentWriter, a_sealed_segment_fails_exactly_what_was_not_acknowledged_before) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config = one_event_a_block();
    config.blocks_in_flight_max = 3;
    Fixture f(tasks, config);
    std::vector<WriteHandle> handles;
    for (const char* text : {"aa", "bb", "cc", "dd"}) handles.push_back(f.write(text));
    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    const auto first = store.expect<wire::AppendBlock>();
    const auto second = store.expect<wire::AppendBlock>();
    store.acknowledge(first, 40);
    store.refuse(second, Errc::kSealed);

    EXPECT_EQ(offset_of(handles[0]), 40);
    for (int i = 1; i < 4; ++i)
      EXPECT_EQ(code_of(handles[static_cast<std::size_t>(i)]), Errc::kSealed);
    const std::array<ByteView, 1> payloads = {as_bytes("ee")};
    EXPECT_TRUE(failed_with(f.writer->write(payloads, f.world.later()), Errc::kSealed));
    EXPECT_TRUE(failed_with(f.writer->flush(f.world.later()), Errc::kSealed));
    EXPECT_EQ(f.world.network.connect_count, 1);
    f.close();
  });
}

TEST(SegmentWriter, a_seal_met_by_a_resent_block_is_decided_by_asking_again) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    for (const bool is_stored : {false, true}) {
      Fixture f(tasks);
      WriteHandle first = f.write("aa");
      {
        ScriptedStore store(f.world);
        store.set_up(kNothingStored);
        store.expect<wire::AppendBlock>();
        store.cut();
      }
      // The old copy may be stored behind the back of this connection, before the seal.
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      store.refuse(store.expect<wire::AppendBlock>(), Errc::kSealed);
      EXPECT_FALSE(first.is_ready());
      ScriptedStore asked(f.world);
      asked.set_up(is_stored ? std::optional(EventNumber(0)) : kNothingStored);

      if (is_stored) {
        EXPECT_EQ(offset_of(first), std::nullopt);
      } else {
        EXPECT_EQ(code_of(first), Errc::kSealed);
      }
      EXPECT_EQ(f.world.journal.marks("writer.asked_after_seal"), 1);
      f.close();
    }
  });
}

TEST(SegmentWriter, a_missing_segment_is_definite_only_for_what_was_never_sent) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config = one_event_a_block();
    config.blocks_in_flight_max = 1;
    Fixture f(tasks, config);
    WriteHandle first = f.write("aa");
    WriteHandle second = f.write("bb");
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      store.expect<wire::AppendBlock>();
      store.cut();
    }
    ScriptedStore store(f.world);
    const auto setup = store.expect<wire::SetupAppend>();
    store.send(wire::ErrorReply{
        .request = setup.request, .code = Errc::kNotFound, .detail = "no such segment"});

    EXPECT_EQ(code_of(first), Errc::kUnavailable);
    EXPECT_EQ(code_of(second), Errc::kNotFound);
    f.close();
  });
}

TEST(SegmentWriter, a_store_that_forgot_acknowledged_events_gets_no_more) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks, one_event_a_block());
    WriteHandle first = f.write("aa");
    std::optional<WriteHandle> second;
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      store.acknowledge(store.expect<wire::AppendBlock>(), 0);
      EXPECT_EQ(offset_of(first), 0);
      second.emplace(f.write("bb"));
      store.expect<wire::AppendBlock>();
      store.cut();
    }
    ScriptedStore store(f.world);
    store.set_up(kNothingStored);

    EXPECT_EQ(code_of(*second), Errc::kProtocol);
    EXPECT_EQ(f.world.journal.marks("writer.store_forgot"), 1);
    EXPECT_EQ(f.world.journal.facts("Unexpected"), 0) << "a lost disk explains it";
    f.close();
  });
}

TEST(SegmentWriter, event_numbers_that_were_never_sent_are_a_breach) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks);
    WriteHandle first = f.write("aa");
    ScriptedStore store(f.world);
    store.set_up(EventNumber(5));

    EXPECT_EQ(code_of(first), Errc::kRefused) << "it was never sent";
    EXPECT_EQ(f.world.journal.facts("Unexpected"), 1);
    f.close();
  });
}

TEST(SegmentWriter, a_writer_that_gives_up_knows_what_it_never_sent) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config = one_event_a_block();
    config.blocks_in_flight_max = 1;
    config.attempts_max = 5;
    Fixture f(tasks, config);
    WriteHandle first = f.write("aa");
    WriteHandle second = f.write("bb");
    {
      ScriptedStore store(f.world);
      store.set_up(kNothingStored);
      store.expect<wire::AppendBlock>();
      f.world.network.is_refusing = true;
      store.cut();
    }

    EXPECT_EQ(code_of(first), Errc::kUnavailable);
    EXPECT_EQ(code_of(second), Errc::kRefused);
    const std::array<ByteView, 1> payloads = {as_bytes("cc")};
    EXPECT_TRUE(failed_with(f.writer->write(payloads, f.world.later()), Errc::kRefused));
    // The connection that broke was the first of the attempts without progress.
    EXPECT_EQ(f.world.network.connect_count, 5);
    EXPECT_EQ(f.world.journal.marks("writer.gave_up"), 1);
    f.close();
  });
}

TEST(SegmentWriter, progress_gives_the_attempts_back) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config = one_event_a_block();
    config.attempts_max = 2;
    Fixture f(tasks, config);

    // Twenty breaks would use up two attempts, but for the acknowledgement before each.
    for (std::uint64_t i = 0; i < 20; ++i) {
      WriteHandle handle = f.write("aa");
      ScriptedStore store(f.world);
      store.set_up(i == 0 ? kNothingStored : std::optional(EventNumber(i - 1)));
      store.acknowledge(store.expect<wire::AppendBlock>(), i * kFramedBytes);
      EXPECT_EQ(offset_of(handle), i * kFramedBytes);
      store.cut();
    }

    f.close();
  });
}

TEST(SegmentWriter, closing_leaves_what_was_sent_unknown) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientConfig config = one_event_a_block();
    config.blocks_in_flight_max = 1;
    Fixture f(tasks, config);
    WriteHandle first = f.write("aa");
    WriteHandle second = f.write("bb");
    ScriptedStore store(f.world);
    store.set_up(kNothingStored);
    store.expect<wire::AppendBlock>();

    f.close();

    EXPECT_EQ(code_of(first), Errc::kCancelled);
    EXPECT_EQ(code_of(second), Errc::kRefused);
    store.expect_hang_up();
  });
}

TEST(SegmentWriter, closing_interrupts_whatever_the_writer_waits_for) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Fixture f(tasks);
    WriteHandle first = f.write("aa");
    // Nobody answers the greeting.
    ASSERT_TRUE(sleep_until(tasks, tasks.now() + 10_ms).has_value());

    const Instant before = tasks.now();
    f.close();

    EXPECT_EQ(tasks.now(), before);
    EXPECT_EQ(code_of(first), Errc::kRefused);
  });
}

}  // namespace
}  // namespace millrace::client
