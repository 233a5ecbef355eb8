#pragma once

// What a power loss may leave of what no sync covers, as rules over its draws.
//
// Where nothing is pending there is one shape. Otherwise, for each moment:
//
//   nothing            neither data nor names and sizes
//   everything         all of it
//   data alone         the data, but none of the names and sizes
//   names alone        names and sizes, but none of the data
//   some of the names  the data, and of names and sizes each prefix of the journal; on a weak disk
//                      all but one, or one alone, of the changes of names, and each prefix of a
//                      file's sizes
//   some sectors       names and sizes, and each subset of up to kSubsetSectorsMax unsynced
//                      sectors; of more than that each prefix, each one alone, and all but each one
//   older sector       everything, but one sector as an earlier unsynced write left it
//   torn sector        everything, but of one sector only one half of what the last write covered
//   cut write          a write that is under way, up to each sector's boundary and up to its middle
//
// A request that is under way does not happen, unless it is a write that is cut: with all of it the
// moment would be the one after it. Other requests that are under way at that moment do happen.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/choices.h"
#include "sim/run/crash_point.h"

namespace millrace::run {

/// More unsynced sectors than this have too many subsets.
inline constexpr std::size_t kSubsetSectorsMax = 4;

struct CrashShapeRules {
  /// As above: "some sectors".
  std::string name;
  /// Bytes that a write under way loses.
  std::uint64_t cut = 0;
  /// For the power loss by the fault of this id, which must come at the point; before
  /// crash_defaults().
  std::vector<sim::Override> rules;
};

/// The shapes of a power loss by fault `fault` at this moment, in a fixed order.
std::vector<CrashShapeRules> crash_shapes(const CrashPoint& point, std::uint64_t fault);

/// What the shapes leave open, for power losses by these faults: it is kept.
std::vector<sim::Override> crash_defaults(const std::vector<std::uint64_t>& faults);

}  // namespace millrace::run
