#include "sim/faults/fault_templates.h"

namespace millrace::sim {
namespace {

FaultAction strike_at(std::uint64_t id, FaultKind kind, const std::string& machine,
                      const FaultMoment& moment, Duration duration) {
  FaultAction action;
  action.id = id;
  action.kind = kind;
  action.at = moment.at;
  action.anchor = moment.anchor;
  action.targets = {machine};
  action.duration = duration;
  return action;
}

FaultAction strike_after(std::uint64_t id, FaultKind kind, const std::string& machine,
                         Duration after, Duration duration) {
  FaultAction action = strike_at(id, kind, machine, {.at = after, .anchor = {}}, duration);
  action.after = id - 1;
  return action;
}

}  // namespace

std::vector<FaultAction> crash_in_recovery(std::uint64_t first_id, const std::string& machine,
                                           const FaultMoment& moment, Duration down,
                                           std::uint32_t operation) {
  Anchor in_recovery;
  in_recovery.kind = AnchorKind::kOperationAfterBoot;
  in_recovery.machine = machine;
  in_recovery.nth = operation;
  FaultAction again =
      strike_after(first_id + 1, FaultKind::kMachinePowerLoss, machine, Duration{}, down);
  again.anchor = in_recovery;
  return {strike_at(first_id, FaultKind::kMachinePowerLoss, machine, moment, down), again};
}

std::vector<FaultAction> pause_beyond_lease(std::uint64_t first_id, const std::string& machine,
                                            const FaultMoment& moment, Duration lease,
                                            Duration beyond) {
  return {strike_at(first_id, FaultKind::kMachinePause, machine, moment, lease + beyond)};
}

std::vector<FaultAction> kill_then_power_loss(std::uint64_t first_id, const std::string& machine,
                                              const FaultMoment& moment, Duration down,
                                              Duration served) {
  return {strike_at(first_id, FaultKind::kMachineKill, machine, moment, down),
          strike_after(first_id + 1, FaultKind::kMachinePowerLoss, machine, down + served, down)};
}

std::vector<FaultAction> failed_sync_then_power_loss(std::uint64_t first_id,
                                                     const std::string& machine,
                                                     const FaultMoment& moment, Duration later,
                                                     Duration down) {
  FaultAction failed = strike_at(first_id, FaultKind::kDiskFailedSync, machine, moment, {});
  failed.amount = 1;
  return {failed, strike_after(first_id + 1, FaultKind::kMachinePowerLoss, machine, later, down)};
}

std::vector<FaultAction> break_with_slow_old_connection(std::uint64_t first_id,
                                                        const std::string& source,
                                                        const std::string& destination,
                                                        std::uint32_t frame, Duration held,
                                                        Duration later) {
  Anchor sent;
  sent.kind = AnchorKind::kFrame;
  sent.machine = source;
  sent.peer = destination;
  sent.nth = frame;
  FaultAction hold;
  hold.id = first_id;
  hold.kind = FaultKind::kScheduleDelay;
  hold.anchor = sent;
  hold.duration = held;
  FaultAction broken = strike_after(first_id + 1, FaultKind::kNetBreak, source, later, Duration{});
  broken.others = {destination};
  return {hold, broken};
}

}  // namespace millrace::sim
