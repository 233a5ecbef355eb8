#pragma once

// The operations of a plan in words.

#include <string>

#include "sim/run/plan.h"

namespace millrace::reports {

/// "append of writer-1"
std::string operation_text(const run::PlanClient& client, const run::PlanOperation& planned);

/// "key 3, bytes 16"; empty for none.
std::string arguments_text(const run::Operation& operation);

/// "at 10 ms after operation 3": when an operation may begin; empty where it may at once.
std::string moment_of(const run::PlanOperation& planned);

}  // namespace millrace::reports
