#include "sim/fiber/stack_pool.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include "system/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_ASAN 1
#endif
#endif

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

// Most fibers touch no more than this much of their stack; see fill_stack().
constexpr std::size_t kFilledBytes = 4 << 10;

std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

StackPool::StackPool(std::size_t stack_bytes)
    : stack_bytes_(stack_bytes == 0 ? kStackBytesDefault : stack_bytes) {
  const std::size_t page = page_bytes();
  stack_bytes_ = (stack_bytes_ + page - 1) / page * page;
}

StackPool::~StackPool() {
  const std::size_t page = page_bytes();
  for (std::byte* low : all_) munmap(low - page, stack_bytes_ + page);
}

Stack StackPool::take() {
  if (!free_.empty()) {
    std::byte* const low = free_.back();
    free_.pop_back();
    return {low, stack_bytes_};
  }
  const std::size_t page = page_bytes();
  void* const mapped = mmap(nullptr, stack_bytes_ + page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) return {};
  if (mprotect(mapped, page, PROT_NONE) != 0) {
    munmap(mapped, stack_bytes_ + page);
    return {};
  }
  std::byte* const low = static_cast<std::byte*>(mapped) + page;
  all_.push_back(low);
  return {low, stack_bytes_};
}

void StackPool::give_back(Stack stack) {
  CHECK(stack.bytes == stack_bytes_, "a stack goes back to the pool that gave it");
#ifdef MILLRACE_ASAN
  __asan_unpoison_memory_region(stack.low, stack.bytes);
#endif
  free_.push_back(stack.low);
}

bool StackPool::owns_guard(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  const std::size_t page = page_bytes();
  return std::any_of(all_.begin(), all_.end(), [&](std::byte* low) {
    const auto base = reinterpret_cast<std::uintptr_t>(low);
    return at >= base - page && at < base;
  });
}

void fill_stack(Stack stack, std::byte fill) {
  const std::size_t bytes = std::min(stack.bytes, kFilledBytes);
  std::memset(stack.low + stack.bytes - bytes, std::to_integer<int>(fill), bytes);
}

}  // namespace millrace::sim
