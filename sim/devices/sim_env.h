#pragma once

// Env for one simulated process: clock, tasks, random and journal over the kernel, and the
// process's handles of its machine's disk and of the network.
//
// Each call first turns to the simulator's heap; what it gives to the process is made in the
// process's arena.

#include <memory>

#include "sim/devices/sim_disk.h"
#include "sim/devices/sim_network.h"
#include "sim/kernel/world.h"
#include "system/env/env.h"

namespace millrace::sim {

/// Reads the machine's clocks at the world's time.
class SimClock final : public Clock {
 public:
  SimClock(World& world, Machine& machine) : world_(world), machine_(machine) {}
  Instant now() override { return machine_.local_at(world_.now()); }
  WallTime wall() override { return machine_.wall_at(world_.now()); }

 private:
  World& world_;
  Machine& machine_;
};

class SimTasks final : public Tasks {
 public:
  SimTasks(World& world, Process& process) : world_(world), process_(process) {}
  TaskId spawn(std::string_view name, std::function<void()> body) override;
  TaskId current() override { return world_.current()->id(); }
  Wake park(Instant deadline) override;
  void unpark(TaskId task) override;
  void cancel(TaskId task) override;
  void no_block(int change) override { world_.no_block(change); }
  void shield(int change) override { world_.shield(change); }

 private:
  World& world_;
  Process& process_;
};

class SimRandom final : public Random {
 public:
  explicit SimRandom(World& world) : world_(world) {}
  std::uint64_t next() override { return world_.random_bits(); }

 private:
  World& world_;
};

/// Hands marks and facts to the world's observer and to the faults that are anchored at them.
class SimJournal final : public Journal {
 public:
  SimJournal(World& world, Machine& machine, AnchorSink& anchors)
      : world_(world), machine_(machine), anchors_(anchors) {}
  void mark(std::string_view name) override;
  void record(const FactView& fact) override;

 private:
  World& world_;
  Machine& machine_;
  AnchorSink& anchors_;
};

/// All six, for one process. The arguments outlive it; it lives in Process::device_state.
class SimEnv {
 public:
  SimEnv(World& world, Process& process, NetworkDevice& network, DiskDevice& disk,
         AnchorSink& anchors)
      : clock_(world, process.machine()),
        tasks_(world, process),
        network_(network, process),
        disk_(disk, process),
        random_(world),
        journal_(world, process.machine(), anchors),
        env_{clock_, tasks_, network_, disk_, random_, journal_} {}
  SimEnv(const SimEnv&) = delete;
  SimEnv& operator=(const SimEnv&) = delete;

  Env& env() { return env_; }

  /// Makes the Env of a process that boots, and gives it to the process to keep.
  static Env& install(World& world, Process& process, NetworkDevice& network, DiskDevice& disk,
                      AnchorSink& anchors);

 private:
  SimClock clock_;
  SimTasks tasks_;
  SimNetwork network_;
  SimDisk disk_;
  SimRandom random_;
  SimJournal journal_;
  Env env_;
};

}  // namespace millrace::sim
