#include "sim/command/interrupt.h"

#include <cstdint>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "system/base/check.h"

namespace millrace::command {
namespace {

// The conventional status of a process that ended because of signal n.
constexpr int kStatusOfSignal = 128;

// A process group that is signalled as a whole (timeout, a terminal and a wrapper at once) hears of
// one wish twice. Guess: nobody presses a key again this soon; try with a wrapper around a wrapper.
constexpr std::int64_t kSameWishNs = 50'000'000;

volatile sig_atomic_t seen_signal = 0;
volatile std::int64_t seen_ns = 0;
volatile sig_atomic_t leaves_on_first = 0;
// A worker is forked while the handlers stand; only the process that set them up answers.
volatile sig_atomic_t owner = 0;

void on_signal(int signal) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t now_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  const bool is_second = seen_signal != 0 && now_ns - seen_ns > kSameWishNs;
  if (getpid() != owner || leaves_on_first != 0 || is_second) _exit(kStatusOfSignal + signal);
  if (seen_signal != 0) return;
  seen_signal = signal;
  seen_ns = now_ns;
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  // Without SA_RESTART: a wait ends early, so that the request is seen soon.
  CHECK(sigaction(signal, &action, nullptr) == 0, "a handler can be set for this signal");
}

}  // namespace

Interrupts::Interrupts(First first) {
  seen_signal = 0;
  leaves_on_first = first == First::kLeaves ? 1 : 0;
  owner = getpid();
  set_handler(SIGINT, on_signal);
  set_handler(SIGTERM, on_signal);
}

Interrupts::~Interrupts() {
  set_handler(SIGINT, SIG_DFL);
  set_handler(SIGTERM, SIG_DFL);
}

bool Interrupts::requested() const { return seen_signal != 0; }

int Interrupts::status() const {
  CHECK(requested(), "an interrupt has come");
  return kStatusOfSignal + static_cast<int>(seen_signal);
}

}  // namespace millrace::command
