#pragma once

// Sizes in bytes, and how sizes and spans of time are written in files and on the command line.
//
// One spelling serves scenario files, `--set` and what is printed: a whole number and a unit,
// "200ms" or "4MiB". What `to_text(Duration)` and `bytes_text` print is read back unchanged.

#include <cstdint>
#include <string>
#include <string_view>

#include "system/base/result.h"
#include "system/base/time.h"

namespace millrace {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

/// Exact, in the largest unit that leaves a whole number: "4MiB", "1000B", "0B".
std::string bytes_text(std::uint64_t bytes);

/// Reads a decimal number with an optional leading '-', nothing else around it.
/// Errors: kInvalid, with what was expected.
Result<std::int64_t> parse_integer(std::string_view text);

/// Reads a whole number followed by ns, us, ms, s, min or h; "0" needs no unit.
/// Errors: kInvalid, with what was expected; also for more than 292 years.
Result<Duration> parse_duration(std::string_view text);

/// Reads a whole number that is not negative, followed by B, KiB, MiB, GiB or nothing (bytes).
/// Errors: kInvalid, with what was expected; also from 2^63 bytes on.
Result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace millrace
