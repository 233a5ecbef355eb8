#include "system/client/event_reader.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "system/env/sync.h"
#include "system/types/event.h"
#include "tests/system/client/scripted_store.h"

namespace millrace::client {
namespace {

using namespace literals;

Bytes framed(const std::vector<std::string>& payloads) {
  Bytes bytes;
  for (const std::string& payload : payloads) append_event(bytes, as_bytes(payload));
  return bytes;
}

/// Serves a segment's bytes in answers of at most `answer_bytes` until the client hangs up.
void serve(ClientWorld& world, const Bytes& segment, std::size_t answer_bytes, bool is_sealed) {
  Result<std::unique_ptr<FakeConnection>> accepted = world.network.accept(world.later());
  ASSERT_TRUE(accepted.has_value());
  Result<wire::MessageStream> stream =
      wire::answer_greeting(std::move(*accepted), wire::kVersionsSpoken, world.later());
  ASSERT_TRUE(stream.has_value());
  while (true) {
    const Result<wire::Message> message = stream->receive(world.later());
    if (!message.has_value()) return;
    const auto& request = std::get<wire::ReadSegment>(*message);
    const auto offset = static_cast<std::size_t>(request.offset);
    const std::size_t size =
        std::min({segment.size() - offset, answer_bytes, std::size_t{request.bytes_max}});
    const bool is_at_tail = offset + size == segment.size();
    if (size == 0 && !is_sealed) {
      const Instant wait_end = world.tasks.now() + request.wait;
      ASSERT_TRUE(sleep_until(world.tasks, wait_end).has_value());
    }
    ignore(
        stream->send(wire::SegmentRead{.request = request.request,
                                       .segment = request.segment,
                                       .offset = request.offset,
                                       .is_at_tail = is_at_tail,
                                       .is_end = is_at_tail && is_sealed,
                                       .data = to_bytes(ByteView(segment).subspan(offset, size))},
                     world.later()),
        "the client may have hung up");
  }
}

/// Reads `segment` to its end, served in small pieces.
std::vector<ReadEvent> read_all(FakeTasks& tasks, const Bytes& segment, std::size_t answer_bytes,
                                std::uint32_t request_bytes) {
  ClientWorld world(tasks);
  world.config.read_bytes_max = request_bytes;
  TaskGroup group(tasks);
  group.spawn("server", [&] { serve(world, segment, answer_bytes, true); });
  std::vector<ReadEvent> events;
  {
    EventReader reader(world.context(), world.segment(0), 0);
    while (true) {
      Result<std::optional<ReadEvent>> event = reader.next(world.later());
      EXPECT_TRUE(event.has_value());
      if (!event.has_value() || !event->has_value()) break;
      events.push_back(std::move(**event));
    }
    EXPECT_EQ(reader.offset(), segment.size());
  }
  EXPECT_TRUE(group.join(world.later()).has_value());
  return events;
}

TEST(EventReader, finds_events_whatever_the_pieces_in_which_they_come) {
  const std::vector<std::string> payloads = {"a", "", std::string(40, 'b'), "cc", "d"};
  const Bytes segment = framed(payloads);
  for (std::size_t piece = 1; piece <= segment.size(); ++piece) {
    under_schedules(2, [&](FakeTasks& tasks) {
      const std::vector<ReadEvent> events = read_all(tasks, segment, piece, 1'000);

      ASSERT_EQ(events.size(), payloads.size());
      std::uint64_t offset = 0;
      for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(as_text(events[i].payload), payloads[i]);
        EXPECT_EQ(events[i].offset, offset);
        offset += kEventHeaderBytes + payloads[i].size();
        EXPECT_EQ(events[i].offset_next, offset);
      }
    });
  }
}

TEST(EventReader, an_event_may_be_larger_than_a_read) {
  under_schedules(5, [&](FakeTasks& tasks) {
    const std::vector<ReadEvent> events =
        read_all(tasks, framed({std::string(1'000, 'x')}), 1'000'000, 16);

    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].payload.size(), 1'000U);
  });
}

TEST(EventReader, a_partial_event_at_the_tail_is_waited_for_and_not_lost) {
  under_schedules(20, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    const Bytes whole = framed({"first", "second"});
    Bytes partial = whole;
    partial.resize(whole.size() - 3);
    TaskGroup group(tasks);
    group.spawn("server", [&] { serve(world, partial, 1'000, false); });
    {
      EventReader reader(world.context(), world.segment(0), 0);
      EXPECT_TRUE(reader.next(world.later()).has_value());
      EXPECT_TRUE(failed_with(reader.next(tasks.now() + 10_s), Errc::kTimeout));
      EXPECT_FALSE(reader.is_at_tail()) << "part of an event is left";
      partial = whole;

      const Result<std::optional<ReadEvent>> second = reader.next(world.later());

      ASSERT_TRUE(second.has_value());
      EXPECT_EQ(as_text((*second)->payload), "second");
      EXPECT_TRUE(reader.is_at_tail());
    }
    EXPECT_TRUE(group.join(world.later()).has_value());
  });
}

TEST(EventReader, bytes_that_are_no_event_are_corrupt_for_good) {
  under_schedules(5, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    const Bytes segment = to_bytes("these bytes are no event");
    TaskGroup group(tasks);
    group.spawn("server", [&] { serve(world, segment, 1'000, false); });
    {
      EventReader reader(world.context(), world.segment(0), 0);
      EXPECT_TRUE(failed_with(reader.next(world.later()), Errc::kCorrupt));
      EXPECT_TRUE(failed_with(reader.next(world.later()), Errc::kCorrupt));
      EXPECT_EQ(reader.offset(), 0U);
    }
    EXPECT_TRUE(group.join(world.later()).has_value());
  });
}

TEST(EventReader, a_sealed_segment_that_ends_within_an_event_is_corrupt) {
  under_schedules(5, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Bytes segment = framed({"first", "second"});
    segment.pop_back();
    TaskGroup group(tasks);
    group.spawn("server", [&] { serve(world, segment, 1'000, true); });
    {
      EventReader reader(world.context(), world.segment(0), 0);
      EXPECT_TRUE(reader.next(world.later()).has_value());
      EXPECT_TRUE(failed_with(reader.next(world.later()), Errc::kCorrupt));
    }
    EXPECT_TRUE(group.join(world.later()).has_value());
  });
}

TEST(EventReader, a_truncation_drops_the_partial_event_and_reads_on_at_the_start) {
  under_schedules(20, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    TaskGroup group(tasks);
    std::vector<std::string> seen;
    group.spawn("reader", [&] {
      EventReader reader(world.context(), world.segment(0), 0);
      EXPECT_TRUE(failed_with(reader.next(world.later()), Errc::kTruncated));
      EXPECT_EQ(reader.offset(), 900U);
      const Result<std::optional<ReadEvent>> event = reader.next(world.later());
      ASSERT_TRUE(event.has_value());
      EXPECT_EQ((*event)->offset, 900U);
      seen.emplace_back(as_text((*event)->payload));
    });
    ScriptedStore store(world);
    const auto first = store.expect<wire::ReadSegment>();
    store.send(wire::SegmentRead{.request = first.request,
                                 .segment = first.segment,
                                 .offset = 0,
                                 .is_at_tail = false,
                                 .is_end = false,
                                 .data = to_bytes(ByteView(framed({"gone"})).first(10))});
    const auto second = store.expect<wire::ReadSegment>();
    EXPECT_EQ(second.offset, 10U);
    store.send(wire::ReadTruncated{
        .request = second.request, .segment = second.segment, .start_offset = 900});
    const auto third = store.expect<wire::ReadSegment>();
    store.send(wire::SegmentRead{.request = third.request,
                                 .segment = third.segment,
                                 .offset = 900,
                                 .is_at_tail = true,
                                 .is_end = false,
                                 .data = framed({"here"})});

    EXPECT_TRUE(group.join(world.later()).has_value());
    EXPECT_EQ(seen, std::vector<std::string>{"here"});
  });
}

}  // namespace
}  // namespace millrace::client
