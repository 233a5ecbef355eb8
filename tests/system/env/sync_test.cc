#include "system/env/sync.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "tests/system/env/fake_tasks.h"

namespace millrace {
namespace {

using namespace literals;

constexpr std::uint64_t kSchedules = 200;
constexpr Instant kNever = Instant::max();

Instant at(Duration since_start) { return Instant{} + since_start; }

TEST(SleepUntil, returns_at_its_deadline_in_spite_of_a_wake_up_left_over) {
  under_schedules(1, [](FakeTasks& tasks) {
    tasks.unpark(tasks.current());

    const Result<void> slept = sleep_until(tasks, at(5_ms));

    EXPECT_TRUE(slept.has_value());
    EXPECT_EQ(tasks.now(), at(5_ms));
  });
}

TEST(SleepUntil, ends_when_the_task_is_cancelled) {
  under_schedules(1, [](FakeTasks& tasks) {
    const TaskId self = tasks.current();
    tasks.spawn("canceller", [&tasks, self] { tasks.cancel(self); });

    EXPECT_TRUE(failed_with(sleep_until(tasks, kNever), Errc::kCancelled));
  });
}

TEST(NoBlock, makes_a_wait_within_it_a_failed_check) {
  EXPECT_DEATH(under_schedules(1,
                               [](FakeTasks& tasks) {
                                 const NoBlock outer(tasks);
                                 {
                                   const NoBlock inner(tasks);
                                 }
                                 ignore(sleep_until(tasks, at(1_ms)), "it never returns");
                               }),
               "inside a NoBlock scope");
}

TEST(NoBlock, ends_with_its_scope) {
  under_schedules(1, [](FakeTasks& tasks) {
    {
      const NoBlock atomic(tasks);
    }
    EXPECT_TRUE(sleep_until(tasks, at(1_ms)).has_value());
  });
}

TEST(Mutex, lets_one_task_at_a_time_in_and_serves_in_order_of_arrival) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Mutex mutex(tasks);
    TaskGroup group(tasks);
    std::vector<int> arrived;
    std::vector<int> served;
    for (int i = 0; i < 5; ++i) {
      group.spawn("holder", [&, i] {
        arrived.push_back(i);
        Result<MutexLock> lock = mutex.lock(kNever);
        ASSERT_TRUE(lock.has_value());
        served.push_back(i);
        const std::size_t served_before = served.size();
        ASSERT_TRUE(sleep_until(tasks, tasks.now() + 1_ms).has_value());
        // Nobody was let in while this task slept inside.
        EXPECT_EQ(served.size(), served_before);
      });
    }

    ASSERT_TRUE(group.join(kNever).has_value());

    EXPECT_EQ(served, arrived);
    EXPECT_FALSE(mutex.is_locked());
  });
}

TEST(Mutex, is_locked_after_a_timeout_only_by_its_holder) {
  under_schedules(1, [](FakeTasks& tasks) {
    Mutex mutex(tasks);
    std::optional<MutexLock> held;
    {
      Result<MutexLock> lock = mutex.lock(kNever);
      ASSERT_TRUE(lock.has_value());
      held.emplace(std::move(*lock));
    }

    EXPECT_TRUE(failed_with(mutex.lock(at(3_ms)), Errc::kTimeout));
    EXPECT_EQ(tasks.now(), at(3_ms));
    held->unlock();

    EXPECT_TRUE(mutex.lock(at(3_ms)).has_value()) << "a free mutex needs no wait";
  });
}

// Holders sleep 1 ms; the waiters' deadlines and the cancellations fall on the same milliseconds,
// so that a lock is often handed to a task whose time is over. If one hand-over were lost, the
// mutex would stay locked and the last lock would wait forever, which the fake reports as a
// deadlock.
TEST(Mutex, loses_no_hand_over_to_a_timeout_or_a_cancellation_at_the_same_instant) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Mutex mutex(tasks);
    TaskGroup group(tasks);
    std::vector<TaskId> ids;
    for (int i = 0; i < 6; ++i) {
      ids.push_back(group.spawn("holder", [&, i] {
        const Result<MutexLock> lock = mutex.lock(at(milliseconds(i)));
        if (lock.has_value()) {
          ignore(sleep_until(tasks, tasks.now() + 1_ms), "a cancelled holder just leaves sooner");
        }
      }));
    }
    ASSERT_TRUE(sleep_until(tasks, at(2_ms)).has_value());
    tasks.cancel(ids[4]);
    tasks.cancel(ids[5]);

    EXPECT_TRUE(mutex.lock(kNever).has_value());
    EXPECT_TRUE(group.join(kNever).has_value());
    EXPECT_FALSE(mutex.is_locked());
  });
}

TEST(Condition, returns_at_once_when_its_predicate_holds) {
  under_schedules(1, [](FakeTasks& tasks) {
    Condition condition(tasks);
    EXPECT_TRUE(condition.wait([] { return true; }, Instant{}).has_value());
  });
}

TEST(Condition, wakes_all_and_each_waits_on_until_its_own_predicate_holds) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Condition grew(tasks);
    TaskGroup group(tasks);
    int length = 0;
    std::vector<int> passed;
    for (int wanted = 1; wanted <= 3; ++wanted) {
      group.spawn("waiter", [&, wanted] {
        ASSERT_TRUE(grew.wait([&] { return length >= wanted; }, kNever).has_value());
        EXPECT_GE(length, wanted);
        passed.push_back(wanted);
      });
    }
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(sleep_until(tasks, tasks.now() + 1_ms).has_value());
      ++length;
      grew.notify_all();
    }

    ASSERT_TRUE(group.join(kNever).has_value());
    EXPECT_EQ(passed, (std::vector<int>{1, 2, 3}));
  });
}

TEST(Condition, a_notification_wakes_nobody_whose_predicate_is_false) {
  under_schedules(1, [](FakeTasks& tasks) {
    Condition changed(tasks);
    TaskGroup group(tasks);
    int tests = 0;
    int length = 0;
    group.spawn("waiter", [&] {
      const auto is_long = [&] {
        ++tests;
        return length >= 2;
      };
      ASSERT_TRUE(changed.wait(is_long, kNever).has_value());
    });
    ASSERT_TRUE(sleep_until(tasks, tasks.now() + 1_ms).has_value());

    length = 1;
    changed.notify_all();
    ASSERT_TRUE(sleep_until(tasks, tasks.now() + 1_ms).has_value());
    EXPECT_EQ(tests, 2) << "before the wait and by the notification, but not by the task again";

    length = 2;
    changed.notify_all();
    ASSERT_TRUE(group.join(kNever).has_value());
    EXPECT_EQ(tests, 4) << "by the notification that wakes it, and by the task before it goes on";
  });
}

TEST(Condition, times_out_while_the_predicate_is_false) {
  under_schedules(1, [](FakeTasks& tasks) {
    Condition condition(tasks);
    const Result<void> waited = condition.wait([] { return false; }, at(2_ms));
    EXPECT_TRUE(failed_with(waited, Errc::kTimeout));
    EXPECT_EQ(tasks.now(), at(2_ms));
  });
}

TEST(Condition, a_waiter_waits_on_where_others_took_what_it_was_woken_for) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Condition has_item(tasks);
    TaskGroup group(tasks);
    int items = 0;
    int taken = 0;
    for (int i = 0; i < 3; ++i) {
      group.spawn("taker", [&] {
        if (!has_item.wait([&] { return items > 0; }, at(10_ms)).has_value()) return;
        --items;
        ++taken;
      });
    }
    ASSERT_TRUE(sleep_until(tasks, at(1_ms)).has_value());
    items = 2;
    has_item.notify_all();  // Before any of them runs, the predicate of the third holds, too.

    ASSERT_TRUE(group.join(kNever).has_value());
    EXPECT_EQ(taken, 2);
    EXPECT_EQ(items, 0);
    EXPECT_EQ(tasks.now(), at(10_ms)) << "the third one gave up at its deadline";
  });
}

TEST(Latch, opens_for_everybody_at_the_last_count_and_stays_open) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Latch latch(tasks, 2);
    TaskGroup group(tasks);
    int passed = 0;
    for (int i = 0; i < 3; ++i) {
      group.spawn("waiter", [&] {
        ASSERT_TRUE(latch.wait(kNever).has_value());
        EXPECT_TRUE(latch.is_open());
        ++passed;
      });
    }
    latch.count_down();
    ASSERT_TRUE(sleep_until(tasks, at(1_ms)).has_value());
    EXPECT_EQ(passed, 0);
    latch.count_down();

    ASSERT_TRUE(group.join(kNever).has_value());
    EXPECT_EQ(passed, 3);
    EXPECT_TRUE(latch.wait(Instant{}).has_value());
  });
}

TEST(Latch, is_open_from_the_start_when_nothing_needs_to_happen) {
  under_schedules(1, [](FakeTasks& tasks) {
    Latch latch(tasks, 0);
    EXPECT_TRUE(latch.wait(Instant{}).has_value());
  });
}

TEST(Latch, times_out_while_it_is_shut) {
  under_schedules(1, [](FakeTasks& tasks) {
    Latch latch(tasks, 1);
    EXPECT_TRUE(failed_with(latch.wait(at(1_ms)), Errc::kTimeout));
  });
}

TEST(TaskGroup, joins_when_its_last_task_has_ended) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    TaskGroup group(tasks);
    int ended = 0;
    for (int i = 1; i <= 3; ++i) {
      group.spawn("sleeper", [&, i] {
        ASSERT_TRUE(sleep_until(tasks, at(milliseconds(i))).has_value());
        ++ended;
      });
    }
    EXPECT_TRUE(failed_with(group.join(at(2_ms)), Errc::kTimeout));
    EXPECT_GE(group.running_count(), 1U);

    EXPECT_TRUE(group.join(kNever).has_value());
    EXPECT_EQ(ended, 3);
    EXPECT_EQ(group.running_count(), 0U);
  });
}

TEST(TaskGroup, cancels_its_tasks_and_those_that_they_spawn_meanwhile) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    TaskGroup group(tasks);
    int cancelled = 0;
    const auto wait_forever = [&] {
      EXPECT_TRUE(failed_with(sleep_until(tasks, kNever), Errc::kCancelled));
      ++cancelled;
    };
    group.spawn("parent", [&] {
      wait_forever();
      group.spawn("child", wait_forever);
    });
    ASSERT_TRUE(sleep_until(tasks, at(1_ms)).has_value());

    group.cancel_all();
    EXPECT_TRUE(group.join(kNever).has_value());
    EXPECT_EQ(cancelled, 2);

    group.spawn("later", [&] { EXPECT_TRUE(sleep_until(tasks, at(2_ms)).has_value()); });
    EXPECT_TRUE(group.join(kNever).has_value()) << "a joined group starts anew";
  });
}

TEST(TaskGroup, destroys_what_a_body_holds_before_the_join) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    TaskGroup group(tasks);
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> observed = held;
    group.spawn("holder", [held = std::move(held), &tasks] {
      ASSERT_TRUE(sleep_until(tasks, at(1_ms)).has_value());
    });

    ASSERT_TRUE(group.join(kNever).has_value());
    EXPECT_TRUE(observed.expired());
  });
}

TEST(TaskGroup, must_be_joined_before_it_is_destroyed) {
  EXPECT_DEATH(under_schedules(1,
                               [](FakeTasks& tasks) {
                                 TaskGroup group(tasks);
                                 group.spawn("orphan", [] {});
                               }),
               "a group is joined before it is destroyed");
}

TEST(Gate, refuses_newcomers_and_closes_when_the_last_one_has_left) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Gate gate(tasks);
    TaskGroup group(tasks);
    int inside = 0;
    for (int i = 1; i <= 3; ++i) {
      group.spawn("request", [&, i] {
        const Result<GateHold> hold = gate.enter();
        ASSERT_TRUE(hold.has_value());
        ++inside;
        ASSERT_TRUE(sleep_until(tasks, at(milliseconds(i))).has_value());
        --inside;
      });
    }
    ASSERT_TRUE(sleep_until(tasks, at(milliseconds(0)) + 1_ns).has_value());

    EXPECT_TRUE(failed_with(gate.close(at(2_ms)), Errc::kTimeout));
    EXPECT_TRUE(failed_with(gate.enter(), Errc::kShuttingDown));
    EXPECT_TRUE(gate.close(kNever).has_value());

    EXPECT_EQ(inside, 0);
    EXPECT_TRUE(gate.close(Instant{}).has_value()) << "nobody is inside, so it need not wait";
    ASSERT_TRUE(group.join(kNever).has_value());
  });
}

TEST(Gate, counts_a_hold_that_was_moved_once) {
  under_schedules(1, [](FakeTasks& tasks) {
    Gate gate(tasks);
    {
      Result<GateHold> hold = gate.enter();
      const GateHold moved = std::move(*hold);
      EXPECT_EQ(gate.inside_count(), 1U);
    }
    EXPECT_EQ(gate.inside_count(), 0U);
  });
}

TEST(Future, hands_over_a_result_that_comes_before_or_after_the_wait) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    Promise<std::unique_ptr<int>> promise(tasks);
    Future<std::unique_ptr<int>> future = promise.future();
    TaskGroup group(tasks);
    group.spawn("answerer", [&] { promise.set(std::make_unique<int>(7)); });

    const Result<std::unique_ptr<int>> answer = future.wait(kNever);

    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(**answer, 7);
    ASSERT_TRUE(group.join(kNever).has_value());
  });
}

TEST(Future, may_be_waited_for_again_after_a_timeout) {
  under_schedules(1, [](FakeTasks& tasks) {
    Promise<void> promise(tasks);
    Future<void> future = promise.future();

    EXPECT_TRUE(failed_with(future.wait(at(1_ms)), Errc::kTimeout));
    EXPECT_FALSE(future.is_ready());
    promise.set(fail(Errc::kSealed));

    EXPECT_TRUE(future.is_ready());
    EXPECT_TRUE(failed_with(future.wait(Instant{}), Errc::kSealed));
  });
}

TEST(Future, ends_as_cancelled_when_its_promise_is_dropped) {
  under_schedules(kSchedules, [](FakeTasks& tasks) {
    auto promise = std::make_unique<Promise<int>>(tasks);
    Future<int> future = promise->future();
    TaskGroup group(tasks);
    group.spawn("dropper", [&] { promise.reset(); });

    EXPECT_TRUE(failed_with(future.wait(kNever), Errc::kCancelled));
    ASSERT_TRUE(group.join(kNever).has_value());
  });
}

TEST(Future, may_be_dropped_before_the_result) {
  under_schedules(1, [](FakeTasks& tasks) {
    Promise<int> promise(tasks);
    {
      const Future<int> dropped = promise.future();
    }
    promise.set(1);
  });
}

TEST(Future, gives_its_result_once) {
  EXPECT_DEATH(under_schedules(1,
                               [](FakeTasks& tasks) {
                                 Promise<int> promise(tasks);
                                 Future<int> future = promise.future();
                                 promise.set(1);
                                 ignore(future.wait(kNever), "takes it");
                                 ignore(future.wait(kNever), "never returns");
                               }),
               "a result is taken once");
}

}  // namespace
}  // namespace millrace
