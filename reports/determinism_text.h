#pragma once

// What is said of seeds whose second run was another execution than the first.

#include <string>
#include <vector>

#include "sim/run/campaign.h"

namespace millrace::reports {

/// A line for each example, with the first event that differs where it is known, and one for how
/// many others there are.
std::vector<std::string> differing_seeds(const run::DeterminismSummary& determinism,
                                         std::string_view noun);

}  // namespace millrace::reports
