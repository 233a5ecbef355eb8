#include "system/base/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <memory>
#include <span>

namespace millrace {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};

constexpr std::array<Unit, 6> kTimeUnits{{{"ns", 1},
                                          {"us", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"min", 60'000'000'000},
                                          {"h", 3'600'000'000'000}}};

// From large to small, which is the order in which bytes_text tries them.
constexpr std::array<Unit, 4> kByteUnits{{{"GiB", static_cast<std::int64_t>(kGiB)},
                                          {"MiB", static_cast<std::int64_t>(kMiB)},
                                          {"KiB", static_cast<std::int64_t>(kKiB)},
                                          {"B", 1}}};

std::unexpected<Error> expected_instead(std::string_view what, std::string_view text) {
  return fail(Errc::kInvalid,
              std::string("expected ").append(what).append(", got \"").append(text).append("\""));
}

/// Splits "200ms" behind its digits and multiplies; nothing where it does not fit.
bool parse_with_unit(std::string_view text, std::span<const Unit> units, std::int64_t& value) {
  std::int64_t number = 0;
  const char* const begin = std::to_address(text.begin());
  const char* const end = begin + text.size();
  const auto [rest, problem] = std::from_chars(begin, end, number);
  if (problem != std::errc()) return false;
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / unit.size;
    if (number > most || number < -most) return false;
    value = number * unit.size;
    return true;
  }
  return false;
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  for (const Unit& unit : kByteUnits) {
    const auto size = static_cast<std::uint64_t>(unit.size);
    if (bytes >= size && bytes % size == 0) return std::to_string(bytes / size).append(unit.name);
  }
  return "0B";
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* const begin = std::to_address(text.begin());
  const char* const end = begin + text.size();
  const auto [rest, problem] = std::from_chars(begin, end, value);
  if (problem != std::errc() || rest != end) return expected_instead("a whole number", text);
  return value;
}

Result<Duration> parse_duration(std::string_view text) {
  Duration duration;
  if (text == "0" || parse_with_unit(text, kTimeUnits, duration.ns)) return duration;
  return expected_instead("a time such as 200ms or 3s (ns us ms s min h)", text);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::string_view kWhat = "a size such as 4096, 64KiB or 1MiB (B KiB MiB GiB)";
  std::int64_t value = 0;
  if (!parse_with_unit(text, kByteUnits, value)) {
    const Result<std::int64_t> plain = parse_integer(text);
    if (!plain.has_value()) return expected_instead(kWhat, text);
    value = *plain;
  }
  if (value < 0) return expected_instead(kWhat, text);
  return static_cast<std::uint64_t>(value);
}

}  // namespace millrace
