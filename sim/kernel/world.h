#pragma once

// The simulated world's kernel: virtual time, machines, processes, tasks and their schedule.
//
// One thread runs everything. The loop takes the next event of the queue, tells its target, and
// runs the tasks that became ready on machines whose CPU is free: a step runs until its task waits,
// takes no virtual time itself (now() is constant in it), and keeps its machine busy for a drawn
// cost. What a step sends or wakes leaves at the step's start.
//
// Devices (sim/devices) build Env on this; faults (sim/faults) act through it; sim/run owns it.
// Calls marked [task] are made by the running task of a process, inside a device call, on the
// simulator's heap (ArenaScope(nullptr)).

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel/anchor_sink.h"
#include "sim/kernel/choices.h"
#include "sim/kernel/entity_index.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/fingerprint.h"
#include "sim/kernel/identity.h"
#include "sim/kernel/machine.h"
#include "sim/kernel/observer.h"
#include "sim/kernel/strategy.h"

namespace millrace::sim {

/// An event that is due, as its target sees it.
struct Event {
  EventIdentity who;
  std::uint64_t argument = 0;
};

/// Receives events. Runs outside of any task; may make tasks ready, schedule events, kill.
class EventTarget {
 public:
  virtual ~EventTarget() = default;
  virtual void on_event(const Event& event) = 0;
};

/// Told when a process ends, before its tasks and arena are freed. Runs outside of any task or, for
/// a kill from within, on the killed task's stack.
class ProcessListener {
 public:
  virtual ~ProcessListener() = default;
  virtual void on_end(Process& process, ProcessEnd end) = 0;
};

/// Bounds of a run; reaching one is a verdict.
struct Limits {
  std::uint64_t events = 200'000'000;
  std::uint64_t tasks = 20'000;
  std::uint64_t arena_bytes = 512ULL << 20;          ///< Of one process.
  std::uint64_t steps_without_progress = 1'000'000;  ///< Steps at one virtual instant.
};

/// Why run_until() came back.
enum class StopKind : std::uint8_t {
  kTime,         ///< Virtual time reached the given bound.
  kIdle,         ///< No event is pending.
  kStopped,      ///< stop() was called.
  kCheckFailed,  ///< A CHECK failed in a task or device; see check_failure().
  kLimit,        ///< A limit was reached; see stop_detail(): "events", "tasks", "arena_bytes", ...
};

/// A task, in words.
struct StopPlace {
  std::string machine;
  std::string role;
  std::string task;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  std::vector<Override> overrides;
  StrategySpec strategy;
  Limits limits;
  /// Range of a step's CPU cost.
  Duration step_cost_low = nanoseconds(500);
  Duration step_cost_high = microseconds(5);
  std::size_t stack_bytes = 0;  ///< 0 stands for the build's default.
};

/// How a machine's clocks start.
struct ClockSpec {
  Instant local_start;
  std::int32_t rate_ppm = 0;
  WallTime wall_start;
};

class World {
 public:
  /// Pending events that can exist at once: what the low bits of a queue entry's tie can name.
  static constexpr std::uint32_t kSlotCountMax = 1U << 24;

  /// `observer` outlives the world.
  World(WorldOptions options, Observer& observer);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // --- time and the run ---
  SimTime now() const { return now_; }
  /// Number of events that ran so far: the order of everything.
  std::uint64_t ordinal() const { return ordinal_; }
  /// Runs events until virtual time `until` (events at it included), or another stop.
  StopKind run_until(SimTime until);
  /// Makes run_until() return after the current event or step.
  void stop();
  /// Of Limits::events. After event `events` + 1 was taken, and before any task that it woke runs,
  /// run_until() comes back with kLimit; with a higher limit it may then go on as if nothing were.
  void set_event_limit(std::uint64_t events) { options_.limits.events = events; }
  /// The task whose step comes next if its CPU is free; null where an event comes next.
  const Task* next_task() const {
    return runnable_.empty() ? nullptr : runnable_.back()->first_ready();
  }
  const CheckFailure& check_failure() const { return check_failure_; }
  const std::string& stop_detail() const { return stop_detail_; }
  /// The task in which a CHECK failed or a limit was reached; its texts are empty outside of tasks.
  const StopPlace& stop_place() const { return stop_place_; }
  /// Whether an address lies below a task's stack. Cost: O(stacks).
  bool owns_guard(const void* address) const { return stacks_.owns_guard(address); }
  /// From now on the schedule is fair: events are queued with lateness 0, no hold or delay is in
  /// force, and what was late or held back until now is let go: it runs when it is due, or at once.
  /// Cost: O(pending events).
  void set_fair();

  Choices& choices() { return choices_; }
  Fingerprint& fingerprint() { return fingerprint_; }
  Observer& observer() { return observer_; }
  /// Whether notes are wanted. Set by the runner for a run that is being explained.
  bool is_traced() const { return traced_; }
  void set_traced(bool traced) { traced_ = traced; }
  void note(Note note);
  /// Tells the observer of a traced run which event what happens now will bring about.
  void tell_queued(const EventIdentity& who) {
    if (traced_) observer_.on_queued(who);
  }

  // --- entities ---
  /// Makes an entity. `name` must be the same in each run. Entities of one object (a process, a
  /// disk, a direction of a connection) give the same `object`; 0 gives the entity its own.
  EntityId add_entity(std::string_view name, std::uint32_t object);
  /// Nothing of this entity runs before now + `duration`. A fault's delay.
  void hold(EntityId entity, Duration duration);
  /// How many events hold() moved and how many waits delay_next_wait() prolonged so far.
  std::uint64_t held_back() const { return held_back_; }

  /// Number of events of an entity that ran; counted from the first call of count_entities().
  std::uint64_t events_of(EntityId entity) const;
  void count_entities() { counts_entities_ = true; }

  // --- events ---
  EventIdentity identify(Root root, EventKind kind, Where where) {
    return choices_.identify(root, kind, where, now_);
  }
  /// Queues an event for `due` (not before now) plus the strategy's lateness.
  EventHandle schedule(const EventIdentity& who, SimTime due, EntityId entity, EventTarget& target,
                       std::uint64_t argument);
  /// Takes back a pending event; false where it ran already.
  bool cancel(EventHandle handle);
  /// Moves a pending event to another due time (not before now); false where it ran already.
  bool move(EventHandle& handle, SimTime due);
  bool is_pending(EventHandle handle) const;
  /// Adds what cannot be seen from the order of events to the fingerprint: a frame's bytes, a
  /// record's fields.
  void add_to_fingerprint(std::uint64_t content);

  // --- machines and processes ---
  Machine& add_machine(std::string name, const ClockSpec& clock);
  Machine* find_machine(std::string_view name);
  const std::vector<std::unique_ptr<Machine>>& machines() const { return machines_; }
  /// Starts a process on a machine that has none and is off or up; `main` runs as task "main" in
  /// the process's arena. `root` is boot_root().
  Process& boot(Machine& machine, std::string role, Root root,
                const std::function<std::function<void()>(Process&)>& make_main);
  /// Ends the machine's process, if any; a killed process runs no further code. Does not return
  /// when called from a task of that process.
  void kill(Machine& machine, ProcessEnd end);
  /// CPU stops and goes on; arrivals and timers wait. Suspended: the monotonic clock stands still.
  void pause(Machine& machine);
  void suspend(Machine& machine);
  void resume(Machine& machine);
  void set_cpu_multiplier(Machine& machine, std::uint32_t multiplier);
  void set_clock_rate(Machine& machine, std::int32_t rate_ppm);
  void step_wall_clock(Machine& machine, Duration step);
  void add_listener(ProcessListener& listener);
  /// Who hears of boots and of entities' events (devices report the other moments themselves). The
  /// sink outlives the world's run.
  void set_anchors(AnchorSink& anchors) { anchors_ = &anchors; }

  // --- tasks ---
  /// [task] The running task; null outside of tasks.
  Task* current() const { return current_; }
  /// Root of what happens now: the running task's, or the current event's.
  Root current_root() const;
  /// [task] From here to its next wake the running task acts in the name of `root`: a client that
  /// begins an operation.
  void set_current_root(Root root);
  /// [task] Ends the run with kLimit and leaves the task for ever.
  void limit_reached(std::string_view which);
  /// Identity of the event that is the cause of what happens now; draws are keyed by it.
  const EventIdentity& current_cause() const;
  Task& spawn(Process& process, std::string_view name, Root root, std::function<void()> body);
  /// [task] Tasks::park.
  Wake park(Instant deadline) { return wait(TaskState::kParked, deadline); }
  /// [task] Waits in a device until make_ready(), the deadline or a cancel.
  Wake wait_in_device(Instant deadline) { return wait(TaskState::kInDevice, deadline); }
  /// [task] Waits in a disk until make_ready(); nothing else ends it.
  void wait_in_disk() { wait(TaskState::kInDisk, Instant::max()); }
  /// Ends a device's or disk's wait because of the event that is running now (a delivery, a
  /// completion): the task becomes ready at once, with that event's root.
  void make_ready(Task& task, const EventIdentity& cause);
  /// Ends a device's wait on behalf of the running task (its peer closed a connection, say): queues
  /// a wake event.
  void wake_later(Task& task);
  /// Tasks::unpark and Tasks::cancel.
  void unpark(Task& task);
  void cancel_task(Task& task);
  Task* find_task(Process& process, TaskId id);
  void no_block(int change);
  void shield(int change);
  /// [task] 64 bits of Env's Random.
  std::uint64_t random_bits();
  /// [task] The task's next wait does not end before now + `duration`.
  void delay_next_wait(Task& task, Duration duration);
  std::uint64_t task_count() const { return task_count_; }

  /// [task] Called by the CHECK handler: records the failure and leaves the task for ever. Outside
  /// of tasks it records, too, and returns; the caller aborts.
  void check_failed(const CheckFailure& failure);

 private:
  struct Slot;
  struct Entity;

  // world_loop.cc: what happens at every event and step.
  StopKind run_loop(SimTime until);
  void go_to(SimTime time);
  void run_event(QueueEntry entry);
  void dispatch(EventKind kind, void* target, std::uint64_t argument);
  bool is_held(std::uint32_t index);
  std::int64_t lateness_of(const EventIdentity& who, EntityId entity);
  EventHandle queue_event(const EventIdentity& who, SimTime due, EntityId entity, void* target,
                          std::uint64_t argument);
  std::uint32_t take_slot();
  void mark_runnable(Machine& machine);
  void run_machine(Machine& machine);
  void run_step(Machine& machine, Task& task);
  void wait_for_cpu(Machine& machine);
  void run_next_free_machine();
  void become_ready(Task& task, const EventIdentity& cause, Wake wake);
  void hold_back(Task& task, const EventIdentity& cause, Wake wake);
  void on_timer(Task& task);
  void arm_timer(Task& task);
  Task* task_that_comes_next();
  void prefetch_next_event();
  void prefetch_next_task();
  void prefetch_next_stack(const Machine& machine);

  // world_slots.h
  static std::uint64_t tie_of(EventId id, std::uint32_t slot);
  void enqueue(std::uint32_t index, SimTime key);
  void free_slot(std::uint32_t index);
  void disarm_timer(Task& task);

  // world.cc: the events and their order.
  void link_pending(std::uint32_t index);
  void unlink_pending(std::uint32_t index);
  void redraw_pending(std::uint32_t object);
  void let_go(std::uint32_t index);
  void reach_limit(std::string_view which);
  void note_stop_place(const Task* task);

  // world_tasks.cc: tasks.
  void on_wake(Task& task, const EventIdentity& who);
  void rearm_timers(Process& process);
  void forget_stale_wake(Task& task);
  void queue_wake(Task& task, Task::PendingWake kind);
  Wake wait(TaskState state, Instant deadline);
  void leave_task();
  static void task_main(void* task);
  void run_body(Task& task);
  void bury(Task& task);
  EntityId entity_of_task(Process& process, Where where);
  void draw_pct_levels(EntityId entity);

  // world_machines.cc: machines and processes.
  void set_state(Machine& machine, MachineState state);
  static void rebase_clock(Machine& machine, SimTime now);

  Observer& observer_;
  WorldOptions options_;
  Choices choices_;
  Fingerprint fingerprint_;
  EventQueue queue_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<Entity> entities_;
  EntityIndex task_entities_;
  struct PendingLinks {
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
  };
  std::vector<PendingLinks> pending_links_;   // By slot; only under `pos`.
  std::vector<std::uint32_t> pending_heads_;  // By object; only under `pos`. Slot + 1; 0 is none.
  bool counts_entities_ = false;  // `pct` counts the events of each entity, or a hold is in force.
  SimTime holds_until_;
  std::uint64_t held_back_ = 0;
  SimTime now_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t steps_at_now_ = 0;
  EventIdentity cause_;
  Task* current_ = nullptr;
  // Of the running task, within this step.
  std::uint32_t random_draws_ = 0;
  int no_block_depth_ = 0;
  std::uint32_t soon_ = 0;  // The slot of the event that probably comes next.
  bool traced_ = false;
  bool stopping_ = false;
  StopKind stop_kind_ = StopKind::kStopped;
  std::string stop_detail_;
  StopPlace stop_place_;
  CheckFailure check_failure_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<Machine*> runnable_;
  /// A machine on which tasks wait for the CPU. One whose CPU gets free comes before the events of
  /// that moment. Which of two comes first is decided by the number of a slot that each of them
  /// holds: any rule would do, and this one is in every fingerprint.
  struct BusyCpu {
    SimTime until;
    std::uint32_t slot = 0;
    Machine* machine = nullptr;

    friend bool operator>(const BusyCpu& a, const BusyCpu& b) {
      return a.until != b.until ? a.until > b.until : a.slot > b.slot;
    }
  };
  std::vector<BusyCpu> busy_cpus_;  // A heap; the first gets free first.
  std::vector<ProcessListener*> listeners_;
  AnchorSink no_anchors_;
  AnchorSink* anchors_ = &no_anchors_;
  std::vector<std::unique_ptr<Process>> ended_;  // Freed when no code of theirs is on a stack.
  StackPool stacks_;
  FiberHome home_;
  std::uint64_t next_process_id_ = 1;
  std::uint64_t task_count_ = 0;
};

/// The world whose tasks run now, for the allocator, the CHECK handler and debuggers; null outside
/// of World::run_until().
World* running_world();

}  // namespace millrace::sim
