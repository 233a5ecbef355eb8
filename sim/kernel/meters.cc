#include "sim/kernel/meters.h"

#include <algorithm>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

using enum FaultKind;

constexpr std::array<FaultKindInfo, kFaultKindCount> kKinds{{
    {.kind = kNetPartition,
     .name = "net.partition",
     .about = "Two sets of machines hear nothing from each other.",
     .meter = "frames or connection attempts kept from crossing"},
    {.kind = kNetOneWay,
     .name = "net.one_way",
     .about = "One set of machines no longer hears another, which still hears it.",
     .meter = "frames or connection attempts kept from crossing"},
    {.kind = kNetBridge,
     .name = "net.bridge",
     .about = "Two sets of machines hear each other only through one machine that is in both.",
     .meter = "frames or connection attempts kept from crossing"},
    {.kind = kNetRing,
     .name = "net.ring",
     .about = "Each machine hears only its two neighbours in a ring.",
     .meter = "frames or connection attempts kept from crossing"},
    {.kind = kNetFlapping,
     .name = "net.flapping",
     .about = "The links of one machine go down and up again, over and over.",
     .meter = "frames or connection attempts kept from crossing"},
    {.kind = kNetClog,
     .name = "net.clog",
     .about = "A link holds everything back for a while, then lets it go in a burst.",
     .meter = "frames held back"},
    {.kind = kNetSwizzle,
     .name = "net.swizzle",
     .about = "Machines are clogged one after the other and released in another order.",
     .meter = "frames held back"},
    {.kind = kNetSlow,
     .name = "net.slow",
     .about = "A link's latency grows many times over.",
     .meter = "frames that came later"},
    {.kind = kNetLoss,
     .name = "net.loss",
     .about = "A link loses packets, and frames come late by one or more retransmissions.",
     .meter = "frames that were sent again"},
    {.kind = kNetBreak,
     .name = "net.break",
     .about = "The connections between two machines break; each end learns of it on its own.",
     .meter = "connections broken"},
    {.kind = kNetRefuse,
     .name = "net.refuse",
     .about = "A machine refuses new connections.",
     .meter = "connection attempts refused"},
    {.kind = kNetHang,
     .name = "net.hang",
     .about = "New connections to a machine get no answer.",
     .meter = "connection attempts left hanging"},
    {.kind = kDiskTornWrite,
     .name = "disk.torn_write",
     .about = "The power fails, and unsynced sectors may mix their old and new bytes.",
     .meter = "sectors torn"},
    {.kind = kDiskFailedSync,
     .name = "disk.failed_sync",
     .about = "A sync fails once, and what it did not write is forgotten as if it were clean.",
     .meter = "syncs that failed"},
    {.kind = kDiskWriteError,
     .name = "disk.write_error",
     .about = "A write fails with an I/O error after a prefix of it.",
     .meter = "writes that failed"},
    {.kind = kDiskFull,
     .name = "disk.full",
     .about = "The disk has no room; a write fails after a prefix of it.",
     .meter = "requests that failed"},
    {.kind = kDiskStall,
     .name = "disk.stall",
     .about = "The disk answers nothing for a while.",
     .meter = "requests that waited"},
    {.kind = kDiskSlow,
     .name = "disk.slow",
     .about = "Each request takes many times longer.",
     .meter = "requests that took longer"},
    {.kind = kDiskReadError,
     .name = "disk.read_error",
     .about = "Stored sectors can no longer be read, until they are written again.",
     .meter = "reads that failed",
     .claim = Claim::kDisk,
     .is_beyond_budget = true},
    {.kind = kDiskBitRot,
     .name = "disk.bit_rot",
     .about = "Stored bits change by themselves.",
     .meter = "reads that returned changed bytes",
     .claim = Claim::kDisk,
     .is_beyond_budget = true},
    {.kind = kDiskMisdirectedWrite,
     .name = "disk.misdirected_write",
     .about = "A write goes to another place, and its own place keeps the old bytes.",
     .meter = "writes that went astray",
     .claim = Claim::kDisk,
     .is_beyond_budget = true},
    {.kind = kDiskMisdirectedRead,
     .name = "disk.misdirected_read",
     .about = "A read returns the bytes of another place.",
     .meter = "reads that returned other bytes",
     .claim = Claim::kDisk,
     .is_beyond_budget = true},
    {.kind = kDiskStaleRead,
     .name = "disk.stale_read",
     .about = "A read returns what the place held before its last synced write.",
     .meter = "reads that returned older bytes",
     .claim = Claim::kDisk,
     .is_beyond_budget = true},
    {.kind = kMachineKill,
     .name = "machine.kill",
     .about = "The machine's process is killed and starts again later.",
     .meter = "processes killed"},
    {.kind = kMachinePowerLoss,
     .name = "machine.power_loss",
     .about = "The machine loses its power and boots later; some of what was not synced is gone.",
     .meter = "running machines that lost their power"},
    {.kind = kMachinePause,
     .name = "machine.pause",
     .about = "The machine's CPU stands still while its clocks run on.",
     .meter = "pauses in which a step came due"},
    {.kind = kMachineSuspend,
     .name = "machine.suspend",
     .about = "The machine stands still, and its monotonic clock with it.",
     .meter = "suspensions of a running machine"},
    {.kind = kMachineSlowCpu,
     .name = "machine.slow_cpu",
     .about = "Each step of the machine takes many times longer.",
     .meter = "times that the machine ran steps while slow"},
    {.kind = kMachineOlderDisk,
     .name = "machine.older_disk",
     .about = "The machine loses its power and boots with its disk as it was earlier.",
     .meter = "boots with a disk that differs from the last one",
     .claim = Claim::kDisk,
     .is_beyond_budget = true},
    {.kind = kMachineLostDisk,
     .name = "machine.lost_disk",
     .about = "The machine loses its power and boots with an empty disk.",
     .meter = "boots in which files were missing",
     .claim = Claim::kDisk,
     .is_beyond_budget = true},
    {.kind = kMachineZone,
     .name = "machine.zone",
     .about = "All machines of a zone lose their power at once.",
     .meter = "running machines that lost their power"},
    {.kind = kMachineRollingRestart,
     .name = "machine.rolling_restart",
     .about = "The machines of a role are killed and started again, one after the other.",
     .meter = "processes killed"},
    {.kind = kClockRate,
     .name = "clock.rate",
     .about = "A machine's clocks run fast or slow, within the declared bound.",
     .meter = "times that the machine ran steps on the other rate",
     .claim = Claim::kClockRate},
    {.kind = kClockWallStep,
     .name = "clock.wall_step",
     .about = "A machine's wall clock jumps, either way.",
     .meter = "steps of the clock of a machine that then ran"},
    {.kind = kClockRateBeyond,
     .name = "clock.rate_beyond",
     .about = "A machine's clocks run fast or slow beyond the declared bound.",
     .meter = "times that the machine ran steps on the other rate",
     .claim = Claim::kClockRate,
     .is_beyond_budget = true},
    {.kind = kScheduleDelay,
     .name = "schedule.delay",
     .about = "A task, a link or a disk is held at a chosen moment while all else goes on.",
     .meter = "waits prolonged and events moved"},
}};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (static_cast<std::size_t>(kKinds[i].kind) != i) return false;
  }
  return true;
}
static_assert(is_in_order(), "a kind is the index of its row");

}  // namespace

std::span<const FaultKindInfo> fault_kinds() { return kKinds; }

const FaultKindInfo& info(FaultKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  CHECK(index < kFaultKindCount, "every kind has a row");
  return kKinds[index];
}

std::string_view to_text(FaultKind kind) { return info(kind).name; }

std::optional<FaultKind> fault_kind_from_text(std::string_view name) {
  const auto* const found = std::ranges::find(kKinds, name, &FaultKindInfo::name);
  if (found == kKinds.end()) return std::nullopt;
  return found->kind;
}

std::string_view to_text(Assumption assumption) {
  switch (assumption) {
    case Assumption::kDisksWithinBudget:
      return "disks_within_budget";
    case Assumption::kLeaseTiming:
      return "lease_timing";
  }
  UNREACHABLE("every assumption has a name");
}

std::string_view to_text(Situation situation) {
  switch (situation) {
    case Situation::kUnsyncedDataLost:
      return "unsynced_data_lost";
    case Situation::kFrameOnOldConnection:
      return "frame_on_old_connection";
    case Situation::kReplyLost:
      return "reply_lost";
    case Situation::kAcceptedNeverServed:
      return "accepted_never_served";
  }
  UNREACHABLE("every situation has a name");
}

}  // namespace millrace::sim
