#pragma once

// Switching between a fiber and its home: the bodies of Fiber::resume() and suspend(), for the few
// places that call them.
//
// They are inline because of the processor's stack of return addresses: it does not know of the
// switch, so each return from a function that was entered before one goes where the other side
// came from, and costs as much as the switch itself. Inline, a round trip has two such returns
// fewer.

#include <boost/context/detail/fcontext.hpp>

#include "sim/fiber/asan.h"
#include "sim/fiber/fiber.h"

#ifdef MILLRACE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace millrace::sim {

// The C++ runtime keeps the exceptions that are being handled in two words a thread,
// caughtExceptions and uncaughtExceptions (Itanium C++ ABI, 2.2.2). A switch inside a handler must
// not take them along. So each side keeps its own on its own stack over the switch: two loads and
// two stores a side, and no call, since the words stay where they are for as long as the thread.
class KeptExceptions {
 public:
  explicit KeptExceptions(void** words) : words_(words), caught_(words[0]), uncaught_(words[1]) {}
  ~KeptExceptions() {
    words_[0] = caught_;
    words_[1] = uncaught_;
  }
  KeptExceptions(const KeptExceptions&) = delete;
  KeptExceptions& operator=(const KeptExceptions&) = delete;

 private:
  void** words_;
  void* caught_;
  void* uncaught_;
};

/// The only code that switches stacks.
struct FiberSwitch {
  static void start_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* low,
                           [[maybe_unused]] std::size_t bytes) {
#ifdef MILLRACE_ASAN
    __sanitizer_start_switch_fiber(fake_stack, low, bytes);
#endif
  }

  static void finish_switch([[maybe_unused]] void* fake_stack,
                            [[maybe_unused]] const void** from_low,
                            [[maybe_unused]] std::size_t* from_bytes) {
#ifdef MILLRACE_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, from_low, from_bytes);
#endif
  }

  static void enter(boost::context::detail::transfer_t transfer);

  static void to_home(Fiber& fiber, void** fake_stack) {
    FiberHome& home = *fiber.home_;
    const KeptExceptions exceptions(home.exceptions_);
    start_switch(fake_stack, home.stack_low_, home.stack_bytes_);
    const auto back = boost::context::detail::jump_fcontext(home.context_, nullptr);
    // Only a resumed fiber comes here.
    finish_switch(fiber.fake_stack_, &home.stack_low_, &home.stack_bytes_);
#ifdef MILLRACE_ASAN
    fiber.fake_stack_ = nullptr;
#endif
    home.context_ = back.fctx;
  }
};

inline void Fiber::resume() {
  FiberHome& home = *home_;
  const KeptExceptions exceptions(home.exceptions_);
  // A fiber starts with none; one that goes on puts back its own.
  home.exceptions_[0] = home.exceptions_[1] = nullptr;
  FiberSwitch::start_switch(&home.fake_stack_, stack_.low, stack_.bytes);
  const auto back = boost::context::detail::jump_fcontext(context_, this);
  FiberSwitch::finish_switch(home.fake_stack_, nullptr, nullptr);
  context_ = back.fctx;
}

inline void Fiber::suspend() {
  FiberSwitch::to_home(*this, &fake_stack_);
#ifdef MILLRACE_ASAN
  // Entered once more after its end, only to let the sanitizer free its fake stack.
  if (dying_) leave_for_ever();
#endif
}

}  // namespace millrace::sim
