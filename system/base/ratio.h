#pragma once

// A probability as a fraction of integers: decisions never use floating point.

#include <cstdint>

namespace millrace {

/// `numerator` times in `denominator`. The denominator is at least 1, the numerator at most the
/// denominator.
struct Ratio {
  std::uint32_t numerator = 0;
  std::uint32_t denominator = 1;

  static constexpr Ratio never() { return {0, 1}; }
  static constexpr Ratio always() { return {1, 1}; }

  /// Whether a uniform 64-bit draw falls under this ratio. Monotone: a draw that hits a ratio hits
  /// every larger one, too.
  constexpr bool hit(std::uint64_t draw) const {
    // The high 32 bits decide: floor(draw * denominator / 2^32) is below the numerator.
    return (((draw >> 32) * denominator) >> 32) < numerator;
  }

  friend constexpr bool operator==(const Ratio&, const Ratio&) = default;
};

}  // namespace millrace
