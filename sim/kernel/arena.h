#pragma once

// The memory of one simulated process.
//
// Global operator new serves the arena of the running process; calls into the simulator switch to
// its own heap with an ArenaScope. A kill frees the arena whole and runs no destructor, as in life.
// Fresh memory is filled with a pattern byte, so that a read of uninitialised memory differs
// between the two runs of a determinism check. In sanitizer builds an arena is a ring of malloc'd
// blocks, so that every overflow and use-after-free is still seen.

#include <cstddef>
#include <cstdint>

namespace millrace::sim {

/// Memory of one process: size classes in chunks of 16 KiB, larger blocks in runs of chunks.
class Arena {
 public:
  Arena() = default;
  ~Arena() { release_all(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Never null: running out of memory aborts. `alignment` is at most 64.
  void* allocate(std::size_t size, std::size_t alignment);

  /// Bytes allocated and not yet freed, rounded up to their size class: deterministic in a build.
  std::size_t live_bytes() const { return live_bytes_; }

  /// Reaching this many live bytes calls the hook of set_arena_limit_hook().
  void set_limit(std::size_t bytes) { limit_bytes_ = bytes; }

  /// Frees everything at once. Nothing allocated here may be used or freed afterwards.
  void release_all();

  struct Block;  ///< Header or free-list link; private to the implementation.
  static constexpr std::size_t kClassCount = 39;

 private:
  friend struct ArenaHeap;

  Block* free_[kClassCount] = {};
  Block* held_ = nullptr;  // Chunks, runs, or (sanitizers) blocks of this arena.
  std::size_t live_bytes_ = 0;
  std::size_t limit_bytes_ = ~std::size_t{0};
};

/// Called, and not expected to return, when an arena reaches its limit. Null does nothing.
void set_arena_limit_hook(void (*hook)());

namespace detail {
// Each Env call changes it twice, so reading and setting are inline.
extern constinit Arena* serving_arena;
}  // namespace detail

/// The arena that operator new serves now; null stands for the simulator's own heap.
inline Arena* current_arena() { return detail::serving_arena; }

/// Sets the arena without a scope: for switching fibers.
inline void set_current_arena(Arena* arena) { detail::serving_arena = arena; }

/// Serves `arena` (or the simulator's heap) until destroyed.
class ArenaScope {
 public:
  explicit ArenaScope(Arena* arena) : before_(current_arena()) { set_current_arena(arena); }
  ~ArenaScope() { set_current_arena(before_); }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena* before_;
};

/// The byte that fresh arena memory and reused stacks are filled with. With an even one, blocks of
/// a chunk are given out from its end, so that an order of addresses turns round.
void set_fill_byte(std::byte fill);
std::byte fill_byte();

}  // namespace millrace::sim
