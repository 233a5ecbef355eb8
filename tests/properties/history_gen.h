#pragma once

// Generators of histories, for RapidCheck. Its headers cost ten seconds to compile: only
// history_gen.cc and the tests that assert in properties include them.

#include <cstdint>
#include <vector>

#include "tests/properties/recorded.h"
#include "tests/properties/small_store.h"

namespace rc {
template <typename T>
class Gen;
}

namespace millrace::properties {

/// A history as the steps that make it, which is what a failing case shows and what shrinks.
struct SmallHistory {
  std::uint32_t segments = 1;
  std::vector<Step> steps;

  Recording recording() const { return recording_of(steps, segments); }
};
std::ostream& operator<<(std::ostream& out, const SmallHistory& history);

/// Any sound history of a stream with one to three segments.
rc::Gen<SmallHistory> any_history();

/// The history of this seed, the same for ever: for tests that count over many histories.
SmallHistory history_of_seed(std::uint64_t seed);

}  // namespace millrace::properties
