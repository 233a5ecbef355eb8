// system/env/sync.h on a real Env: what the unit tests hold over a fake Tasks, under its schedules.

#include <optional>

#include "tests/env_conformance/conformance.h"

namespace millrace::conformance {
namespace {

CONFORMANCE_SUITE(SyncConformance, nullptr);

TEST_P(SyncConformance, a_sleep_ends_by_nothing_but_its_deadline_and_a_cancel) {
  run_alone([](Process& p) {
    TaskGroup group(p.tasks);
    const Instant deadline = p.in(5_ms);
    Result<void> slept;
    Result<void> cancelled;
    const TaskId sleeper = group.spawn("sleeper", [&] {
      slept = sleep_until(p.tasks, deadline);
      p.claim(p.clock.now() >= deadline, "success is that the deadline has passed");
      cancelled = sleep_until(p.tasks, kNever);
    });
    p.tasks.unpark(sleeper);
    p.sleep(1_ms);
    p.tasks.unpark(sleeper);
    p.sleep(20_ms);
    group.cancel_all();
    must(group.join(kNever));
    p.claim(slept.has_value(), "an unpark does not end a sleep");
    p.claim(failed_with(cancelled, Errc::kCancelled), "a cancel does");
  });
}

TEST_P(SyncConformance, a_mutex_lets_one_in_at_a_time_in_order_of_arrival) {
  run_alone([](Process& p) {
    Mutex mutex(p.tasks);
    TaskGroup group(p.tasks);
    std::vector<int> arrived;
    std::vector<int> served;
    bool has_met = false;
    for (int i = 0; i < 8; ++i) {
      group.spawn("holder", [&, i] {
        arrived.push_back(i);
        const MutexLock lock = must(mutex.lock(kNever));
        served.push_back(i);
        const std::size_t count = served.size();
        p.sleep(microseconds(50 * (i % 3)));
        has_met = has_met || served.size() != count;
      });
    }
    must(group.join(kNever));
    p.claim(!has_met, "one task at a time holds the lock");
    p.claim(arrived == served, "it is handed over in order of arrival");
    p.claim(!mutex.is_locked(), "the last one leaves it free");
  });
}

TEST_P(SyncConformance, a_lock_that_is_not_handed_over_in_time_is_not_held_later) {
  run_alone([](Process& p) {
    for (int i = 0; i < 20; ++i) {
      Mutex mutex(p.tasks);
      TaskGroup group(p.tasks);
      std::optional<MutexLock> held(must(mutex.lock(kNever)));
      const bool is_cancelled = i % 2 == 0;
      group.spawn("waiter", [&] {
        const Instant deadline = is_cancelled ? kNever : p.in(100_us);
        const Result<MutexLock> lock = mutex.lock(deadline);
        const bool is_late = failed_with(lock, Errc::kTimeout) && p.clock.now() >= deadline;
        p.claim(lock.has_value() || is_late || failed_with(lock, Errc::kCancelled),
                "the lock, or why there is none");
        p.claim(!lock.has_value() || mutex.is_locked(), "who has the lock holds it");
      });
      p.sleep(microseconds(85 + 2 * i));
      if (is_cancelled) group.cancel_all();
      held.reset();
      must(group.join(kNever));
      p.claim(!mutex.is_locked(), "a waiter that gave up leaves no lock behind");
    }
  });
}

TEST_P(SyncConformance, a_condition_ends_a_wait_when_its_predicate_holds) {
  run_alone([](Process& p) {
    Condition changed(p.tasks);
    TaskGroup group(p.tasks);
    int length = 0;
    for (int wanted = 1; wanted <= 5; ++wanted) {
      group.spawn("reader", [&, wanted] {
        must(changed.wait([&] { return length >= wanted; }, kNever));
        p.claim(length >= wanted, "the predicate is true after the wait");
      });
    }
    const auto never = [] { return false; };
    p.claim(failed_with(changed.wait(never, p.in(1_ms)), Errc::kTimeout), "the deadline passed");
    while (length < 5) {
      ++length;
      changed.notify_all();
      p.sleep(30_us);
    }
    must(group.join(kNever));
  });
}

TEST_P(SyncConformance, a_channel_keeps_order_and_bound_and_ends_with_close) {
  run_alone([](Process& p) {
    constexpr int kValues = 200;
    constexpr std::size_t kCapacity = 3;
    Channel<int> channel(p.tasks, kCapacity);
    TaskGroup group(p.tasks);
    std::vector<int> received;
    Result<int> end = 0;
    group.spawn("sender", [&] {
      for (int i = 0; i < kValues; ++i) {
        must(channel.send(i, kNever));
        p.claim(channel.size() <= kCapacity, "no more than the capacity waits");
        if (i % 7 == 0) p.sleep(20_us);
      }
      channel.close();
      p.claim(failed_with(channel.send(0, kNever), Errc::kUnavailable), "it is closed");
    });
    group.spawn("receiver", [&] {
      while (end.has_value()) {
        end = channel.receive(kNever);
        if (end.has_value()) received.push_back(*end);
        if (received.size() % 11 == 0) p.sleep(20_us);
      }
    });
    must(group.join(kNever));
    p.claim(end.error().code == Errc::kUnavailable, "it is closed and empty");
    bool is_in_order = received.size() == kValues;
    for (int i = 0; is_in_order && i < kValues; ++i) {
      is_in_order = received[static_cast<std::size_t>(i)] == i;
    }
    p.claim(is_in_order, "what was accepted is received, once and in order");
  });
}

TEST_P(SyncConformance, a_channel_accepts_nothing_from_a_send_that_failed) {
  run_alone([](Process& p) {
    Channel<int> channel(p.tasks, 1);
    int accepted = 0;
    int received = 0;
    TaskGroup group(p.tasks);
    for (int i = 0; i < 30; ++i) {
      group.spawn("sender", [&, i] {
        const Result<void> sent = channel.send(i, p.in(microseconds(40 * i)));
        if (sent.has_value()) ++accepted;
        p.claim(sent.has_value() || failed_with(sent, Errc::kTimeout), "only its time can end");
      });
    }
    while (group.running_count() != 0 || channel.size() != 0) {
      if (channel.receive(p.in(90_us)).has_value()) ++received;
      p.sleep(60_us);
    }
    must(group.join(kNever));
    p.claim(accepted == received, "accepted and received values are the same");
  });
}

TEST_P(SyncConformance, a_future_gives_its_result_or_that_it_will_never_come) {
  run_alone([](Process& p) {
    TaskGroup group(p.tasks);
    std::optional<Promise<int>> kept(std::in_place, p.tasks);
    std::optional<Promise<int>> dropped(std::in_place, p.tasks);
    Future<int> answer = kept->future();
    Future<int> nothing = dropped->future();
    group.spawn("answers", [&] {
      p.sleep(5_ms);
      kept->set(42);
      dropped.reset();
    });
    p.claim(failed_with(answer.wait(p.in(1_ms)), Errc::kTimeout), "it is not there yet");
    const Result<int> result = answer.wait(kNever);
    p.claim(result.has_value() && *result == 42, "a wait that ended may be made again");
    p.claim(failed_with(nothing.wait(kNever), Errc::kCancelled), "the promise was destroyed");
    must(group.join(kNever));
  });
}

TEST_P(SyncConformance, a_gate_closes_when_the_last_one_inside_has_left) {
  run_alone([](Process& p) {
    Gate gate(p.tasks);
    TaskGroup group(p.tasks);
    int inside = 0;
    for (int i = 0; i < 5; ++i) {
      group.spawn("request", [&, i] {
        const Result<GateHold> hold = gate.enter();
        if (!hold.has_value()) return;
        ++inside;
        p.sleep(milliseconds(2 + i));
        --inside;
      });
    }
    p.sleep(1_ms);
    p.claim(failed_with(gate.close(p.in(100_us)), Errc::kTimeout), "requests are under way");
    p.claim(failed_with(gate.enter(), Errc::kShuttingDown), "it stays closed after an error");
    must(gate.close(kNever));
    p.claim(inside == 0, "nobody is inside a closed gate");
    must(group.join(kNever));
  });
}

TEST_P(SyncConformance, a_cancelled_task_joins_its_own_group_under_a_shield) {
  run_alone([](Process& p) {
    int ended = 0;
    TaskGroup owners(p.tasks);
    owners.spawn("owner", [&] {
      TaskGroup members(p.tasks);
      for (int i = 0; i < 3; ++i) {
        members.spawn("member", [&] {
          p.sleep(1000_s);
          ++ended;
        });
      }
      p.sleep(1000_s);
      p.claim(failed_with(members.join(p.in(1_s)), Errc::kCancelled), "it cannot wait");
      const Shield shield(p.tasks);
      members.cancel_all();
      must(members.join(p.in(1_s)));
      p.claim(ended == 3, "it has waited for all of them");
    });
    p.sleep(1_ms);
    owners.cancel_all();
    must(owners.join(kNever));
    p.claim(ended == 3, "the owner came to its end");
  });
}

TEST_P(SyncConformance, a_group_joins_all_its_tasks_and_may_be_used_again) {
  run_alone([](Process& p) {
    TaskGroup group(p.tasks);
    for (int round = 0; round < 3; ++round) {
      int ended = 0;
      for (int i = 0; i < 4; ++i) {
        group.spawn("member", [&, i] {
          p.sleep(i % 2 == 0 ? microseconds(i) : seconds(1000));
          ++ended;
        });
      }
      p.claim(failed_with(group.join(p.in(1_ms)), Errc::kTimeout), "two members sleep");
      group.cancel_all();
      group.spawn("late", [&] { p.sleep(1000_s); });
      must(group.join(kNever));
      p.claim(ended == 4, "the join waits for all of them");
      p.claim(group.running_count() == 0, "none is left");
    }
  });
}

}  // namespace
}  // namespace millrace::conformance
