#pragma once

// What the command tells its caller: one small number, the same for every verb.
//
//   0  held          1  a property failed, or crash, hang, limit      2  usage or input
//   3  the tool failed   4  inconclusive   130, 143  interrupted with nothing failed

#include <cstdint>

#include "sim/run/run_record.h"

namespace millrace::command {

enum class ExitStatus : std::uint8_t {
  kHeld = 0,
  kFailed = 1,
  kUsage = 2,
  kToolFailed = 3,
  kInconclusive = 4,
};

/// The number that the process ends with.
constexpr int number(ExitStatus status) { return static_cast<int>(status); }

/// The status of two things together: the tool's failure outweighs a red run, and that an
/// inconclusive one. A usage error never meets another status: nothing has run then.
ExitStatus combine(ExitStatus left, ExitStatus right);

/// What one run asks for.
ExitStatus status_of(run::Verdict verdict);

}  // namespace millrace::command
