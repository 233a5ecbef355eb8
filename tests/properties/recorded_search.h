#pragma once

// Looks for records in a history: what the tables of violations choose their places by.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "system/base/check.h"
#include "tests/properties/history_mutations.h"

namespace millrace::properties {

/// More than any history has of anything.
inline constexpr std::uint64_t kMany = 1'000'000'000;

template <typename Record>
const Record* get(const Recording& all, std::size_t index) {
  return std::get_if<Record>(&all[index].record);
}
template <typename Record>
Record& the(Recording& all, std::size_t index) {
  return std::get<Record>(all[index].record);
}

/// The places of the records of a type that are as `is_right` says.
template <typename Record, typename IsRight>
Sites sites_of(const Recording& all, IsRight is_right) {
  Sites sites;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Record* const record = get<Record>(all, i);
    if (record != nullptr && is_right(i, *record)) sites.push_back(i);
  }
  return sites;
}

/// Whether a record of a type in [from, to) is as `is_right` says.
template <typename Record, typename IsRight>
bool has(const Recording& all, std::size_t from, std::size_t to, IsRight is_right) {
  for (std::size_t i = from; i < to; ++i) {
    const Record* const record = get<Record>(all, i);
    if (record != nullptr && is_right(*record)) return true;
  }
  return false;
}

/// The last record of a type before `end` that is as `is_right` says.
template <typename Record, typename IsRight>
std::optional<std::size_t> last_before(const Recording& all, std::size_t end, IsRight is_right) {
  for (std::size_t i = end; i > 0; --i) {
    const Record* const record = get<Record>(all, i - 1);
    if (record != nullptr && is_right(*record)) return i - 1;
  }
  return std::nullopt;
}

/// Where the request of an operation stands.
template <typename Invoked>
std::size_t request_of(const Recording& all, std::size_t end, std::uint64_t operation) {
  return *last_before<Invoked>(
      all, end, [&](const Invoked& invoked) { return invoked.operation == operation; });
}

inline bool is_read(const Recording& all, std::uint64_t uid) {
  return has<EventRead>(all, 0, all.size(), [&](const EventRead& read) { return read.uid == uid; });
}
inline bool is_placed(const Recording& all, std::uint64_t uid) {
  return has<AppendAcked>(all, 0, all.size(), [&](const AppendAcked& acked) {
    return acked.uid == uid && acked.has_offset;
  });
}
inline bool is_conditional(const Recording& all, std::uint64_t uid) {
  return has<ConditionalInvoked>(
      all, 0, all.size(), [&](const ConditionalInvoked& invoked) { return invoked.uid == uid; });
}
inline bool is_scan(const EventRead& read) { return read.pass.starts_with("scan"); }
inline bool is_any(std::size_t /*site*/, const auto& /*record*/) { return true; }

/// How far anybody ever asked to truncate.
inline std::uint64_t asked_of(const Recording& all, const SegmentId& segment) {
  std::uint64_t asked = 0;
  has<TruncateInvoked>(all, 0, all.size(), [&](const TruncateInvoked& invoked) {
    if (invoked.segment == segment) asked = std::max(asked, invoked.offset);
    return false;
  });
  return asked;
}

/// How far it is known before `end` that a segment is truncated.
inline std::uint64_t truncated_before(const Recording& all, std::size_t end,
                                      const SegmentId& segment) {
  std::uint64_t done = 0;
  has<TruncateAnswered>(all, 0, end, [&](const TruncateAnswered& answered) {
    if (answered.segment == segment) done = std::max(done, answered.offset);
    return false;
  });
  return done;
}

inline bool is_acked_before(const Recording& all, std::size_t end, const SegmentId& segment) {
  return has<AppendAcked>(all, 0, end, [&](const AppendAcked& acked) {
    return acked.has_offset && acked.segment == segment;
  });
}

inline bool is_sealed_before(const Recording& all, std::size_t end, const SegmentId& segment) {
  return has<SealAnswered>(
      all, 0, end, [&](const SealAnswered& answered) { return answered.segment == segment; });
}

inline SegmentId scanned_segment(const Recording& all) {
  const auto index =
      last_before<SegmentScanned>(all, all.size(), [](const SegmentScanned&) { return true; });
  return get<SegmentScanned>(all, *index)->segment;
}

inline void drop(Recording& all, std::size_t site) {
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(site));
}

}  // namespace millrace::properties
