#pragma once

// Fibers: stacks that are switched between, with the notes that sanitizers need.
//
// A thin layer over Boost.Context's fcontext. A fiber that is dropped while suspended is not
// unwound: its stack goes back to the pool as it is. This folder knows nothing of the rest of sim/,
// so that a backend on real machines can use it.

#include <cstddef>

#include "sim/fiber/stack_pool.h"

namespace millrace::sim {

class Fiber;

/// Where fibers return to: the loop that resumes them. One a thread of execution, which makes it.
class FiberHome {
 public:
  FiberHome();
  FiberHome(const FiberHome&) = delete;
  FiberHome& operator=(const FiberHome&) = delete;

 private:
  friend class Fiber;
  friend struct FiberSwitch;
  void* context_ = nullptr;
  void** exceptions_ = nullptr;      // Those that this thread handles now; see fiber.cc.
  const void* stack_low_ = nullptr;  // Of the home's own stack, for sanitizers.
  std::size_t stack_bytes_ = 0;
  void* fake_stack_ = nullptr;
};

/// A suspended or running fiber. Not copied, not moved; dropping one that is suspended runs no code
/// of it.
class Fiber {
 public:
  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Prepares `entry(argument)` to run on `stack` at the first resume. `entry` never returns; it
  /// ends with leave_for_ever().
  void start(Stack stack, FiberHome& home, void (*entry)(void*), void* argument);

  /// From the home: runs the fiber until it suspends. Defined in fiber_switch.h.
  inline void resume();

  /// From the fiber: goes back to the home. Defined in fiber_switch.h.
  inline void suspend();

  /// From the fiber: goes back to the home and is never resumed. Its stack may then be reused.
  [[noreturn]] void leave_for_ever();

  /// Takes the stack out of a fiber that is not running, so that it can be reused.
  Stack drop();

  /// How much of a Fiber a switch touches, from its beginning.
  static constexpr std::size_t kHotBytes = 2 * sizeof(void*);

  bool has_stack() const { return stack_.low != nullptr; }
  /// Where the registers of a suspended fiber are saved, for debuggers; stale while it runs.
  const void* saved_registers() const { return context_; }
  const Stack& stack() const { return stack_; }

  /// Asks the processor to fetch what resume() and the fiber's first returns will touch. Changes
  /// nothing else.
  void prefetch_stack() const {
    // The saved registers, and the frames of the few calls that led to the wait.
    const auto* const top = static_cast<const std::byte*>(context_);
    for (int line = 0; line < kPrefetchedLines; ++line) __builtin_prefetch(top + line * 64);
  }

 private:
  friend struct FiberSwitch;

  static constexpr int kPrefetchedLines = 5;

  // What a switch needs comes first.
  void* context_ = nullptr;
  FiberHome* home_ = nullptr;
  void* fake_stack_ = nullptr;
  Stack stack_;
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool dying_ = false;
};

}  // namespace millrace::sim
