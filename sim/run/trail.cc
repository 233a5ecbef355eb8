#include "sim/run/trail.h"

#include <algorithm>

#include "sim/kernel/identity.h"

namespace millrace::run {
namespace {

constexpr std::size_t kDigits = 2;

}  // namespace

std::string make_trail(std::span<const sim::FingerprintRecord> records) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string trail;
  trail.reserve(records.size() * kDigits);
  for (const sim::FingerprintRecord& record : records) {
    const std::uint64_t word =
        sim::mix(sim::mix(record.time, record.id), sim::mix(record.what, record.content));
    trail.push_back(kHex[word >> 60]);
    trail.push_back(kHex[word >> 56 & 0xF]);
  }
  return trail;
}

std::optional<std::uint64_t> where_parted(std::string_view trail, std::string_view other) {
  const auto [at, end] = std::ranges::mismatch(trail, other);
  if (at == trail.end() && end == other.end()) return std::nullopt;
  return static_cast<std::uint64_t>(at - trail.begin()) / kDigits;
}

}  // namespace millrace::run
