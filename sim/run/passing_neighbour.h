#pragma once

// The run nearest to a failing one that passes: often the place where the two part is the bug.
//
// Small edits of a minimal plan are run: a fault left out, or some events earlier or later, at the
// moment before or after its own; an operation left out; a draw made neutral. Of those that pass,
// the nearest is the one that goes along with the failing run for longest.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/run/candidates.h"
#include "sim/run/plan.h"
#include "sim/run/run_record.h"

namespace millrace::run {

struct PassingNeighbour {
  Plan plan;
  /// What is different, in words that go on from "passes if": "fault 1 comes 4 events earlier".
  std::string change;
  /// The first event of the failing run that the passing one does not have.
  std::uint64_t parts_at = 0;
};

/// `failing` is the plan's record, traced. None where every neighbour fails, or where the run's
/// process died before it could tell what it had done.
std::optional<PassingNeighbour> nearest_passing(Candidates& candidates, const Plan& plan,
                                                const RunRecord& failing);

}  // namespace millrace::run
