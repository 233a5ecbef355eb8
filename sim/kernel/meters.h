#pragma once

// The fault kinds, each with the meter that shows that it does something.
//
// A kind that is planned and never changes what a program sees is dead weight that looks like
// coverage. So each kind is counted when it is planned, when it fires, when the budget refuses it,
// and each time it took effect: an Env call returned something other than it would have, or a
// pending event was moved or removed. Whoever causes the effect (a device, the fault engine) counts
// it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::sim {

/// What may go wrong on purpose. Names and meanings are in `fault_kinds()`.
enum class FaultKind : std::uint8_t {
  kNetPartition,
  kNetOneWay,
  kNetBridge,
  kNetRing,
  kNetFlapping,
  kNetClog,
  kNetSwizzle,
  kNetSlow,
  kNetLoss,
  kNetBreak,
  kNetRefuse,
  kNetHang,
  kDiskTornWrite,
  kDiskFailedSync,
  kDiskWriteError,
  kDiskFull,
  kDiskStall,
  kDiskSlow,
  kDiskReadError,
  kDiskBitRot,
  kDiskMisdirectedWrite,
  kDiskMisdirectedRead,
  kDiskStaleRead,
  kMachineKill,
  kMachinePowerLoss,
  kMachinePause,
  kMachineSuspend,
  kMachineSlowCpu,
  kMachineOlderDisk,
  kMachineLostDisk,
  kMachineZone,
  kMachineRollingRestart,
  kClockRate,
  kClockWallStep,
  kClockRateBeyond,
  kScheduleDelay,
};
inline constexpr std::size_t kFaultKindCount = 36;

/// What a fault takes from the budget of the groups of its machine, while it lasts.
enum class Claim : std::uint8_t {
  kNothing,
  kDisk,       ///< One of `disks_lost_max`: what a completed sync promised may be gone.
  kClockRate,  ///< A rate error, at most `clock_rate_max`.
};

/// An assumption that a property may need; a run in which a fault broke it does not judge that
/// property.
enum class Assumption : std::uint8_t {
  kDisksWithinBudget,  ///< No group lost more disks than it declares to survive.
  kLeaseTiming,        ///< Clocks keep their declared rate and run on while a machine stands still.
};
inline constexpr std::size_t kAssumptionCount = 2;

/// "disks_within_budget", "lease_timing".
std::string_view to_text(Assumption assumption);

/// What is known of one kind.
struct FaultKindInfo {
  FaultKind kind;
  std::string_view name;   ///< "disk.torn_write".
  std::string_view about;  ///< One sentence.
  std::string_view meter;  ///< What counts as having taken effect, in words.
  Claim claim = Claim::kNothing;
  /// Only drawn where a scenario names the kind: no unreplicated log promises anything under it.
  bool is_beyond_budget = false;
};

/// All kinds, in the order of the enumeration.
std::span<const FaultKindInfo> fault_kinds();

const FaultKindInfo& info(FaultKind kind);
std::string_view to_text(FaultKind kind);
std::optional<FaultKind> fault_kind_from_text(std::string_view name);

/// Situations that several kinds bring about together, and that bugs need: counted by devices,
/// never planned.
enum class Situation : std::uint8_t {
  kUnsyncedDataLost,      ///< A power loss dropped bytes that were written and not yet synced.
  kFrameOnOldConnection,  ///< A frame was delivered after its sender had opened a newer connection.
  kReplyLost,             ///< A request was taken, and its connection lost what was sent back.
  kAcceptedNeverServed,   ///< A kernel accepted a connection that no process took in time.
};
inline constexpr std::size_t kSituationCount = 4;

/// "unsynced_data_lost", ...
std::string_view to_text(Situation situation);

/// Counters of one kind.
struct FaultMeter {
  std::uint64_t planned = 0;
  std::uint64_t fired = 0;
  std::uint64_t refused = 0;
  std::uint64_t took_effect = 0;

  friend bool operator==(const FaultMeter&, const FaultMeter&) = default;
};

/// The counters of one run.
class Meters {
 public:
  void planned(FaultKind kind) { ++at(kind).planned; }
  void fired(FaultKind kind) { ++at(kind).fired; }
  void refused(FaultKind kind) { ++at(kind).refused; }
  void took_effect(FaultKind kind) { ++at(kind).took_effect; }
  void took_effect(FaultKind kind, std::uint64_t times) { at(kind).took_effect += times; }
  void met(Situation situation) { ++situations_[static_cast<std::size_t>(situation)]; }

  const FaultMeter& of(FaultKind kind) const { return meters_[static_cast<std::size_t>(kind)]; }
  std::uint64_t of(Situation situation) const {
    return situations_[static_cast<std::size_t>(situation)];
  }

  friend bool operator==(const Meters&, const Meters&) = default;

 private:
  FaultMeter& at(FaultKind kind) { return meters_[static_cast<std::size_t>(kind)]; }

  std::array<FaultMeter, kFaultKindCount> meters_{};
  std::array<std::uint64_t, kSituationCount> situations_{};
};

}  // namespace millrace::sim
