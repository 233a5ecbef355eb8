#pragma once

// Trying again, with pauses that grow and spread, within a number of attempts and a deadline.
//
// Only for requests that may be made twice. An attempt that ended in "unknown" may have happened,
// whatever later attempts answer: retry() never turns that into "did not happen".

#include <cstdint>
#include <optional>
#include <utility>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/env/clock.h"
#include "system/env/random.h"
#include "system/env/tasks.h"

namespace millrace {

/// Whether another attempt may fare better: the way to the peer or its load was at fault.
bool is_transient(Errc code);

/// How often and how fast to try.
struct BackoffLimits {
  /// The pause after the first attempt; each further one is twice as long, up to `pause_max`.
  Duration pause_first = milliseconds(10);
  Duration pause_max = seconds(1);
  std::uint32_t attempts_max = 8;
};

/// Counts attempts and pauses between them. The actual pause is drawn from the upper half of the
/// nominal one, so that those who failed together do not come back together.
class Backoff {
 public:
  /// 0 < pause_first <= pause_max, attempts_max >= 1 (checked).
  Backoff(Clock& clock, Tasks& tasks, Random& random, const BackoffLimits& limits);
  Backoff(const Backoff&) = delete;
  Backoff& operator=(const Backoff&) = delete;

  /// To be called after an attempt that failed: gives way until the next one is due, at most until
  /// the deadline, so that no loop around it can spin.
  /// Errors: kTimeout when the deadline has come or the attempts are used up; kCancelled.
  Result<void> pause(Instant deadline);

  /// To be called after an attempt that succeeded: starts again with all attempts and short pauses.
  void reset();

 private:
  Clock& clock_;
  Tasks& tasks_;
  Random& random_;
  BackoffLimits limits_;
  Duration pause_;
  std::uint32_t attempts_made_ = 0;
};

namespace detail {

/// What a caller is told that has `unknown` from an earlier attempt and `last` from the last one.
Error combine_attempts(const std::optional<Error>& unknown, Error last);

}  // namespace detail

/// Calls `attempt(deadline)`, which gives a Result<T>, until it succeeds, fails for a reason that
/// is not transient, or `backoff` gives up. Resets `backoff` on success. Errors: that of the last
/// attempt; but if an earlier one may have happened and the last one did not, the earlier error.
/// kCancelled.
template <typename Attempt>
auto retry(Backoff& backoff, Attempt attempt, Instant deadline) -> decltype(attempt(deadline)) {
  std::optional<Error> unknown;
  while (true) {
    auto result = attempt(deadline);
    if (result.has_value()) {
      backoff.reset();
      return result;
    }
    Error last = std::move(result).error();
    if (!is_transient(last.code)) return fail(detail::combine_attempts(unknown, std::move(last)));
    const bool may_have_happened = happened(last.code) == Happened::kUnknown;
    if (may_have_happened && !unknown.has_value()) unknown = last;
    const Result<void> paused = backoff.pause(deadline);
    if (failed_with(paused, Errc::kCancelled)) return fail(paused.error());
    if (!paused.has_value()) return fail(detail::combine_attempts(unknown, std::move(last)));
  }
}

}  // namespace millrace
