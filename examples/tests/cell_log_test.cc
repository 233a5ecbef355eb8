// The file of a replica, on a machine whose power fails where the test says: the simulated world by
// itself, without scenarios and campaigns.

#include "quorum/cell_log.h"

#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <millrace/sim.h>
#include <string>
#include <string_view>

namespace quorum {
namespace {

using millrace::Disk;
using millrace::Env;
using millrace::Errc;
using millrace::microseconds;
using millrace::seconds;
namespace sim = millrace::sim;

constexpr std::string_view kOwner = "replica-1";
constexpr std::uint32_t kKey = 7;

Record record(std::uint64_t number) {
  return {.key = kKey,
          .cell = {.version = {.number = number, .operation = number}, .value = 10 * number}};
}

/// One machine, whose programs run one after the other. A program's memory ends with it, so what a
/// test wants to know of it must be a plain number.
class OneMachine {
 public:
  explicit OneMachine(std::uint64_t seed)
      : world_({.seed = seed, .overrides = {}, .strategy = {}, .limits = {}}, observer_) {
    run(seconds(10), [](Disk& disk) {
      millrace::ignore(CellLog::format(disk, kOwner), "what is run next needs it");
    });
  }
  ~OneMachine() { kill(); }
  OneMachine(const OneMachine&) = delete;
  OneMachine& operator=(const OneMachine&) = delete;

  /// Runs a program until it ends or the time is over.
  void run(millrace::Duration duration, const std::function<void(Disk&)>& program) {
    const sim::Root root = sim::boot_root(kOwner, sim::fault_root(++lives_));
    world_.boot(machine_, "replica", root, [&](sim::Process& process) {
      Env& env = sim::SimEnv::install(world_, process, network_, disk_, anchors_);
      return std::function<void()>([&env, program] { program(env.disk); });
    });
    world_.run_until(world_.now() + duration);
  }

  /// Ends the program; its machine runs on.
  void kill() { world_.kill(machine_, sim::ProcessEnd::kKill); }

  /// Of what is not synced, the seed decides what survives.
  void lose_power() {
    const sim::EventIdentity who = world_.identify(
        sim::fault_root(++lives_), sim::EventKind::kFault, sim::where_of("power loss"));
    disk_.power_loss(who, sim::Survival{});
    world_.kill(machine_, sim::ProcessEnd::kPowerLoss);
  }

  /// What a replica that starts now knows of the key.
  std::uint64_t stored_value() {
    std::uint64_t value = 0;
    run(seconds(10), [&value](Disk& disk) {
      const auto log = CellLog::open(disk, kOwner);
      if (log.has_value() && log->cells().contains(kKey)) value = log->cells().at(kKey).value;
    });
    return value;
  }

 private:
  sim::Observer observer_;
  sim::Meters meters_;
  sim::AnchorSink anchors_;
  sim::World world_;
  sim::Machine& machine_ = world_.add_machine(std::string(kOwner), {});
  sim::NetworkDevice network_{world_, {}, meters_, anchors_};
  sim::DiskDevice disk_{world_, machine_, meters_, anchors_, {}};
  std::uint64_t lives_ = 0;
};

/// Appends until the power fails; `durable` counts what returned.
void append_forever(Disk& disk, std::uint64_t& durable) {
  auto log = CellLog::open(disk, kOwner);
  while (log.has_value() && log->append(record(durable + 1)).has_value()) ++durable;
}

TEST(CellLog, keeps_what_it_appended_whenever_the_power_fails) {
  std::uint64_t durable_in_all = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    OneMachine machine(seed);
    std::uint64_t durable = 0;
    // Half a millisecond more with each seed: some fail within a write, some within a sync.
    machine.run(microseconds(static_cast<std::int64_t>(500 * seed)),
                [&durable](Disk& disk) { append_forever(disk, durable); });
    machine.lose_power();

    const std::uint64_t value = machine.stored_value();

    // The one that was under way may be there, whole, or not.
    EXPECT_TRUE(value == 10 * durable || value == 10 * (durable + 1)) << value << " " << durable;
    durable_in_all += durable;
  }
  EXPECT_GT(durable_in_all, 100U);
}

TEST(CellLog, knows_after_a_power_loss_what_it_told_after_a_kill) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    OneMachine machine(seed);
    std::uint64_t durable = 0;
    machine.run(microseconds(static_cast<std::int64_t>(500 * seed)),
                [&durable](Disk& disk) { append_forever(disk, durable); });
    machine.kill();

    // The kernel still has what the killed process wrote and had not synced.
    const std::uint64_t told = machine.stored_value();
    machine.lose_power();

    EXPECT_EQ(machine.stored_value(), told);
  }
}

TEST(CellLog, refuses_the_disk_of_another_machine) {
  OneMachine machine(1);
  auto code = Errc::kInvalid;
  machine.run(seconds(10), [&code](Disk& disk) {
    const auto log = CellLog::open(disk, "replica-2");
    if (!log.has_value()) code = log.error().code;
  });

  EXPECT_EQ(code, Errc::kForeign);
}

}  // namespace
}  // namespace quorum
