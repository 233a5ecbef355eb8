#pragma once

// The two clocks of a machine.

#include "system/base/time.h"

namespace millrace {

/// Reads this machine's clocks. Neither call gives way.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Monotonic, at this machine's own rate, which differs from other machines' within the
  /// deployment's bound. Starts anywhere; stands still while the machine is suspended.
  virtual Instant now() = 0;

  /// Since the Unix epoch, as far as this machine knows. May jump either way at any time.
  virtual WallTime wall() = 0;
};

}  // namespace millrace
