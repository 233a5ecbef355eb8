#pragma once

// Fibers: stacks that are switched between, with the notes that sanitizers need.
//
// A thin layer over Boost.Context's fcontext. A fiber that is dropped while suspended is not
// unwound: its stack goes back to the pool as it is. This folder knows nothing of the rest of sim/,
// so that a backend on real machines can use it.

#include "sim/fiber/stack_pool.h"

namespace millrace::sim {

class Fiber;

/// Where fibers return to: the loop that resumes them. One a thread of execution.
class FiberHome {
 public:
  FiberHome() = default;
  FiberHome(const FiberHome&) = delete;
  FiberHome& operator=(const FiberHome&) = delete;

 private:
  friend class Fiber;
  friend struct FiberSwitch;
  void* context_ = nullptr;
  const void* stack_low_ = nullptr;  // Of the home's own stack, for sanitizers.
  std::size_t stack_bytes_ = 0;
  void* fake_stack_ = nullptr;
  void* exceptions_[2] = {};
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

  /// From the home: runs the fiber until it suspends.
  void resume();

  /// From the fiber: goes back to the home.
  void suspend();

  /// From the fiber: goes back to the home and is never resumed. Its stack may then be reused.
  [[noreturn]] void leave_for_ever();

  /// Takes the stack out of a fiber that is not running, so that it can be reused.
  Stack drop();

  bool has_stack() const { return stack_.low != nullptr; }
  const Stack& stack() const { return stack_; }

  /// Asks the processor to fetch what resume() will touch.
  void prefetch() const { __builtin_prefetch(context_); }

 private:
  friend struct FiberSwitch;

  Stack stack_;
  void* context_ = nullptr;
  FiberHome* home_ = nullptr;
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  void* fake_stack_ = nullptr;
  void* exceptions_[2] = {};
  bool dying_ = false;
};

}  // namespace millrace::sim
