#pragma once

// Looks at the disks of a run's servers, and writes down at which moments their power may fail.
//
// It changes nothing of the run. A crash sweep reads what it found.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/kernel/anchor_sink.h"
#include "sim/run/crash_point.h"
#include "sim/run/plan.h"

namespace millrace::run {

class CrashProbe {
 public:
  /// Moments of one recovery that are kept: what goes on without an end, because no mark tells that
  /// it is over, is cut off there.
  static constexpr std::size_t kRecoveryPointsMax = 96;

  CrashProbe(const Plan& plan, CrashPointsKept kept);

  /// A moment of the disk of a server. `stamp` grows with all that happens in the world.
  void on_disk(const std::string& machine, const sim::DiskMoment& moment,
               const sim::DiskDevice& disk, bool is_formatting, std::uint64_t stamp);
  /// The server's disk has lost its power, and holds what survived.
  void on_power_loss(const std::string& machine, const sim::DiskDevice& disk, bool is_formatting);
  /// The server says that it has recovered.
  void on_recovered(const std::string& machine);

  std::vector<CrashPoint> take_points() { return std::move(points_); }
  std::vector<PowerLoss> take_losses() { return std::move(losses_); }

 private:
  /// Of one machine.
  struct Watched {
    bool is_recovering = false;
    std::size_t kept = 0;  // In this recovery.
    std::string last;      // The last moment.
    std::uint64_t last_stamp = 0;
    bool was_after = false;
    // Changes so far, by operation (0 for all) and phase.
    std::map<std::pair<std::uint64_t, sim::DiskPhase>, std::uint32_t> counts;
  };

  CrashPoint point_of(const std::string& machine, const sim::DiskMoment& moment,
                      const sim::DiskDevice& disk) const;
  static std::vector<std::uint64_t> images_of(const CrashPoint& point, const sim::DiskDevice& disk);
  bool is_kept(const Watched& watched) const;

  CrashPointsKept kept_;
  std::map<std::uint64_t, std::uint64_t> operations_;  // By root.
  std::map<std::string, Watched, std::less<>> machines_;
  std::vector<CrashPoint> points_;
  std::vector<PowerLoss> losses_;
};

}  // namespace millrace::run
