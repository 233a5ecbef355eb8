#include "sim/command/seeds.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "system/base/units.h"

namespace millrace::command {
namespace {

std::optional<std::uint64_t> parse_digits(std::string_view text, int base) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

Parsed<SeedChoice> choice_of_range(std::string_view low, std::string_view high) {
  const Parsed<std::uint64_t> first = parse_seed(low);
  if (!first.has_value()) return std::unexpected(first.error());
  const Parsed<std::uint64_t> last = parse_seed(high);
  if (!last.has_value()) return std::unexpected(last.error());
  if (*first > *last) {
    return std::unexpected(
        fmt::format("the seeds {}..{} are none: the first comes first", *first, *last));
  }
  return SeedChoice{.first = *first, .count = *last - *first + 1, .has_first = true};
}

Parsed<SeedChoice> choice_of_list(std::string_view text) {
  SeedChoice choice{.has_first = true};
  for (;;) {
    const std::size_t comma = text.find(',');
    const Parsed<std::uint64_t> seed = parse_seed(text.substr(0, comma));
    if (!seed.has_value()) return std::unexpected(seed.error());
    choice.chosen.push_back(*seed);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  std::ranges::sort(choice.chosen);
  const auto repeated = std::ranges::unique(choice.chosen);
  choice.chosen.erase(repeated.begin(), repeated.end());
  choice.first = choice.chosen.front();
  choice.count = choice.chosen.size();
  return choice;
}

}  // namespace

Parsed<std::uint64_t> parse_seed(std::string_view text) {
  const bool is_hex = text.starts_with("0x");
  const auto value = parse_digits(is_hex ? text.substr(2) : text, is_hex ? 16 : 10);
  if (value.has_value() && *value <= kSeedMax) return *value;
  return std::unexpected(fmt::format(
      "'{}' is no seed: a seed is 0 to {} (2^53-1), decimal or 0x hexadecimal", text, kSeedMax));
}

Parsed<SeedChoice> parse_seeds(std::string_view text) {
  if (const std::size_t dots = text.find(".."); dots != std::string_view::npos) {
    return choice_of_range(text.substr(0, dots), text.substr(dots + 2));
  }
  if (text.find(',') != std::string_view::npos) return choice_of_list(text);
  const auto count = parse_digits(text, 10);
  if (count.has_value() && *count >= 1 && *count <= kSeedMax) return SeedChoice{.count = *count};
  return std::unexpected(
      fmt::format("'{}' names no seeds: expected a number of seeds from 1 on, A..B or A,B", text));
}

Parsed<std::uint64_t> parse_count(std::string_view what, std::string_view text,
                                  std::uint64_t high) {
  const auto count = parse_digits(text, 10);
  if (count.has_value() && *count >= 1 && *count <= high) return *count;
  return std::unexpected(fmt::format("{}: '{}' is no whole number from 1 to {}", what, text, high));
}

Parsed<Shard> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto index = parse_digits(text.substr(0, slash), 10);
  const auto count =
      slash == std::string_view::npos ? std::nullopt : parse_digits(text.substr(slash + 1), 10);
  if (!index.has_value() || !count.has_value() || *count == 0 || *count > kSeedMax) {
    return std::unexpected(fmt::format("'{}' is no shard: expected I/N, such as 1/4", text));
  }
  if (*index == 0 || *index > *count) {
    return std::unexpected(
        fmt::format("there is no shard {} of {}: shards count from 1, so they "
                    "are 1/{} to {}/{}",
                    *index, *count, *count, *count, *count));
  }
  return Shard{.index = *index, .count = *count};
}

Parsed<std::chrono::nanoseconds> parse_wall_time(std::string_view text) {
  // Files have no bare "m"; on a command line it can only mean minutes.
  std::string spelled(text);
  if (spelled.ends_with('m')) spelled += "in";
  const Result<Duration> duration = parse_duration(spelled);
  if (duration.has_value() && *duration > Duration{}) return std::chrono::nanoseconds(duration->ns);
  return std::unexpected(
      fmt::format("'{}' is no time: expected one above 0, such as 90s, 10m or 2h", text));
}

}  // namespace millrace::command
