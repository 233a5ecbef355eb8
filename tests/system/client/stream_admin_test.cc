#include "system/client/stream_admin.h"

#include <functional>
#include <gtest/gtest.h>
#include <optional>

#include "system/env/sync.h"
#include "tests/system/client/scripted_store.h"

namespace millrace::client {
namespace {

using namespace literals;

constexpr std::uint64_t kSchedules = 20;

/// Runs `call` in a task of its own while the test plays the store.
template <typename T>
class Call {
 public:
  Call(ClientWorld& world, std::function<Result<T>(StreamAdmin&)> call)
      : world_(world), admin_(world.context()), group_(world.tasks) {
    group_.spawn("admin", [this, call] { outcome_.emplace(call(admin_)); });
  }

  Result<T> outcome() {
    EXPECT_TRUE(group_.join(world_.later()).has_value());
    return *outcome_;
  }

 private:
  ClientWorld& world_;
  StreamAdmin admin_;
  TaskGroup group_;
  std::optional<Result<T>> outcome_;
};

Call<void> create(ClientWorld& world, Duration patience) {
  return {world, [&world, patience](StreamAdmin& admin) {
            return admin.create(world.segment(0), world.tasks.now() + patience);
          }};
}

void refuse(ScriptedStore& store, wire::RequestId request, Errc code) {
  store.send(wire::ErrorReply{.request = request, .code = code, .detail = "as scripted"});
}

TEST(StreamAdmin, a_segment_that_was_there_before_is_an_error) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<void> call = create(world, 10_s);
    ScriptedStore store(world);
    refuse(store, store.expect<wire::CreateSegment>().request, Errc::kAlreadyExists);

    EXPECT_TRUE(failed_with(call.outcome(), Errc::kAlreadyExists));
  });
}

TEST(StreamAdmin, another_requests_error_is_no_answer) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<void> call = create(world, 10_s);
    {
      ScriptedStore store(world);
      const auto request = store.expect<wire::CreateSegment>();
      refuse(store, wire::RequestId(request.request.value() + 1), Errc::kInvalid);
      store.expect_hang_up();
    }
    ScriptedStore store(world);
    const auto request = store.expect<wire::CreateSegment>();
    store.send(wire::SegmentCreated{.request = request.request, .segment = request.segment});

    EXPECT_TRUE(call.outcome().has_value());
  });
}

TEST(StreamAdmin, a_segment_that_a_lost_attempt_may_have_made_is_a_success) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<void> call = create(world, 10_s);
    {
      ScriptedStore store(world);
      store.expect<wire::CreateSegment>();
      store.cut();
    }
    ScriptedStore store(world);
    refuse(store, store.expect<wire::CreateSegment>().request, Errc::kAlreadyExists);

    EXPECT_TRUE(call.outcome().has_value());
    EXPECT_EQ(world.journal.marks("admin.retried"), 1);
    EXPECT_EQ(world.journal.marks("admin.created_before"), 1);
  });
}

TEST(StreamAdmin, seals_and_tells_the_final_length) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<std::uint64_t> call(
        world, [&](StreamAdmin& admin) { return admin.seal(world.segment(0), world.later()); });
    {
      ScriptedStore busy(world);
      refuse(busy, busy.expect<wire::SealSegment>().request, Errc::kOverloaded);
    }
    ScriptedStore store(world);
    const auto request = store.expect<wire::SealSegment>();
    store.send(
        wire::SegmentSealed{.request = request.request, .segment = request.segment, .length = 77});

    EXPECT_EQ(*call.outcome(), 77U);
  });
}

TEST(StreamAdmin, truncates_and_tells_the_start) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<std::uint64_t> call(world, [&](StreamAdmin& admin) {
      return admin.truncate(world.segment(1), 40, world.later());
    });
    ScriptedStore store(world);
    const auto request = store.expect<wire::TruncateSegment>();
    EXPECT_EQ(request.offset, 40U);
    store.send(wire::SegmentTruncated{
        .request = request.request, .segment = request.segment, .start_offset = 60});

    EXPECT_EQ(*call.outcome(), 60U);
  });
}

TEST(StreamAdmin, a_truncation_beyond_the_length_fails) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<std::uint64_t> call(world, [&](StreamAdmin& admin) {
      return admin.truncate(world.segment(1), 40, world.later());
    });
    ScriptedStore store(world);
    refuse(store, store.expect<wire::TruncateSegment>().request, Errc::kBadOffset);

    EXPECT_TRUE(failed_with(call.outcome(), Errc::kBadOffset));
  });
}

TEST(StreamAdmin, tells_what_the_store_knows) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<SegmentStatus> call(
        world, [&](StreamAdmin& admin) { return admin.info(world.segment(0), world.later()); });
    ScriptedStore store(world);
    const auto request = store.expect<wire::GetSegmentInfo>();
    store.send(wire::SegmentInfo{.request = request.request,
                                 .segment = request.segment,
                                 .exists = true,
                                 .is_sealed = true,
                                 .start_offset = 3,
                                 .length = 9,
                                 .last_modified = {.ns = 12}});

    const Result<SegmentStatus> status = call.outcome();
    ASSERT_TRUE(status.has_value());
    EXPECT_TRUE(status->exists);
    EXPECT_TRUE(status->is_sealed);
    EXPECT_EQ(status->start_offset, 3U);
    EXPECT_EQ(status->length, 9U);
    EXPECT_EQ(status->last_modified, WallTime{12});
  });
}

TEST(StreamAdmin, an_answer_about_another_segment_is_no_answer) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    ClientWorld world(tasks);
    Call<std::uint64_t> call(
        world, [&](StreamAdmin& admin) { return admin.seal(world.segment(0), world.later()); });
    ScriptedStore store(world);
    const auto request = store.expect<wire::SealSegment>();
    store.send(
        wire::SegmentSealed{.request = request.request, .segment = world.segment(1), .length = 77});

    EXPECT_TRUE(failed_with(call.outcome(), Errc::kProtocol));
  });
}

TEST(StreamAdmin, at_the_deadline_only_what_was_never_sent_did_not_happen) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    {
      ClientWorld world(tasks);
      world.network.is_refusing = true;
      EXPECT_TRUE(failed_with(create(world, 1_s).outcome(), Errc::kRefused));
    }
    {
      ClientWorld world(tasks);
      Call<void> call = create(world, 1_s);
      ScriptedStore store(world);
      store.expect<wire::CreateSegment>();
      EXPECT_TRUE(failed_with(call.outcome(), Errc::kTimeout));
    }
  });
}

}  // namespace
}  // namespace millrace::client
