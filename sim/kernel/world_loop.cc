// The loop: what happens at every event and at every step. The rest of World is called less often.
//
//   event -> become_ready -> machine's ready list -> run_machine (CPU free?) -> run_step
//                                                        | no
//                                                        +-> busy_cpus_ until it is free -> again
//
// All of it stands in one file, and run_loop() is flattened, so that it is one function: a fifth of
// the instructions of a switch were calls, and what is passed over them. With 1,000 tasks, what a
// step needs of its task has left the near caches since the last one, and fetching it would take
// longer than the step. So while an event runs, what the next one will touch is fetched in three
// steps, each of which needs what the one before has brought: its slot, then its task, then the
// task's stack. Fetching is a hint to the processor and changes nothing else.

#include <algorithm>
#include <cstddef>
#include <functional>

#include "sim/fiber/fiber_switch.h"
#include "sim/kernel/world.h"
#include "sim/kernel/world_slots.h"
#include "system/base/check.h"

namespace millrace::sim {

[[gnu::flatten]] StopKind World::run_loop(SimTime until) {
  while (!stopping_) {
    while (!runnable_.empty() && !stopping_) {
      Machine& machine = *runnable_.back();
      runnable_.pop_back();
      machine.is_listed_ = false;
      run_machine(machine);
    }
    if (stopping_) break;
    const bool is_a_cpu_next = !busy_cpus_.empty() && busy_cpus_.front().until <= until;
    const std::int64_t last = is_a_cpu_next ? busy_cpus_.front().until.ns - 1 : until.ns;
    const auto entry = queue_.pop_until(static_cast<std::uint64_t>(last));
    if (entry.has_value()) {
      run_event(*entry);
    } else if (is_a_cpu_next) {
      run_next_free_machine();
    } else {
      now_ = std::max(now_, until);
      return queue_.empty() && busy_cpus_.empty() ? StopKind::kIdle : StopKind::kTime;
    }
  }
  stopping_ = false;
  return stop_kind_;
}

inline void World::go_to(SimTime time) {
  if (time <= now_) return;
  now_ = time;
  steps_at_now_ = 0;
}

// --- events ---

void World::run_event(QueueEntry entry) {
  const std::uint32_t index = entry.slot();
  {
    // An entry whose event ran, moved or was cancelled stays behind in the queue.
    const Slot& slot = slots_[index];
    const bool is_stale = !slot.live || static_cast<std::uint64_t>(slot.key.ns) != entry.time ||
                          tie_of(slot.id, index) != entry.tie;
    if (is_stale) return;
    go_to(slot.key);
    if (slot.entity != 0 && anchors_->wants(MomentKind::kEntityEvent)) {
      anchors_->on_entity_event(EntityId(slot.entity), entities_[slot.entity].key);
      if (!slots_[index].live) return;  // What was anchored here ended the event's machine.
    }
    if (holds_until_ > now_ && is_held(index)) return;
  }
  const Slot& slot = slots_[index];
  Entity& entity = entities_[slot.entity];
  if (counts_entities_) ++entity.events;
  cause_ = {.id = slot.id, .root = slot.root, .where = slot.where, .n = slot.n, .kind = slot.kind};
  void* const target = slot.target;
  const std::uint64_t argument = slot.argument;
  free_slot(index);
  prefetch_next_event();
  if (++ordinal_ > options_.limits.events) reach_limit("events");
  fingerprint_.add(entry.time, cause_.id.value,
                   static_cast<std::uint64_t>(cause_.kind) << 56 | entity.key >> 8, argument);
  const std::uint32_t object = entity.object;
  dispatch(cause_.kind, target, argument);
  if (!pending_heads_.empty()) redraw_pending(object);
}

inline void World::dispatch(EventKind kind, void* target, std::uint64_t argument) {
  switch (kind) {
    case EventKind::kSpawn:
      become_ready(*static_cast<Task*>(target), cause_, Wake::kUnparked);
      return;
    case EventKind::kWake:
      on_wake(*static_cast<Task*>(target), cause_);
      return;
    case EventKind::kTimer:
      on_timer(*static_cast<Task*>(target));
      return;
    case EventKind::kDeliver:
    case EventKind::kDisk:
    case EventKind::kFault:
    case EventKind::kControl:
      static_cast<EventTarget*>(target)->on_event({.who = cause_, .argument = argument});
      return;
  }
  UNREACHABLE("an event kind outside its list");
}

bool World::is_held(std::uint32_t index) {
  const SimTime until = entities_[slots_[index].entity].held_until;
  if (until <= now_) return false;
  ++held_back_;
  slots_[index].is_held = true;
  enqueue(index, until);
  return true;
}

inline std::int64_t World::lateness_of(const EventIdentity& who, EntityId entity) {
  const std::int64_t window = options_.strategy.window.ns;
  switch (options_.strategy.kind) {
    case StrategyKind::kFifo:
      return 0;
    case StrategyKind::kRandom:
    case StrategyKind::kPos:
      return choices_.range(who, Purpose::kLateness, 0, window);
    case StrategyKind::kPct: {
      const Entity& late = entities_[entity.value()];
      const bool changed = late.change_at != 0 && late.events >= late.change_at;
      const std::int64_t level = changed ? 16 : late.level;
      return choices_.decide(who, Purpose::kLateness, window * level / 16, 0);
    }
  }
  UNREACHABLE("a strategy outside its list");
}

EventHandle World::queue_event(const EventIdentity& who, SimTime due, EntityId entity, void* target,
                               std::uint64_t argument) {
  CHECK(due >= now_, "an event is never due in the past");
  std::int64_t lateness = 0;
  if (options_.strategy.window.ns > 0 && entity.value() != 0) {
    // Whatever an override says.
    lateness = std::min(lateness_of(who, entity), options_.strategy.window.ns);
  }
  const std::uint32_t index = take_slot();
  slots_[index] = {.id = who.id,
                   .root = who.root,
                   .where = who.where,
                   .key = {},
                   .target = target,
                   .argument = argument,
                   .entity = entity.value(),
                   .lateness = static_cast<std::uint32_t>(lateness),
                   .n = who.n,
                   .kind = who.kind,
                   .live = true};
  enqueue(index, due + Duration{lateness});
  // A window of 0 leaves nothing to draw again.
  const bool redraws = options_.strategy.kind == StrategyKind::kPos;
  if (redraws && options_.strategy.window.ns > 0) link_pending(index);
  return {.slot = index, .id = who.id.value};
}

inline std::uint32_t World::take_slot() {
  if (free_slots_.empty()) {
    CHECK(slots_.size() < kSlotCountMax, "more pending events than the queue's entries can name");
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  return index;
}

// --- steps ---

void World::mark_runnable(Machine& machine) {
  if (machine.is_listed_) return;
  machine.is_listed_ = true;
  runnable_.push_back(&machine);
}

void World::become_ready(Task& task, const EventIdentity& cause, Wake wake) {
  if (task.is_held_ && task.held_until_ > now_) {
    hold_back(task, cause, wake);
    return;
  }
  task.state_ = TaskState::kReady;
  task.wake_ = wake;
  task.woken_by_ = cause;
  Machine& machine = *task.machine_;
  (machine.ready_last_ == nullptr ? machine.ready_first_ : machine.ready_last_->ready_next_) =
      &task;
  machine.ready_last_ = &task;
  mark_runnable(machine);
}

void World::hold_back(Task& task, const EventIdentity& cause, Wake wake) {
  ++held_back_;
  // A mark delayed this wait's end: come back then, for the same reason.
  if (task.pending_wake_ != Task::PendingWake::kNone) return;  // That wake will be held.
  task.pending_wake_ = Task::PendingWake::kHeld;
  task.held_wake_ = wake;
  EventIdentity again = cause;
  again.kind = EventKind::kWake;
  task.wake_event_ = queue_event(again, task.held_until_, task.entity_, &task, 0);
  slots_[task.wake_event_.slot].is_held = true;
}

inline void World::run_machine(Machine& machine) {
  if (machine.ready_first_ == nullptr || machine.state_ != MachineState::kUp) return;
  if (machine.busy_until_ > now_) {
    wait_for_cpu(machine);
    return;
  }
  Task& task = *machine.ready_first_;
  machine.ready_first_ = task.ready_next_;
  if (machine.ready_first_ == nullptr) machine.ready_last_ = nullptr;
  task.ready_next_ = nullptr;
  run_step(machine, task);
  if (machine.ready_first_ != nullptr) wait_for_cpu(machine);
}

/// No event: it would have no identity, draw nothing and take no part in the order of events.
inline void World::wait_for_cpu(Machine& machine) {
  if (machine.waits_for_cpu_) return;
  machine.waits_for_cpu_ = true;
  const SimTime until = std::max(now_, machine.busy_until_);
  busy_cpus_.push_back({.until = until, .slot = take_slot(), .machine = &machine});
  std::ranges::push_heap(busy_cpus_, std::greater());
}

inline void World::run_next_free_machine() {
  const BusyCpu free = busy_cpus_.front();
  std::ranges::pop_heap(busy_cpus_, std::greater());
  busy_cpus_.pop_back();
  go_to(free.until);
  free_slot(free.slot);
  free.machine->waits_for_cpu_ = false;
  cause_ = {};
  mark_runnable(*free.machine);
}

inline void World::run_step(Machine& machine, Task& task) {
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
  task.is_held_ = false;
  task.deadline_ = Instant::max();
  random_draws_ = 0;
  no_block_depth_ = 0;
  cause_ = task.woken_by_;
  current_ = &task;
  prefetch_next_task();
  task.fiber_.resume();
  current_ = nullptr;
  set_current_arena(nullptr);
  prefetch_next_stack(machine);
  // Not in wait(), where it would run on the task's own stack: that is cold below the frames that
  // the wait left, this one is not. Saved 3 cache misses a wake.
  if (task.deadline_ != Instant::max()) arm_timer(task);
  if (task.state_ == TaskState::kEnded) bury(task);
  if (!ended_.empty()) ended_.clear();
}

// --- timers ---

inline void World::on_timer(Task& task) {
  task.timer_armed_ = false;
  if (task.state_ != TaskState::kParked && task.state_ != TaskState::kInDevice) return;
  if (task.deadline_ == Instant::max()) return;
  const Machine& machine = *task.machine_;
  if (machine.state_ == MachineState::kSuspended) return;  // resume() arms it again.
  // The deadline may have moved on since this event was queued, or the clock run slower.
  if (machine.local_at(now_) < task.deadline_) {
    arm_timer(task);
    return;
  }
  task.timer_n_ = cause_.n + 1;
  become_ready(task, cause_, Wake::kTimeout);
}

void World::arm_timer(Task& task) {
  const Machine& machine = *task.machine_;
  // The CPU is busy until then: no deadline is noticed before, and a passed one costs a step.
  const SimTime due =
      std::max(std::max(now_, machine.busy_until_), machine.when_local_is(task.deadline_));
  // An earlier event will look at the deadline when it fires.
  if (task.timer_armed_ && task.timer_due_ <= due) return;
  disarm_timer(task);
  // That time has passed is nobody's doing: it happens in the name of the boot, or a reader that
  // polls would go on for ever in the name of the last event that it read. Only timers that fire
  // are counted: what ends the other waits moves no draw of this one.
  const std::uint32_t n = std::max(task.timer_n_, Choices::first_n(due - task.spawned_));
  const EventIdentity who =
      Choices::identify_counted(task.boot_root_, EventKind::kTimer, task.timer_where_, n);
  task.timer_slot_ = queue_event(who, due, task.entity_, &task, 0).slot;
  task.timer_armed_ = true;
  task.timer_due_ = due;
}

// --- what comes next ---

inline void World::prefetch_next_event() {
  const QueueEntry* const next = queue_.glance();
  if (next == nullptr) return;
  soon_ = next->slot();
  __builtin_prefetch(&slots_[soon_]);
}

inline Task* World::task_that_comes_next() {
  static_assert(offsetof(Task, fiber_) + Fiber::kHotBytes == 128, "two cache lines are hot");
  const Slot& slot = slots_[soon_];
  const bool is_of_task = slot.kind == EventKind::kTimer || slot.kind == EventKind::kWake;
  return slot.live && is_of_task ? static_cast<Task*>(slot.target) : nullptr;
}

inline void World::prefetch_next_task() {
  const Task* const task = task_that_comes_next();
  if (task == nullptr) return;
  __builtin_prefetch(task);
  __builtin_prefetch(reinterpret_cast<const std::byte*>(task) + 64);
  __builtin_prefetch(&entities_[slots_[soon_].entity]);
}

inline void World::prefetch_next_stack(const Machine& machine) {
  // On a busy machine the next event only joins the queue, and its first task is the next to run.
  const Task* const task =
      machine.ready_first_ != nullptr ? machine.ready_first_ : task_that_comes_next();
  if (task == nullptr) return;
  task->fiber_.prefetch_stack();
  __builtin_prefetch(task->machine_);
}

}  // namespace millrace::sim
