#pragma once

// Numbers that a user types: seeds, which seeds a campaign takes, counts, shards and wall times.
//
// Seeds are 0 to 2^53-1, so that JSON readers, databases and a page's JavaScript keep them whole.
// Decimal or 0x hexadecimal; a leading zero is decimal; anything else is an error that says what
// was expected. No locale has a say.

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::command {

/// The largest seed.
inline constexpr std::uint64_t kSeedMax = (std::uint64_t{1} << 53) - 1;

/// A value, or what was expected, for people.
template <typename T>
using Parsed = std::expected<T, std::string>;

Parsed<std::uint64_t> parse_seed(std::string_view text);

/// Which seeds a campaign takes of each scenario: `count` from `first` on, or the chosen ones.
struct SeedChoice {
  std::uint64_t first = 1;
  std::uint64_t count = 200;
  /// Sorted, each once; empty for a range.
  std::vector<std::uint64_t> chosen = {};
  /// Whether `first` was named, so that nothing else may name it.
  bool has_first = false;
};

/// "N" (how many, from seed 1), "A..B" (both included) or "A,B,..." (these).
Parsed<SeedChoice> parse_seeds(std::string_view text);

/// A count from 1 to `high`. `what` names it in the error: "--jobs".
Parsed<std::uint64_t> parse_count(std::string_view what, std::string_view text, std::uint64_t high);

/// One of several machines that share a campaign: seeds with seed % count == index - 1.
struct Shard {
  std::uint64_t index = 1;
  std::uint64_t count = 1;
};

/// "I/N", counted from 1.
Parsed<Shard> parse_shard(std::string_view text);

/// "90s", "10m", "2h", "500ms"; above 0.
Parsed<std::chrono::nanoseconds> parse_wall_time(std::string_view text);

}  // namespace millrace::command
