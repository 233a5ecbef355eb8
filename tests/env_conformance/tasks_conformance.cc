// The sentences of system/env/tasks.h.

#include <set>

#include "tests/env_conformance/conformance.h"

namespace millrace::conformance {
namespace {

CONFORMANCE_SUITE(TasksConformance, nullptr);

TEST_P(TasksConformance, a_task_is_alone_between_two_calls_that_give_way) {
  run_alone([](Process& p) {
    TaskGroup group(p.tasks);
    int inside = 0;
    bool has_met = false;
    for (int i = 0; i < 8; ++i) {
      group.spawn("worker", [&] {
        for (int round = 0; round < 20; ++round) {
          ++inside;
          has_met = has_met || inside != 1;
          p.journal.mark("conformance.step");
          p.random.next();
          --inside;
          p.sleep(microseconds(round));
        }
      });
    }
    must(group.join(kNever));
    p.claim(!has_met, "a task gives way only where a deadline says so");
  });
}

TEST_P(TasksConformance, a_spawned_body_runs_later_under_the_id_that_spawn_gave) {
  run_alone([](Process& p) {
    std::set<TaskId> ids = {p.tasks.current()};
    for (int i = 0; i < 50; ++i) {
      TaskId seen;
      bool has_run = false;
      Latch done(p.tasks, 1);
      const TaskId spawned = p.tasks.spawn("short", [&] {
        seen = p.tasks.current();
        has_run = true;
        done.count_down();
      });
      p.claim(!has_run, "a body never runs within spawn()");
      must(done.wait(kNever));
      p.claim(seen == spawned, "current() is what spawn() gave");
      p.claim(ids.insert(spawned).second, "an id is never used twice");
    }
  });
}

TEST_P(TasksConformance, a_park_ends_no_earlier_than_its_deadline) {
  run_alone([](Process& p) {
    for (const Duration wait : {seconds(-1), 0_s, 1_ns, 50_us, 3_ms}) {
      const Instant deadline = p.in(wait);
      p.claim(p.tasks.park(deadline) == Wake::kTimeout, "nobody unparked it");
      p.claim(p.clock.now() >= deadline, "the deadline has passed on this machine's clock");
    }
  });
}

TEST_P(TasksConformance, one_unpark_before_the_park_is_remembered) {
  run_alone([](Process& p) {
    const TaskId self = p.tasks.current();
    p.tasks.unpark(self);
    p.tasks.unpark(self);
    p.claim(p.tasks.park(p.in(10_s)) == Wake::kUnparked, "the unpark ends the next park");
    p.claim(p.tasks.park(p.in(1_ms)) == Wake::kTimeout, "one is remembered, not several");
    p.tasks.unpark(self);
    p.claim(p.tasks.park(p.in(0_s)) == Wake::kUnparked, "it ends the park before the deadline");
  });
}

TEST_P(TasksConformance, no_unpark_is_lost) {
  // Two tasks hand a turn to each other without any deadline: one lost wake-up and they hang. An
  // unpark that a park left over is a wake-up too many, so each looks at the turn again.
  run_alone([](Process& p) {
    constexpr int kTurns = 300;
    int turn = 0;
    TaskId players[2];
    TaskGroup group(p.tasks);
    for (int me = 0; me < 2; ++me) {
      players[me] = group.spawn("player", [&, me] {
        while (turn < kTurns) {
          if (turn % 2 == me) {
            ++turn;
            p.tasks.unpark(players[1 - me]);
          } else {
            p.tasks.park(kNever);
          }
        }
      });
    }
    must(group.join(kNever));
  });
}

TEST_P(TasksConformance, an_unpark_that_races_the_deadline_is_seen_now_or_at_the_next_park) {
  run_alone([](Process& p) {
    for (int i = 0; i < 50; ++i) {
      TaskGroup group(p.tasks);
      int wakes = 0;
      const TaskId waiter = group.spawn("waiter", [&] {
        if (p.tasks.park(p.in(100_us)) == Wake::kUnparked) ++wakes;
        if (p.tasks.park(p.in(20_ms)) == Wake::kUnparked) ++wakes;
      });
      p.sleep(microseconds(90 + i));
      p.tasks.unpark(waiter);
      must(group.join(kNever));
      p.claim(wakes == 1, "the unpark ended one park");
    }
  });
}

TEST_P(TasksConformance, each_park_of_a_cancelled_task_ends_at_once) {
  run_alone([](Process& p) {
    TaskGroup group(p.tasks);
    int cancelled = 0;
    const TaskId waiter = group.spawn("waiter", [&] {
      for (int i = 0; i < 3; ++i) {
        if (p.tasks.park(kNever) == Wake::kCancelled) ++cancelled;
      }
      p.tasks.unpark(p.tasks.current());
      if (p.tasks.park(kNever) == Wake::kCancelled) ++cancelled;
      if (p.tasks.park(p.in(seconds(-1))) == Wake::kCancelled) ++cancelled;
    });
    p.sleep(1_ms);
    p.claim(cancelled == 0, "nothing but a cancel ends a park without a deadline");
    p.tasks.cancel(waiter);
    must(group.join(kNever));
    p.claim(cancelled == 5, "the current park and each later one, whatever else would end it");

    p.tasks.unpark(waiter);
    p.tasks.cancel(waiter);
    p.sleep(1_ms);
  });
}

TEST_P(TasksConformance, a_task_that_was_cancelled_before_its_start_runs_and_cannot_wait) {
  run_alone([](Process& p) {
    Wake wake = Wake::kTimeout;
    TaskGroup group(p.tasks);
    p.tasks.cancel(group.spawn("waiter", [&] { wake = p.tasks.park(kNever); }));
    must(group.join(kNever));
    p.claim(wake == Wake::kCancelled, "its first park is cancelled");
  });
}

TEST_P(TasksConformance, a_shielded_task_parks_as_if_nobody_had_cancelled_it) {
  run_alone([](Process& p) {
    std::vector<Wake> wakes;
    TaskGroup group(p.tasks);
    const TaskId waiter = group.spawn("waiter", [&] {
      {
        const Shield shield(p.tasks);
        wakes.push_back(p.tasks.park(p.in(2_ms)));
        wakes.push_back(p.tasks.park(kNever));
        {
          const Shield again(p.tasks);
        }
        wakes.push_back(p.tasks.park(p.in(1_ms)));
      }
      wakes.push_back(p.tasks.park(kNever));
    });
    p.sleep(1_ms);
    p.tasks.cancel(waiter);
    p.sleep(10_ms);
    p.claim(wakes == std::vector{Wake::kTimeout}, "the cancel ended no park");
    p.tasks.unpark(waiter);
    must(group.join(kNever));
    p.claim(wakes == std::vector{Wake::kTimeout, Wake::kUnparked, Wake::kTimeout, Wake::kCancelled},
            "the first park after the shield is cancelled");
  });
}

TEST_P(TasksConformance, giving_way_within_a_no_block_scope_is_a_failed_check) {
  const std::string_view message = "NoBlock";
  run_into_check(
      [](Process& p) {
        const NoBlock alone(p.tasks);
        p.tasks.park(p.in(1_ms));
      },
      message);
  run_into_check(
      [](Process& p) {
        const NoBlock alone(p.tasks);
        ignore(p.disk.list(""), "it never returns");
      },
      message);
}

}  // namespace
}  // namespace millrace::conformance
