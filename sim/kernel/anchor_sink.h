#pragma once

// Countable moments: where a fault can be anchored.
//
// Devices and the journal report each moment here at a point where their own state is consistent,
// because the call may do anything to the world before it returns: kill the running process (then
// it does not return), cut a machine's power, break or hold connections, damage a disk. After it
// returned, the caller looks up again whatever it needs.
//
// `wants` is a bit test, so that a moment in which no plan is interested costs nothing. A plain
// AnchorSink wants nothing: it serves worlds without faults.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sim/kernel/identity.h"
#include "sim/kernel/machine.h"
#include "system/base/bytes.h"
#include "system/env/journal.h"

namespace millrace::sim {

/// A label for a frame, from its bytes alone ("txn.commit"): for traces, reports and anchors.
using FrameNamer = std::function<std::string(ByteView)>;

/// The sorts of moments.
enum class MomentKind : std::uint8_t {
  kMark,
  kFact,
  kDisk,         ///< Any disk request, before it has an effect and after it completed.
  kFrame,        ///< A frame was accepted for sending.
  kBoot,         ///< A process is about to run its first step.
  kEntityEvent,  ///< An event of a schedulable entity is about to run.
};
inline constexpr int kMomentKindCount = 6;

/// What a disk was asked for. Reads and everything else count only as operations after a boot.
enum class DiskRequest : std::uint8_t { kWrite, kSync, kRename, kOther };

/// Where in a disk request the moment lies.
enum class DiskPhase : std::uint8_t {
  kBefore,  ///< The request was made and nothing of it happened yet.
  kDuring,  ///< It is about to happen: whatever the world does meanwhile is done. In no task.
  kAfter,   ///< All of it happened, and the caller does not know it yet.
};

/// A moment of a disk. `request` counts directories' syncs, too, and truncate is kOther.
struct DiskMoment {
  DiskRequest request = DiskRequest::kOther;
  DiskPhase phase = DiskPhase::kBefore;
  std::string_view path;
  /// "write", "sync", "create", ...: the request in a word.
  std::string_view what = {};
  /// Whether a power loss can leave something else with it than without it: no read does, nor does
  /// opening a file that is there.
  bool is_change = false;
  /// Of a write.
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  /// In whose name the request was made.
  Root root = {};
};

/// A frame that was just accepted for sending from one machine to another.
struct FrameMoment {
  std::string_view source;
  std::string_view destination;
  ByteView bytes;
  /// The direction of the connection that carries it.
  EntityId direction;
};

/// Hears of countable moments. Calls are made on the simulator's heap (ArenaScope(nullptr)); those
/// that name a task's doing are made by that task.
class AnchorSink {
 public:
  AnchorSink() = default;
  virtual ~AnchorSink() = default;
  AnchorSink(const AnchorSink&) = delete;
  AnchorSink& operator=(const AnchorSink&) = delete;

  bool wants(MomentKind kind) const { return (wanted_ >> static_cast<int>(kind) & 1) != 0; }

  /// [task] The running task of `machine` passed a mark.
  virtual void on_mark(Machine& /*machine*/, std::string_view /*name*/) {}
  /// [task] The running task of `machine` reported a fact.
  virtual void on_fact(Machine& /*machine*/, const FactView& /*fact*/) {}
  /// [task] The running task of `machine` makes a request, or just got its completion. In kDuring
  /// there is no task: the device completes the request next, unless it is gone by then.
  virtual void on_disk(Machine& /*machine*/, const DiskMoment& /*moment*/) {}
  /// [task] The running task sent a frame.
  virtual void on_frame(const FrameMoment& /*moment*/) {}
  /// A process was made on `machine` and ran no step yet.
  virtual void on_boot(Machine& /*machine*/) {}
  /// The next event of `entity`, whose name has this hash, is about to run, outside of any task.
  /// Where the entity is held afterwards, this event is, too.
  virtual void on_entity_event(EntityId /*entity*/, std::uint64_t /*name_hash*/) {}

 protected:
  void set_wanted(MomentKind kind, bool is_wanted) {
    const std::uint32_t bit = 1U << static_cast<int>(kind);
    wanted_ = is_wanted ? wanted_ | bit : wanted_ & ~bit;
  }

 private:
  std::uint32_t wanted_ = 0;
};

}  // namespace millrace::sim
