#include "sim/run/crash_page.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <execinfo.h>
#include <string>
#include <sys/time.h>
#include <unistd.h>

#include "sim/kernel/world.h"

// Present in programs that are built with a sanitizer, which chose the names.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
[[gnu::weak]] int __asan_report_present();
[[gnu::weak]] const char* __asan_get_report_description();
[[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());
// Ours: UndefinedBehaviorSanitizer calls it before it prints a report.
void __ubsan_on_report();
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace millrace::run {
namespace {

constexpr Duration kTick = milliseconds(50);
constexpr std::size_t kAlternateStackBytes = 256 << 10;

// The one mutable global of sim/run: a signal handler has no other way to its page.
CrashPage* crash_page = nullptr;

/// What the CPU clock saw at its last tick.
struct Progress {
  std::int64_t time_ns = -1;
  std::uint32_t ticks_without = 0;
  std::uint32_t ticks_max = 0;
};
Progress progress;

void copy_name(char (&target)[CrashPage::kNameBytes], const std::string& name) {
  const std::size_t bytes = std::min(name.size(), CrashPage::kNameBytes - 1);
  std::memcpy(target, name.data(), bytes);
  target[bytes] = '\0';
}

void leave_place() {
  const sim::World* const world = sim::running_world();
  if (world == nullptr) return;
  crash_page->ordinal = world->ordinal();
  crash_page->time_ns = world->now().ns;
  const sim::Task* const task = world->current();
  if (task == nullptr) return;
  copy_name(crash_page->machine, task->machine().name());
  copy_name(crash_page->role, task->process().role());
  copy_name(crash_page->task, task->name());
}

void leave_frames() {
  void* frames[CrashPage::kFramesMax];
  const int count = backtrace(frames, static_cast<int>(CrashPage::kFramesMax));
  for (int i = 0; i < count; ++i) {
    crash_page->frames[i] = reinterpret_cast<std::uint64_t>(frames[i]);
  }
  crash_page->frame_count = static_cast<std::uint32_t>(count);
}

void leave_signal(int signal, const siginfo_t& info) {
  crash_page->kind = DeathKind::kSignal;
  crash_page->signal = signal;
  crash_page->address = reinterpret_cast<std::uint64_t>(info.si_addr);
  leave_place();
  const sim::World* const world = sim::running_world();
  crash_page->is_stack_overflow =
      signal == SIGSEGV && world != nullptr && world->owns_guard(info.si_addr);
  leave_frames();
}

void on_fatal_signal(int signal, siginfo_t* info, void* /*context*/) {
  // A crash within the handler must end the process, and leave what is there already.
  std::signal(signal, SIG_DFL);
  // What came first is the cause: a sanitizer that has reported may end the process by abort().
  if (crash_page->kind == DeathKind::kNone) leave_signal(signal, *info);
  raise(signal);
}

void on_cpu_tick(int /*signal*/) {
  const sim::World* const world = sim::running_world();
  if (world == nullptr) {
    progress.time_ns = -1;
    return;
  }
  leave_place();
  if (progress.time_ns != world->now().ns) {
    progress.time_ns = world->now().ns;
    progress.ticks_without = 0;
    return;
  }
  if (++progress.ticks_without < progress.ticks_max) return;
  crash_page->kind = DeathKind::kHang;
  leave_frames();
  _exit(0);
}

void leave_report(const char* what) {
  if (crash_page->kind != DeathKind::kNone) return;
  crash_page->kind = DeathKind::kSanitizer;
  leave_place();
  copy_name(crash_page->what, what);
  leave_frames();
}

void on_sanitizer_death() {
  const bool is_described = __asan_report_present != nullptr && __asan_report_present() != 0;
  leave_report(is_described ? __asan_get_report_description() : "sanitizer");
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace
}  // namespace millrace::run

// With g++ this sanitizer is a library of its own, with a death callback that nothing outside of it
// can set. Nothing goes on after a report: the build has it stop at the first.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
void __ubsan_on_report() {
  if (millrace::run::crash_page != nullptr) millrace::run::leave_report("undefined-behavior");
}

namespace millrace::run {

void install_crash_handlers(CrashPage& page, Duration hang_cpu) {
  crash_page = &page;
  // backtrace() loads its unwinder at its first call, which must not happen in a handler.
  void* first[1];
  backtrace(first, 1);

  // A stack overflow leaves no stack to handle it on. Freed by nobody: it serves until the end.
  stack_t alternate{};
  alternate.ss_sp = new char[kAlternateStackBytes];
  alternate.ss_size = kAlternateStackBytes;
  sigaltstack(&alternate, nullptr);
  // A sanitizer's own handlers of signals make room for these, so that a crash has one signature
  // in each build.
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    handle(signal, &on_fatal_signal);
  }
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(&on_sanitizer_death);
  }

  progress.ticks_max = static_cast<std::uint32_t>(hang_cpu.ns / kTick.ns);
  struct sigaction tick{};
  tick.sa_handler = &on_cpu_tick;
  tick.sa_flags = SA_ONSTACK | SA_RESTART;
  sigemptyset(&tick.sa_mask);
  sigaction(SIGPROF, &tick, nullptr);
  const timeval tick_time{.tv_sec = 0, .tv_usec = kTick.ns / 1'000};
  const itimerval interval{.it_interval = tick_time, .it_value = tick_time};
  setitimer(ITIMER_PROF, &interval, nullptr);
}

}  // namespace millrace::run
