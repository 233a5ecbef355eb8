#pragma once

// Overrides in words: "operation 17, writer-2 -> store-1, first frame: latency 12 ms".

#include <string>

#include "sim/run/plan.h"

namespace millrace::run {

/// Names what the rule's hashes stand for, where the plan knows it: its operations and faults, the
/// boots of its machines, the links between them. A place within a process (a task, a file) has no
/// name in a plan, and is shown as its hash.
std::string describe(const sim::Override& rule, const Plan& plan);

}  // namespace millrace::run
