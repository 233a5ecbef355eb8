#pragma once

// Where two traced runs part.

#include <cstddef>
#include <vector>

#include "sim/run/trace.h"

namespace millrace::run {

/// The first line of either run that the other lacks; past the end where a run has no more.
struct TraceParting {
  std::size_t here = 0;
  std::size_t there = 0;
};

/// Lines are the same where they say the same of the same event, at the same time. Cost: O(lines).
TraceParting find_parting(const std::vector<TraceLine>& here, const std::vector<TraceLine>& there);

}  // namespace millrace::run
