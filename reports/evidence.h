#pragma once

// Which lines of a traced run show a failure.
//
// A trace has many thousand lines, a screen has room for eight. Related to a failure are: the
// records that the property named; the faults between the first of them and the violation; what
// happened in the name of the same operations; and what names the same subject (the same uid, the
// same segment where few lines name it). A breakdown without evidence is shown by what its machine
// did last. Of these the closest are chosen: the evidence, the nearest faults, then causes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/run/run_record.h"

namespace millrace::reports {

/// Lines that one screen shows.
inline constexpr std::size_t kEvidenceLines = 8;

/// What a line is to the failure.
enum class EvidenceRole : std::uint8_t {
  kViolation,  ///< Here it was noticed.
  kFault,
  kContext,  ///< Evidence and causes.
};

struct EvidenceLine {
  run::TraceLine line;
  EvidenceRole role = EvidenceRole::kContext;
};

struct Evidence {
  /// In the order of the run.
  std::vector<EvidenceLine> lines;
  /// How many lines are related to the failure.
  std::size_t related_count = 0;
};

/// Chooses at most `lines_max` lines, which is at least 2; none of a run that was not traced or has
/// nothing to show. Cost: O(n log n) in the text of the trace.
Evidence choose_evidence(const run::RunRecord& record, std::size_t lines_max);

}  // namespace millrace::reports
