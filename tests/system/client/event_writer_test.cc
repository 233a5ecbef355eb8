#include "system/client/event_writer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "system/client/conditional_writer.h"
#include "system/types/event.h"
#include "tests/system/client/model_store.h"

namespace millrace::client {
namespace {

using namespace literals;

constexpr ModelFaults kRough{
    .cut_before = {1, 12}, .cut_after = {1, 12}, .refusal = {1, 12}, .delay_max = milliseconds(30)};
constexpr ModelFaults kCalm{.cut_before = Ratio::never(),
                            .cut_after = Ratio::never(),
                            .refusal = Ratio::never(),
                            .delay_max = Duration{}};

/// So impatient that a connection is often given up while its frames are still to be served.
ClientConfig impatient() {
  ClientConfig config;
  config.keep_alive_after = 10_ms;
  config.keep_alive_timeout = 10_ms;
  config.request_timeout = 20_ms;
  config.setup_timeout = 40_ms;
  config.backoff_max = 5_ms;
  config.block_events_max = 3;
  config.blocks_in_flight_max = 4;
  config.queue_bytes_max = 400;
  return config;
}

std::vector<std::string> events_of(const Bytes& data) {
  std::vector<std::string> events;
  ByteView rest(data);
  while (!rest.empty()) {
    const Result<std::optional<FramedEvent>> event = first_event(rest);
    if (!event.has_value() || !event->has_value()) {
      ADD_FAILURE() << "the segment holds whole events";
      break;
    }
    events.emplace_back(as_text((*event)->payload));
    rest = rest.subspan((*event)->framed_bytes);
  }
  return events;
}

/// The event that lies at `offset`.
std::string event_at(const Bytes& data, std::uint64_t offset) {
  if (offset >= data.size()) return "nothing";
  return events_of(to_bytes(ByteView(data).subspan(offset))).front();
}

struct Written {
  std::string payload;
  WriteHandle handle;
};

TEST(EventWriter, stores_each_event_once_and_in_order_whatever_breaks) {
  int reconnected = 0;
  int implicit = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    FakeTasks tasks(seed);
    tasks.spawn("main", [&] {
      ClientWorld world(tasks);
      world.config = impatient();
      ModelStore store(world, seed, kRough);
      std::unique_ptr<EventWriter> writer =
          std::move(*EventWriter::open(world.context(), world.stream, world.later()));
      std::map<SegmentId, std::vector<std::string>> expected;
      std::vector<Written> written;
      for (int i = 0; i < 60; ++i) {
        const std::string key = "key-" + std::to_string(i % 7);
        std::string payload = "event-" + std::to_string(i);
        Result<WriteHandle> handle = writer->write(key, as_bytes(payload), world.later());
        ASSERT_TRUE(handle.has_value());
        expected[writer->segment_of(key)].push_back(payload);
        written.push_back({.payload = std::move(payload), .handle = std::move(*handle)});
      }

      EXPECT_TRUE(writer->flush(world.later()).has_value());
      EXPECT_TRUE(writer->close(world.later()).has_value());
      store.stop();

      for (const auto& [segment, payloads] : expected) {
        EXPECT_EQ(events_of(store.segments[segment].data), payloads) << "seed " << seed;
      }
      for (Written& one : written) {
        const Result<WriteAck> ack = one.handle.wait(world.later());
        ASSERT_TRUE(ack.has_value());
        if (!ack->offset.has_value()) continue;
        EXPECT_EQ(event_at(store.segments[ack->segment].data, *ack->offset), one.payload);
      }
      EXPECT_EQ(world.journal.facts("Unexpected"), 0);
      reconnected += world.journal.marks("writer.reconnected");
      implicit += world.journal.marks("writer.implicit_ack");
    });
    tasks.run();
  }
  // The hard paths were taken, often.
  EXPECT_GT(reconnected, 500);
  EXPECT_GT(implicit, 100);
}

TEST(EventWriter, a_seal_leaves_no_doubt_about_any_event) {
  int failed = 0;
  int asked = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    FakeTasks tasks(seed);
    tasks.spawn("main", [&] {
      ClientWorld world(tasks);
      world.config = impatient();
      ModelStore store(world, seed, kRough);
      std::unique_ptr<EventWriter> writer =
          std::move(*EventWriter::open(world.context(), world.stream, world.later()));
      std::vector<Written> written;
      for (int i = 0; i < 40; ++i) {
        if (i == 20) store.segments[world.segment(0)].is_sealed = true;
        std::string payload = "event-" + std::to_string(i);
        // The key is chosen so that it goes to segment 0.
        std::string key = "a";
        while (writer->segment_of(key) != world.segment(0)) key += 'a';
        Result<WriteHandle> handle = writer->write(key, as_bytes(payload), world.later());
        if (!handle.has_value()) {
          EXPECT_TRUE(failed_with(handle, Errc::kSealed));
          continue;
        }
        written.push_back({.payload = std::move(payload), .handle = std::move(*handle)});
      }
      ignore(writer->flush(world.later()), "some events fail");
      EXPECT_TRUE(writer->close(world.later()).has_value());
      store.stop();

      std::vector<std::string> acknowledged;
      for (Written& one : written) {
        const Result<WriteAck> ack = one.handle.wait(world.later());
        if (ack.has_value()) {
          acknowledged.push_back(one.payload);
        } else {
          EXPECT_TRUE(failed_with(ack, Errc::kSealed));
          ++failed;
        }
      }
      EXPECT_EQ(events_of(store.segments[world.segment(0)].data), acknowledged) << "seed " << seed;
      EXPECT_EQ(world.journal.facts("Unexpected"), 0);
      asked += world.journal.marks("writer.asked_after_seal");
    });
    tasks.run();
  }
  EXPECT_GT(failed, 100);
  EXPECT_GT(asked, 5);
}

TEST(EventWriter, events_of_a_batch_lie_side_by_side) {
  under_schedules(20, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    world.config.block_events_max = 2;
    ModelStore store(world, 1, kCalm);
    std::unique_ptr<EventWriter> writer =
        std::move(*EventWriter::open(world.context(), world.stream, world.later()));
    const std::vector<ByteView> batch = {as_bytes("a"), as_bytes("b"), as_bytes("c")};

    Result<WriteHandle> single = writer->write("key", as_bytes("x"), world.later());
    Result<WriteHandle> whole = writer->write_batch("key", batch, world.later());
    ASSERT_TRUE(single.has_value());
    ASSERT_TRUE(whole.has_value());
    const Result<WriteAck> ack = whole->wait(world.later());

    ASSERT_TRUE(ack.has_value());
    EXPECT_EQ(ack->event_count, 3U);
    EXPECT_EQ(events_of(store.segments[writer->segment_of("key")].data),
              (std::vector<std::string>{"x", "a", "b", "c"}));
    EXPECT_TRUE(writer->close(world.later()).has_value());
    store.stop();
  });
}

TEST(EventWriter, an_unknown_stream_is_not_opened) {
  under_schedules(1, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    const StreamName other = *StreamName::parse("other");

    EXPECT_TRUE(
        failed_with(EventWriter::open(world.context(), other, world.later()), Errc::kNotFound));
  });
}

/// Appends `count` events by compare-and-append and notes what it was told.
void append_many(ClientWorld& world, const std::string& name, int count,
                 std::map<std::string, std::uint64_t>& appended,
                 std::vector<std::string>& refused) {
  ConditionalWriter writer(world.context(), world.segment(0));
  std::uint64_t length = 0;
  for (int i = 0; i < count; ++i) {
    const std::string payload = name + '-' + std::to_string(i);
    const std::uint64_t expected = length;
    const Result<ConditionalOutcome> outcome =
        writer.append(as_bytes(payload), expected, world.tasks.now() + 100_ms);
    if (!outcome.has_value()) {
      if (happened(outcome.error().code) == Happened::kNo) refused.push_back(payload);
      continue;
    }
    length = outcome->segment_length;
    if (outcome->is_appended) {
      appended.emplace(payload, expected);
    } else {
      refused.push_back(payload);
    }
  }
}

TEST(ConditionalWriterUnderFaults, tells_the_truth_about_every_append_that_it_is_sure_of) {
  int asked = 0;
  std::size_t appended_count = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    FakeTasks tasks(seed);
    tasks.spawn("main", [&] {
      ClientWorld world(tasks);
      world.config = impatient();
      ModelStore store(world, seed, kRough);
      std::map<std::string, std::uint64_t> appended;
      std::vector<std::string> refused;
      TaskGroup writers(tasks);
      for (const char* name : {"one", "two", "three"}) {
        writers.spawn(name, [&, name] { append_many(world, name, 15, appended, refused); });
      }
      ASSERT_TRUE(writers.join(world.later()).has_value());
      store.stop();

      const Bytes& data = store.segments[world.segment(0)].data;
      const std::vector<std::string> stored = events_of(data);
      for (const auto& [payload, offset] : appended) {
        EXPECT_EQ(event_at(data, offset), payload) << "seed " << seed;
        EXPECT_EQ(std::ranges::count(stored, payload), 1) << "seed " << seed;
      }
      for (const std::string& payload : refused) {
        EXPECT_EQ(std::ranges::count(stored, payload), 0) << "seed " << seed;
      }
      EXPECT_EQ(world.journal.facts("Unexpected"), 0);
      asked += world.journal.marks("conditional.asked");
      appended_count += appended.size();
    });
    tasks.run();
  }
  EXPECT_GT(asked, 100);
  EXPECT_GT(appended_count, 300U);
}

}  // namespace
}  // namespace millrace::client
