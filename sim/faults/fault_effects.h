#pragma once

// What each kind of fault does to the world: begins, goes on in steps, ends.
//
// Two faults of one kind may lie upon each other: what a machine, link or disk shows is the
// strongest of those in force, and it is as it was before when the last has ended. Nothing here
// decides whether or when a fault strikes (fault_engine.h).

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/devices/disk_device.h"
#include "sim/devices/network_device.h"
#include "sim/faults/fault_plan.h"
#include "sim/kernel/meters.h"
#include "sim/kernel/world.h"

namespace millrace::sim {

/// A directed link by its machines.
struct LinkEnds {
  Machine* from = nullptr;
  Machine* to = nullptr;

  friend bool operator==(const LinkEnds&, const LinkEnds&) = default;
};

/// An action that fires: on whom, and what it left behind.
struct Strike {
  const FaultAction* action = nullptr;
  std::vector<Machine*> targets;
  /// The other side, where the kind has one; never empty then.
  std::vector<Machine*> others;
  /// The connection's direction or the entity whose moment it was.
  std::optional<EntityId> entity;
  /// Whether it fires within a call of the task whose moment it was.
  bool is_in_task = false;

  // Filled in while it is in force.
  std::vector<Machine*> disks_claimed;        ///< From the budget, by this strike alone.
  std::vector<LinkEnds> links;                ///< That it disturbs now.
  std::vector<std::uint64_t> steps_at_start;  ///< Of each target.
  std::vector<std::uint32_t> release_order;   ///< Of a swizzle: when each target is released.
  std::uint32_t step = 0;                     ///< Steps taken, of kinds that come in steps.
};

/// Acts on the world. One a run.
class FaultEffects {
 public:
  /// `disks` has the disk of each machine, by Machine::index(); null where it has none. All outlive
  /// the effects.
  FaultEffects(World& world, NetworkDevice& network, std::vector<DiskDevice*> disks,
               Meters& meters);
  FaultEffects(const FaultEffects&) = delete;
  FaultEffects& operator=(const FaultEffects&) = delete;

  /// Does what the strike does at first. A kind that ends the current task's process does so last,
  /// and then this does not return. `strike` outlives its end.
  /// Returns whether it did anything at all: damage may find nothing to damage.
  bool begin(Strike& strike);
  /// Takes the next step of a kind that comes in steps; false where it was the last.
  bool step(Strike& strike);
  /// Undoes what is left of it.
  void end(Strike& strike);
  /// Counts the effects of strikes that are still in force.
  void finish();

  /// Ends the machine's power, its process, and what no sync covered. Does not return to a task of
  /// it.
  void cut_power(Machine& machine, const Strike& strike);
  /// Leaves these machines, and the links among them, without any disturbance from now on.
  void heal(const std::vector<Machine*>& machines);
  /// Cuts all links between these machines and all others, for good.
  void isolate(const std::vector<Machine*>& machines);

  /// Null where the machine has none.
  DiskDevice* disk_of(const Machine& machine) const { return disks_[machine.index()]; }
  /// The identity for draws of a strike on a machine; another one for each call.
  EventIdentity identity(const Strike& strike, const Machine& machine);

 private:
  void begin_network(Strike& strike);
  void begin_cut(Strike& strike);
  void begin_between(Strike& strike);
  void begin_swizzle(Strike& strike);
  void clog_next(const Strike& strike);
  bool begin_disk(Strike& strike);
  bool damage(const Strike& strike, DiskDevice& disk);
  void begin_machine(Strike& strike);
  void begin_clock(Strike& strike);
  void delay(const Strike& strike);
  void kill(Machine& machine, const Strike& strike);
  void flap(Strike& strike);
  void cut(Strike& strike, Machine& from, Machine& to);
  void heal_links(Strike& strike);
  void count_steps(const Strike& strike);
  void count_stop(const Strike& strike, const Machine& machine);

  void refresh_machine(Machine& machine);
  void refresh_clock(Machine& machine);
  void refresh_disk(Machine& machine);
  void refresh_link(const LinkEnds& link, FaultKind kind);
  void refresh_connects(Machine& machine);
  /// The largest amount among the strikes of a kind on this machine; 0 for none.
  std::int64_t strongest(FaultKind kind, const Machine& machine) const;
  bool is_struck(FaultKind kind, const Machine& machine) const;
  bool is_healed(const LinkEnds& link) const;

  World& world_;
  NetworkDevice& network_;
  std::vector<DiskDevice*> disks_;
  Meters& meters_;
  std::vector<Strike*> active_;           // In order of their beginning.
  std::vector<std::int32_t> base_rates_;  // Of each machine, in ppm.
  std::vector<bool> healed_;              // Machines that nothing disturbs any more.
};

/// Whether a kind comes in steps, each a `period` after the last.
bool comes_in_steps(FaultKind kind);
/// Whether a kind lasts, so that it is ended after its duration.
bool lasts(FaultKind kind);
/// Whether a kind ends the processes of its targets.
bool ends_processes(FaultKind kind);
/// Whether a kind needs two sets of machines.
bool has_two_sides(FaultKind kind);

}  // namespace millrace::sim
