// Tasks: how they become ready, run a step, wait, and end.
//
// A step, from the loop's side:
//
//   event -> become_ready -> machine's ready list -> run_machine (CPU free?) -> run_step
//                                                        | no
//                                                        +-> kMachineFree at busy_until -> again
//
// and from the task's side: wait() -> fiber suspends -> ... -> fiber resumes -> wait() returns.

#include <algorithm>
#include <exception>

#include "sim/fiber/fiber_switch.h"
#include "sim/kernel/world.h"
#include "sim/kernel/world_slots.h"
#include "system/base/check.h"

namespace millrace::sim {

// --- steps ---

void World::mark_runnable(Machine& machine) {
  if (machine.is_listed_) return;
  machine.is_listed_ = true;
  runnable_.push_back(&machine);
}

void World::run_machine(Machine& machine) {
  if (machine.ready_first_ == nullptr || machine.state_ != MachineState::kUp) return;
  if (machine.busy_until_ > now_) {
    schedule_free(machine);
    return;
  }
  Task& task = *machine.ready_first_;
  machine.ready_first_ = task.ready_next_;
  if (machine.ready_first_ == nullptr) machine.ready_last_ = nullptr;
  task.ready_next_ = nullptr;
  run_step(machine, task);
  if (machine.ready_first_ != nullptr) schedule_free(machine);
}

void World::schedule_free(Machine& machine) {
  if (machine.free_event_pending_) return;
  machine.free_event_pending_ = true;
  // No identity: it draws nothing and is no event of the run. The id 1 sorts it before others.
  queue_event({.id = {1}, .root = {}, .where = {}, .n = 0, .kind = EventKind::kMachineFree},
              std::max(now_, machine.busy_until_), EntityId(0), &machine, 0);
}

void World::run_step(Machine& machine, Task& task) {
  CHECK(task.state_ == TaskState::kReady, "only a ready task runs");
  const std::int64_t cost = choices_.range(task.woken_by_, Purpose::kCpuCost,
                                           options_.step_cost_low.ns, options_.step_cost_high.ns);
  machine.busy_until_ = now_ + Duration{cost * machine.cpu_multiplier_};
  if (++steps_at_now_ > options_.limits.steps_without_progress) {
    reach_limit("steps_without_progress");
    note_stop_place(&task);
    return;
  }
  ++machine.steps_;
  task.state_ = TaskState::kRunning;
  task.random_draws_ = 0;
  cause_ = task.woken_by_;
  current_ = &task;
  task.fiber_.resume();
  current_ = nullptr;
  set_current_arena(nullptr);
  if (task.state_ == TaskState::kEnded) bury(task);
  ended_.clear();
}

void World::bury(Task& task) {
  if (task.fiber_.has_stack()) stacks_.give_back(task.fiber_.drop());
  Process& process = *task.process_;
  --process.live_tasks_;
  --task_count_;
  // A process that ended during this step is freed as a whole, the task's record included.
  if (process.machine_->process_.get() != &process) return;
  const bool was_main = task.id_.value() == 1;
  Machine& machine = *process.machine_;
  process.tasks_.erase(task.id_.value());
  if (was_main && !stopping_) kill(machine, ProcessEnd::kExit);
}

void World::task_main(void* argument) {
  Task& task = *static_cast<Task*>(argument);
  World& world = *running_world();
  world.run_body(task);
  world.leave_task();
}

void World::run_body(Task& task) {
  std::string thrown;
  bool has_thrown = false;
  set_current_arena(&task.process_->arena_);
  try {
    (*task.body_)();
    delete task.body_;
  } catch (const std::exception& exception) {
    const ArenaScope simulator(nullptr);
    thrown = exception.what();
    has_thrown = true;
  } catch (...) {
    const ArenaScope simulator(nullptr);
    thrown = "not a std::exception";
    has_thrown = true;
  }
  set_current_arena(nullptr);
  task.body_ = nullptr;
  if (has_thrown) observer_.on_task_exception(task, thrown);
  observer_.on_task_end(task);
  if (task.timer_armed_) cancel(task.timer_event_);
  if (task.pending_wake_ != Task::PendingWake::kNone) cancel(task.wake_event_);
}

void World::leave_task() {
  current_->state_ = TaskState::kEnded;
  current_->fiber_.leave_for_ever();
}

// --- becoming ready ---

void World::become_ready(Task& task, const EventIdentity& cause, Wake wake) {
  if (task.hold_next_until_ > now_) {
    ++held_back_;
    // A mark delayed this wait's end: come back then, for the same reason.
    if (task.pending_wake_ != Task::PendingWake::kNone) return;  // That wake will be held.
    task.pending_wake_ = Task::PendingWake::kHeld;
    task.held_wake_ = wake;
    EventIdentity again = cause;
    again.kind = EventKind::kWake;
    task.wake_event_ = queue_event(again, task.hold_next_until_, task.entity_, &task, 0);
    return;
  }
  task.state_ = TaskState::kReady;
  task.wake_ = wake;
  task.woken_by_ = cause;
  Machine& machine = task.machine();
  (machine.ready_last_ == nullptr ? machine.ready_first_ : machine.ready_last_->ready_next_) =
      &task;
  machine.ready_last_ = &task;
  mark_runnable(machine);
}

void World::make_ready(Task& task, const EventIdentity& cause) {
  if (task.state_ != TaskState::kInDevice && task.state_ != TaskState::kInDisk) return;
  become_ready(task, cause, Wake::kUnparked);
}

void World::on_timer(Task& task, const EventIdentity& who) {
  task.timer_armed_ = false;
  if (task.state_ != TaskState::kParked && task.state_ != TaskState::kInDevice) return;
  if (task.deadline_ == Instant::max()) return;
  if (task.machine().state_ == MachineState::kSuspended) return;  // resume() arms it again.
  // The deadline may have moved on since this event was queued, or the clock run slower.
  if (task.machine().local_at(now_) < task.deadline_) {
    arm_timer(task, task.deadline_);
    return;
  }
  task.timer_n_ = who.n + 1;
  become_ready(task, who, Wake::kTimeout);
}

void World::on_wake(Task& task, const EventIdentity& who) {
  const Task::PendingWake kind = task.pending_wake_;
  task.pending_wake_ = Task::PendingWake::kNone;
  const bool waits = task.state_ == TaskState::kParked || task.state_ == TaskState::kInDevice;
  switch (kind) {
    case Task::PendingWake::kUnpark:
      if (task.state_ == TaskState::kParked) {
        become_ready(task, who, Wake::kUnparked);
      } else {
        task.unpark_token_ = true;  // The wait ended otherwise in between: the next one gets it.
      }
      return;
    case Task::PendingWake::kDevice:
      if (task.state_ == TaskState::kInDevice) become_ready(task, who, Wake::kUnparked);
      return;
    case Task::PendingWake::kHeld:
      if (waits || task.state_ == TaskState::kInDisk) become_ready(task, who, task.held_wake_);
      return;
    case Task::PendingWake::kCancel:
      if (waits) become_ready(task, who, Wake::kCancelled);
      return;
    case Task::PendingWake::kNone:
      break;
  }
  UNREACHABLE("a wake event is pending for a reason");
}

void World::queue_wake(Task& task, Task::PendingWake kind) {
  task.pending_wake_ = kind;
  const EventIdentity who = choices_.identify(current_root(), EventKind::kWake, task.where_, now_);
  // A step of the same machine keeps the CPU busy until then anyway.
  const SimTime due = std::max(now_, task.machine().busy_until_);
  task.wake_event_ = queue_event(who, due, task.entity_, &task, 0);
}

void World::forget_stale_wake(Task& task) {
  // It was queued for a wait that ended otherwise. An unpark is remembered, the rest is not.
  if (task.pending_wake_ == Task::PendingWake::kNone) return;
  if (task.pending_wake_ == Task::PendingWake::kUnpark) task.unpark_token_ = true;
  task.pending_wake_ = Task::PendingWake::kNone;
  cancel(task.wake_event_);
}

void World::wake_later(Task& task) {
  if (task.state_ != TaskState::kInDevice) return;
  if (task.pending_wake_ != Task::PendingWake::kNone) return;  // It wakes anyway and looks again.
  queue_wake(task, Task::PendingWake::kDevice);
}

void World::unpark(Task& task) {
  const bool parked = task.state_ == TaskState::kParked;
  if (!parked || task.pending_wake_ != Task::PendingWake::kNone) {
    const bool coming = parked && task.pending_wake_ == Task::PendingWake::kUnpark;
    if (!coming && task.state_ != TaskState::kEnded) task.unpark_token_ = true;
    return;
  }
  queue_wake(task, Task::PendingWake::kUnpark);
}

void World::cancel_task(Task& task) {
  if (task.cancelled_ || task.state_ == TaskState::kEnded) return;
  task.cancelled_ = true;
  const bool waits = task.state_ == TaskState::kParked || task.state_ == TaskState::kInDevice;
  if (waits && task.pending_wake_ == Task::PendingWake::kNone) {
    queue_wake(task, Task::PendingWake::kCancel);
  }
}

// --- waiting ---

Wake World::park(Instant deadline) { return wait(TaskState::kParked, deadline); }

Wake World::wait_in_device(Instant deadline) { return wait(TaskState::kInDevice, deadline); }

void World::wait_in_disk() { wait(TaskState::kInDisk, Instant::max()); }

Wake World::wait(TaskState state, Instant deadline) {
  CHECK(current_ != nullptr, "only a task waits");
  Task& task = *current_;
  CHECK(task.no_block_depth_ == 0, "a NoBlock scope forbids giving way");
  forget_stale_wake(task);
  if (state != TaskState::kInDisk && task.cancelled_) return Wake::kCancelled;
  if (state == TaskState::kParked && task.unpark_token_) {
    task.unpark_token_ = false;
    return Wake::kUnparked;
  }
  task.state_ = state;
  task.deadline_ = deadline;
  if (deadline != Instant::max()) arm_timer(task, deadline);
  const Arena* const arena = current_arena();
  CHECK(arena == nullptr, "a device waits on the simulator's heap");
  task.fiber_.suspend();
  task.hold_next_until_ = {};
  task.deadline_ = Instant::max();
  if (state != TaskState::kInDisk && task.cancelled_) return Wake::kCancelled;
  return task.wake_;
}

void World::arm_timer(Task& task, Instant deadline) {
  // The CPU is busy until then: no deadline is noticed before, and a passed one costs a step.
  const SimTime due =
      std::max({now_, task.machine().busy_until_, task.machine().when_local_is(deadline)});
  if (task.timer_armed_) {
    // An earlier event will look at the deadline when it fires.
    if (task.timer_due_ <= due) return;
    cancel(task.timer_event_);
  }
  // That time has passed is nobody's doing: it happens in the name of the boot, or a reader that
  // polls would go on for ever in the name of the last event that it read. Only timers that fire
  // are counted: what ends the other waits moves no draw of this one.
  const std::uint32_t n = std::max(task.timer_n_, Choices::first_n(due - task.spawned_));
  const EventIdentity who =
      Choices::identify_counted(task.process().root(), EventKind::kTimer, task.timer_where_, n);
  task.timer_event_ = queue_event(who, due, task.entity_, &task, 0);
  task.timer_armed_ = true;
  task.timer_due_ = due;
}

void World::rearm_timers(Process& process) {
  for (const auto& [id, task] : process.tasks_) {
    const bool waits = task->state_ == TaskState::kParked || task->state_ == TaskState::kInDevice;
    if (waits && task->deadline_ != Instant::max()) arm_timer(*task, task->deadline_);
  }
}

void World::delay_next_wait(Task& task, Duration duration) {
  task.hold_next_until_ = std::max(task.hold_next_until_, now_ + duration);
}

// --- making, finding, and what a task may ask ---

Task& World::spawn(Process& process, std::string_view name, Root root, std::function<void()> body) {
  auto made = std::make_unique<Task>();
  Task& task = *made;
  task.id_ = TaskId(process.next_task_id_++);
  task.name_ = name;
  task.process_ = &process;
  task.spawned_ = now_;
  task.where_ = where_of(process.machine_->name_, name);
  task.entity_ = entity_of_task(process, task.where_);
  const Stack stack = task_count_ < options_.limits.tasks ? stacks_.take() : Stack{};
  if (stack.low == nullptr) {
    reach_limit("tasks");
    if (current_ != nullptr) leave_task();
  } else {
    fill_stack(stack, fill_byte());
    task.fiber_.start(stack, home_, &World::task_main, &task);
  }
  {
    const ArenaScope in_process(&process.arena_);
    task.body_ = new std::function<void()>(std::move(body));
  }
  process.tasks_.emplace(task.id_.value(), std::move(made));
  ++process.live_tasks_;
  ++task_count_;
  const EventIdentity who = choices_.identify(root, EventKind::kSpawn, task.where_, now_);
  task.timer_where_ = {mix(task.where_.value, who.id.value)};
  const SimTime due = std::max(now_, process.machine_->busy_until_);
  task.wake_event_ = queue_event(who, due, task.entity_, &task, 0);
  return task;
}

EntityId World::entity_of_task(Process& process, Where where) {
  // Tasks of one name on one machine are one entity, or a server that spawns a task a request would
  // make entities without end.
  const auto found = task_entities_.find(where.value);
  if (found != task_entities_.end()) return found->second;
  const EntityId entity(static_cast<std::uint32_t>(entities_.size()));
  Entity made;
  made.key = where.value;
  made.object = process.machine_->timer_entity_.value();
  entities_.push_back(made);
  draw_pct_levels(entity);
  task_entities_.emplace(where.value, entity);
  return entity;
}

Task* World::find_task(Process& process, TaskId id) {
  const auto found = process.tasks_.find(id.value());
  return found == process.tasks_.end() ? nullptr : found->second.get();
}

void World::no_block(int change) {
  CHECK(current_ != nullptr);
  current_->no_block_depth_ += change;
  CHECK(current_->no_block_depth_ >= 0, "a NoBlock scope closes once");
}

std::uint64_t World::random_bits() {
  CHECK(current_ != nullptr);
  return choices_.bits(current_->woken_by_.id, Purpose::kRandom, current_->random_draws_++);
}

Root World::current_root() const {
  if (current_ == nullptr) return cause_.root;
  return current_->woken_by_.root;
}

void World::set_current_root(Root root) {
  CHECK(current_ != nullptr, "a root is set by the task whose doings it names");
  current_->woken_by_.root = root;
}

const EventIdentity& World::current_cause() const {
  return current_ == nullptr ? cause_ : current_->woken_by_;
}

void World::check_failed(const CheckFailure& failure) {
  const ArenaScope simulator(nullptr);
  if (!stopping_ || stop_kind_ == StopKind::kStopped) {
    check_failure_ = failure;
    check_failure_.values = failure.values;
    stopping_ = true;
    stop_kind_ = StopKind::kCheckFailed;
    note_stop_place(current_);
  }
  if (current_ == nullptr) return;
  set_current_arena(nullptr);
  leave_task();
}

}  // namespace millrace::sim
