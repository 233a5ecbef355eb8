// Tasks: how they are made, wait, are woken and end. Their steps are in world_loop.cc.
//
// A wait, from the task's side: wait() -> fiber suspends -> ... -> fiber resumes -> wait() returns.

#include <algorithm>
#include <exception>

#include "sim/fiber/asan.h"
#include "sim/fiber/fiber_switch.h"
#include "sim/kernel/world.h"
#include "sim/kernel/world_slots.h"
#include "system/base/check.h"

#ifdef MILLRACE_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace millrace::sim {
namespace {

/// Tells the leak check of a text that is abandoned on a stack.
void abandon([[maybe_unused]] const std::string& text) {
#ifdef MILLRACE_ASAN
  __lsan_ignore_object(text.data());
#endif
}

}  // namespace

// --- a task's life ---

void World::bury(Task& task) {
  if (task.fiber_.has_stack()) stacks_.give_back(task.fiber_.drop());
  Process& process = *task.process_;
  --process.live_tasks_;
  --task_count_;
  // A process that ended during this step is freed as a whole, the task's record included.
  if (process.machine_->process_.get() != &process) return;
  const bool was_main = task.id_.value() == 1;
  Machine& machine = *process.machine_;
  process.tasks_.remove(task.id_.value());
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
  disarm_timer(task);
  if (task.pending_wake_ != Task::PendingWake::kNone) cancel(task.wake_event_);
}

void World::leave_task() {
  current_->state_ = TaskState::kEnded;
  current_->fiber_.leave_for_ever();
}

// --- becoming ready ---

void World::make_ready(Task& task, const EventIdentity& cause) {
  if (task.state_ != TaskState::kInDevice && task.state_ != TaskState::kInDisk) return;
  become_ready(task, cause, Wake::kUnparked);
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
  tell_queued(who);
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
  if (task.shield_depth_ > 0) return;
  const bool waits = task.state_ == TaskState::kParked || task.state_ == TaskState::kInDevice;
  if (waits && task.pending_wake_ == Task::PendingWake::kNone) {
    queue_wake(task, Task::PendingWake::kCancel);
  }
}

// --- waiting ---

Wake World::wait(TaskState state, Instant deadline) {
  CHECK(current_ != nullptr, "only a task waits");
  CHECK(no_block_depth_ == 0, "a NoBlock scope forbids giving way");
  Task& task = *current_;
  forget_stale_wake(task);
  const bool heeds_cancel = state != TaskState::kInDisk && task.shield_depth_ == 0;
  if (heeds_cancel && task.cancelled_) return Wake::kCancelled;
  if (state == TaskState::kParked && task.unpark_token_) {
    task.unpark_token_ = false;
    return Wake::kUnparked;
  }
  CHECK(current_arena() == nullptr, "a device waits on the simulator's heap");
  task.state_ = state;
  task.deadline_ = deadline;  // run_step() arms the timer, on the loop's stack.
  task.fiber_.suspend();
  if (heeds_cancel && task.cancelled_) return Wake::kCancelled;
  return task.wake_;
}

void World::rearm_timers(Process& process) {
  process.tasks_.for_each([this](Task& task) {
    const bool waits = task.state_ == TaskState::kParked || task.state_ == TaskState::kInDevice;
    if (waits && task.deadline_ != Instant::max()) arm_timer(task);
  });
}

void World::delay_next_wait(Task& task, Duration duration) {
  const SimTime until = now_ + duration;
  task.held_until_ = task.is_held_ ? std::max(task.held_until_, until) : until;
  task.is_held_ = true;
}

// --- making, finding, and what a task may ask ---

Task& World::spawn(Process& process, std::string_view name, Root root, std::function<void()> body) {
  const Stack stack = task_count_ < options_.limits.tasks ? stacks_.take() : Stack{};
  if (stack.low == nullptr) {
    reach_limit("tasks");
    // For ever, so before there is anything that somebody would have to free.
    if (current_ != nullptr) leave_task();
  }
  auto made = std::make_unique<Task>();
  Task& task = *made;
  task.id_ = TaskId(process.next_task_id_++);
  task.name_ = name;
  task.process_ = &process;
  task.machine_ = process.machine_;
  task.boot_root_ = process.root_;
  task.spawned_ = now_;
  task.where_ = where_of(process.machine_->name_, name);
  task.entity_ = entity_of_task(process, task.where_);
  if (stack.low != nullptr) {
    fill_stack(stack, fill_byte());
    task.fiber_.start(stack, home_, &World::task_main, &task);
  }
  {
    const ArenaScope in_process(&process.arena_);
    task.body_ = new std::function<void()>(std::move(body));
  }
  process.tasks_.add(task.id_.value(), std::move(made));
  ++process.live_tasks_;
  ++task_count_;
  const EventIdentity who = choices_.identify(root, EventKind::kSpawn, task.where_, now_);
  task.timer_where_ = {mix(task.where_.value, who.id.value)};
  const SimTime due = std::max(now_, process.machine_->busy_until_);
  task.wake_event_ = queue_event(who, due, task.entity_, &task, 0);
  tell_queued(who);
  return task;
}

EntityId World::entity_of_task(Process& process, Where where) {
  // Tasks of one name on one machine are one entity, or a server that spawns a task a request would
  // make entities without end.
  const EntityId found = task_entities_.find(where);
  if (found.value() != 0) return found;
  const EntityId entity(static_cast<std::uint32_t>(entities_.size()));
  Entity made;
  made.key = where.value;
  made.object = process.machine_->timer_entity_.value();
  entities_.push_back(made);
  draw_pct_levels(entity);
  task_entities_.add(where, entity);
  return entity;
}

Task* World::find_task(Process& process, TaskId id) { return process.tasks_.find(id.value()); }

void World::no_block(int change) {
  CHECK(current_ != nullptr);
  no_block_depth_ += change;
  CHECK(no_block_depth_ >= 0, "a NoBlock scope closes once");
}

void World::shield(int change) {
  CHECK(current_ != nullptr);
  if (change < 0) CHECK(current_->shield_depth_ > 0, "a shield is put down once");
  current_->shield_depth_ += static_cast<std::uint32_t>(change);
}

std::uint64_t World::random_bits() {
  CHECK(current_ != nullptr);
  return choices_.bits(current_->woken_by_.id, Purpose::kRandom, random_draws_++);
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
  // The stack that holds it is never unwound: some bytes of a run that fails.
  abandon(failure.values);
  set_current_arena(nullptr);
  leave_task();
}

}  // namespace millrace::sim
