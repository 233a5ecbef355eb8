#include "system/client/segment_reader.h"

#include <gtest/gtest.h>
#include <optional>
#include <string_view>

#include "system/env/sync.h"
#include "tests/system/client/scripted_store.h"

namespace millrace::client {
namespace {

using namespace literals;

constexpr std::uint64_t kSchedules = 30;

/// One read in a task of its own, while the test plays the store.
class Read {
 public:
  Read(ClientWorld& world, SegmentReader& reader, Duration patience)
      : world_(world), group_(world.tasks) {
    group_.spawn("reader", [this, &reader, patience] {
      outcome_.emplace(reader.read(world_.tasks.now() + patience));
    });
  }

  Result<SegmentBytes> outcome() {
    EXPECT_TRUE(group_.join(world_.later()).has_value());
    return *outcome_;
  }

 private:
  ClientWorld& world_;
  TaskGroup group_;
  std::optional<Result<SegmentBytes>> outcome_;
};

void give(ScriptedStore& store, const wire::ReadSegment& request, std::string_view data,
          bool is_at_tail) {
  store.send(wire::SegmentRead{.request = request.request,
                               .segment = request.segment,
                               .offset = request.offset,
                               .is_at_tail = is_at_tail,
                               .is_end = false,
                               .data = to_bytes(data)});
}

TEST(SegmentReader, reads_on_from_where_the_last_read_ended) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(1), 40);
    Read first(world, reader, 10_s);
    ScriptedStore store(world);
    const auto request = store.expect<wire::ReadSegment>();
    EXPECT_EQ(request.segment, world.segment(1));
    EXPECT_EQ(request.offset, 40U);
    give(store, request, "abc", false);
    const Result<SegmentBytes> bytes = first.outcome();
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(as_text(bytes->data), "abc");
    EXPECT_EQ(bytes->offset, 40U);

    Read second(world, reader, 10_s);
    const auto next_request = store.expect<wire::ReadSegment>();
    EXPECT_EQ(next_request.offset, 43U);
    give(store, next_request, "d", true);

    EXPECT_TRUE(second.outcome()->is_at_tail);
    EXPECT_EQ(reader.offset(), 44U);
  });
}

TEST(SegmentReader, at_the_tail_asks_again_until_something_comes) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 0);
    Read read(world, reader, 10_s);
    ScriptedStore store(world);
    for (int i = 0; i < 3; ++i) {
      const auto request = store.expect<wire::ReadSegment>();
      EXPECT_EQ(request.wait, world.config.read_wait);
      give(store, request, "", true);
    }
    give(store, store.expect<wire::ReadSegment>(), "x", true);

    EXPECT_EQ(as_text(read.outcome()->data), "x");
    EXPECT_EQ(world.network.connect_count, 1);
  });
}

TEST(SegmentReader, a_call_that_runs_out_of_time_leaves_its_request_to_the_next) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 0);
    Read first(world, reader, 10_ms);
    ScriptedStore store(world);
    const auto request = store.expect<wire::ReadSegment>();
    EXPECT_LE(request.wait, 10_ms);
    EXPECT_TRUE(failed_with(first.outcome(), Errc::kTimeout));

    Read second(world, reader, 10_ms);
    give(store, request, "late", true);

    EXPECT_EQ(as_text(second.outcome()->data), "late");
    EXPECT_EQ(world.network.connect_count, 1);
    EXPECT_EQ(world.journal.marks("reader.reissued"), 0);
  });
}

TEST(SegmentReader, a_lost_request_is_made_again) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 7);
    Read read(world, reader, 10_s);
    {
      ScriptedStore store(world);
      store.expect<wire::ReadSegment>();
      store.cut();
    }
    ScriptedStore store(world);
    const auto request = store.expect<wire::ReadSegment>();
    EXPECT_EQ(request.offset, 7U);
    give(store, request, "x", true);

    EXPECT_TRUE(read.outcome().has_value());
    EXPECT_EQ(world.journal.marks("reader.reissued"), 1);
  });
}

TEST(SegmentReader, a_silent_store_is_given_up) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 7);
    Read read(world, reader, 60_s);
    ScriptedStore silent(world);
    silent.expect<wire::ReadSegment>();
    silent.expect_hang_up();

    ScriptedStore store(world);
    give(store, store.expect<wire::ReadSegment>(), "x", true);

    EXPECT_TRUE(read.outcome().has_value());
    EXPECT_EQ(world.journal.marks("reader.reissued"), 1);
  });
}

TEST(SegmentReader, bytes_that_were_not_asked_for_end_the_connection) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 7);
    Read read(world, reader, 60_s);
    ScriptedStore wrong(world);
    auto request = wrong.expect<wire::ReadSegment>();
    request.offset = 8;
    give(wrong, request, "wrong", true);
    wrong.expect_hang_up();

    ScriptedStore store(world);
    give(store, store.expect<wire::ReadSegment>(), "right", true);

    EXPECT_EQ(as_text(read.outcome()->data), "right");
  });
}

TEST(SegmentReader, after_a_truncation_stands_at_the_new_start) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 7);
    Read first(world, reader, 10_s);
    ScriptedStore store(world);
    const auto request = store.expect<wire::ReadSegment>();
    store.send(wire::ReadTruncated{
        .request = request.request, .segment = request.segment, .start_offset = 500});
    EXPECT_TRUE(failed_with(first.outcome(), Errc::kTruncated));
    EXPECT_EQ(reader.offset(), 500U);

    Read second(world, reader, 10_s);
    const auto next_request = store.expect<wire::ReadSegment>();
    EXPECT_EQ(next_request.offset, 500U);
    give(store, next_request, "x", false);

    EXPECT_EQ(second.outcome()->offset, 500U);
  });
}

TEST(SegmentReader, tells_the_end_of_a_sealed_segment) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 7);
    Read read(world, reader, 10_s);
    ScriptedStore store(world);
    const auto request = store.expect<wire::ReadSegment>();
    store.send(wire::SegmentRead{.request = request.request,
                                 .segment = request.segment,
                                 .offset = request.offset,
                                 .is_at_tail = true,
                                 .is_end = true,
                                 .data = {}});

    const Result<SegmentBytes> bytes = read.outcome();
    ASSERT_TRUE(bytes.has_value());
    EXPECT_TRUE(bytes->is_end);
    EXPECT_TRUE(bytes->data.empty());
  });
}

TEST(SegmentReader, hands_on_what_no_attempt_can_change) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    for (const Errc code : {Errc::kNotFound, Errc::kBadOffset, Errc::kInvalid}) {
      ClientWorld world(tasks);
      SegmentReader reader(world.context(), world.segment(0), 7);
      Read read(world, reader, 10_s);
      ScriptedStore store(world);
      const auto request = store.expect<wire::ReadSegment>();
      store.send(wire::ErrorReply{.request = request.request, .code = code, .detail = ""});

      EXPECT_TRUE(failed_with(read.outcome(), code));
    }
  });
}

// One request is outstanding, so an error of another one is no answer, and its sender not trusted.
TEST(SegmentReader, does_not_take_another_requests_error_for_its_own) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    SegmentReader reader(world.context(), world.segment(0), 7);
    Read read(world, reader, 10_s);
    {
      ScriptedStore store(world);
      const auto request = store.expect<wire::ReadSegment>();
      const wire::RequestId other(request.request.value() + 1);
      store.send(wire::ErrorReply{.request = other, .code = Errc::kNotFound, .detail = ""});
      store.expect_hang_up();
    }
    ScriptedStore store(world);
    give(store, store.expect<wire::ReadSegment>(), "abc", false);

    EXPECT_TRUE(read.outcome().has_value());
  });
}

TEST(SegmentReader, keeps_trying_until_the_deadline_where_nobody_listens) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    world.network.is_refusing = true;
    SegmentReader reader(world.context(), world.segment(0), 7);
    const Instant before = tasks.now();

    EXPECT_TRUE(failed_with(reader.read(before + 60_s), Errc::kTimeout));

    EXPECT_EQ(tasks.now(), before + 60_s);
    // Pauses of half a second to a second, once they have grown.
    EXPECT_GT(world.network.connect_count, 60);
    EXPECT_LT(world.network.connect_count, 150);
  });
}

}  // namespace
}  // namespace millrace::client
