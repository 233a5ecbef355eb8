#pragma once

// The kernel's own records of pending events and of entities. Only world*.cc include this.

#include "sim/kernel/world.h"

namespace millrace::sim {

/// A pending event; its key and id tell a queue entry of it from a stale one. One cache line.
struct alignas(64) World::Slot {
  EventId id;
  Root root;
  Where where;
  SimTime key;             // Due time plus lateness; of what its entity holds the hold's end.
  void* target = nullptr;  // EventTarget, Task or Machine, by kind.
  std::uint64_t argument = 0;
  std::uint32_t entity = 0;
  std::uint32_t lateness = 0;
  std::uint32_t n = 0;
  EventKind kind = EventKind::kControl;
  bool live : 1 = false;
  bool is_held : 1 = false;  // Waits for the end of a hold: no redraw moves it.
  std::uint16_t redraws = 0;
};

/// Something that the schedule can delay or reorder as one.
struct World::Entity {
  std::uint64_t key = 0;  // Hash of its name.
  std::uint32_t object = 0;
  std::uint8_t level = 0;
  std::uint64_t change_at = 0;  // pct: from this many events on its level is W; 0 is never.
  std::uint64_t events = 0;
  SimTime held_until;
};

inline std::uint64_t World::tie_of(EventId id, std::uint32_t slot) {
  return (id.value & ~std::uint64_t{kSlotCountMax - 1}) | slot;
}

inline void World::enqueue(std::uint32_t index, SimTime key) {
  slots_[index].key = key;
  queue_.push({.time = static_cast<std::uint64_t>(key.ns), .tie = tie_of(slots_[index].id, index)});
}

inline void World::free_slot(std::uint32_t index) {
  if (!pending_heads_.empty()) unlink_pending(index);
  slots_[index].live = false;
  free_slots_.push_back(index);
}

inline void World::disarm_timer(Task& task) {
  if (!task.timer_armed_) return;
  task.timer_armed_ = false;
  free_slot(task.timer_slot_);
}

}  // namespace millrace::sim
