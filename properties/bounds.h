#pragma once

// The bounds of a segment: what is acknowledged is visible (VIS-1), a sealed segment stays as it is
// (SEG-1), truncation is what was asked for and is not taken back (SEG-2), and start and length
// only grow (SEG-3).
//
// An answer is judged by what was known when its request was made: whatever was acknowledged before
// then must show in it.

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

#include "properties/ledger.h"
#include "properties/records.h"
#include "sim/run/property.h"
#include "system/types/facts.h"

namespace millrace::properties {

/// The largest value known so far, and which record made it known.
struct Floor {
  std::uint64_t value = 0;
  At at;

  void raise(std::uint64_t to, At by) {
    if (to > value) *this = {.value = to, .at = by};
  }
};

/// Cost: O(log n) a record.
class ReadYourAck {
 public:
  static constexpr Claim claim{
      "VIS-1", "read_your_ack",
      "After an append was acknowledged, later requests see a segment that reaches beyond it."};
  static constexpr std::array<std::string_view, 2> classes{"stale_length", "stale_tail"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<AppendAcked, InfoInvoked, InfoAnswered, PassBegan, PassEnded>;
  using Shares = Ledger;

  explicit ReadYourAck(Ledger& ledger) : ledger_(ledger) {}

  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const InfoInvoked& invoked, At at, Judge& judge);
  void on(const InfoAnswered& answered, At at, Judge& judge);
  void on(const PassBegan& began, At at, Judge& judge);
  void on(const PassEnded& ended, At at, Judge& judge);

 private:
  Ledger& ledger_;
  Column<Floor> lengths_;                  // By segment.
  std::map<std::uint64_t, Floor> open_;    // By operation: the floor at its invocation.
  std::map<std::uint32_t, Floor> passes_;  // By pass: the floor when it began.
};

/// A segment counts as sealed from the first answer that says so, to an administrator who sealed it
/// or to whoever looked. Cost: O(log n) a record, mostly O(1); memory O(events).
class SealedStaysSealed {
 public:
  static constexpr Claim claim{"SEG-1", "sealed_stays_sealed",
                               "A sealed segment keeps its length and takes no append."};
  static constexpr std::array<std::string_view, 4> classes{"appended", "length_changed", "unsealed",
                                                           "read_beyond_end"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees =
      Records<SealAnswered, AppendInvoked, AppendAcked, InfoInvoked, InfoAnswered, EventRead>;
  using Shares = Ledger;

  explicit SealedStaysSealed(Ledger& ledger) : ledger_(ledger) {}

  void on(const SealAnswered& answered, At at, Judge& judge);
  void on(const AppendInvoked& invoked, At at, Judge& judge);
  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const InfoInvoked& invoked, At at, Judge& judge);
  void on(const InfoAnswered& answered, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Sealed {
    std::uint64_t length = 0;
    At at;  // Record 0: not sealed.
  };
  void judge_length(const SegmentId& segment, std::uint64_t length, At at, Judge& judge);

  Ledger& ledger_;
  Column<Sealed> sealed_;             // By segment.
  Column<Floor> acked_ends_;          // By segment.
  Column<std::uint32_t> invoked_;     // By event, until acknowledged: the stamp.
  std::map<std::uint64_t, At> open_;  // By operation, where the segment was sealed at invocation.
};

/// Cost: O(log n) a record.
class Truncation {
 public:
  static constexpr Claim claim{
      "SEG-2", "truncation",
      "A truncation is not taken back, and no segment starts later than a client asked for."};
  static constexpr std::array<std::string_view, 3> classes{"taken_back", "more_than_asked",
                                                           "read_below_start"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<TruncateInvoked, TruncateAnswered, InfoInvoked, InfoAnswered, ReadInvoked,
                       ReadAnswered, SegmentScanned>;

  void on(const TruncateInvoked& invoked, At at, Judge& judge);
  void on(const TruncateAnswered& answered, At at, Judge& judge);
  void on(const InfoInvoked& invoked, At at, Judge& judge);
  void on(const InfoAnswered& answered, At at, Judge& judge);
  void on(const ReadInvoked& invoked, At at, Judge& judge);
  void on(const ReadAnswered& answered, At at, Judge& judge);
  void on(const SegmentScanned& scanned, At at, Judge& judge);

 private:
  struct Open {
    Floor done;  // At the invocation.
    std::uint64_t asked = 0;
  };

  void judge_start(const SegmentId& segment, std::uint64_t start, const Floor& floor, At at,
                   Judge& judge);

  std::map<SegmentId, Floor> asked_;
  std::map<SegmentId, Floor> done_;
  std::map<std::uint64_t, Open> open_;  // By operation.
};

/// Judged by the clients' answers and by the bounds that the store reports of itself, which must be
/// sane even under damage. Cost: O(log n) a record.
class SaneBounds {
 public:
  static constexpr Claim claim{"SEG-3", "sane_bounds",
                               "A segment's start is never beyond its length."};
  static constexpr std::array<std::string_view, 1> classes{"start_beyond_length"};
  using Sees = Records<InfoAnswered, SegmentScanned, SegmentBounds>;

  void on(const InfoAnswered& answered, At at, Judge& judge);
  void on(const SegmentScanned& scanned, At at, Judge& judge);
  void on(const SegmentBounds& bounds, At at, Judge& judge);

 private:
  static void judge_bounds(const SegmentId& segment, std::uint64_t start, std::uint64_t length,
                           At at, Judge& judge);
};

/// The answers of one client connection aside, whatever a client was told earlier bounds what it is
/// told later. Cost: O(log n) a record.
class MonotoneBounds {
 public:
  static constexpr Claim claim{"SEG-4", "monotone_bounds",
                               "A segment's start and length never go back."};
  static constexpr std::array<std::string_view, 2> classes{"start_went_back", "length_went_back"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<InfoInvoked, InfoAnswered>;

  void on(const InfoInvoked& invoked, At at, Judge& judge);
  void on(const InfoAnswered& answered, At at, Judge& judge);

 private:
  struct Bounds {
    Floor start;
    Floor length;
  };
  std::map<SegmentId, Bounds> known_;
  std::map<std::uint64_t, Bounds> open_;  // By operation.
};

}  // namespace millrace::properties
