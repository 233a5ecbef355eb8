#include "benchmarks/world_probes.h"

#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <string>
#include <utility>

#include "benchmarks/micro_world.h"
#include "benchmarks/pattern.h"
#include "system/base/check.h"
#include "system/env/sync.h"

namespace millrace::benchmarks {
namespace {

constexpr std::uint16_t kPort = 9'000;
constexpr std::uint32_t kSwitchTasks = 100;
constexpr std::uint32_t kIdleMachines = 1'000;
constexpr std::uint32_t kIdleTasks = 10'000;

void serve_echo(Env& env) {
  const auto listener = env.network.listen(kPort);
  CHECK(listener.has_value());
  const auto connection = (*listener)->accept(Instant::max());
  CHECK(connection.has_value());
  while (true) {
    const Result<Bytes> frame = (*connection)->receive(Instant::max());
    CHECK(frame.has_value());
    CHECK((*connection)->send(*frame, Instant::max()).has_value());
  }
}

void ask_echo(Env& env, std::uint64_t& messages) {
  const auto connection =
      env.network.connect({.machine = "server", .port = kPort}, env.clock.now() + seconds(1));
  CHECK(connection.has_value());
  const Bytes frame(kMessageBytes, std::byte{1});
  while (true) {
    CHECK((*connection)->send(frame, Instant::max()).has_value());
    CHECK((*connection)->receive(Instant::max()).has_value());
    messages += 2;
  }
}

/// Starts `count` tasks of this process and waits for ever.
void run_tasks(Env& env, std::uint32_t count, const std::function<void(std::uint32_t)>& body) {
  TaskGroup tasks(env.tasks);
  for (std::uint32_t i = 0; i < count; ++i) {
    tasks.spawn(fmt::format("task-{}", i), [&body, i] { body(i); });
  }
  CHECK(tasks.join(Instant::max()).has_value(), "nothing ends the wait");
}

}  // namespace

Values probe_messages(std::int64_t scale) {
  MicroWorld world(sim::StrategyKind::kFifo);
  std::uint64_t messages = 0;
  world.boot("server", serve_echo);
  world.boot("client", [&messages](Env& env) { ask_echo(env, messages); });
  const Throughput seen = measure(world, messages, seconds(40) / scale);
  return {{"per_second", seen.count / seen.cpu_seconds}};
}

Values probe_timers(std::int64_t scale) {
  MicroWorld world(sim::StrategyKind::kFifo);
  std::uint64_t wakes = 0;
  world.boot("sleeper", [&wakes](Env& env) {
    run_tasks(env, kTimerTasks, [&](std::uint32_t task) {
      for (std::uint64_t nth = 0;; ++nth) {
        env.tasks.park(env.clock.now() + microseconds(sleep_us(task, nth)));
        ++wakes;
      }
    });
  });
  const Throughput seen = measure(world, wakes, seconds(50) / scale);
  return {{"per_second", seen.count / seen.cpu_seconds}};
}

Values probe_switch(sim::StrategyKind strategy, std::int64_t scale) {
  MicroWorld world(strategy);
  std::uint64_t switches = 0;
  world.boot("machine", [&switches](Env& env) {
    run_tasks(env, kSwitchTasks, [&](std::uint32_t /*task*/) {
      while (true) {
        env.tasks.park(env.clock.now());
        ++switches;
      }
    });
  });
  const Throughput seen = measure(world, switches, seconds(4) / scale);
  return {{"ns", seen.cpu_seconds * 1e9 / seen.count}};
}

Values probe_idle(std::int64_t scale) {
  MicroWorld world(sim::StrategyKind::kFifo);
  std::uint64_t wakes = 0;
  for (std::uint32_t i = 0; i < kIdleMachines; ++i) {
    world.boot(fmt::format("machine-{}", i), [&wakes, i](Env& env) {
      env.tasks.park(env.clock.now() + milliseconds(i));
      while (true) {
        env.tasks.park(env.clock.now() + seconds(1));
        ++wakes;
      }
    });
  }
  const Duration measured = seconds(1'000) / scale;
  const Throughput seen = measure(world, wakes, measured);
  return {{"times_real_time", static_cast<double>(measured.ns) * 1e-9 / seen.cpu_seconds}};
}

Values probe_idle_task_memory(std::int64_t scale) {
  const auto count = static_cast<std::uint32_t>(kIdleTasks / scale);
  MicroWorld world(sim::StrategyKind::kFifo);
  std::uint64_t begun = 0;
  world.boot("machine", [&](Env& env) {
    env.tasks.park(env.clock.now() + seconds(1));
    run_tasks(env, count, [&](std::uint32_t /*task*/) {
      ++begun;
      env.tasks.park(env.clock.now() + seconds(1'000'000));
    });
  });
  world.run(milliseconds(500));
  const double before = resident_bytes();
  world.run(seconds(10));
  CHECK(begun == count, "every task has come to its wait");
  return {{"bytes", (resident_bytes() - before) / count}};
}

}  // namespace millrace::benchmarks
