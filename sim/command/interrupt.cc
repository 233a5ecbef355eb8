#include "sim/command/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "system/base/check.h"

namespace millrace::command {
namespace {

// The conventional status of a process that ended because of signal n.
constexpr int kStatusOfSignal = 128;

volatile sig_atomic_t seen_signal = 0;
volatile sig_atomic_t leaves_on_first = 0;
// A worker is forked while the handlers stand; only the process that set them up answers.
volatile sig_atomic_t owner = 0;

void on_signal(int signal) {
  const bool is_owner = getpid() == owner;
  if (!is_owner || leaves_on_first != 0 || seen_signal != 0) _exit(kStatusOfSignal + signal);
  seen_signal = signal;
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
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
