#include "sim/fiber/stack_pool.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/fiber/asan.h"
#include "system/base/check.h"

#ifdef MILLRACE_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace millrace::sim {
namespace {

#ifdef MILLRACE_ASAN
// Red zones and unoptimised frames make stacks several times larger.
constexpr std::size_t kStackBytesDefault = 512 << 10;
#else
constexpr std::size_t kStackBytesDefault = 128 << 10;
#endif

// Most fibers touch no more than this much of their stack; see fill_stack(). More would make a
// second page of each idle task resident.
constexpr std::size_t kFilledBytes = 2 << 10;

// A frame may be larger than a page: with a guard of one page, the first access of a function with
// a buffer of 64 KiB could lie below it, in the next stack. A guard costs addresses, no memory.
constexpr std::size_t kGuardPages = 16;

// Stacks start at different offsets in their pages, or the tops of all stacks would compete for
// the same sets of the processor's caches, which are chosen by those bits: 1,000 tasks with 24
// offsets missed a cache of 1 MiB 7 times a wake, with 64 they fit.
constexpr std::size_t kColours = 64;
constexpr std::size_t kColourBytes = 64;

constexpr std::size_t kSlabStacks = 16;

std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

StackPool::StackPool(std::size_t stack_bytes)
    : stack_bytes_(stack_bytes == 0 ? kStackBytesDefault : stack_bytes) {
  const std::size_t page = page_bytes();
  stack_bytes_ = (stack_bytes_ + page - 1) / page * page;
  guard_bytes_ = kGuardPages * page;
  // From stack to stack it is an odd number of pages: the sets of a TLB are chosen by the low bits
  // of a page's number, and with 48 pages the tops of all stacks would share an eighth of them.
  if ((stack_bytes_ + guard_bytes_) / page % 2 == 0) guard_bytes_ += page;
}

StackPool::~StackPool() {
  for (std::byte* slab : slabs_) munmap(slab, kSlabStacks * (guard_bytes_ + stack_bytes_));
}

Stack StackPool::stack_at(std::byte* low) const {
  // By Fibonacci hashing of the page's number: neighbours get distant colours.
  const std::uint64_t page = reinterpret_cast<std::uintptr_t>(low) / page_bytes();
  const std::size_t colour = (page * 0x9E3779B97F4A7C15ULL) >> 58;
  static_assert(kColours == 64);
  return {low, stack_bytes_ - colour * kColourBytes};
}

Stack StackPool::take() {
  if (!free_.empty()) {
    std::byte* const low = free_.back();
    free_.pop_back();
    return stack_at(low);
  }
  std::byte* const guard = next_of_slab();
  if (guard == nullptr) return {};
  if (mprotect(guard, guard_bytes_, PROT_NONE) != 0) return {};
  --left_in_slab_;
  std::byte* const low = guard + guard_bytes_;
  all_.push_back(low);
  return stack_at(low);
}

/// Where the next stack that was never given out begins, with its guard; null where the kernel maps
/// no further slab.
std::byte* StackPool::next_of_slab() {
  const std::size_t bytes = guard_bytes_ + stack_bytes_;
  if (left_in_slab_ == 0) {
    void* const mapped = mmap(nullptr, kSlabStacks * bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    // Or the first touch of a stack would make 2 MiB resident. A kernel without huge pages refuses.
    madvise(mapped, kSlabStacks * bytes, MADV_NOHUGEPAGE);
    slabs_.push_back(static_cast<std::byte*>(mapped));
    left_in_slab_ = kSlabStacks;
  }
  return slabs_.back() + (kSlabStacks - left_in_slab_) * bytes;
}

void StackPool::give_back(Stack stack) {
  CHECK(stack.bytes == stack_at(stack.low).bytes, "a stack goes back to the pool that gave it");
#ifdef MILLRACE_ASAN
  __asan_unpoison_memory_region(stack.low, stack_bytes_);
#endif
  free_.push_back(stack.low);
}

bool StackPool::owns_guard(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  return std::any_of(all_.begin(), all_.end(), [&](std::byte* low) {
    const auto base = reinterpret_cast<std::uintptr_t>(low);
    return at >= base - guard_bytes_ && at < base;
  });
}

void fill_stack(Stack stack, std::byte fill) {
  const std::size_t bytes = std::min(stack.bytes, kFilledBytes);
  std::memset(stack.top() - bytes, std::to_integer<int>(fill), bytes);
}

}  // namespace millrace::sim
