#pragma once

// What is done to a sound history, and which properties object to it then.
//
// A *violation* is a change at a place where it shows for certain that a promise was broken: there
// the properties in `must` object, and besides them none but those in `may`. A *slip* is a record
// that is left out, shown twice or shown after the next one, wherever it stands: mostly that is
// still a sound history, and no property but those in `may` ever objects.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "tests/properties/recorded.h"

namespace millrace::properties {

/// Ids of properties.
using Ids = std::vector<std::string_view>;
using Sites = std::vector<std::size_t>;

struct ViolationCase {
  std::string_view name;
  Ids must;
  Ids may;
  /// Where in a sound history the change can be made.
  Sites (*sites)(const Recording& recording);
  void (*change)(Recording& recording, std::size_t site);
};

/// What a store or a client can get wrong in its records, one by one.
std::span<const ViolationCase> violations_of_events();
std::span<const ViolationCase> violations_of_appends();
std::span<const ViolationCase> violations_of_bounds();
std::span<const ViolationCase> violations_of_runs();

enum class Slip : std::uint8_t { kDrop, kDuplicate, kSwap };
inline constexpr std::uint32_t kSlips = 3;

/// Makes a slip at a record that is not the last.
void slip(Recording& recording, Slip slip, std::size_t site);

/// Who may object to a slip of a record of this name. What has no row is to nobody's objection.
struct SlipCase {
  Slip slip;
  std::string_view record;
  Ids may;
};
std::span<const SlipCase> slip_cases();

}  // namespace millrace::properties
