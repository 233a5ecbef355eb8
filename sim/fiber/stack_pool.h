#pragma once

// Pooled stacks for fibers, each with a guard area below it, so that an overflow is a fault at a
// known place and not a silent overwrite.

#include <cstddef>
#include <vector>

namespace millrace::sim {

/// A stack with a guard area below it.
struct Stack {
  std::byte* low = nullptr;  ///< Lowest usable address.
  std::size_t bytes = 0;

  std::byte* top() const { return low + bytes; }
};

/// Stacks for reuse. Each takes two mappings of the kernel's bound vm.max_map_count.
class StackPool {
 public:
  /// `stack_bytes` is rounded up to pages; 0 stands for the build's default (128 KiB, more in
  /// sanitizer builds).
  explicit StackPool(std::size_t stack_bytes);
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  /// A stack of nearly stack_bytes(), or one with a null `low` when the kernel gives no further
  /// mapping.
  Stack take();
  void give_back(Stack stack);
  std::size_t stack_bytes() const { return stack_bytes_; }

  /// Whether an address lies in a guard area: a stack overflow. Cost: linear; for crash handlers.
  bool owns_guard(const void* address) const;

 private:
  Stack stack_at(std::byte* low) const;
  std::byte* next_of_slab();

  std::size_t stack_bytes_;
  std::size_t guard_bytes_ = 0;
  std::vector<std::byte*> free_;
  std::vector<std::byte*> all_;
  // Stacks are mapped in slabs and get their guards when they are first given out: a world with
  // thousands of tasks made three system calls a stack.
  std::vector<std::byte*> slabs_;
  std::size_t left_in_slab_ = 0;
};

/// Fills the part of a stack that fibers usually touch with this byte. See Arena's pattern.
void fill_stack(Stack stack, std::byte fill);

}  // namespace millrace::sim
