#pragma once

// The number that a writer gives each of its events in one segment: dense from 0, so that a segment
// store can tell a repeated block, a gap and an overlap apart. "Never wrote" is an empty optional.

#include <cstdint>

#include "system/base/strong_id.h"

namespace millrace {

struct EventNumberTag;
/// Position of an event among those that one writer sent to one segment.
using EventNumber = StrongId<EventNumberTag, std::uint64_t>;

/// Numbers stay below, so that the next one always exists and a signed integer holds each.
inline constexpr std::uint64_t kEventNumberMax = std::uint64_t{1} << 62;

/// The number after `number`.
constexpr EventNumber next(EventNumber number) { return EventNumber(number.value() + 1); }

}  // namespace millrace
