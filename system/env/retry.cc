#include "system/env/retry.h"

#include <algorithm>

#include "system/base/check.h"
#include "system/base/draws.h"
#include "system/env/sync.h"

namespace millrace {

bool is_transient(Errc code) {
  switch (code) {
    case Errc::kTimeout:
    case Errc::kUnavailable:
    case Errc::kRefused:
    case Errc::kOverloaded:
    case Errc::kShuttingDown:
    case Errc::kWrongHost:
      return true;
    case Errc::kCancelled:
    case Errc::kWrongVersion:
    case Errc::kProtocol:
    case Errc::kInvalid:
    case Errc::kNotFound:
    case Errc::kAlreadyExists:
    case Errc::kSealed:
    case Errc::kTruncated:
    case Errc::kBadOffset:
    case Errc::kBadEventNumber:
    case Errc::kFenced:
    case Errc::kNoSpace:
    case Errc::kIo:
    case Errc::kCorrupt:
    case Errc::kForeign:
      return false;
  }
  UNREACHABLE("every code is one or the other");
}

Backoff::Backoff(Clock& clock, Tasks& tasks, Random& random, const BackoffLimits& limits)
    : clock_(clock), tasks_(tasks), random_(random), limits_(limits), pause_(limits.pause_first) {
  CHECK(limits.pause_first > Duration{}, "a pause lets time pass");
  CHECK(limits.pause_first <= limits.pause_max);
  CHECK(limits.attempts_max >= 1);
}

Result<void> Backoff::pause(Instant deadline) {
  ++attempts_made_;
  if (attempts_made_ >= limits_.attempts_max) {
    return fail(Errc::kTimeout, "gave up after " + std::to_string(attempts_made_) + " attempts");
  }
  const std::uint64_t draw = random_.next();
  const Duration pause = uniform_between(draw, pause_ - pause_ / 2, pause_);
  pause_ = pause_ > limits_.pause_max / 2 ? limits_.pause_max : pause_ * 2;

  const Instant next = clock_.now() + pause;
  const bool is_last = deadline <= next;
  TRY(sleep_until(tasks_, is_last ? deadline : next));
  if (is_last) return fail(Errc::kTimeout, "no time for another attempt");
  return {};
}

void Backoff::reset() {
  attempts_made_ = 0;
  pause_ = limits_.pause_first;
}

namespace detail {

Error combine_attempts(const std::optional<Error>& unknown, Error last) {
  if (!unknown.has_value() || happened(last.code) != Happened::kNo) return last;
  return {.code = unknown->code, .detail = unknown->detail + ", then " + to_text(last)};
}

}  // namespace detail
}  // namespace millrace
