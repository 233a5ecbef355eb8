#include "system/base/draws.h"

#include <algorithm>
#include <array>
#include <bit>

namespace millrace {
namespace {

// Entry k is 2^(62 + k/64), rounded to the nearest integer. Between two entries the curve is taken
// as a straight line, which lies above it by at most (ln 2 / 64)^2 / 8, 15 parts in a million.
constexpr std::array<std::uint64_t, 65> kPowers{
    0x4000000000000000, 0x40b268f9de0183ba, 0x4166c34c5615d0ec, 0x421d1461d66f2023,
    0x42d561b3e6243d8a, 0x438fb0cb4f468808, 0x444c0740496d4294, 0x450a6abaa4b77ecd,
    0x45cae0f1f545eb73, 0x468d6fadbf2dd4f3, 0x47521cc5a2e6a9e0, 0x4818ee218a3358ee,
    0x48e1e9b9d588e19b, 0x49ad159789f37496, 0x4a7a77d47f7b84b1, 0x4b4a169b900c2d00,
    0x4c1bf828c6dc54b8, 0x4cf022c9905bfd32, 0x4dc69cdceaa72a9c, 0x4e9f6cd3967fdba8,
    0x4f7a993048d088d7, 0x50582887dcb8a7e1, 0x513821818624b40c, 0x521a8ad704f3404f,
    0x52ff6b54d8a89c75, 0x53e6c9da74b29ab5, 0x54d0ad5a753e077c, 0x55bd1cdad49f699c,
    0x56ac1f752150a563, 0x579dbc56b48521ba, 0x5891fac0e95612c8, 0x5988e20954889245,
    0x5a827999fcef3242, 0x5b7ec8f19468bbc9, 0x5c7dd7a3b17dcf75, 0x5d7fad59099f22fe,
    0x5e8451cfac061b5f, 0x5f8bccdb3d398841, 0x6096266533384a2b, 0x61a3666d124bb204,
    0x62b39508aa836d6f, 0x63c6ba6455dcd8ae, 0x64dcdec3371793d1, 0x65f60a7f79393e2e,
    0x6712460a8fc24072, 0x683199ed779592ca, 0x69540ec8f895722d, 0x6a79ad55e7f6fd10,
    0x6ba27e656b4eb57a, 0x6cce8ae13c57ebdb, 0x6dfddbcbed791bab, 0x6f307a412f074892,
    0x70666f76154a7089, 0x719fc4b95f452d29, 0x72dc8373be41a454, 0x741cb5281e25ee34,
    0x75606373ee921c97, 0x76a7980f6cca15c2, 0x77f25ccdee6d7ae6, 0x7940bb9e2cffd89d,
    0x7a92be8a92436616, 0x7be86fb985689ddc, 0x7d41d96db915019d, 0x7e9f06067a4360ba,
    0x8000000000000000,
};
constexpr int kEntryBits = 6;
constexpr int kLineBits = 32 - kEntryBits;
constexpr std::uint64_t kLineSteps = std::uint64_t{1} << kLineBits;

// ln 2 in units of 2^-32.
constexpr std::uint64_t kLn2 = 0xb17217f8;

constexpr std::int64_t kLogUniformMax = std::int64_t{1} << 62;
constexpr Duration kExponentialMeanMax{std::int64_t{1} << 57};

// For each 64th of the way from 2^62 to 2^63, the last entry that is not above its start: where a
// search for any mantissa of that stretch begins. It then takes two steps at most.
constexpr std::array<std::uint8_t, 64> kSearchStarts = [] {
  std::array<std::uint8_t, 64> starts{};
  std::size_t entry = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::uint64_t start = kPowers[0] + (std::uint64_t{i} << 56);
    while (kPowers[entry + 1] <= start) ++entry;
    starts[i] = static_cast<std::uint8_t>(entry);
  }
  return starts;
}();

/// a * b / 2^32 for products below 2^95.
std::uint64_t multiply_fixed(std::uint64_t a, std::uint64_t b) {
  return multiply_high(a, b) << 32 | (a * b) >> 32;
}

}  // namespace

std::uint64_t log2_fixed(std::uint64_t value) {
  CHECK(value > 0, "zero has no logarithm");
  const int whole = static_cast<int>(std::bit_width(value)) - 1;
  const std::uint64_t mantissa = whole <= 62 ? value << (62 - whole) : value >> 1;
  // The last entry is 2^63, above every mantissa, so the search ends before it.
  std::size_t entry = kSearchStarts[(mantissa >> 56) & 63];
  while (kPowers[entry + 1] <= mantissa) ++entry;
  const std::uint64_t slope = (kPowers[entry + 1] - kPowers[entry]) >> kLineBits;
  const std::uint64_t along = std::min((mantissa - kPowers[entry]) / slope, kLineSteps - 1);
  return static_cast<std::uint64_t>(whole) << 32 | entry << kLineBits | along;
}

std::uint64_t exp2_fixed(std::uint64_t exponent) {
  const std::uint64_t whole = exponent >> 32;
  CHECK(whole < 64, "the power has 64 bits");
  const auto entry = static_cast<std::size_t>((exponent & 0xffff'ffff) >> kLineBits);
  const std::uint64_t slope = (kPowers[entry + 1] - kPowers[entry]) >> kLineBits;
  const std::uint64_t mantissa = kPowers[entry] + slope * (exponent & (kLineSteps - 1));
  return whole <= 62 ? mantissa >> (62 - whole) : mantissa << 1;
}

std::int64_t log_uniform_between(std::uint64_t draw, std::int64_t low, std::int64_t high) {
  CHECK(low >= 0, "only positive numbers have a scale");
  CHECK(low <= high, "a range has its ends in order");
  CHECK(high < kLogUniformMax);
  // Shifted by one, so that 0 may be drawn; the upper end is one further, so that `high` has the
  // share of its neighbours.
  const std::uint64_t from = log2_fixed(static_cast<std::uint64_t>(low) + 1);
  const std::uint64_t to = log2_fixed(static_cast<std::uint64_t>(high) + 2);
  const std::uint64_t exponent = uniform_between(draw, from, to);
  const auto value = static_cast<std::int64_t>(exp2_fixed(exponent)) - 1;
  return std::clamp(value, low, high);
}

Duration exponential(std::uint64_t draw, Duration mean) {
  CHECK(mean >= Duration{}, "a wait is not negative");
  CHECK(mean <= kExponentialMeanMax);
  // -ln(u) for u = (draw + 1) / 2^64, in (0, 1]; the largest draw stands for itself.
  const std::uint64_t scaled = draw == UINT64_MAX ? draw : draw + 1;
  const std::uint64_t doublings = (std::uint64_t{64} << 32) - log2_fixed(scaled);
  const std::uint64_t means = multiply_fixed(doublings, kLn2);
  return {static_cast<std::int64_t>(multiply_fixed(static_cast<std::uint64_t>(mean.ns), means))};
}

std::size_t weighted_index(std::uint64_t draw, std::span<const std::uint32_t> weights) {
  std::uint64_t total = 0;
  for (const std::uint32_t weight : weights) total += weight;
  CHECK(total > 0, "somebody must be eligible");
  std::uint64_t left = uniform_below(draw, total);
  for (std::size_t index = 0; index < weights.size(); ++index) {
    if (left < weights[index]) return index;
    left -= weights[index];
  }
  UNREACHABLE("the draw lies below the sum of the weights");
}

}  // namespace millrace
