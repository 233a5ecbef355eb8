#include "sim/run/run_records.h"

#include "system/base/check.h"

namespace millrace::run {

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::kFaults:
      return "faults";
    case Phase::kSettle:
      return "settle";
  }
  UNREACHABLE("a phase outside its list");
}

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kUnknown:
      return "unknown";
  }
  UNREACHABLE("an outcome outside its list");
}

}  // namespace millrace::run
