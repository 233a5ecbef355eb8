#pragma once

// From a routing key to a segment, by one rule that every client follows forever.
//
// A key is hashed to a 52-bit integer; a stream's segments share the space of these integers as
// ranges (low, high], with 0 going to the first. Two writers that disagreed here would break the
// order of a key's events, so nothing in this file may change its results.

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

#include "system/base/strong_id.h"
#include "system/types/segment_id.h"

namespace millrace {

struct KeyHashTag;
/// Where a routing key lies, in [0, kKeySpace).
using KeyHash = StrongId<KeyHashTag, std::uint64_t>;

/// Number of hash values. The fraction hash / kKeySpace is what other clients of such stores call
/// the key's position in [0, 1).
inline constexpr std::uint64_t kKeySpace = std::uint64_t{1} << 52;

/// Hashes a key in UTF-8. A byte that is no part of a legal sequence counts as U+FFFD.
/// Source: Pravega, spec of EventStreamWriter: the first 64 bits of Murmur3 (x64, 128 bits) over
/// the UTF-16 code units, little-endian, with the Java hash of "EventRouter" as seed; of these the
/// upper 52 bits. They are its double's mantissa; as an integer no rounding can differ.
KeyHash hash_routing_key(std::string_view key);

/// The hashes in (low, high]; 0 also belongs to the range with low 0.
struct KeyRange {
  std::uint64_t low = 0;
  std::uint64_t high = kKeySpace;

  bool contains(KeyHash hash) const {
    const std::uint64_t value = hash.value();
    return value <= high && (value > low || (low == 0 && value == 0));
  }

  friend auto operator<=>(const KeyRange&, const KeyRange&) = default;
};

/// Which segment of a stream a key belongs to: ranges that cover the key space without gap or
/// overlap.
class SegmentMap {
 public:
  struct Entry {
    KeyRange range;
    SegmentId segment;
  };

  /// Segments 0 to count-1 with ranges of equal size, up to rounding. `count` is 1 to 2^20
  /// (checked).
  static SegmentMap equal_split(const StreamName& stream, std::uint32_t count);

  /// The segment of the range that contains `hash`. Cost: O(log entries).
  const SegmentId& segment_of(KeyHash hash) const;

  /// Sorted by range.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  explicit SegmentMap(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  std::vector<Entry> entries_;
};

}  // namespace millrace
