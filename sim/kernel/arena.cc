#include "sim/kernel/arena.h"

#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>

#include "sim/fiber/asan.h"
#include "sim/kernel/identity.h"
#include "system/base/check.h"

namespace millrace::sim {

/// A node of the lists that arenas consist of. Doubly linked where blocks leave out of turn.
struct Arena::Block {
  Block* next = nullptr;
  Block* previous = nullptr;
  Arena* arena = nullptr;
  std::uint32_t size_class = 0;  // kRun for a run of chunks.
  std::uint32_t run_log2 = 0;
  std::size_t bytes = 0;
};

namespace {

[[noreturn]] void out_of_memory() {
  std::fputs("millrace: out of memory\n", stderr);
  std::abort();
}

constinit std::byte pattern{0xA5};
using LimitHook = void (*)();
constinit LimitHook limit_hook = nullptr;

}  // namespace

// Constant-initialised: new is called before any constructor ran.
constinit Arena* detail::serving_arena = nullptr;

void set_arena_limit_hook(void (*hook)()) { limit_hook = hook; }
void set_fill_byte(std::byte fill) { pattern = fill; }
std::byte fill_byte() { return pattern; }

#ifdef MILLRACE_ASAN

/// Sanitizer builds: each block is malloc'd with a header that links it to its arena.
struct ArenaHeap {
  static constexpr std::size_t kHeader = 64;
  static_assert(sizeof(Arena::Block) <= kHeader);

  static constinit std::uint64_t padded_count;

  /// With an even pattern blocks get more bytes than they ask for, one another number than the
  /// next: the sanitizer's heap keeps sizes in ranges of addresses of their own, so that an order
  /// of addresses becomes another one. Writes behind a block are then not all seen; the other run
  /// of a determinism check sees them.
  static std::size_t padding(std::size_t size) {
    const bool ascends = (std::to_integer<int>(pattern) & 1) != 0;
    if (ascends) return 0;
    return mix(size, ++padded_count) % 4 * (kHeader + size / 2);
  }

  static void* allocate(Arena* arena, std::size_t size) {
    const std::size_t bytes = kHeader + size + (arena == nullptr ? 0 : padding(size));
    void* memory = nullptr;
    if (posix_memalign(&memory, kHeader, bytes) != 0) out_of_memory();
    auto* const block = new (memory) Arena::Block;
    block->arena = arena;
    block->bytes = size;
    void* const payload = static_cast<std::byte*>(memory) + kHeader;
    if (arena != nullptr) {
      std::memset(payload, std::to_integer<int>(pattern), size);
      arena->live_bytes_ += size;
      block->next = arena->held_;
      if (arena->held_ != nullptr) arena->held_->previous = block;
      arena->held_ = block;
    }
    return payload;
  }

  static void free(void* payload) {
    if (payload == nullptr) return;
    auto* const block = reinterpret_cast<Arena::Block*>(static_cast<std::byte*>(payload) - kHeader);
    if (Arena* const arena = block->arena; arena != nullptr) {
      arena->live_bytes_ -= block->bytes;
      if (block->next != nullptr) block->next->previous = block->previous;
      (block->previous != nullptr ? block->previous->next : arena->held_) = block->next;
    }
    std::free(block);
  }

  static void release(Arena& arena) {
    while (arena.held_ != nullptr) {
      Arena::Block* const block = arena.held_;
      arena.held_ = block->next;
      std::free(block);
    }
    arena.live_bytes_ = 0;
  }

  static void* allocate_simulator(std::size_t size, std::size_t) { return allocate(nullptr, size); }
};

constinit std::uint64_t ArenaHeap::padded_count = 0;

void* Arena::allocate(std::size_t size, std::size_t alignment) {
  CHECK(alignment <= ArenaHeap::kHeader);
  if (live_bytes_ + size > limit_bytes_ && limit_hook != nullptr) [[unlikely]]
    limit_hook();
  return ArenaHeap::allocate(this, size);
}

#else

/// One reserved range of addresses, cut into chunks: whether a pointer lies in it tells whose it
/// is.
struct ArenaHeap {
  using Block = Arena::Block;
  static constexpr std::size_t kChunk = 16 << 10;
  static constexpr std::size_t kHeader = 64;
  static constexpr std::size_t kRange = std::size_t{64} << 30;
  static constexpr std::uint32_t kRun = Arena::kClassCount;
  static constexpr std::size_t kSmallMax = 512;
  // Multiples of 64 that waste little of a chunk.
  static constexpr std::array<std::uint32_t, 7> kMediumBytes{768,  1024, 1344, 1984,
                                                             2688, 4032, 8128};
  static constexpr std::size_t kMediumMax = kMediumBytes.back();
  static_assert(kSmallMax / 16 + kMediumBytes.size() == Arena::kClassCount);
  static_assert(sizeof(Block) <= kHeader);

  static constinit std::byte* base;
  static constinit std::byte* unused;
  static constinit std::array<Block*, 24> free_runs;  // By log2 of their number of chunks.

  static bool contains(const void* pointer) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - base) < kRange &&
           base != nullptr;
  }

  static std::uint32_t class_of(std::size_t size, std::size_t alignment) {
    if (size <= kSmallMax && alignment <= 16) {
      return size == 0 ? 0 : static_cast<std::uint32_t>((size - 1) / 16);
    }
    for (std::uint32_t i = 0; i < kMediumBytes.size(); ++i) {
      if (size <= kMediumBytes[i]) return static_cast<std::uint32_t>(kSmallMax / 16) + i;
    }
    return kRun;
  }

  static std::size_t bytes_of(std::uint32_t size_class) {
    if (size_class < kSmallMax / 16) return (size_class + 1) * 16;
    return kMediumBytes[size_class - kSmallMax / 16];
  }

  static void reserve() {
    void* const range = mmap(nullptr, kRange, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) out_of_memory();
    const auto address = reinterpret_cast<std::uintptr_t>(range);
    base = static_cast<std::byte*>(range) + (kChunk - address % kChunk) % kChunk;
    unused = base;
  }

  /// A run of 2^log2 chunks with its header, linked into the arena.
  static Block* take_run(Arena& arena, std::uint32_t log2, std::uint32_t size_class) {
    if (base == nullptr) reserve();
    const std::size_t bytes = kChunk << log2;
    Block* run = free_runs[log2];
    if (run != nullptr) {
      free_runs[log2] = run->next;
    } else {
      // The last run may not reach over the end of the range, which starts at a chunk's boundary.
      if (static_cast<std::size_t>(unused - base) + bytes + kChunk > kRange) out_of_memory();
      run = reinterpret_cast<Block*>(unused);
      unused += bytes;
    }
    std::memset(static_cast<void*>(run), std::to_integer<int>(pattern), bytes);
    new (run) Block{.next = arena.held_,
                    .previous = nullptr,
                    .arena = &arena,
                    .size_class = size_class,
                    .run_log2 = log2,
                    .bytes = bytes};
    if (arena.held_ != nullptr) arena.held_->previous = run;
    arena.held_ = run;
    return run;
  }

  static void give_run(Block* run) {
    run->next = free_runs[run->run_log2];
    free_runs[run->run_log2] = run;
  }

  static void fill_class(Arena& arena, std::uint32_t size_class) {
    Block* const chunk = take_run(arena, 0, size_class);
    const std::size_t bytes = bytes_of(size_class);
    std::byte* const first = reinterpret_cast<std::byte*>(chunk) + kHeader;
    const std::size_t count = (kChunk - kHeader) / bytes;
    const bool ascends = (std::to_integer<int>(pattern) & 1) != 0;
    for (std::size_t i = count; i-- > 0;) {
      auto* const block = reinterpret_cast<Block*>(first + (ascends ? i : count - 1 - i) * bytes);
      block->next = arena.free_[size_class];
      arena.free_[size_class] = block;
    }
  }

  static void* allocate_run(Arena& arena, std::size_t size) {
    const std::size_t chunks = (size + kHeader + kChunk - 1) / kChunk;
    const auto log2 = static_cast<std::uint32_t>(std::bit_width(chunks - 1));
    if (log2 >= free_runs.size()) out_of_memory();
    Block* const run = take_run(arena, log2, kRun);
    arena.live_bytes_ += run->bytes;
    return reinterpret_cast<std::byte*>(run) + kHeader;
  }

  /// The header of the run that starts with the payload's chunk. Only a run's first chunk holds
  /// pointers that were given out.
  static Block* header_of(void* pointer) {
    const std::size_t offset = static_cast<std::size_t>(static_cast<std::byte*>(pointer) - base);
    return reinterpret_cast<Block*>(base + offset / kChunk * kChunk);
  }

  static void free(void* pointer) {
    if (!contains(pointer)) {
      std::free(pointer);
      return;
    }
    Block* const header = header_of(pointer);
    Arena& arena = *header->arena;
    if (header->size_class == kRun) {
      arena.live_bytes_ -= header->bytes;
      if (header->next != nullptr) header->next->previous = header->previous;
      (header->previous != nullptr ? header->previous->next : arena.held_) = header->next;
      give_run(header);
      return;
    }
    arena.live_bytes_ -= bytes_of(header->size_class);
    auto* const block = static_cast<Block*>(pointer);
    block->next = arena.free_[header->size_class];
    arena.free_[header->size_class] = block;
  }

  static void release(Arena& arena) {
    while (arena.held_ != nullptr) {
      Block* const run = arena.held_;
      arena.held_ = run->next;
      give_run(run);
    }
    for (Block*& list : arena.free_) list = nullptr;
    arena.live_bytes_ = 0;
  }

  static void* allocate_simulator(std::size_t size, std::size_t alignment) {
    void* memory = nullptr;
    if (alignment <= alignof(std::max_align_t)) {
      memory = std::malloc(size == 0 ? 1 : size);
    } else if (posix_memalign(&memory, alignment, size) != 0) {
      memory = nullptr;
    }
    if (memory == nullptr) out_of_memory();
    return memory;
  }
};

constinit std::byte* ArenaHeap::base = nullptr;
constinit std::byte* ArenaHeap::unused = nullptr;
constinit std::array<Arena::Block*, 24> ArenaHeap::free_runs{};

void* Arena::allocate(std::size_t size, std::size_t alignment) {
  CHECK(alignment <= ArenaHeap::kHeader);
  if (live_bytes_ + size > limit_bytes_ && limit_hook != nullptr) [[unlikely]]
    limit_hook();
  const std::uint32_t size_class = ArenaHeap::class_of(size, alignment);
  if (size_class == ArenaHeap::kRun) return ArenaHeap::allocate_run(*this, size);
  if (free_[size_class] == nullptr) ArenaHeap::fill_class(*this, size_class);
  Block* const block = free_[size_class];
  // fill_class() leaves at least one. NOLINTNEXTLINE(clang-analyzer-core.NullDereference)
  free_[size_class] = block->next;
  // The link that the free list left would be the one word without the pattern.
  std::memset(static_cast<void*>(&block->next), std::to_integer<int>(pattern), sizeof(block->next));
  live_bytes_ += ArenaHeap::bytes_of(size_class);
  return block;
}

#endif

void Arena::release_all() { ArenaHeap::release(*this); }

namespace {

void* serve(std::size_t size, std::size_t alignment) {
  if (Arena* const serving = current_arena(); serving != nullptr) {
    return serving->allocate(size, alignment);
  }
  return ArenaHeap::allocate_simulator(size, alignment);
}

}  // namespace
}  // namespace millrace::sim

// The replaced global allocator. NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(std::size_t size) { return millrace::sim::serve(size, 16); }
void* operator new[](std::size_t size) { return millrace::sim::serve(size, 16); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return millrace::sim::serve(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return millrace::sim::serve(size, static_cast<std::size_t>(alignment));
}
// Sanitizers bring their own of these, which would not match our delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return millrace::sim::serve(size, 16);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return millrace::sim::serve(size, 16);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return millrace::sim::serve(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return millrace::sim::serve(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* pointer, const std::nothrow_t&) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
void operator delete[](void* pointer, const std::nothrow_t&) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
void operator delete(void* pointer) noexcept { millrace::sim::ArenaHeap::free(pointer); }
void operator delete[](void* pointer) noexcept { millrace::sim::ArenaHeap::free(pointer); }
void operator delete(void* pointer, std::size_t) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
void operator delete[](void* pointer, std::size_t) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
void operator delete(void* pointer, std::align_val_t) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
void operator delete[](void* pointer, std::align_val_t) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
void operator delete(void* pointer, std::size_t, std::align_val_t) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
void operator delete[](void* pointer, std::size_t, std::align_val_t) noexcept {
  millrace::sim::ArenaHeap::free(pointer);
}
// NOLINTEND(misc-new-delete-overloads)
