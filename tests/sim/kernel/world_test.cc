#include "sim/kernel/world.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace::sim {
namespace {

/// A world with a few machines, and a log of what its tasks did.
class WorldTest : public ::testing::Test {
 protected:
  World& make(WorldOptions options = {}) {
    world_ = std::make_unique<World>(std::move(options), observer_);
    return *world_;
  }

  Machine& machine(const std::string& name, ClockSpec clock = {}) {
    return world_->add_machine(name, clock);
  }

  /// Boots a process whose main task runs `body`.
  Process& boot(Machine& on, std::function<void()> body) {
    return world_->boot(on, "role", boot_root(on.name(), {}), [&](Process&) { return body; });
  }

  void sleep(Duration duration) {
    const ArenaScope simulator(nullptr);
    Machine& here = world_->current()->machine();
    world_->park(here.local_at(world_->now()) + duration);
  }

  void say(const std::string& what) {
    const ArenaScope simulator(nullptr);
    log_.push_back(std::to_string(world_->now().ns / 1'000'000) + " " + what.c_str());
  }

  Observer observer_;
  std::unique_ptr<World> world_;
  std::vector<std::string> log_;
};

TEST_F(WorldTest, a_sleep_ends_at_its_deadline) {
  make();
  boot(machine("a"), [&] {
    say("start");
    sleep(milliseconds(5));
    say("later");
  });

  EXPECT_EQ(world_->run_until(SimTime{seconds(1).ns}), StopKind::kIdle);

  EXPECT_EQ(log_, (std::vector<std::string>{"0 start", "5 later"}));
}

TEST_F(WorldTest, a_killed_process_runs_no_further_code) {
  make();
  Machine& a = machine("a");
  boot(a, [&] {
    say("start");
    sleep(milliseconds(5));
    say("never");
  });

  world_->run_until(SimTime{milliseconds(2).ns});
  world_->kill(a, ProcessEnd::kKill);
  EXPECT_EQ(world_->run_until(SimTime{seconds(1).ns}), StopKind::kIdle);

  EXPECT_EQ(log_, (std::vector<std::string>{"0 start"}));
  EXPECT_EQ(world_->task_count(), 0u);
}

TEST_F(WorldTest, a_failed_check_stops_the_run_with_its_text) {
  make();
  boot(machine("a"), [&] {
    const int left = 3;
    CHECK(left == 4, "it must be four");
    say("never");
  });

  EXPECT_EQ(world_->run_until(SimTime{seconds(1).ns}), StopKind::kCheckFailed);

  EXPECT_EQ(world_->check_failure().message, "it must be four");
  EXPECT_EQ(world_->check_failure().values, "3 == 4");
  EXPECT_TRUE(log_.empty());
}

TEST_F(WorldTest, an_unpark_before_the_park_is_remembered_once) {
  make();
  boot(machine("a"), [&] {
    const ArenaScope simulator(nullptr);
    world_->unpark(*world_->current());
    world_->unpark(*world_->current());
    const Instant deadline{milliseconds(3).ns};
    EXPECT_EQ(world_->park(deadline), Wake::kUnparked);
    EXPECT_EQ(world_->park(deadline), Wake::kTimeout);
  });

  world_->run_until(SimTime{seconds(1).ns});
}

TEST_F(WorldTest, an_unpark_wakes_a_parked_task_before_its_deadline) {
  make();
  Task* waiter = nullptr;
  boot(machine("a"), [&] {
    const ArenaScope simulator(nullptr);
    Process& process = world_->current()->process();
    waiter = &world_->spawn(process, "waiter", world_->current_root(), [&] {
      const ArenaScope inner(nullptr);
      EXPECT_EQ(world_->park(Instant{seconds(10).ns}), Wake::kUnparked);
      say("woken");
    });
    world_->park(Instant{milliseconds(2).ns});
    world_->unpark(*waiter);
    world_->park(Instant{milliseconds(9).ns});  // The process ends with its main task.
  });

  world_->run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(log_, (std::vector<std::string>{"2 woken"}));
}

// Else a server that answers in the name of an operation, and waits, would act in its name for
// ever.
TEST_F(WorldTest, a_timer_fires_in_the_name_of_the_boot) {
  make();
  Machine& a = machine("a");
  std::vector<Root> roots;
  boot(a, [&] {
    const ArenaScope simulator(nullptr);
    world_->spawn(world_->current()->process(), "worker", operation_root(7), [&] {
      const ArenaScope inner(nullptr);
      roots.push_back(world_->current_root());
      world_->park(Instant{milliseconds(2).ns});
      roots.push_back(world_->current_root());
    });
    world_->park(Instant{milliseconds(9).ns});  // The process ends with its main task.
  });

  world_->run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(roots, (std::vector<Root>{operation_root(7), boot_root("a", {})}));
}

TEST_F(WorldTest, timers_of_tasks_of_one_name_are_not_the_same_event) {
  make();
  std::vector<EventId> timers;
  boot(machine("a"), [&] {
    const ArenaScope simulator(nullptr);
    for (int i = 0; i < 2; ++i) {
      world_->spawn(world_->current()->process(), "worker", world_->current_root(), [&] {
        const ArenaScope inner(nullptr);
        world_->park(Instant{milliseconds(2).ns});
        timers.push_back(world_->current_cause().id);
      });
    }
    world_->park(Instant{milliseconds(9).ns});  // The process ends with its main task.
  });

  world_->run_until(SimTime{seconds(1).ns});

  ASSERT_EQ(timers.size(), 2u);
  EXPECT_NE(timers[0], timers[1]);
}

// One timer more or less in the first second does not move those of the next.
TEST_F(WorldTest, a_timer_does_not_depend_on_how_many_fired_long_before) {
  std::vector<EventId> last;
  for (const int early : {3, 4}) {
    make();
    boot(machine("a"), [&] {
      const ArenaScope simulator(nullptr);
      for (int i = 0; i < early; ++i) world_->park(Instant{milliseconds(i + 1).ns});
      world_->park(Instant{seconds(2).ns});
      last.push_back(world_->current_cause().id);
    });
    world_->run_until(SimTime{seconds(3).ns});
  }

  ASSERT_EQ(last.size(), 2u);
  EXPECT_EQ(last[0], last[1]);
}

TEST_F(WorldTest, a_cancelled_task_waits_no_more) {
  make();
  boot(machine("a"), [&] {
    const ArenaScope simulator(nullptr);
    Process& process = world_->current()->process();
    Task& waiter = world_->spawn(process, "waiter", world_->current_root(), [&] {
      const ArenaScope inner(nullptr);
      EXPECT_EQ(world_->park(Instant{seconds(10).ns}), Wake::kCancelled);
      EXPECT_EQ(world_->wait_in_device(Instant{seconds(10).ns}), Wake::kCancelled);
      say("cancelled");
    });
    world_->park(Instant{milliseconds(2).ns});
    world_->cancel_task(waiter);
    world_->park(Instant{milliseconds(9).ns});  // The process ends with its main task.
  });

  world_->run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(log_, (std::vector<std::string>{"2 cancelled"}));
}

TEST_F(WorldTest, a_paused_machine_notices_its_deadlines_late) {
  make();
  Machine& a = machine("a");
  boot(a, [&] {
    sleep(milliseconds(5));
    say("awake");
  });

  world_->run_until(SimTime{milliseconds(1).ns});
  world_->pause(a);
  world_->run_until(SimTime{milliseconds(20).ns});
  world_->resume(a);
  world_->run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(log_, (std::vector<std::string>{"20 awake"}));
}

// The clock stands still, so the whole rest of the sleep is still to come.
TEST_F(WorldTest, a_suspended_machine_sleeps_on_after_it_wakes) {
  make();
  Machine& a = machine("a");
  boot(a, [&] {
    sleep(milliseconds(5));
    say("awake");
  });

  world_->run_until(SimTime{milliseconds(1).ns});
  world_->suspend(a);
  world_->run_until(SimTime{milliseconds(20).ns});
  world_->resume(a);
  world_->run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(log_, (std::vector<std::string>{"24 awake"}));
}

TEST_F(WorldTest, a_fast_clock_reaches_a_deadline_early) {
  make();
  boot(machine("a", {.local_start = {}, .rate_ppm = 1000, .wall_start = {}}), [&] {
    sleep(seconds(10));
    say("awake");
  });

  world_->run_until(SimTime{seconds(20).ns});

  // 10 s of a clock that gains 1 ms a second.
  EXPECT_EQ(log_, (std::vector<std::string>{"9990 awake"}));
}

// At rates up to half as fast again or half as fast, for spans of nanoseconds and of days.
TEST_F(WorldTest, a_clock_of_any_rate_shows_a_deadline_at_the_first_moment_that_does) {
  make();
  for (const std::int32_t rate : {-500'000, -200'000, -999, -1, 1, 999, 77'777, 500'000}) {
    Machine& machine = world_->add_machine("rate" + std::to_string(rate),
                                           {.local_start = {}, .rate_ppm = rate, .wall_start = {}});
    for (std::int64_t ahead = 1; ahead < seconds(300'000).ns; ahead = ahead * 7 / 4 + 1) {
      const SimTime shown = machine.when_local_is(Instant{ahead});
      EXPECT_GE(machine.local_at(shown).ns, ahead) << rate;
      EXPECT_LT(machine.local_at(shown - nanoseconds(1)).ns, ahead) << rate;
    }
  }
}

TEST_F(WorldTest, a_held_entity_does_nothing_until_the_hold_ends) {
  make();
  boot(machine("a"), [&] {
    sleep(milliseconds(5));
    say("awake");
  });

  world_->run_until(SimTime{milliseconds(1).ns});
  world_->hold(world_->machines()[0]->process()->tasks()[0]->entity(), milliseconds(30));
  world_->run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(log_, (std::vector<std::string>{"31 awake"}));
  EXPECT_EQ(world_->held_back(), 1u);
}

// What runs beside it in its process draws anew how late pending events are, but not this one.
TEST_F(WorldTest, a_held_entity_is_held_back_once_however_often_its_process_draws_anew) {
  WorldOptions options;
  options.strategy = {.kind = StrategyKind::kPos, .window = milliseconds(100)};
  make(options);
  SimTime begun;
  SimTime awake;
  boot(machine("a"), [&] {
    const ArenaScope simulator(nullptr);
    Process& process = world_->current()->process();
    const Root root = world_->current_root();
    world_->spawn(process, "held", root, [&] {
      begun = world_->now();
      world_->hold(world_->current()->entity(), milliseconds(400));
      sleep(milliseconds(5));
      awake = world_->now();
    });
    for (int i = 1; i <= 20; ++i) {
      world_->spawn(process, "beside", root, [this, i] { sleep(milliseconds(25) * i); });
    }
    sleep(seconds(1));  // The process ends with it.
  });

  world_->run_until(SimTime{seconds(2).ns});

  EXPECT_EQ(awake.ns - begun.ns, milliseconds(400).ns);
  EXPECT_EQ(world_->held_back(), 1u);
}

TEST_F(WorldTest, a_delayed_wait_keeps_its_reason) {
  make();
  boot(machine("a"), [&] {
    const ArenaScope simulator(nullptr);
    world_->delay_next_wait(*world_->current(), milliseconds(30));
    EXPECT_EQ(world_->park(Instant{milliseconds(5).ns}), Wake::kTimeout);
    say("awake");
  });

  world_->run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(log_, (std::vector<std::string>{"30 awake"}));
}

TEST_F(WorldTest, a_fair_schedule_lets_go_of_what_a_hold_has_held_back) {
  make();
  boot(machine("a"), [&] {
    sleep(milliseconds(5));
    say("awake");
    sleep(milliseconds(5));
    say("awake again");
  });
  world_->run_until(SimTime{milliseconds(1).ns});
  world_->hold(world_->machines()[0]->process()->tasks()[0]->entity(), seconds(11));
  world_->run_until(SimTime{milliseconds(100).ns});

  world_->set_fair();
  world_->run_until(SimTime{seconds(20).ns});

  // Due at 5 ms and held then: it runs at once, and what follows comes when it is due.
  EXPECT_EQ(world_->held_back(), 1u);
  EXPECT_EQ(log_, (std::vector<std::string>{"100 awake", "105 awake again"}));
}

TEST_F(WorldTest, a_fair_schedule_ends_delayed_waits_whether_over_or_not) {
  make();
  const auto waits_until = [this](Duration end) {
    return [this, end] {
      const ArenaScope simulator(nullptr);
      world_->delay_next_wait(*world_->current(), seconds(11));
      EXPECT_EQ(world_->park(Instant{end.ns}), Wake::kTimeout);
      say("awake");
    };
  };
  boot(machine("over"), waits_until(milliseconds(5)));
  boot(machine("not over"), waits_until(milliseconds(200)));
  world_->run_until(SimTime{milliseconds(100).ns});

  world_->set_fair();
  world_->run_until(SimTime{seconds(20).ns});

  EXPECT_EQ(log_, (std::vector<std::string>{"100 awake", "200 awake"}));
}

TEST_F(WorldTest, a_fair_schedule_takes_back_the_lateness_of_what_is_pending) {
  // Each would wake at a drawn time within a second after it is due.
  WorldOptions options;
  options.strategy = {.kind = StrategyKind::kPos, .window = seconds(1)};
  make(options);
  constexpr std::size_t kMachines = 20;
  for (std::size_t i = 0; i < kMachines; ++i) {
    boot(machine("m" + std::to_string(i)), [&] {
      const ArenaScope simulator(nullptr);
      world_->park(Instant{seconds(3).ns});
      say("awake");
    });
  }
  world_->run_until(SimTime{milliseconds(2500).ns});  // All have begun, and wait.

  world_->set_fair();
  world_->run_until(SimTime{seconds(20).ns});

  EXPECT_EQ(log_, std::vector<std::string>(kMachines, "3000 awake"));
}

TEST_F(WorldTest, an_exception_that_leaves_a_task_is_reported) {
  class Ear final : public Observer {
   public:
    void on_task_exception(Task& task, std::string_view what) override {
      heard = task.name() + ": " + std::string(what);
    }
    std::string heard;
  };
  Ear ear;
  World world({}, ear);
  Machine& a = world.add_machine("a", {});
  world.boot(a, "role", boot_root("a", {}),
             [](Process&) { return [] { throw std::runtime_error("no way out"); }; });

  world.run_until(SimTime{seconds(1).ns});

  EXPECT_EQ(ear.heard, "main: no way out");
}

TEST_F(WorldTest, a_process_that_eats_memory_reaches_its_limit) {
  WorldOptions options;
  options.limits.arena_bytes = 1 << 20;
  make(options);
  boot(machine("a"), [&] {
    std::vector<std::string> eaten;
    for (;;) eaten.emplace_back(1000, 'x');
  });

  EXPECT_EQ(world_->run_until(SimTime{seconds(1).ns}), StopKind::kLimit);
  EXPECT_EQ(world_->stop_detail(), "arena_bytes");
}

TEST_F(WorldTest, too_many_tasks_are_a_limit) {
  WorldOptions options;
  options.limits.tasks = 100;
  make(options);
  boot(machine("a"), [&] {
    for (;;) {
      const ArenaScope simulator(nullptr);
      world_->spawn(world_->current()->process(), "more", world_->current_root(), [] {});
    }
  });

  EXPECT_EQ(world_->run_until(SimTime{seconds(1).ns}), StopKind::kLimit);
  EXPECT_EQ(world_->stop_detail(), "tasks");
}

TEST_F(WorldTest, giving_way_in_a_no_block_scope_fails_a_check) {
  make();
  boot(machine("a"), [&] {
    const ArenaScope simulator(nullptr);
    world_->no_block(+1);
    world_->park(Instant{1});
  });

  EXPECT_EQ(world_->run_until(SimTime{seconds(1).ns}), StopKind::kCheckFailed);
}

/// What a world of five chattering machines came to.
struct Outcome {
  std::uint64_t fingerprint = 0;
  std::string order;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome chatter(std::uint64_t seed, StrategySpec strategy) {
  Observer observer;
  WorldOptions options;
  options.seed = seed;
  options.strategy = strategy;
  World world(options, observer);
  Outcome outcome;
  for (int i = 0; i < 5; ++i) {
    Machine& machine = world.add_machine("m" + std::to_string(i), {});
    world.boot(machine, "role", boot_root(machine.name(), {}), [&world, &outcome, i](Process&) {
      return [&world, &outcome, i] {
        const ArenaScope simulator(nullptr);
        for (int round = 1; round <= 20; ++round) {
          world.park(Instant{milliseconds(round).ns});
          outcome.order += static_cast<char>('a' + i);
        }
      };
    });
  }
  world.run_until(SimTime{seconds(1).ns});
  outcome.fingerprint = world.fingerprint().value();
  return outcome;
}

class Strategies : public ::testing::TestWithParam<StrategyKind> {};

TEST_P(Strategies, give_the_same_run_for_the_same_seed) {
  const StrategySpec strategy{.kind = GetParam(), .window = microseconds(500)};

  EXPECT_EQ(chatter(1, strategy), chatter(1, strategy));
  if (GetParam() == StrategyKind::kFifo) return;  // Nothing here is drawn but lateness.
  EXPECT_NE(chatter(1, strategy).fingerprint, chatter(2, strategy).fingerprint);
}

TEST_P(Strategies, reorder_what_is_due_at_one_time_and_starve_nothing) {
  if (GetParam() == StrategyKind::kFifo) return;
  const StrategySpec strategy{.kind = GetParam(), .window = microseconds(500)};
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Outcome outcome = chatter(seed, strategy);
    // Lateness is below a round, so every round is complete before the next.
    ASSERT_EQ(outcome.order.size(), 100u);
    for (std::size_t round = 0; round < 20; ++round) {
      std::string all = outcome.order.substr(round * 5, 5);
      orders.insert(all);
      std::sort(all.begin(), all.end());
      ASSERT_EQ(all, "abcde");
    }
  }
  EXPECT_GT(orders.size(), 5u);
}

INSTANTIATE_TEST_SUITE_P(All, Strategies,
                         ::testing::Values(StrategyKind::kFifo, StrategyKind::kRandom,
                                           StrategyKind::kPos, StrategyKind::kPct),
                         [](const auto& tested) { return std::string(to_text(tested.param)); });

}  // namespace
}  // namespace millrace::sim
