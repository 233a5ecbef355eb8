#pragma once

// Machines, the processes that run on them, and their tasks, as the kernel keeps them.
//
// A machine has one CPU and two clocks and runs at most one process. A process is an arena and
// tasks. Devices keep what belongs to a process by its ProcessId and drop it in
// ProcessListener::on_end.

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/fiber/fiber.h"
#include "sim/kernel/arena.h"
#include "sim/kernel/identity.h"
#include "sim/kernel/task_table.h"
#include "system/base/strong_id.h"
#include "system/env/tasks.h"

namespace millrace::sim {

class Machine;
class Process;
class World;

struct EntityIdTag;
/// What the schedule can delay or reorder as one: a task, a directed link, a disk, a machine's
/// timers, a direction of a connection. Ids are handed out in order of creation.
using EntityId = StrongId<EntityIdTag, std::uint32_t>;

struct ProcessIdTag;
/// One life of a process. Never used twice in a run.
using ProcessId = StrongId<ProcessIdTag, std::uint64_t>;

/// A pending event. Valid until it ran or was cancelled; using it later does nothing.
struct EventHandle {
  std::uint32_t slot = 0;
  std::uint64_t id = 0;
};

/// What a task waits for.
enum class TaskState : std::uint8_t {
  kReady,     ///< Will run when its machine is free.
  kRunning,   ///< Runs now.
  kParked,    ///< In Tasks::park: an unpark, a cancel or the deadline ends it.
  kInDevice,  ///< In a device call: the device, a cancel or the deadline ends it.
  kInDisk,    ///< In a device call that only the device ends.
  kEnded,
};

/// One fiber of a process. Devices hold pointers to it while it waits in them, and forget them when
/// its process ends.
// What a timer's wake reads and writes lies in the first two cache lines, in the order in which it
// comes to it; names and what only spawning, unparking and ending need come after them. With 1,000
// tasks that wake in turn, nothing of a task is in a near cache when its turn comes.
class alignas(64) Task {
 public:
  const std::string& name() const { return name_; }
  TaskId id() const { return id_; }
  Process& process() const { return *process_; }
  Machine& machine() const { return *machine_; }
  TaskState state() const { return state_; }
  /// Why the last wait ended.
  Wake wake() const { return wake_; }
  /// The event that woke it, whose root its doings inherit.
  const EventIdentity& woken_by() const { return woken_by_; }
  EntityId entity() const { return entity_; }
  bool is_cancelled() const { return cancelled_; }
  /// When its wait ends at the latest, by its machine's monotonic clock.
  Instant deadline() const { return deadline_; }
  /// See Fiber.
  const void* saved_registers() const { return fiber_.saved_registers(); }

 private:
  friend class World;

  TaskState state_ = TaskState::kReady;
  Wake wake_ = Wake::kUnparked;
  bool cancelled_ = false;
  bool unpark_token_ = false;
  // At most one wake event is pending for a task.
  enum class PendingWake : std::uint8_t { kNone, kUnpark, kDevice, kCancel, kHeld };
  PendingWake pending_wake_ = PendingWake::kNone;
  Wake held_wake_ = Wake::kUnparked;  // Why the wait had ended when a mark's delay held it.
  bool is_held_ = false;              // A mark's delay: the wait does not end before held_until_.
  // The one timer event that carries the task's deadlines; see World::arm_timer.
  bool timer_armed_ = false;
  std::uint32_t timer_slot_ = 0;  // Where it is armed.
  std::uint32_t timer_n_ = 0;     // The lowest n of its next timer.
  EntityId entity_;
  std::uint32_t shield_depth_ = 0;  // Above 0, nothing tells it that it was cancelled.
  Instant deadline_ = Instant::max();
  SimTime timer_due_;
  Machine* machine_ = nullptr;
  Task* ready_next_ = nullptr;
  Root boot_root_;     // Its process's.
  Where timer_where_;  // Its name, and which of the tasks of that name it is.
  SimTime spawned_;
  EventIdentity woken_by_;
  Fiber fiber_;  // Begins with what a switch needs.

  Where where_;
  SimTime held_until_;
  EventHandle wake_event_;
  Process* process_ = nullptr;
  std::function<void()>* body_ = nullptr;  // In the process's arena, which frees it.
  TaskId id_;
  std::string name_;
};

/// How a process came to its end.
enum class ProcessEnd : std::uint8_t {
  kExit,       ///< Its main task returned.
  kKill,       ///< Killed; the machine's kernel, disk cache and connections' kernels go on.
  kPowerLoss,  ///< The machine lost its power.
};

/// One life of a program on a machine.
class Process {
 public:
  ProcessId id() const { return id_; }
  Machine& machine() const { return *machine_; }
  Arena& arena() { return arena_; }
  Root root() const { return root_; }
  /// Role name, for signatures.
  const std::string& role() const { return role_; }
  std::size_t task_count() const { return live_tasks_; }
  /// Live tasks in order of their spawning.
  std::vector<Task*> tasks() const;
  /// A place for the device layer's own state of this process; owned by it.
  std::shared_ptr<void> device_state;

 private:
  friend class World;

  ProcessId id_;
  Machine* machine_ = nullptr;
  std::string role_;
  Root root_;
  Arena arena_;
  std::uint64_t next_task_id_ = 1;
  TaskTable<Task> tasks_;
  std::size_t live_tasks_ = 0;
};

/// Whether a machine's CPU runs.
enum class MachineState : std::uint8_t { kOff, kUp, kPaused, kSuspended };

/// One computer.
// What a step of a task needs fills one cache line and comes first.
class alignas(64) Machine {
 public:
  const std::string& name() const { return name_; }
  std::uint32_t index() const { return index_; }
  MachineState state() const { return state_; }
  /// Null between lives.
  Process* process() const { return process_.get(); }
  /// Number of boots so far.
  std::uint32_t boots() const { return boots_; }
  /// Number of steps that its tasks ran so far.
  std::uint64_t steps() const { return steps_; }
  /// Whether a task waits for its CPU.
  bool has_ready_tasks() const { return ready_first_ != nullptr; }
  /// The task that comes next on its CPU, or null.
  const Task* first_ready() const { return ready_first_; }
  /// How much faster than the universe its clocks run.
  std::int32_t rate_ppm() const { return rate_ppm_; }

  /// Monotonic clock at `t`, and the first moment at which it shows at least `local`.
  Instant local_at(SimTime t) const {
    if (state_ == MachineState::kSuspended || t < clock_since_) return clock_local_;
    const Duration since = t - clock_since_;
    return clock_local_ + (rate_ppm_ == 0 ? since : at_rate(since, rate_ppm_));
  }
  SimTime when_local_is(Instant local) const {
    const Duration ahead = local - clock_local_;
    if (ahead.ns <= 0) return clock_since_;
    return clock_since_ + (rate_ppm_ == 0 ? ahead : when_rate_shows(ahead, rate_ppm_));
  }
  WallTime wall_at(SimTime t) const;

 private:
  friend class World;

  static Duration at_rate(Duration duration, std::int32_t ppm);
  /// The shortest time in which a clock of this rate moves on by `ahead`.
  static Duration when_rate_shows(Duration ahead, std::int32_t ppm);

  MachineState state_ = MachineState::kOff;
  bool waits_for_cpu_ = false;  // In World::busy_cpus_.
  bool is_listed_ = false;      // In World::runnable_.
  std::int32_t rate_ppm_ = 0;
  std::uint32_t cpu_multiplier_ = 1;
  // Clock: local = clock_local_ + (t - clock_since_) * (1 + rate), 0 while suspended.
  SimTime clock_since_;
  Instant clock_local_;
  SimTime busy_until_;
  Task* ready_first_ = nullptr;
  Task* ready_last_ = nullptr;
  std::uint64_t steps_ = 0;

  WallTime wall_base_;  // Wall time where local is 0.
  std::string name_;
  std::uint32_t index_ = 0;
  std::uint32_t boots_ = 0;
  EntityId timer_entity_;
  std::unique_ptr<Process> process_;
};

}  // namespace millrace::sim
