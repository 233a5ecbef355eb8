#include "sim/kernel/world.h"

#include <gtest/gtest.h>
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

}  // namespace
}  // namespace millrace::sim
