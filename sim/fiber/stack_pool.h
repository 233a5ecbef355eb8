#pragma once

// Pooled stacks for fibers, each with a guard page below it, so that an overflow is a fault at a
// known place and not a silent overwrite.

#include <cstddef>
#include <vector>

namespace millrace::sim {

/// A stack with an unmapped guard page below it.
struct Stack {
  std::byte* low = nullptr;  ///< Lowest usable address.
  std::size_t bytes = 0;
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

  /// A stack, or one with a null `low` when the kernel gives no further mapping.
  Stack take();
  void give_back(Stack stack);
  std::size_t stack_bytes() const { return stack_bytes_; }

  /// Whether an address lies in a guard page: a stack overflow. Cost: linear; for crash handlers.
  bool owns_guard(const void* address) const;

 private:
  std::size_t stack_bytes_;
  std::vector<std::byte*> free_;
  std::vector<std::byte*> all_;
};

/// Fills the parts of reused stacks that fibers usually touch with this byte. See Arena's pattern.
void fill_stack(Stack stack, std::byte fill);

}  // namespace millrace::sim
