#include "sim/kernel/world.h"

#include <algorithm>

#include "sim/kernel/world_slots.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

World* world_that_runs = nullptr;

void on_check_failed(const CheckFailure& failure) {
  if (world_that_runs == nullptr) return;
  world_that_runs->check_failed(failure);
  // Still here: it was the simulator's own code, not a task. The caller aborts.
  print_check_failure(failure);
}

void on_arena_limit() {
  if (world_that_runs != nullptr) world_that_runs->limit_reached("arena_bytes");
}

/// Makes a world the running one for a scope: failed CHECKs and full arenas are its business then.
class Running {
 public:
  explicit Running(World* world)
      : before_(world_that_runs), handler_before_(set_check_handler(&on_check_failed)) {
    world_that_runs = world;
    set_arena_limit_hook(&on_arena_limit);
  }
  ~Running() {
    world_that_runs = before_;
    set_check_handler(handler_before_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  World* before_;
  CheckHandler handler_before_;
};

}  // namespace

World* running_world() { return world_that_runs; }

World::World(WorldOptions options, Observer& observer)
    : observer_(observer),
      options_(std::move(options)),
      choices_(options_.seed, options_.strategy.seed.value_or(options_.seed), options_.overrides),
      stacks_(options_.stack_bytes) {
  CHECK(options_.strategy.window.ns >= 0);
  CHECK(options_.strategy.window < seconds(4), "a lateness fits 32 bits of nanoseconds");
  CHECK(options_.step_cost_low.ns > 0, "a step takes time, or a loop could stop the clock");
  add_entity("", 0);  // Entity 0 is nobody's: never late, never held.
  counts_entities_ = options_.strategy.kind == StrategyKind::kPct;
}

World::~World() {
  const Running running(this);
  for (const auto& machine : machines_) {
    if (machine->process_ != nullptr) kill(*machine, ProcessEnd::kPowerLoss);
  }
}

// --- the run ---

StopKind World::run_until(SimTime until) {
  const Running running(this);
  const ArenaScope simulator(nullptr);
  CHECK(current_ == nullptr, "a task does not run the world that runs it");
  return run_loop(until);
}

void World::stop() {
  if (stopping_) return;
  stopping_ = true;
  stop_kind_ = StopKind::kStopped;
}

void World::reach_limit(std::string_view which) {
  if (stopping_ && stop_kind_ != StopKind::kStopped) return;
  stopping_ = true;
  stop_kind_ = StopKind::kLimit;
  stop_detail_ = which;
  note_stop_place(current_);
}

void World::note_stop_place(const Task* task) {
  if (task == nullptr) return;
  stop_place_ = {
      .machine = task->machine().name(), .role = task->process().role(), .task = task->name()};
}

void World::limit_reached(std::string_view which) {
  const ArenaScope simulator(nullptr);
  reach_limit(which);
  if (current_ == nullptr) return;
  set_current_arena(nullptr);
  leave_task();
}

void World::set_fair() {
  options_.strategy = {};
  holds_until_ = now_;
  for (Entity& entity : entities_) entity.held_until = {};
  for (const auto& machine : machines_) {
    if (machine->process_ == nullptr) continue;
    machine->process_->tasks_.for_each([](Task& task) { task.is_held_ = false; });
  }
  // The queue orders them by time and identity, so the order of this loop decides nothing.
  for (std::uint32_t index = 0; index < slots_.size(); ++index) let_go(index);
}

void World::let_go(std::uint32_t index) {
  Slot& slot = slots_[index];
  if (!slot.live || (!slot.is_held && slot.lateness == 0)) return;
  const SimTime due = slot.is_held ? now_ : slot.key - Duration{slot.lateness};
  slot.is_held = false;
  slot.lateness = 0;
  enqueue(index, std::max(now_, due));
}

void World::note(Note note) {
  if (traced_) observer_.on_note(note);
}

void World::add_to_fingerprint(std::uint64_t content) {
  fingerprint_.add(static_cast<std::uint64_t>(now_.ns), cause_.id.value,
                   current_ == nullptr ? 0 : entities_[current_->entity_.value()].key >> 8,
                   content);
}

// --- entities ---

EntityId World::add_entity(std::string_view name, std::uint32_t object) {
  const auto index = static_cast<std::uint32_t>(entities_.size());
  Entity entity;
  entity.key = hash_name(name);
  entity.object = object == 0 ? index : object;
  entities_.push_back(entity);
  draw_pct_levels(EntityId(index));
  return EntityId(index);
}

void World::draw_pct_levels(EntityId drawn) {
  const StrategySpec& strategy = options_.strategy;
  if (strategy.kind != StrategyKind::kPct) return;
  Entity& entity = entities_[drawn.value()];
  const EventId id{mix(entity.key, 1)};
  entity.level = static_cast<std::uint8_t>(choices_.bits(id, Purpose::kStrategy, 0) % 16);
  const std::uint64_t points = strategy.pct_depth == 0 ? 0 : strategy.pct_depth - 1;
  const std::uint64_t draw = choices_.bits(id, Purpose::kStrategy, 1);
  if (draw % std::max<std::uint64_t>(strategy.pct_entities, 1) >= points) return;
  entity.change_at = 1 + choices_.bits(id, Purpose::kStrategy, 2) % strategy.pct_events;
}

void World::hold(EntityId entity, Duration duration) {
  Entity& held = entities_[entity.value()];
  held.held_until = std::max(held.held_until, now_ + duration);
  holds_until_ = std::max(holds_until_, held.held_until);
}

std::uint64_t World::events_of(EntityId entity) const { return entities_[entity.value()].events; }

// --- events ---

EventHandle World::schedule(const EventIdentity& who, SimTime due, EntityId entity,
                            EventTarget& target, std::uint64_t argument) {
  return queue_event(who, due, entity, &target, argument);
}

bool World::cancel(EventHandle handle) {
  if (!is_pending(handle)) return false;
  free_slot(handle.slot);
  return true;
}

bool World::move(EventHandle& handle, SimTime due) {
  if (!is_pending(handle)) return false;
  CHECK(due >= now_, "an event is never due in the past");
  slots_[handle.slot].is_held = false;
  enqueue(handle.slot, due + Duration{slots_[handle.slot].lateness});
  return true;
}

bool World::is_pending(EventHandle handle) const {
  if (handle.slot >= slots_.size()) return false;
  const Slot& slot = slots_[handle.slot];
  return slot.live && slot.id.value == handle.id;
}

// --- the pending events of an object, for `pos` ---

void World::link_pending(std::uint32_t index) {
  const std::uint32_t object = entities_[slots_[index].entity].object;
  if (pending_links_.size() < slots_.size()) pending_links_.resize(slots_.capacity());
  if (pending_heads_.size() <= object) pending_heads_.resize(object + 1, 0);
  PendingLinks& links = pending_links_[index];
  links = {.next = pending_heads_[object], .previous = 0};
  if (links.next != 0) pending_links_[links.next - 1].previous = index + 1;
  pending_heads_[object] = index + 1;
}

void World::unlink_pending(std::uint32_t index) {
  if (index >= pending_links_.size()) return;  // Queued before or after the strategy was `pos`.
  PendingLinks& links = pending_links_[index];
  const std::uint32_t object = entities_[slots_[index].entity].object;
  if (links.next != 0) pending_links_[links.next - 1].previous = links.previous;
  if (links.previous != 0) {
    pending_links_[links.previous - 1].next = links.next;
  } else if (object < pending_heads_.size() && pending_heads_[object] == index + 1) {
    pending_heads_[object] = links.next;
  }
  links = {};
}

void World::redraw_pending(std::uint32_t object) {
  if (options_.strategy.kind != StrategyKind::kPos || object >= pending_heads_.size()) return;
  for (std::uint32_t at = pending_heads_[object]; at != 0; at = pending_links_[at - 1].next) {
    Slot& slot = slots_[at - 1];
    // What is held back runs at the end of its hold, whatever its lateness.
    if (slot.entity == 0 || slot.is_held) continue;
    const SimTime due = slot.key - Duration{slot.lateness};
    // What is not due yet does not race with what ran, and a fresh draw is as good as its old one.
    if (due > now_) continue;
    const EventIdentity who{
        .id = slot.id, .root = slot.root, .where = slot.where, .n = slot.n, .kind = slot.kind};
    const std::int64_t lateness =
        choices_.one_of(who, Purpose::kLateness, 0, options_.strategy.window.ns, ++slot.redraws);
    const SimTime key = std::max(now_, due + Duration{lateness});
    slot.lateness = static_cast<std::uint32_t>((key - due).ns);
    enqueue(at - 1, key);
  }
}

}  // namespace millrace::sim
