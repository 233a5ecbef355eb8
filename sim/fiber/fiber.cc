#include "sim/fiber/fiber.h"

#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <cstring>

#include "system/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_ASAN 1
#endif
#endif

#ifdef MILLRACE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

// Part of the C++ ABI, but not declared by every library's <cxxabi.h>.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
}  // namespace __cxxabiv1

namespace millrace::sim {

namespace context = boost::context::detail;

namespace {

// The C++ runtime keeps the exceptions that are being handled in two words a thread,
// caughtExceptions and uncaughtExceptions (Itanium C++ ABI, 2.2.2). A switch inside a handler must
// take them along.
void** exception_globals() { return reinterpret_cast<void**>(__cxxabiv1::__cxa_get_globals()); }

void swap_exceptions(void** leaving, void* const* entering) {
  void** const globals = exception_globals();
  leaving[0] = globals[0];
  leaving[1] = globals[1];
  globals[0] = entering[0];
  globals[1] = entering[1];
}

// Different stacks start at different offsets, or the tops of all stacks would compete for the same
// few sets of the processor's cache.
std::size_t stack_colour(const Stack& stack) {
  const auto address = reinterpret_cast<std::uintptr_t>(stack.low);
  return (address >> 12) * 0x9E37 % 24 * 64;
}

}  // namespace

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

  static void enter(context::transfer_t transfer) {
    auto* const fiber = static_cast<Fiber*>(transfer.data);
    FiberHome& home = *fiber->home_;
    finish_switch(nullptr, &home.stack_low_, &home.stack_bytes_);
    home.context_ = transfer.fctx;
    fiber->entry_(fiber->argument_);
    UNREACHABLE("a fiber's entry leaves for ever and never returns");
  }

  static void to_home(Fiber& fiber, void** fake_stack) {
    FiberHome& home = *fiber.home_;
    start_switch(fake_stack, home.stack_low_, home.stack_bytes_);
    const context::transfer_t back = context::jump_fcontext(home.context_, nullptr);
    // Only a resumed fiber comes here.
    finish_switch(fiber.fake_stack_, &home.stack_low_, &home.stack_bytes_);
    fiber.fake_stack_ = nullptr;
    home.context_ = back.fctx;
  }
};

void Fiber::start(Stack stack, FiberHome& home, void (*entry)(void*), void* argument) {
  CHECK(stack_.low == nullptr, "a fiber starts once");
  stack_ = stack;
  home_ = &home;
  entry_ = entry;
  argument_ = argument;
  fake_stack_ = nullptr;
  exceptions_[0] = exceptions_[1] = nullptr;
  dying_ = false;
  const std::size_t colour = stack_colour(stack);
  context_ = context::make_fcontext(stack.low + stack.bytes - colour, stack.bytes - colour,
                                    &FiberSwitch::enter);
}

void Fiber::resume() {
  FiberHome& home = *home_;
  swap_exceptions(home.exceptions_, exceptions_);
  FiberSwitch::start_switch(&home.fake_stack_, stack_.low, stack_.bytes);
  const context::transfer_t back = context::jump_fcontext(context_, this);
  FiberSwitch::finish_switch(home.fake_stack_, nullptr, nullptr);
  context_ = back.fctx;
  swap_exceptions(exceptions_, home.exceptions_);
}

void Fiber::suspend() {
  FiberSwitch::to_home(*this, &fake_stack_);
#ifdef MILLRACE_ASAN
  // Entered once more after its end, only to let the sanitizer free its fake stack.
  if (dying_) leave_for_ever();
#endif
}

void Fiber::leave_for_ever() {
  FiberSwitch::to_home(*this, nullptr);
  UNREACHABLE("a fiber that left for ever was resumed");
}

Stack Fiber::drop() {
  CHECK(stack_.low != nullptr, "only a started fiber has a stack to give");
#ifdef MILLRACE_ASAN
  if (fake_stack_ != nullptr) {
    dying_ = true;
    resume();
  }
#endif
  const Stack stack = stack_;
  stack_ = {};
  context_ = nullptr;
  return stack;
}

}  // namespace millrace::sim
