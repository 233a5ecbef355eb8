#pragma once

// What a program makes of random bits: ranges, spans of time, choices.
//
// Each function but `shuffle` turns one draw of 64 uniform bits into one value, so the number of
// draws never depends on their values, and a caller may keep the draw and replay it. Integers only:
// the same draw gives the same value with every compiler. A range of n values is uniform to within
// n parts in 2^64; where a logarithm is involved, values are exact to 3 parts in 100,000.
//
// Make one draw a statement: `const std::uint64_t draw = random.next();` and then use it.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "system/base/check.h"
#include "system/base/time.h"

namespace millrace {

/// Gives 64 uniform bits a call.
template <typename Source>
concept DrawSource = requires(Source& source) {
  { source() } -> std::same_as<std::uint64_t>;
};

/// The upper 64 bits of the product.
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  // Not standard C++, but one instruction where four products of halves are fifteen; both compilers
  // have it.
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> 64);
}

/// A value in [0, count); `count` is at least 1 (checked). Monotone in the draw: 0 gives 0.
inline std::uint64_t uniform_below(std::uint64_t draw, std::uint64_t count) {
  CHECK(count > 0, "there is nothing to choose from");
  return multiply_high(draw, count);
}

/// A value in [low, high], both included; low <= high (checked).
template <std::integral Integer>
Integer uniform_between(std::uint64_t draw, Integer low, std::type_identity_t<Integer> high) {
  CHECK(low <= high, "a range has its ends in order");
  // Unsigned arithmetic: the width of a signed range may exceed the largest signed value.
  const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const std::uint64_t above = width == UINT64_MAX ? draw : uniform_below(draw, width + 1);
  return static_cast<Integer>(static_cast<std::uint64_t>(low) + above);
}

/// A span in [low, high], both included; low <= high (checked).
inline Duration uniform_between(std::uint64_t draw, Duration low, Duration high) {
  return {uniform_between(draw, low.ns, high.ns)};
}

/// A value in [low, high] whose logarithm is uniform: each doubling is as likely as the next, which
/// suits sizes and delays of which nobody knows the scale. 0 <= low <= high < 2^62 (checked).
std::int64_t log_uniform_between(std::uint64_t draw, std::int64_t low, std::int64_t high);

/// As above, over spans of time.
inline Duration log_uniform_between(std::uint64_t draw, Duration low, Duration high) {
  return {log_uniform_between(draw, low.ns, high.ns)};
}

/// A span with an exponential distribution: the wait for an event that comes at a steady rate.
/// 0 <= mean <= 2^57 ns, about four years (checked). Never more than 45 times the mean.
Duration exponential(std::uint64_t draw, Duration mean);

/// An index into `weights`, each as likely as its share of their sum, which is not 0 (checked).
/// Cost: O(weights).
std::size_t weighted_index(std::uint64_t draw, std::span<const std::uint32_t> weights);

/// Puts elements into a uniformly drawn order, with one draw for each but the first.
/// Source: Fisher and Yates, in Durstenfeld's form (CACM algorithm 235, 1964).
template <typename T, DrawSource Source>
void shuffle(std::span<T> elements, Source source) {
  for (std::size_t left = elements.size(); left > 1; --left) {
    const std::uint64_t draw = source();
    const auto chosen = static_cast<std::size_t>(uniform_below(draw, left));
    std::swap(elements[chosen], elements[left - 1]);
  }
}

/// The binary logarithm of `value`, at least 1 (checked), in units of 2^-32. Rises with the value.
/// Off by less than 3 parts in 100,000 of one doubling.
std::uint64_t log2_fixed(std::uint64_t value);

/// The inverse of log2_fixed, rounded down; `exponent` is below 64 (checked), in units of 2^-32.
std::uint64_t exp2_fixed(std::uint64_t exponent);

}  // namespace millrace
