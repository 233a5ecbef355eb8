#include "sim/faults/fault_effects.h"

#include <algorithm>

#include "sim/devices/disk_crash.h"
#include "system/base/check.h"

namespace millrace::sim {

bool comes_in_steps(FaultKind kind) {
  return kind == FaultKind::kNetFlapping || kind == FaultKind::kNetSwizzle ||
         kind == FaultKind::kMachineRollingRestart || kind == FaultKind::kMachineOlderDisk;
}

bool lasts(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNetPartition:
    case FaultKind::kNetOneWay:
    case FaultKind::kNetBridge:
    case FaultKind::kNetRing:
    case FaultKind::kNetFlapping:
    case FaultKind::kNetSlow:
    case FaultKind::kNetLoss:
    case FaultKind::kNetRefuse:
    case FaultKind::kNetHang:
    case FaultKind::kDiskFull:
    case FaultKind::kDiskSlow:
    case FaultKind::kMachinePause:
    case FaultKind::kMachineSuspend:
    case FaultKind::kMachineSlowCpu:
    case FaultKind::kClockRate:
    case FaultKind::kClockRateBeyond:
      return true;
    // Clogs and stalls end by themselves, and a machine that went down is restarted.
    case FaultKind::kNetClog:
    case FaultKind::kNetSwizzle:
    case FaultKind::kNetBreak:
    case FaultKind::kDiskTornWrite:
    case FaultKind::kDiskFailedSync:
    case FaultKind::kDiskWriteError:
    case FaultKind::kDiskStall:
    case FaultKind::kDiskReadError:
    case FaultKind::kDiskBitRot:
    case FaultKind::kDiskMisdirectedWrite:
    case FaultKind::kDiskMisdirectedRead:
    case FaultKind::kDiskStaleRead:
    case FaultKind::kMachineKill:
    case FaultKind::kMachinePowerLoss:
    case FaultKind::kMachineOlderDisk:
    case FaultKind::kMachineLostDisk:
    case FaultKind::kMachineZone:
    case FaultKind::kMachineRollingRestart:
    case FaultKind::kClockWallStep:
    case FaultKind::kScheduleDelay:
      return false;
  }
  UNREACHABLE("every kind lasts or does not");
}

bool ends_processes(FaultKind kind) {
  return kind == FaultKind::kDiskTornWrite || kind == FaultKind::kMachineKill ||
         kind == FaultKind::kMachinePowerLoss || kind == FaultKind::kMachineLostDisk ||
         kind == FaultKind::kMachineZone || kind == FaultKind::kMachineRollingRestart;
}

bool has_two_sides(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNetPartition:
    case FaultKind::kNetOneWay:
    case FaultKind::kNetBridge:
    case FaultKind::kNetFlapping:
    case FaultKind::kNetClog:
    case FaultKind::kNetSwizzle:
    case FaultKind::kNetSlow:
    case FaultKind::kNetLoss:
    case FaultKind::kNetBreak:
      return true;
    default:
      return false;
  }
}

FaultEffects::FaultEffects(World& world, NetworkDevice& network, std::vector<DiskDevice*> disks,
                           Meters& meters)
    : world_(world),
      network_(network),
      disks_(std::move(disks)),
      meters_(meters),
      healed_(world.machines().size()) {
  CHECK(disks_.size() == world.machines().size(), "every machine has its place among the disks");
  for (const auto& machine : world.machines()) base_rates_.push_back(machine->rate_ppm());
}

EventIdentity FaultEffects::identity(const Strike& strike, const Machine& machine) {
  const Where where = where_of(machine.name(), to_text(strike.action->kind));
  return world_.identify(fault_root(strike.action->id), EventKind::kFault, where);
}

bool FaultEffects::begin(Strike& strike) {
  if (strike.action->kind != FaultKind::kScheduleDelay) {
    CHECK(!strike.targets.empty(), "a fault strikes somebody");
  }
  const bool is_looked_at_later =
      lasts(strike.action->kind) || strike.action->kind == FaultKind::kClockWallStep;
  if (is_looked_at_later) active_.push_back(&strike);
  for (const Machine* const machine : strike.targets) {
    strike.steps_at_start.push_back(machine->steps());
  }
  const std::string_view name = to_text(strike.action->kind);
  if (name.starts_with("net.")) {
    begin_network(strike);
    return true;
  }
  // Torn writes come with a power loss: a machine's fault, and the disk's meter.
  if (name.starts_with("disk.") && strike.action->kind != FaultKind::kDiskTornWrite) {
    return begin_disk(strike);
  }
  if (name.starts_with("clock.")) {
    begin_clock(strike);
  } else if (strike.action->kind == FaultKind::kScheduleDelay) {
    delay(strike);
  } else {
    begin_machine(strike);
  }
  return true;
}

void FaultEffects::end(Strike& strike) {
  count_steps(strike);
  heal_links(strike);
  std::erase(active_, &strike);
  for (Machine* const machine : strike.targets) {
    if (healed_[machine->index()]) continue;
    switch (strike.action->kind) {
      case FaultKind::kMachinePause:
        count_stop(strike, *machine);
        refresh_machine(*machine);
        break;
      case FaultKind::kMachineSuspend:
      case FaultKind::kMachineSlowCpu:
        refresh_machine(*machine);
        break;
      case FaultKind::kClockRate:
      case FaultKind::kClockRateBeyond:
        refresh_clock(*machine);
        break;
      case FaultKind::kDiskSlow:
      case FaultKind::kDiskFull:
        refresh_disk(*machine);
        break;
      case FaultKind::kNetRefuse:
      case FaultKind::kNetHang:
        refresh_connects(*machine);
        break;
      default:
        break;  // Its links are healed, or it has nothing to undo.
    }
  }
}

void FaultEffects::finish() {
  for (const Strike* const strike : active_) {
    count_steps(*strike);
    for (const Machine* const machine : strike->targets) count_stop(*strike, *machine);
  }
  meters_.took_effect(FaultKind::kScheduleDelay, world_.held_back());
  active_.clear();
}

bool FaultEffects::step(Strike& strike) {
  ++strike.step;
  if (strike.action->kind == FaultKind::kNetFlapping) {
    flap(strike);
    return true;
  }
  if (strike.action->kind == FaultKind::kNetSwizzle) {
    clog_next(strike);
    return strike.step + 1 < strike.targets.size();
  }
  if (strike.action->kind == FaultKind::kMachineOlderDisk) {
    for (Machine* const machine : strike.targets) cut_power(*machine, strike);
    return false;
  }
  CHECK(strike.action->kind == FaultKind::kMachineRollingRestart, "only some kinds have steps");
  CHECK(strike.step < strike.targets.size(), "a rolling restart ends with its last machine");
  kill(*strike.targets[strike.step], strike);
  return strike.step + 1 < strike.targets.size();
}

// --- meters of what the kernel does ---

void FaultEffects::count_steps(const Strike& strike) {
  const FaultKind kind = strike.action->kind;
  const bool is_counted = kind == FaultKind::kMachineSlowCpu || kind == FaultKind::kClockRate ||
                          kind == FaultKind::kClockRateBeyond || kind == FaultKind::kClockWallStep;
  if (!is_counted) return;
  for (std::size_t i = 0; i < strike.targets.size(); ++i) {
    if (strike.targets[i]->steps() > strike.steps_at_start[i]) meters_.took_effect(kind);
  }
}

void FaultEffects::count_stop(const Strike& strike, const Machine& machine) {
  if (strike.action->kind != FaultKind::kMachinePause) return;
  const bool is_stopped = machine.state() == MachineState::kPaused;
  if (is_stopped && machine.has_ready_tasks()) meters_.took_effect(strike.action->kind);
}

// --- machines ---

void FaultEffects::begin_machine(Strike& strike) {
  switch (strike.action->kind) {
    case FaultKind::kMachineKill:
      for (Machine* const machine : strike.targets) kill(*machine, strike);
      return;
    case FaultKind::kMachineRollingRestart:
      kill(*strike.targets.front(), strike);
      return;
    case FaultKind::kDiskTornWrite:
    case FaultKind::kMachinePowerLoss:
    case FaultKind::kMachineLostDisk:
    case FaultKind::kMachineZone:
      for (Machine* const machine : strike.targets) cut_power(*machine, strike);
      return;
    case FaultKind::kMachinePause:
      for (Machine* const machine : strike.targets) world_.pause(*machine);
      return;
    case FaultKind::kMachineSuspend:
      for (Machine* const machine : strike.targets) {
        const bool runs = machine->process() != nullptr && machine->state() == MachineState::kUp;
        if (runs) meters_.took_effect(strike.action->kind);
        world_.suspend(*machine);
      }
      return;
    case FaultKind::kMachineOlderDisk:
      return;  // The engine keeps the image that the machine will boot with.
    default:
      CHECK(strike.action->kind == FaultKind::kMachineSlowCpu, "a fault of a machine");
      for (Machine* const machine : strike.targets) refresh_machine(*machine);
  }
}

void FaultEffects::kill(Machine& machine, const Strike& strike) {
  if (machine.process() == nullptr) return;
  meters_.took_effect(strike.action->kind);
  world_.kill(machine, ProcessEnd::kKill);
}

void FaultEffects::cut_power(Machine& machine, const Strike& strike) {
  const FaultKind kind = strike.action->kind;
  const bool is_metered = kind == FaultKind::kMachinePowerLoss || kind == FaultKind::kMachineZone;
  if (is_metered && machine.state() != MachineState::kOff) meters_.took_effect(kind);
  const Survival survival =
      kind == FaultKind::kDiskTornWrite ? Survival::torn() : Survival::untorn();
  DiskDevice* const disk = disk_of(machine);
  if (disk != nullptr) disk->power_loss(identity(strike, machine), survival);
  if (machine.process() == nullptr) network_.power_lost(machine);
  world_.kill(machine, ProcessEnd::kPowerLoss);
}

void FaultEffects::refresh_machine(Machine& machine) {
  const std::int64_t factor = strongest(FaultKind::kMachineSlowCpu, machine);
  world_.set_cpu_multiplier(machine, static_cast<std::uint32_t>(std::max<std::int64_t>(factor, 1)));
  const bool is_stopped = is_struck(FaultKind::kMachinePause, machine) ||
                          is_struck(FaultKind::kMachineSuspend, machine);
  if (!is_stopped) world_.resume(machine);
}

// --- clocks ---

void FaultEffects::begin_clock(Strike& strike) {
  const std::int64_t amount = strike.action->amount;
  for (Machine* const machine : strike.targets) {
    if (strike.action->kind == FaultKind::kClockWallStep) {
      world_.step_wall_clock(*machine, Duration{amount});
    } else {
      refresh_clock(*machine);
    }
  }
}

void FaultEffects::refresh_clock(Machine& machine) {
  // Rates do not add up: the youngest fault's is in force.
  std::int32_t rate = base_rates_[machine.index()];
  for (const Strike* const strike : active_) {
    const FaultKind kind = strike->action->kind;
    if (kind != FaultKind::kClockRate && kind != FaultKind::kClockRateBeyond) continue;
    if (std::ranges::find(strike->targets, &machine) == strike->targets.end()) continue;
    rate = static_cast<std::int32_t>(strike->action->amount);
  }
  if (rate != machine.rate_ppm()) world_.set_clock_rate(machine, rate);
}

// --- the schedule ---

void FaultEffects::delay(const Strike& strike) {
  const Duration duration = strike.action->duration;
  if (strike.entity.has_value()) {
    world_.hold(*strike.entity, duration);
  } else if (strike.is_in_task) {
    world_.delay_next_wait(*world_.current(), duration);
  }
}

// --- disks ---

bool FaultEffects::begin_disk(Strike& strike) {
  bool did_anything = false;
  const FaultAction& action = *strike.action;
  for (Machine* const machine : strike.targets) {
    DiskDevice* const disk = disk_of(*machine);
    if (disk == nullptr) continue;
    const auto count = static_cast<std::uint32_t>(action.amount);
    bool did = true;
    switch (action.kind) {
      case FaultKind::kDiskFailedSync:
        disk->fail_next({.operation = DiskOperation::kSync,
                         .code = Errc::kIo,
                         .count = count,
                         .path = {},
                         .kind = action.kind});
        break;
      case FaultKind::kDiskWriteError:
        disk->fail_next({.operation = DiskOperation::kWrite,
                         .code = Errc::kIo,
                         .count = count,
                         .path = {},
                         .kind = action.kind});
        break;
      case FaultKind::kDiskFull:
        disk->set_room(static_cast<std::uint64_t>(action.amount));
        break;
      case FaultKind::kDiskStall:
        disk->stall(action.duration);
        break;
      case FaultKind::kDiskSlow:
        refresh_disk(*machine);
        break;
      default:
        did = damage(strike, *disk);
    }
    did_anything = did_anything || did;
  }
  return did_anything;
}

bool FaultEffects::damage(const Strike& strike, DiskDevice& disk) {
  bool did_anything = false;
  for (std::int64_t i = 0; i < strike.action->amount; ++i) {
    const EventIdentity who = identity(strike, disk.machine());
    bool did = true;
    switch (strike.action->kind) {
      case FaultKind::kDiskReadError:
        did = disk.make_unreadable(who, {}).has_value();
        break;
      case FaultKind::kDiskBitRot:
        did = disk.rot(who, {}).has_value();
        break;
      case FaultKind::kDiskMisdirectedWrite:
        disk.misdirect_next_write(who, {});
        break;
      case FaultKind::kDiskMisdirectedRead:
        disk.misdirect_next_read(who, {});
        break;
      default:
        CHECK(strike.action->kind == FaultKind::kDiskStaleRead, "a damage of a disk");
        disk.stale_next_read(who, {});
    }
    did_anything = did_anything || did;
  }
  return did_anything;
}

void FaultEffects::refresh_disk(Machine& machine) {
  DiskDevice* const disk = disk_of(machine);
  if (disk == nullptr) return;
  const std::int64_t factor = strongest(FaultKind::kDiskSlow, machine);
  disk->set_slowness(static_cast<std::uint32_t>(std::max<std::int64_t>(factor, 1)));
  if (!is_struck(FaultKind::kDiskFull, machine)) disk->set_room(std::nullopt);
}

// --- what is in force ---

std::int64_t FaultEffects::strongest(FaultKind kind, const Machine& machine) const {
  std::int64_t largest = 0;
  for (const Strike* const strike : active_) {
    if (strike->action->kind != kind) continue;
    if (std::ranges::find(strike->targets, &machine) == strike->targets.end()) continue;
    largest = std::max(largest, strike->action->amount);
  }
  return largest;
}

bool FaultEffects::is_struck(FaultKind kind, const Machine& machine) const {
  return std::ranges::any_of(active_, [&](const Strike* strike) {
    return strike->action->kind == kind &&
           std::ranges::find(strike->targets, &machine) != strike->targets.end();
  });
}

void FaultEffects::heal(const std::vector<Machine*>& machines) {
  for (const Machine* const machine : machines) healed_[machine->index()] = true;
  for (Strike* const strike : active_) {
    std::erase_if(strike->links, [&](const LinkEnds& link) { return is_healed(link); });
    for (const Machine* const machine : strike->targets) {
      if (healed_[machine->index()]) count_stop(*strike, *machine);
    }
  }
  for (Machine* const machine : machines) {
    for (Machine* const other : machines) {
      if (machine != other) network_.restore({.from = *machine, .to = *other});
    }
    network_.refuse_connects(*machine, false);
    network_.hang_connects(*machine, false);
    world_.set_cpu_multiplier(*machine, 1);
    const std::int32_t rate = base_rates_[machine->index()];
    if (machine->rate_ppm() != rate) world_.set_clock_rate(*machine, rate);
    world_.resume(*machine);
    DiskDevice* const disk = disk_of(*machine);
    if (disk != nullptr) disk->heal();
  }
}

}  // namespace millrace::sim
