#pragma once

// A small world with faults: machines that talk to each other and use their disks without end, so
// that every kind of fault has something to disturb.
//
// Each machine serves echoes, keeps a connection to every other one that it renews now and then,
// and writes, syncs, renames and reads files. It passes the marks "test.written" and "test.synced",
// and "test.begun" once at each boot.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/devices/network_device.h"
#include "sim/faults/fault_engine.h"
#include "sim/kernel/world.h"
#include "system/env/env.h"

namespace millrace::sim {

/// Machines "m1", "m2", ... in one group that may lose `disks_lost_max` disks.
class FaultWorld final : public Restarter {
 public:
  struct Options {
    int machines = 4;
    std::uint32_t disks_lost_max = 0;
    std::uint32_t core_min = 2;
    std::uint64_t seed = 1;
    /// Traced runs collect the notes of faults.
    bool is_traced = false;
    /// Names of machines that are clients, and in no group.
    std::vector<std::string> clients = {};
    std::string repair_mark = {};
  };

  FaultWorld(const Options& options, FaultPlan plan);
  ~FaultWorld() override;
  FaultWorld(const FaultWorld&) = delete;
  FaultWorld& operator=(const FaultWorld&) = delete;

  /// Runs until this time.
  void run(Duration until);
  /// Runs for a second, and counts what is left to count.
  void run_to_end();

  World& world() { return world_; }
  FaultEngine& engine() { return *engine_; }
  Machine& machine(std::string_view name) { return *world_.find_machine(name); }
  DiskDevice& disk(std::string_view name) { return *disks_[machine(name).index()]; }
  const Meters& meters() const { return meters_; }
  const FaultMeter& meter(FaultKind kind) const { return meters_.of(kind); }
  const std::vector<std::string>& notes() const { return observer_.notes; }
  /// Times in microseconds at which a machine passed a mark.
  std::vector<std::int64_t> marks(std::string_view machine, std::string_view name) const;

  void restart(Machine& machine, Root root) override;

 private:
  struct Passed {
    std::string machine;
    std::string mark;
    std::int64_t us = 0;
  };
  class Listener final : public Observer {
   public:
    explicit Listener(FaultWorld& owner) : owner_(owner) {}
    void on_mark(Machine& machine, std::string_view name) override;
    void on_note(const Note& note) override;

    std::vector<std::string> notes;
    std::vector<Passed> passed;

   private:
    FaultWorld& owner_;
  };

  Listener observer_;
  Meters meters_;
  World world_;
  Deployment deployment_;
  std::unique_ptr<FaultEngine> engine_;
  std::unique_ptr<NetworkDevice> network_;
  std::vector<std::unique_ptr<DiskDevice>> disks_;
};

/// An action that strikes `targets` at 200 ms for 300 ms.
FaultAction strike(std::uint64_t id, FaultKind kind, std::vector<std::string> targets);

}  // namespace millrace::sim
