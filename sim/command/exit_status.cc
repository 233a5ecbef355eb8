#include "sim/command/exit_status.h"

#include <array>

#include "system/base/check.h"

namespace millrace::command {

ExitStatus combine(ExitStatus left, ExitStatus right) {
  constexpr std::array kByWeight{ExitStatus::kUsage, ExitStatus::kToolFailed, ExitStatus::kFailed,
                                 ExitStatus::kInconclusive, ExitStatus::kHeld};
  for (const ExitStatus status : kByWeight) {
    if (left == status || right == status) return status;
  }
  UNREACHABLE("a status outside its list");
}

ExitStatus status_of(run::Verdict verdict) {
  switch (verdict) {
    case run::Verdict::kPass:
      return ExitStatus::kHeld;
    case run::Verdict::kFail:
    case run::Verdict::kCrash:
    case run::Verdict::kHang:
    case run::Verdict::kLimit:
      return ExitStatus::kFailed;
    case run::Verdict::kInconclusive:
      return ExitStatus::kInconclusive;
  }
  UNREACHABLE("a verdict outside its list");
}

}  // namespace millrace::command
