#pragma once

// Time as integer nanoseconds, in three types that do not mix: a Duration between two readings, an
// Instant of a machine's monotonic clock, and a WallTime that may jump.
//
// Arithmetic saturates nowhere: `Instant::max()` means "never" and nothing is added to it.

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace millrace {

/// A signed span of time.
struct Duration {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.ns * n}; }
  friend constexpr Duration operator/(Duration a, std::int64_t n) { return {a.ns / n}; }
  constexpr Duration& operator+=(Duration other) { return *this = *this + other; }
};

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

/// A reading of one machine's monotonic clock. Instants of two machines are not comparable.
struct Instant {
  std::int64_t ns = 0;

  /// Later than every reading: a wait with this deadline ends only by its event.
  static constexpr Instant max() { return {std::numeric_limits<std::int64_t>::max()}; }

  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
  friend constexpr Instant operator+(Instant t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr Instant operator-(Instant t, Duration d) { return {t.ns - d.ns}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
};

/// A reading of a wall clock, in nanoseconds since the Unix epoch. May jump either way.
struct WallTime {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(const WallTime&, const WallTime&) = default;
};

/// Exact, in the largest unit that leaves a whole number: "1500ms", "2s", "0s".
std::string to_text(Duration duration);

/// As a Duration since the clock's zero, or "never" for Instant::max().
std::string to_text(Instant instant);

namespace literals {
constexpr Duration operator""_ns(unsigned long long n) {
  return nanoseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_us(unsigned long long n) {
  return microseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_ms(unsigned long long n) {
  return milliseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_s(unsigned long long n) {
  return seconds(static_cast<std::int64_t>(n));
}
}  // namespace literals

}  // namespace millrace
