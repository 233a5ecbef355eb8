#include "system/base/draws.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <rapidcheck/gtest.h>
#include <vector>

#include "tests/system/base/checked.h"

namespace millrace {
namespace {

using namespace literals;

/// Draw number `index` of `count` that are spread evenly over all 64 bits, each in the middle of
/// its step.
std::uint64_t even_draw(std::uint64_t index, std::uint64_t count) {
  return UINT64_MAX / count * index + UINT64_MAX / count / 2;
}

TEST(MultiplyHigh, agrees_with_products_that_are_known) {
  EXPECT_EQ(multiply_high(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
  EXPECT_EQ(multiply_high(UINT64_MAX, 2), 1U);
  EXPECT_EQ(multiply_high(1ULL << 63, 6), 3U);
  EXPECT_EQ(multiply_high(0xffff'ffffULL, 0xffff'ffffULL), 0U);
  EXPECT_EQ(multiply_high(0xffff'ffff'0000'0000ULL, 0xffff'ffffULL), 0xffff'fffeU);
  EXPECT_EQ(multiply_high(0x1234'5678'9abc'def0ULL, 0x0fed'cba9'8765'4321ULL),
            0x0121'fa00'ad77'd742ULL);
}

TEST(UniformBelow, gives_every_value_its_exact_share) {
  for (const std::uint64_t count : {1ULL, 2ULL, 3ULL, 7ULL, 10ULL}) {
    std::vector<int> shares(count);
    for (std::uint64_t i = 0; i < 210; ++i) ++shares[uniform_below(even_draw(i, 210), count)];
    // 210 is a multiple of each count.
    EXPECT_EQ(shares, std::vector<int>(count, static_cast<int>(210 / count)));
  }
  EXPECT_EQ(uniform_below(0, UINT64_MAX), 0U);
  EXPECT_EQ(uniform_below(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
  EXPECT_TRUE(broken_check([] { uniform_below(1, 0); }));
}

RC_GTEST_PROP(UniformBetween, stays_within_both_ends_and_reaches_them,
              (std::uint64_t draw, std::int64_t a, std::int64_t b)) {
  const std::int64_t low = std::min(a, b);
  const std::int64_t high = std::max(a, b);
  const std::int64_t value = uniform_between(draw, low, high);
  RC_ASSERT(low <= value);
  RC_ASSERT(value <= high);
  RC_ASSERT(uniform_between(std::uint64_t{0}, low, high) == low);
  RC_ASSERT(uniform_between(UINT64_MAX, low, high) == high);
}

TEST(UniformBetween, covers_the_widest_ranges_and_other_types) {
  EXPECT_EQ(uniform_between(UINT64_MAX, std::uint64_t{0}, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(uniform_between(0, INT64_MIN, INT64_MAX), INT64_MIN);
  EXPECT_EQ(uniform_between(UINT64_MAX, INT64_MIN, INT64_MAX), INT64_MAX);
  EXPECT_EQ(uniform_between(UINT64_MAX, std::uint8_t{3}, 255), 255);
  EXPECT_EQ(uniform_between(1ULL << 63, 10_ms, 20_ms).ns, 15'000'000);
  EXPECT_TRUE(broken_check([] { uniform_between(1, 2, 1); }));
}

TEST(Log2Fixed, is_within_its_error_of_the_true_logarithm) {
  for (std::uint64_t value = 1; value < 1ULL << 62; value += value / 97 + 1) {
    const long double exact = std::log2(static_cast<long double>(value)) * 4294967296.0L;
    const long double error = static_cast<long double>(log2_fixed(value)) - exact;
    EXPECT_LT(std::abs(error), 4294967296.0L * 3e-5L) << value;
  }
}

TEST(Log2Fixed, is_exact_at_powers_of_two) {
  for (int power = 0; power < 64; ++power) {
    EXPECT_EQ(log2_fixed(1ULL << power), static_cast<std::uint64_t>(power) << 32);
    EXPECT_EQ(exp2_fixed(static_cast<std::uint64_t>(power) << 32), 1ULL << power);
  }
}

// Between two entries of the table the curve is a line: at the entries themselves it is exact.
TEST(Exp2Fixed, is_the_nearest_integer_at_every_entry_of_the_table) {
  for (std::uint64_t entry = 0; entry < 64; ++entry) {
    const long double exact = std::exp2(62.0L + static_cast<long double>(entry) / 64.0L);
    const std::uint64_t value = exp2_fixed(std::uint64_t{62} << 32 | entry << 26);
    EXPECT_LT(std::abs(static_cast<long double>(value) - exact), 2.0L) << entry;
  }
}

RC_GTEST_PROP(Log2Fixed, rises_with_its_argument, (std::uint64_t a, std::uint64_t b)) {
  const auto [low, high] = std::minmax(a, b);
  RC_PRE(low > 0U);
  RC_ASSERT(log2_fixed(low) <= log2_fixed(high));
  RC_ASSERT(exp2_fixed(low >> 26) <= exp2_fixed(high >> 26));
}

RC_GTEST_PROP(Exp2Fixed, takes_a_logarithm_back, (std::uint64_t value)) {
  RC_PRE(value > 0U);
  const std::uint64_t back = exp2_fixed(log2_fixed(value));
  RC_ASSERT(back <= value);
  RC_ASSERT(value - back <= (value >> 26) + 1);
}

TEST(LogUniformBetween, gives_each_doubling_the_same_share) {
  constexpr std::uint64_t kDraws = 20'000;
  std::array<int, 10> doublings{};  // [1, 2), [2, 4), ..., [512, 1024)
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const std::int64_t value = log_uniform_between(even_draw(i, kDraws), 0, 1022);
    ++doublings[static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(value + 1)) -
                                         1)];
  }
  for (const int share : doublings) EXPECT_NEAR(share, 2000, 2);
}

RC_GTEST_PROP(LogUniformBetween, stays_within_both_ends_and_reaches_them, (std::uint64_t draw)) {
  const auto ends = rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
    return static_cast<std::int64_t>(bits >> 3 >> (bits % 61));
  });
  const std::int64_t a = *ends;
  const std::int64_t b = *ends;
  const std::int64_t low = std::min(a, b);
  const std::int64_t high = std::max(a, b);
  const std::int64_t value = log_uniform_between(draw, low, high);
  RC_ASSERT(low <= value);
  RC_ASSERT(value <= high);
  RC_ASSERT(log_uniform_between(0, low, high) == low);
  // The table's last step is one part in 2^32 of the logarithm, which is what the top may miss.
  RC_ASSERT(log_uniform_between(UINT64_MAX, low, high) >= high - (high >> 24) - 1);
}

TEST(Exponential, has_the_mean_and_the_shape_that_it_should_have) {
  constexpr std::uint64_t kDraws = 100'000;
  std::int64_t sum = 0;
  std::uint64_t above_one_mean = 0;
  std::uint64_t above_three_means = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Duration wait = exponential(even_draw(i, kDraws), 1_ms);
    sum += wait.ns;
    above_one_mean += wait > 1_ms ? 1 : 0;
    above_three_means += wait > 3_ms ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(sum) / kDraws, 1e6, 1e3);
  EXPECT_NEAR(static_cast<double>(above_one_mean), kDraws * std::exp(-1.0), 10);
  EXPECT_NEAR(static_cast<double>(above_three_means), kDraws * std::exp(-3.0), 10);
}

RC_GTEST_PROP(Exponential, is_bounded_and_never_negative, (std::uint64_t draw)) {
  const Duration mean{*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 57)};
  const Duration wait = exponential(draw, mean);
  RC_ASSERT(wait >= Duration{});
  RC_ASSERT(wait <= mean * 45);
}

TEST(Exponential, is_exact_at_its_ends) {
  EXPECT_EQ(exponential(UINT64_MAX, 1_s), Duration{});
  EXPECT_EQ(exponential(UINT64_MAX / 2, 1'000'000_ns).ns, 693'147) << "the median is ln 2";
  EXPECT_NEAR(static_cast<double>(exponential(0, 1_s).ns), 64 * std::log(2.0) * 1e9, 100);
}

TEST(WeightedIndex, gives_every_index_its_share) {
  const std::vector<std::uint32_t> weights{1, 0, 2, 3};
  std::vector<int> shares(weights.size());
  for (std::uint64_t i = 0; i < 600; ++i) ++shares[weighted_index(even_draw(i, 600), weights)];
  EXPECT_EQ(shares, (std::vector<int>{100, 0, 200, 300}));
  EXPECT_TRUE(broken_check([] { weighted_index(1, std::vector<std::uint32_t>{0, 0}); }));
}

TEST(Shuffle, draws_once_for_each_element_but_the_first_and_keeps_them_all) {
  std::vector<int> elements(10);
  std::iota(elements.begin(), elements.end(), 0);
  int draws = 0;
  shuffle(std::span(elements), [&]() -> std::uint64_t {
    ++draws;
    return 0;
  });
  EXPECT_EQ(draws, 9);
  EXPECT_NE(elements.front(), 0);
  std::ranges::sort(elements);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(elements[static_cast<std::size_t>(i)], i);
}

TEST(Shuffle, makes_every_order_equally_likely) {
  // Three elements take two draws, of 3 and 2 values: each pair of values must give another order.
  std::vector<std::vector<int>> orders;
  for (std::uint64_t first = 0; first < 3; ++first) {
    for (std::uint64_t second = 0; second < 2; ++second) {
      std::vector<int> elements{0, 1, 2};
      bool is_first = true;
      shuffle(std::span(elements), [&] {
        const std::uint64_t draw = is_first ? even_draw(first, 3) : even_draw(second, 2);
        is_first = false;
        return draw;
      });
      orders.push_back(elements);
    }
  }
  std::ranges::sort(orders);
  EXPECT_EQ(std::ranges::unique(orders).size(), 0U);
}

}  // namespace
}  // namespace millrace
