#pragma once

// The kernel's own records of pending events and of entities. Only world*.cc include this.

#include "sim/kernel/world.h"

namespace millrace::sim {

/// A pending event; its key and id tell a queue entry of it from a stale one.
struct World::Slot {
  EventId id;
  Root root;
  Where where;
  SimTime key;             // Due time plus lateness, or the end of a hold.
  void* target = nullptr;  // EventTarget, Task or Machine, by kind.
  std::uint64_t argument = 0;
  std::uint32_t entity = 0;
  std::uint32_t lateness = 0;
  std::uint32_t n = 0;
  EventKind kind = EventKind::kControl;
  bool live = false;
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

}  // namespace millrace::sim
