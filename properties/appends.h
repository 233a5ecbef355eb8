#pragma once

// Conditional appends tell the truth (APP-1), and a writer's event numbers make its appends happen
// once (APP-2).

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "properties/bounds.h"
#include "properties/ledger.h"
#include "properties/records.h"
#include "sim/run/property.h"

namespace millrace::properties {

/// An append lies exactly where it was asked for, and a refusal names a length that the segment can
/// have had and that is not the expected one; both at a moment between request and answer. None is
/// both refused and stored. Cost: O(1) a record; memory O(events).
/// Source: the versioned shortcut: the segment's length is the version of every append.
class ConditionalAppend {
 public:
  static constexpr Claim claim{
      "APP-1", "conditional_append",
      "A conditional append happens exactly where it was asked for, or is refused with a length "
      "that the segment has and that was not expected."};
  static constexpr std::array<std::string_view, 4> classes{"wrong_place", "lying_refusal",
                                                           "stale_refusal", "refused_yet_stored"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<ConditionalInvoked, ConditionalAnswered, AppendAcked, EventRead>;
  using Shares = Ledger;

  explicit ConditionalAppend(Ledger& ledger) : ledger_(ledger) {}

  void on(const ConditionalInvoked& invoked, At at, Judge& judge);
  void on(const ConditionalAnswered& answered, At at, Judge& judge);
  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Append {
    SegmentId segment;
    std::uint64_t expected_offset = 0;
    Floor length;  // At the invocation.
    At at;
    At refused_at;  // Record 0: not refused.
  };
  /// What is known of an event.
  struct Event {
    std::uint32_t append = 0;  // Its index in appends_; 0: it is no conditional append.
    std::uint32_t stored = 0;  // The stamp of who said first that it is stored.
  };
  void judge_place(const Append& append, std::uint64_t uid, const SegmentId& segment,
                   std::uint64_t offset, At at, Judge& judge);
  void judge_refusal(const Append& append, std::uint64_t length, At at, Judge& judge);

  Ledger& ledger_;
  Column<Floor> lengths_;   // By segment.
  Column<Event> events_;    // By event.
  Column<Append> appends_;  // From 1 on.
  std::uint32_t append_count_ = 0;
};

/// Judges clients that speak the protocol itself: they repeat blocks, leave gaps and overlap.
/// `done` is what was acknowledged or reported before a request was made, `sent` all that was ever
/// sent. Cost: O(log n) a record.
class IdempotentAppend {
 public:
  static constexpr Claim claim{
      "APP-2", "idempotent_append",
      "A writer's block is taken once: a repeated one is acknowledged where the first is, one with "
      "a gap or an overlap is refused, and the store never forgets what it acknowledged."};
  static constexpr std::array<std::string_view, 6> classes{
      "forgotten", "invented", "moved", "overlap_accepted", "gap_accepted", "repeat_refused"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<BlockInvoked, BlockAnswered, WriterAsked, WriterAnswered>;

  void on(const BlockInvoked& invoked, At at, Judge& judge);
  void on(const BlockAnswered& answered, At at, Judge& judge);
  void on(const WriterAsked& asked, At at, Judge& judge);
  void on(const WriterAnswered& answered, At at, Judge& judge);

 private:
  struct Block {
    std::uint64_t last = 0;
    std::uint64_t offset = 0;
    At at;
  };
  /// What is known of one (segment, writer). Counts of events: the last number plus one.
  struct Writer {
    Floor done;
    Floor sent;
    std::map<std::uint64_t, Block> acked;  // By first number; with a known offset.
  };
  using WriterKey = std::pair<SegmentId, std::string>;
  struct Open {
    WriterKey writer;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    Floor done;              // At the invocation.
    std::uint64_t sent = 0;  // By earlier blocks.
    bool is_gap = false;
  };
  void judge_acked(const Open& open, const BlockAnswered& answered, At at, Judge& judge);

  std::map<WriterKey, Writer> writers_;
  std::map<std::uint64_t, Open> open_;  // By operation.
};

}  // namespace millrace::properties
