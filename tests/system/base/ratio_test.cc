#include "system/base/ratio.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millrace {
namespace {

// Draws that divide the 32 bits that decide into equal steps: a fraction of exactly n/d hits.
TEST(Ratio, hits_exactly_its_share_of_evenly_spread_draws) {
  constexpr std::uint64_t kDraws = 840;  // A multiple of every denominator below.
  for (const std::uint32_t denominator : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 20U}) {
    for (std::uint32_t numerator = 0; numerator <= denominator; ++numerator) {
      std::uint64_t hits = 0;
      for (std::uint64_t i = 0; i < kDraws; ++i) {
        // The middle of each step, so that rounding cannot move a draw over a border.
        const std::uint64_t draw = ((2 * i + 1) << 32) / (2 * kDraws) << 32;
        hits += Ratio{numerator, denominator}.hit(draw) ? 1 : 0;
      }
      EXPECT_EQ(hits, kDraws * numerator / denominator) << numerator << '/' << denominator;
    }
  }
}

RC_GTEST_PROP(Ratio, hits_what_a_smaller_one_hits, (std::uint64_t draw)) {
  const auto denominators = rc::gen::inRange<std::uint32_t>(1, 100'000);
  const std::uint32_t d1 = *denominators;
  const std::uint32_t d2 = *denominators;
  const std::uint32_t n1 = *rc::gen::inRange<std::uint32_t>(0, d1 + 1);
  const std::uint32_t n2 = *rc::gen::inRange<std::uint32_t>(0, d2 + 1);
  const bool first_is_smaller = std::uint64_t{n1} * d2 <= std::uint64_t{n2} * d1;
  const Ratio smaller = first_is_smaller ? Ratio{n1, d1} : Ratio{n2, d2};
  const Ratio larger = first_is_smaller ? Ratio{n2, d2} : Ratio{n1, d1};
  if (smaller.hit(draw)) RC_ASSERT(larger.hit(draw));
}

RC_GTEST_PROP(Ratio, never_and_always_keep_their_word, (std::uint64_t draw)) {
  RC_ASSERT(!Ratio::never().hit(draw));
  RC_ASSERT(Ratio::always().hit(draw));
  RC_ASSERT(Ratio({UINT32_MAX, UINT32_MAX}).hit(draw));
}

}  // namespace
}  // namespace millrace
