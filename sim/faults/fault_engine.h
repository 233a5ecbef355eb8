#pragma once

// Runs a fault plan: waits for the moments, asks the budget, strikes, heals, restarts.
//
//   armed --(time or n-th moment)--> budget --> fires --(duration)--> healed
//     ^                                |          |
//     | `after` fired                  +-> refused +-> a machine that went down boots later
//
// An action anchored within a call of a task strikes right there; at a boot and at an entity's
// event it strikes as the next event, because the kernel is in the midst of its own work. When the
// faults' phase ends, heal_core() makes a random minimal core whole, and no new fault fires.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/anchors.h"
#include "sim/faults/budget.h"
#include "sim/faults/deployment.h"
#include "sim/faults/fault_effects.h"
#include "sim/faults/fault_plan.h"
#include "sim/kernel/anchor_sink.h"
#include "sim/kernel/meters.h"
#include "sim/kernel/world.h"

namespace millrace::sim {

/// Boots what a fault brought down.
class Restarter {
 public:
  virtual ~Restarter() = default;
  /// Boots the role of `machine` again, which has no process, with the Config it had. `root` is the
  /// boot's. Called from an event, or by heal_core().
  virtual void restart(Machine& machine, Root root) = 0;
};

/// What became of an action.
enum class FaultState : std::uint8_t { kWaiting, kInForce, kOver, kRefused };

/// Who is whole in the settle phase, and who stays as it was.
struct Core {
  std::vector<std::string> members;  ///< Of the groups, in the order of the deployment.
  std::vector<std::string> outsiders;
  bool are_outsiders_connected = false;
};

/// Whether all machines that a plan names exist.
/// Errors: kInvalid, with the fault's id and the name.
Result<void> validate(const FaultPlan& plan, const Deployment& deployment);

/// One a run. Made before the devices, which report to it; they are attached before start().
class FaultEngine final : public EventTarget, public AnchorSink {
 public:
  /// All outlive the engine. `plan` and `deployment` are valid (checked).
  FaultEngine(World& world, Meters& meters, const Deployment& deployment, FaultPlan plan,
              Restarter& restarter);
  ~FaultEngine() override;
  FaultEngine(const FaultEngine&) = delete;
  FaultEngine& operator=(const FaultEngine&) = delete;

  /// For labels of frames in anchors; pure.
  void set_frame_namer(FrameNamer namer) { namer_ = std::move(namer); }
  /// `disks` has the disk of each machine, by Machine::index(); null where it has none.
  void attach(NetworkDevice& network, std::vector<DiskDevice*> disks);
  /// Arms what waits for a change of a disk: formatting makes the first ones. All machines exist.
  void start_before_format();
  /// Arms the plan, or the rest of it. All machines exist.
  void start();
  /// A client takes an operation of its plan.
  void on_operation_taken(std::uint64_t operation) { watch_.operation_taken(operation); }
  /// Calls `listener` with each moment of a disk while faults may fire, before any of them does.
  using DiskListener = std::function<void(Machine& machine, const DiskMoment& moment)>;
  void set_disk_listener(DiskListener listener);

  /// Heals a random minimal core of each group and all clients; outsiders stay as they were, cut
  /// off from the core in half of the seeds. No fault fires any more, and the schedule is fair.
  /// Called between two World::run_until().
  Core heal_core();
  /// Counts the effects of what is still in force. Called once, after the run.
  void finish();

  /// What became of each action, in the order of the plan.
  const std::vector<FaultState>& states() const { return states_; }
  /// When the moments of anchored actions came, by their places in the plan.
  const std::vector<MetMoment>& met_moments() const { return watch_.met(); }
  /// Ids of the actions that the budget refused in this run.
  std::vector<std::uint64_t> refused() const;
  /// The plan with its refusals written in: the one to save.
  const FaultPlan& plan() const { return plan_; }
  /// Assumptions that the faults of this run broke, each with the first fault that did.
  const std::vector<BrokenAssumption>& broken() const { return broken_; }
  /// Whether a fault keeps this machine down: whoever restarts processes by itself leaves it alone.
  bool is_down(const Machine& machine) const { return downs_[machine.index()].count > 0; }

  void on_event(const Event& event) override;
  void on_mark(Machine& machine, std::string_view name) override;
  void on_fact(Machine& machine, const FactView& fact) override;
  void on_disk(Machine& machine, const DiskMoment& moment) override;
  void on_frame(const FrameMoment& moment) override;
  void on_boot(Machine& machine) override;
  void on_entity_event(EntityId entity, std::uint64_t name_hash) override;

 private:
  /// What an event of the engine is about, with an action's or a machine's index.
  enum class Job : std::uint8_t { kFire, kStep, kHeal, kRestart };

  /// Where a moment came from.
  struct Moment {
    Machine* machine = nullptr;
    Machine* peer = nullptr;
    std::optional<EntityId> entity;
    bool is_in_task = false;
    /// A device is at work and expects anything: the fault strikes right there.
    bool is_in_device = false;
  };

  /// A machine that faults keep down.
  struct Down {
    std::uint32_t count = 0;  ///< Restarts that are due.
    bool boots_empty = false;
    std::unique_ptr<DiskSnapshot> boots_with;
  };

  void arm(ActionIndex index);
  void note_wants();
  /// Fires, or schedules, the actions whose moment has come; those that end this task come last.
  void moment_came(const std::vector<ActionIndex>& due, const Moment& moment);
  /// Strikes, if the budget allows it. May not return to the current task.
  void fire(ActionIndex index);
  void prepare(ActionIndex index);
  void resolve(Strike& strike, const Moment& moment);
  /// All that the strike needs of the budget, or nothing of it.
  bool claim(Strike& strike, ActionIndex index);
  void release_claims(Strike& strike);
  void break_assumption(Assumption assumption, std::uint64_t fault, std::string reason);
  void refuse(ActionIndex index, const std::string& reason);
  void heal(ActionIndex index);
  void step(ActionIndex index);
  void plan_restart(const FaultAction& action, const Machine& machine);
  void restart(Machine& machine, Root fault);
  void schedule(Job job, const FaultAction& action, std::uint64_t index, Duration after);
  void note_strike(const Strike& strike, std::string_view what);
  void note_end(const Strike& strike);
  void note(const Strike& strike, std::string text, bool is_end);
  bool ends_current_process(const Strike& strike) const;
  std::vector<Machine*> machines_of(const std::vector<std::string>& names);
  std::vector<Machine*> zone_of(const Machine& machine);
  std::vector<Machine*> pick_core();

  World& world_;
  Meters& meters_;
  const Deployment& deployment_;
  FaultPlan plan_;
  Restarter& restarter_;
  FrameNamer namer_;
  DiskListener disk_listener_;
  AnchorWatch watch_;
  Budget budget_;
  std::unique_ptr<FaultEffects> effects_;
  std::vector<FaultState> states_;  // By action, as is strikes_.
  std::vector<Strike> strikes_;
  std::vector<std::unique_ptr<DiskSnapshot>> images_;  // By action, of kMachineOlderDisk.
  std::vector<Down> downs_;                            // By Machine::index().
  std::vector<BrokenAssumption> broken_;
  // Not a local: a kill in the midst of fire() leaves the stack as it is, and it would leak.
  std::vector<ActionIndex> due_;
  bool has_begun_ = false;
  bool is_settling_ = false;
};

}  // namespace millrace::sim
