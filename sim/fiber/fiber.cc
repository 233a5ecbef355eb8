#include "sim/fiber/fiber.h"

#include "sim/fiber/fiber_switch.h"
#include "system/base/check.h"

// Part of the C++ ABI, but not declared by every library's <cxxabi.h>.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
}  // namespace __cxxabiv1

namespace millrace::sim {

namespace context = boost::context::detail;

void FiberSwitch::enter(context::transfer_t transfer) {
  auto* const fiber = static_cast<Fiber*>(transfer.data);
  FiberHome& home = *fiber->home_;
  finish_switch(nullptr, &home.stack_low_, &home.stack_bytes_);
  home.context_ = transfer.fctx;
  fiber->entry_(fiber->argument_);
  UNREACHABLE("a fiber's entry leaves for ever and never returns");
}

FiberHome::FiberHome() : exceptions_(reinterpret_cast<void**>(__cxxabiv1::__cxa_get_globals())) {}

void Fiber::start(Stack stack, FiberHome& home, void (*entry)(void*), void* argument) {
  CHECK(stack_.low == nullptr, "a fiber starts once");
  stack_ = stack;
  home_ = &home;
  entry_ = entry;
  argument_ = argument;
  fake_stack_ = nullptr;
  dying_ = false;
  context_ = context::make_fcontext(stack.top(), stack.bytes, &FiberSwitch::enter);
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
