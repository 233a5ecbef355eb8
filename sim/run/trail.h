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

/// Two hexadecimal digits a record.
std::string make_trail(std::span<const sim::FingerprintRecord> records);

/// The number of the first record that differs, or that only one of the two runs has; none where
/// the trails agree. One difference in 256 goes unseen, and its successors hardly ever do.
std::optional<std::uint64_t> where_parted(std::string_view trail, std::string_view other);

}  // namespace millrace::run
