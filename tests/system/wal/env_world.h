#pragma once

// A small simulated world for tests of programs that need tasks, time, a disk and a network.
//
// Programs never assert: they say lines, which the test compares when the world stands still.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/devices/network_device.h"
#include "sim/devices/sim_env.h"
#include "sim/kernel/meters.h"
#include "sim/kernel/world.h"
#include "system/env/env.h"

namespace millrace {

/// Machines with a disk each, on one network. Machines are made at their first mention.
class EnvWorld {
 public:
  using Main = std::function<void(Env&)>;

  explicit EnvWorld(std::uint64_t seed = 1, sim::NameOrder order = sim::NameOrder::kOrdered)
      : order_(order),
        observer_(*this),
        world_(options(seed), observer_),
        network_(world_, {}, meters_, no_anchors_) {}

  ~EnvWorld() {
    for (const auto& [name, disk] : disks_) {
      world_.kill(machine(name), sim::ProcessEnd::kPowerLoss);
    }
  }
  EnvWorld(const EnvWorld&) = delete;
  EnvWorld& operator=(const EnvWorld&) = delete;

  /// Starts a process. `main` must not allocate for the test but through `say`.
  void boot(const std::string& name, Main main) {
    sim::DiskDevice& device = disk(name);
    const sim::Root root = sim::boot_root(name, sim::fault_root(++boot_count_));
    world_.boot(machine(name), "program", root, [&](sim::Process& process) {
      Env& env = sim::SimEnv::install(world_, process, network_, device, no_anchors_);
      return std::function<void()>([main, &env] { main(env); });
    });
  }

  void kill(const std::string& name) { world_.kill(machine(name), sim::ProcessEnd::kKill); }

  void power_loss(const std::string& name) {
    const sim::EventIdentity who = world_.identify(sim::fault_root(++boot_count_),
                                                   sim::EventKind::kFault, sim::where_of(name));
    disk(name).power_loss(who, {});
    const bool has_process = machine(name).process() != nullptr;
    world_.kill(machine(name), sim::ProcessEnd::kPowerLoss);
    if (!has_process) network_.power_lost(machine(name));
  }

  sim::DiskDevice& disk(const std::string& name) {
    machine(name);
    return *disks_.at(name);
  }

  /// Lets `duration` pass.
  void run_for(Duration duration) {
    const sim::StopKind stop = world_.run_until({world_.now().ns + duration.ns});
    if (stop == sim::StopKind::kCheckFailed) {
      const CheckFailure& failure = world_.check_failure();
      lines_.push_back("CHECK failed: " + std::string(failure.condition) + ' ' +
                       std::string(failure.message) + ' ' + failure.values);
    }
  }

  /// Called by programs.
  void say(std::string_view line) {
    const sim::ArenaScope simulator(nullptr);
    lines_.emplace_back(line);
  }

  const std::vector<std::string>& lines() const { return lines_; }
  /// The lines since the last call.
  std::vector<std::string> take_lines() { return std::exchange(lines_, {}); }
  /// How often a mark was passed, on all machines.
  int marks(const std::string& name) const {
    const auto found = marks_.find(name);
    return found == marks_.end() ? 0 : found->second;
  }
  int facts(const std::string& name) const {
    const auto found = facts_.find(name);
    return found == facts_.end() ? 0 : found->second;
  }
  std::size_t connection_count() const { return network_.connection_count(); }

 private:
  class Recorder final : public sim::Observer {
   public:
    explicit Recorder(EnvWorld& owner) : owner_(owner) {}
    void on_mark(sim::Machine& /*machine*/, std::string_view name) override {
      ++owner_.marks_[std::string(name)];
    }
    void on_fact(sim::Machine& /*machine*/, const FactView& fact) override {
      ++owner_.facts_[std::string(fact.name)];
    }

   private:
    EnvWorld& owner_;
  };

  static sim::WorldOptions options(std::uint64_t seed) {
    sim::WorldOptions options;
    options.seed = seed;
    return options;
  }

  sim::Machine& machine(const std::string& name) {
    if (sim::Machine* const found = world_.find_machine(name)) return *found;
    sim::ClockSpec clock;
    clock.local_start = {1'000'000'000};
    clock.wall_start = {1'700'000'000'000'000'000};
    sim::Machine& made = world_.add_machine(name, clock);
    sim::DiskOptions options;
    options.order = order_;
    disks_[name] = std::make_unique<sim::DiskDevice>(world_, made, meters_, no_anchors_, options);
    return made;
  }

  sim::NameOrder order_;
  std::vector<std::string> lines_;
  std::map<std::string, int> marks_;
  std::map<std::string, int> facts_;
  std::uint64_t boot_count_ = 0;
  Recorder observer_;
  sim::Meters meters_;
  sim::AnchorSink no_anchors_;
  sim::World world_;
  sim::NetworkDevice network_;
  std::map<std::string, std::unique_ptr<sim::DiskDevice>> disks_;
};

}  // namespace millrace
