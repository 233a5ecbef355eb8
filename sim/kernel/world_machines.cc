// Machines and processes: boot, kill, pauses, clocks.

#include <algorithm>

#include "sim/kernel/world.h"
#include "sim/kernel/world_slots.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

// `value` times (1 + ppm / 10^6), rounded down, without overflow up to centuries.
std::int64_t scaled(std::int64_t value, std::int64_t ppm) {
  return value + value / kMillion * ppm + value % kMillion * ppm / kMillion;
}

}  // namespace

// --- clocks ---

Duration Machine::at_rate(Duration duration, std::int32_t ppm) {
  return Duration{scaled(duration.ns, ppm)};
}

Duration Machine::when_rate_shows(Duration ahead, std::int32_t ppm) {
  // Near enough from below, then on to the first moment that shows it. The inverse of a rate to the
  // first order is too small by its square, and 1 more is for what is rounded: no step goes beyond.
  std::int64_t elapsed = scaled(ahead.ns, -ppm);
  std::int64_t missing = ahead.ns - scaled(elapsed, ppm);
  while (missing < 0) {
    elapsed += missing;
    missing = ahead.ns - scaled(elapsed, ppm);
  }
  while (missing > 0) {
    elapsed += std::max<std::int64_t>(scaled(missing, -ppm) - 1, 1);
    missing = ahead.ns - scaled(elapsed, ppm);
  }
  return Duration{elapsed};
}

WallTime Machine::wall_at(SimTime t) const { return {wall_base_.ns + local_at(t).ns}; }

void World::rebase_clock(Machine& machine, SimTime now) {
  machine.clock_local_ = machine.local_at(now);
  machine.clock_since_ = now;
}

void World::set_clock_rate(Machine& machine, std::int32_t rate_ppm) {
  rebase_clock(machine, now_);
  machine.rate_ppm_ = rate_ppm;
}

void World::step_wall_clock(Machine& machine, Duration step) { machine.wall_base_.ns += step.ns; }

// --- machines ---

Machine& World::add_machine(std::string name, const ClockSpec& clock) {
  CHECK(find_machine(name) == nullptr, "a machine's name is its own");
  auto machine = std::make_unique<Machine>();
  machine->name_ = std::move(name);
  machine->index_ = static_cast<std::uint32_t>(machines_.size());
  machine->timer_entity_ = add_entity(machine->name_ + "/timers", 0);
  machine->clock_since_ = now_;
  machine->clock_local_ = clock.local_start;
  machine->rate_ppm_ = clock.rate_ppm;
  machine->wall_base_ = {clock.wall_start.ns - clock.local_start.ns};
  machines_.push_back(std::move(machine));
  return *machines_.back();
}

Machine* World::find_machine(std::string_view name) {
  for (const auto& machine : machines_) {
    if (machine->name_ == name) return machine.get();
  }
  return nullptr;
}

void World::set_state(Machine& machine, MachineState state) {
  rebase_clock(machine, now_);
  machine.state_ = state;
  if (traced_) observer_.on_machine_state(machine);
  if (state == MachineState::kUp && machine.ready_first_ != nullptr) mark_runnable(machine);
}

void World::pause(Machine& machine) {
  if (machine.state_ == MachineState::kUp) set_state(machine, MachineState::kPaused);
}

void World::suspend(Machine& machine) {
  if (machine.state_ == MachineState::kUp) set_state(machine, MachineState::kSuspended);
}

void World::resume(Machine& machine) {
  const bool stopped =
      machine.state_ == MachineState::kPaused || machine.state_ == MachineState::kSuspended;
  if (!stopped) return;
  set_state(machine, MachineState::kUp);
  if (machine.process_ != nullptr) rearm_timers(*machine.process_);
}

void World::set_cpu_multiplier(Machine& machine, std::uint32_t multiplier) {
  CHECK(multiplier >= 1, "a CPU can be slower than usual, not faster");
  machine.cpu_multiplier_ = multiplier;
}

void World::add_listener(ProcessListener& listener) { listeners_.push_back(&listener); }

// --- processes ---

std::vector<Task*> Process::tasks() const {
  std::vector<Task*> live;
  tasks_.for_each([&live](Task& task) { live.push_back(&task); });
  return live;
}

Process& World::boot(Machine& machine, std::string role, Root root,
                     const std::function<std::function<void()>(Process&)>& make_main) {
  CHECK(machine.process_ == nullptr, "a machine runs one process at a time");
  const ArenaScope simulator(nullptr);
  auto made = std::make_unique<Process>();
  Process& process = *made;
  process.id_ = ProcessId(next_process_id_++);
  process.machine_ = &machine;
  process.role_ = std::move(role);
  process.root_ = root;
  process.arena_.set_limit(options_.limits.arena_bytes);
  machine.process_ = std::move(made);
  ++machine.boots_;
  if (machine.state_ == MachineState::kOff) set_state(machine, MachineState::kUp);
  machine.busy_until_ = std::max(machine.busy_until_, now_);
  std::function<void()> main;
  {
    const ArenaScope in_process(&process.arena_);
    main = make_main(process);
  }
  spawn(process, "main", root, std::move(main));
  if (anchors_->wants(MomentKind::kBoot)) anchors_->on_boot(machine);
  return process;
}

void World::kill(Machine& machine, ProcessEnd end) {
  const ArenaScope simulator(nullptr);
  if (machine.process_ == nullptr) {
    if (end == ProcessEnd::kPowerLoss) set_state(machine, MachineState::kOff);
    return;
  }
  Process& process = *machine.process_;
  for (ProcessListener* const listener : listeners_) listener->on_end(process, end);
  process.tasks_.for_each([&](Task& task) {
    disarm_timer(task);
    cancel(task.wake_event_);
    if (&task == current_) return;
    task.state_ = TaskState::kEnded;
    if (task.fiber_.has_stack()) stacks_.give_back(task.fiber_.drop());
    --process.live_tasks_;
    --task_count_;
  });
  machine.ready_first_ = nullptr;
  machine.ready_last_ = nullptr;
  ended_.push_back(std::move(machine.process_));
  if (end == ProcessEnd::kPowerLoss) {
    set_state(machine, MachineState::kOff);
  } else {
    resume(machine);
  }
  if (current_ != nullptr) {
    if (current_->process_ == &process) leave_task();
    return;  // The caller's own step goes on; the dead wait in ended_ until it is over.
  }
  ended_.clear();
}

}  // namespace millrace::sim
