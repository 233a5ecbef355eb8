#pragma once

// A world of one machine with a disk, for tests of the device: programs that say lines, and actions
// of the fault engine at given times.
//
// Programs never assert (that stays outside of tasks): they say lines, which a test compares.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/devices/sim_disk.h"
#include "sim/kernel/world.h"

namespace millrace::sim {

/// A disk without any chance in its latencies.
DiskOptions plain_disk();

/// An anchor sink that wants disk moments and hands each to `on_moment`.
class DiskAnchors final : public AnchorSink {
 public:
  DiskAnchors() { set_wanted(MomentKind::kDisk, true); }
  void on_disk(Machine& machine, const DiskMoment& moment) override;

  std::function<void(const DiskMoment&)> on_moment;
};

class DiskWorld {
 public:
  explicit DiskWorld(const DiskOptions& options, std::uint64_t seed = 1,
                     std::vector<Override> overrides = {});
  ~DiskWorld();
  DiskWorld(const DiskWorld&) = delete;
  DiskWorld& operator=(const DiskWorld&) = delete;

  /// Boots the machine with this program.
  void boot(std::function<void(Disk&)> main);
  /// Runs `action` at this time, as a fault.
  void at(Duration time, std::function<void()> action);
  /// Runs for this long.
  void run(Duration duration);
  /// Boots, and runs until the program has nothing to do any more.
  void run_program(std::function<void(Disk&)> main);

  /// Ends the process, if any; the cache stays.
  void kill() { world_.kill(machine_, ProcessEnd::kKill); }
  /// Cuts the power.
  void power_loss(const Survival& survival);
  /// Identity for the n-th fault of the test.
  EventIdentity fault(std::uint64_t n);

  /// [task] Starts another task of the running process.
  void spawn(std::string_view name, std::function<void()> body);
  void say(std::string_view text);
  /// [task] Says a result: "ok" or the error's code.
  void say(std::string_view what, const Result<void>& result);
  const std::vector<std::string>& said() const { return said_; }
  /// Microseconds since the start of the world.
  std::int64_t now_us() const { return world_.now().ns / 1000; }

  World& world() { return world_; }
  Machine& machine() { return machine_; }
  DiskDevice& device() { return device_; }
  DiskAnchors& anchors() { return anchors_; }
  Meters& meters() { return meters_; }
  std::uint64_t effects(FaultKind kind) const { return meters_.of(kind).took_effect; }
  std::uint64_t all_effects() const;

 private:
  class Actions final : public EventTarget {
   public:
    void on_event(const Event& event) override { actions[event.argument](); }
    std::vector<std::function<void()>> actions;
  };

  Observer observer_;
  Meters meters_;
  DiskAnchors anchors_;
  Actions actions_;
  std::vector<std::string> said_;
  World world_;
  Machine& machine_;
  DiskDevice device_;
  std::uint64_t lives_ = 0;
};

/// The whole file as text; what failed, in words, where it cannot be read.
std::string content(Disk& disk, std::string_view path);
/// Creates or opens a file and writes to it, without a sync.
Result<void> put(Disk& disk, std::string_view path, std::uint64_t offset, std::string_view text);
/// As above, synced with its name.
Result<void> put_synced(Disk& disk, std::string_view path, std::uint64_t offset,
                        std::string_view text);

}  // namespace millrace::sim
