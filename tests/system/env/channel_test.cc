#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <vector>

#include "system/env/sync.h"
#include "tests/system/env/fake_tasks.h"

namespace millrace {
namespace {

using namespace literals;

constexpr std::uint64_t kSchedules = 300;
constexpr Instant kNever = Instant::max();

Instant at(Duration since_start) { return Instant{} + since_start; }

TEST(Channel, keeps_the_order_of_one_sender_and_waits_while_it_is_full) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Channel<int> channel(tasks, 2);
    TaskGroup group(tasks);
    group.spawn("sender", [&] {
      for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(channel.send(i, kNever).has_value());
        EXPECT_LE(channel.size(), 2U);
      }
      channel.close();
    });

    std::vector<int> received;
    while (true) {
      const Result<int> value = channel.receive(kNever);
      if (!value.has_value()) {
        EXPECT_EQ(value.error().code, Errc::kUnavailable);
        break;
      }
      received.push_back(*value);
    }

    EXPECT_EQ(received, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    ASSERT_TRUE(group.join(kNever).has_value());
  });
}

TEST(Channel, times_out_without_accepting_when_it_stays_full) {
  under_schedules(1, [](FakeTasks& tasks) {
    Channel<int> channel(tasks, 1);
    ASSERT_TRUE(channel.send(1, Instant{}).has_value()) << "there is room, so no wait";

    EXPECT_TRUE(failed_with(channel.send(2, at(1_ms)), Errc::kTimeout));

    const Result<int> first = channel.receive(Instant{});
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(*first, 1);
    EXPECT_TRUE(failed_with(channel.receive(at(2_ms)), Errc::kTimeout));
  });
}

TEST(Channel, leaves_a_value_untouched_that_it_cannot_accept) {
  under_schedules(1, [](FakeTasks& tasks) {
    Channel<std::unique_ptr<int>> channel(tasks, 1);
    auto first = std::make_unique<int>(1);
    auto second = std::make_unique<int>(2);

    EXPECT_TRUE(channel.try_send(first));
    EXPECT_FALSE(channel.try_send(second));
    EXPECT_NE(second, nullptr);
    EXPECT_TRUE(channel.try_receive().has_value());
    EXPECT_FALSE(channel.try_receive().has_value());
  });
}

TEST(Channel, wakes_everybody_when_it_closes_and_gives_out_what_it_had_accepted) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Channel<int> full(tasks, 1);
    Channel<int> empty(tasks, 1);
    TaskGroup group(tasks);
    ASSERT_TRUE(full.send(1, kNever).has_value());
    group.spawn("sender",
                [&] { EXPECT_TRUE(failed_with(full.send(2, kNever), Errc::kUnavailable)); });
    group.spawn("receiver",
                [&] { EXPECT_TRUE(failed_with(empty.receive(kNever), Errc::kUnavailable)); });
    ASSERT_TRUE(sleep_until(tasks, at(1_ms)).has_value());

    full.close();
    full.close();
    empty.close();

    ASSERT_TRUE(group.join(kNever).has_value());
    const Result<int> accepted = full.receive(kNever);
    ASSERT_TRUE(accepted.has_value());
    EXPECT_EQ(*accepted, 1);
    EXPECT_TRUE(failed_with(full.receive(kNever), Errc::kUnavailable));
  });
}

TEST(Channel, serves_waiting_receivers_in_order_of_arrival) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Channel<int> channel(tasks, 4);
    TaskGroup group(tasks);
    std::vector<int> arrived;
    std::vector<int> values(3, -1);
    for (int i = 0; i < 3; ++i) {
      group.spawn("receiver", [&, i] {
        arrived.push_back(i);
        const Result<int> value = channel.receive(kNever);
        ASSERT_TRUE(value.has_value());
        values[static_cast<std::size_t>(i)] = *value;
      });
    }
    ASSERT_TRUE(sleep_until(tasks, at(1_ms)).has_value());
    for (int value = 0; value < 3; ++value) ASSERT_TRUE(channel.send(value, kNever).has_value());

    ASSERT_TRUE(group.join(kNever).has_value());
    for (int order = 0; order < 3; ++order) {
      EXPECT_EQ(values[static_cast<std::size_t>(arrived[static_cast<std::size_t>(order)])], order);
    }
  });
}

// Senders and receivers give up and are cancelled at the very instants at which values move.
// Exactly the values whose send succeeded must come out, once each: a value that was handed to a
// receiver whose time is over, or taken from a sender whose time is over, counts as moved.
TEST(Channel, delivers_exactly_the_accepted_values_under_timeouts_and_cancellation) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Channel<int> channel(tasks, 2);
    TaskGroup group(tasks);
    FakeRandom random(static_cast<std::uint64_t>(tasks.current().value()));
    std::multiset<int> accepted;
    std::multiset<int> received;
    std::vector<TaskId> ids;
    for (int i = 0; i < 4; ++i) {
      ids.push_back(group.spawn("sender", [&, i] {
        for (int n = 0; n < 8; ++n) {
          const int value = i * 100 + n;
          if (channel.send(value, tasks.now() + milliseconds(n % 3)).has_value()) {
            accepted.insert(value);
          }
        }
      }));
      ids.push_back(group.spawn("receiver", [&, i] {
        for (int n = 0; n < 8; ++n) {
          const Result<int> value = channel.receive(tasks.now() + milliseconds((n + i) % 3));
          if (value.has_value()) received.insert(*value);
          if (n % 2 == 0) ignore(sleep_until(tasks, tasks.now() + 1_ms), "cancelled is fine");
        }
      }));
    }
    ASSERT_TRUE(sleep_until(tasks, at(2_ms)).has_value());
    tasks.cancel(ids[0]);
    tasks.cancel(ids[1]);
    ASSERT_TRUE(group.join(kNever).has_value());

    while (const std::optional<int> left = channel.try_receive()) received.insert(*left);
    EXPECT_EQ(received, accepted);
    EXPECT_GE(accepted.size(), 4U) << "some values must have moved for the test to say anything";
  });
}

}  // namespace
}  // namespace millrace
