#pragma once

// The smallest world that has everything a campaign's has: machines with a network and disks,
// programs that see nothing but Env, fingerprint, keyed choices and CPU cost.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/devices/network_device.h"
#include "sim/kernel/world.h"
#include "system/env/env.h"

namespace millrace::benchmarks {

class MicroWorld {
 public:
  explicit MicroWorld(sim::StrategyKind strategy);
  ~MicroWorld();
  MicroWorld(const MicroWorld&) = delete;
  MicroWorld& operator=(const MicroWorld&) = delete;

  /// Adds a machine and boots it with this program, which never returns.
  void boot(const std::string& machine, std::function<void(Env&)> main);

  /// Runs for this much virtual time. CHECKs that nothing stopped it.
  void run(Duration duration);

 private:
  sim::Observer observer_;
  sim::Meters meters_;
  sim::AnchorSink anchors_;
  std::unique_ptr<sim::World> world_;
  std::unique_ptr<sim::NetworkDevice> network_;
  std::vector<std::unique_ptr<sim::DiskDevice>> disks_;
};

/// Rate and cost of what a program counts: lets `world` warm up for a while, then takes the CPU
/// time in which it runs for `measured` of virtual time.
struct Throughput {
  double count = 0;
  double cpu_seconds = 0;
};
Throughput measure(MicroWorld& world, const std::uint64_t& counter, Duration measured);

}  // namespace millrace::benchmarks
