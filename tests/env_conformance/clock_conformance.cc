// The sentences of system/env/clock.h.

#include "tests/env_conformance/conformance.h"

namespace millrace::conformance {
namespace {

CONFORMANCE_SUITE(ClockConformance, nullptr);
CONFORMANCE_SUITE(SuspendConformance, &Traits::can_suspend);

TEST_P(ClockConformance, the_monotonic_clock_never_goes_back_and_passes_each_deadline) {
  run_alone([](Process& p) {
    for (int i = 0; i < 100; ++i) {
      const Instant before = p.clock.now();
      p.claim(p.clock.now() >= before, "now() never goes back within a step");
      const Instant deadline = before + microseconds(i);
      p.sleep(microseconds(i));
      p.claim(p.clock.now() >= deadline, "a sleep ends on the clock that now() reads");
    }
  });
}

TEST_P(ClockConformance, reading_a_clock_never_gives_way) {
  run_alone([](Process& p) {
    bool has_run = false;
    TaskGroup group(p.tasks);
    group.spawn("other", [&] { has_run = true; });
    {
      const NoBlock alone(p.tasks);
      for (int i = 0; i < 1000; ++i) {
        p.clock.now();
        p.clock.wall();
      }
    }
    p.claim(!has_run, "neither call gives way");
    must(group.join(kNever));
  });
}

TEST_P(ClockConformance, the_rates_of_two_machines_differ_within_the_bound) {
  constexpr Duration kSpan = seconds(10);
  // What the network may add between the two frames.
  constexpr Duration kSlack = milliseconds(500);
  const Duration bound = kSpan / 1'000'000 * (2 * traits().clock_rate_ppm_max) + kSlack;
  run_together({{"listens",
                 [=](Process& p) {
                   const auto listener = must(p.network.listen(1));
                   const auto ticks = must(listener->accept(kNever));
                   must(ticks->receive(kNever));
                   const Instant first = p.clock.now();
                   must(ticks->receive(kNever));
                   const Duration seen = p.clock.now() - first;
                   p.claim(seen >= kSpan - bound, "this clock is not too slow");
                   p.claim(seen <= kSpan + bound, "this clock is not too fast");
                 }},
                {"ticks", [=](Process& p) {
                   Result<std::unique_ptr<Connection>> ticks = fail(Errc::kRefused);
                   while (failed_with(ticks, Errc::kRefused)) {
                     p.sleep(1_ms);
                     ticks = p.network.connect({.machine = "listens", .port = 1}, kNever);
                   }
                   must((*ticks)->send(as_bytes("tick"), kNever));
                   p.sleep(kSpan);
                   must((*ticks)->send(as_bytes("tick"), kNever));
                 }}});
}

TEST_P(SuspendConformance, the_monotonic_clock_stands_still_while_the_machine_is_suspended) {
  in_each_world([](ConformanceWorld& world) {
    world.start("host-1", [](Process& p) {
      const Instant before = p.clock.now();
      p.say("asleep");
      p.sleep(1_s);
      p.claim(p.clock.now() - before >= 1_s, "the sleep counts time in which the machine ran");
      p.claim(p.clock.now() - before < 50_s, "the suspension is no time of this clock");
    });
    expect_said(world, "asleep");

    world.suspend("host-1", 100_s);

    expect_good_end(world);
  });
}

}  // namespace
}  // namespace millrace::conformance
