#pragma once

// A trail: a few bits of every record of a fingerprint, kept beside a failure, so that a later run
// of the same plan, at another commit or by another build, can say where it left the old one.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/kernel/fingerprint.h"

namespace millrace::run {

/// A trail ends after so many records: what parts later than this is seen, but not where.
inline constexpr std::uint64_t kTrailRecords = 65'536;
static_assert(kTrailRecords % sim::Fingerprint::kBlockRecords == 0, "whole blocks are kept");

/// Three hexadecimal digits a record: one of all that it is, two of all but its time, so that what
/// comes a little later because of something new is known again.
std::string make_trail(std::span<const sim::FingerprintRecord> records);

/// How a run left another one.
enum class PartingKind : std::uint8_t {
  kNew,      ///< It has further records there, and soon goes on as the other did.
  kMissing,  ///< It goes on with what the other did a few records later.
  kChanged,  ///< Neither: what follows is unlike.
};

struct Parting {
  /// Number of the first record that differs, or that only one of the two runs has.
  std::uint64_t record = 0;
  PartingKind kind = PartingKind::kChanged;
  /// How many records are new or missing at once; 0 where neither.
  std::uint64_t count = 0;

  friend bool operator==(const Parting&, const Parting&) = default;
};

/// Where `now` left `before`; none where the trails agree. One difference in 4,096, or one in 16
/// that is a time's alone, goes unseen, and its successors hardly ever do.
std::optional<Parting> where_parted(std::string_view before, std::string_view now);

}  // namespace millrace::run
