#include "sim/run/trail.h"

#include <algorithm>

#include "sim/kernel/identity.h"

namespace millrace::run {
namespace {

constexpr std::size_t kDigits = 3;

/// After a parting so many records of one run are to be found again, in their order, among so many
/// of the other, by all but the digit of their time: by accident they are three times in a million.
/// Guess: what a line of code adds, and what it moves, lies closer together.
constexpr std::size_t kAgreeing = 4;
constexpr std::size_t kWindow = 24;

/// Whether a record may be the same but for its time.
bool is_alike(std::string_view trail, std::size_t record, std::string_view other,
              std::size_t other_record) {
  return trail.substr(record * kDigits + 1, kDigits - 1) ==
         other.substr(other_record * kDigits + 1, kDigits - 1);
}

/// How many records `longer` has before the first of `other`, where the next ones of `other` are
/// among its own; none where they are not.
std::optional<std::uint64_t> skipped(std::string_view longer, std::string_view other) {
  if (other.size() < kAgreeing * kDigits) return std::nullopt;
  std::optional<std::uint64_t> first;
  std::size_t found = 0;
  for (std::size_t i = 0; i < kWindow && longer.size() >= (i + 1) * kDigits; ++i) {
    if (!is_alike(longer, i, other, found)) continue;
    if (!first.has_value()) first = i;
    if (++found == kAgreeing) return first;
  }
  return std::nullopt;
}

}  // namespace

std::string make_trail(std::span<const sim::FingerprintRecord> records) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string trail;
  trail.reserve(records.size() * kDigits);
  for (const sim::FingerprintRecord& record : records) {
    const std::uint64_t timeless = sim::mix(record.id, sim::mix(record.what, record.content));
    trail.push_back(kHex[sim::mix(record.time, timeless) >> 60]);
    trail.push_back(kHex[timeless >> 60]);
    trail.push_back(kHex[timeless >> 56 & 0xF]);
  }
  return trail;
}

std::optional<Parting> where_parted(std::string_view before, std::string_view now) {
  const auto [at, end] = std::ranges::mismatch(before, now);
  if (at == before.end() && end == now.end()) return std::nullopt;
  Parting parting{.record = static_cast<std::uint64_t>(at - before.begin()) / kDigits};
  const std::size_t start = static_cast<std::size_t>(parting.record) * kDigits;
  before.remove_prefix(std::min(start, before.size()));
  now.remove_prefix(std::min(start, now.size()));
  const std::optional<std::uint64_t> added = skipped(now, before);
  const std::optional<std::uint64_t> lost = skipped(before, now);
  // An event at another time is the same one, and nothing is new before it.
  const bool has_moved = added == 0 || lost == 0;
  if (has_moved) return parting;
  if (added.has_value() && (!lost.has_value() || *added <= *lost)) {
    parting.kind = PartingKind::kNew;
    parting.count = *added;
  } else if (lost.has_value()) {
    parting.kind = PartingKind::kMissing;
    parting.count = *lost;
  }
  return parting;
}

}  // namespace millrace::run
