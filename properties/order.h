#pragma once

// Order: of each key's events (ORD-1), and of a segment's events from one read to the next (ORD-2).

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "properties/ledger.h"
#include "properties/records.h"
#include "properties/table.h"
#include "sim/run/property.h"

namespace millrace::properties {

/// Each pass gives the events of one (writer, key) in the order of writing, and acknowledged ones
/// lie in that order in their segment. Says nothing of events that are missing (DUR-1) or given
/// twice at another place (DUP-1). Cost: O(1) a record; memory O(events + passes x writers x keys).
/// Source: Pravega's guarantee of order for a routing key, known bugs 2470, 2826, 4393.
class KeyOrder {
 public:
  static constexpr Claim claim{
      "ORD-1", "key_order",
      "Events of one writer and routing key are stored and delivered in the order of writing."};
  static constexpr std::array<std::string_view, 2> classes{"delivered_out_of_order",
                                                           "stored_out_of_order"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<AppendInvoked, AppendAcked, EventRead>;
  using Shares = Ledger;

  explicit KeyOrder(Ledger& ledger) : ledger_(ledger) {}

  void on(const AppendInvoked& invoked, At at, Judge& judge);
  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Stored {
    std::uint64_t sequence = 0;
    std::uint64_t offset = 0;
    std::uint32_t stamp = 0;
  };
  struct Delivered {
    std::uint64_t sequence = 0;
    Stamp stamp;
  };
  struct Invoked {
    std::uint64_t sequence = 0;
    std::uint32_t writer = 0;  // 0: not invoked, or acknowledged.
    std::uint32_t key = 0;
  };
  using Numbered = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

  Ledger& ledger_;
  Column<Invoked> open_;                  // By event, until acknowledged.
  Table<Numbered, Stored> acked_;         // By writer, key and segment.
  Table<Numbered, Delivered> delivered_;  // By pass, writer and key.
};

/// Two reads of one place give the same event, and a pass leaves out only what is truncated; damage
/// that another pass does not meet is an objection, too. Cost: O(log n) a read, mostly O(1); memory
/// O(events).
class StableOrder {
 public:
  static constexpr Claim claim{"ORD-2", "stable_order",
                               "Two reads of the same range of a segment give the same events."};
  static constexpr std::array<std::string_view, 4> classes{"changed", "overlapping", "skipped",
                                                           "damage_not_confirmed"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<EventRead, DamagedRead, TruncateInvoked>;
  using Shares = Ledger;

  explicit StableOrder(Ledger& ledger) : ledger_(ledger) {}

  void on(const EventRead& read, At at, Judge& judge);
  void on(const DamagedRead& read, At at, Judge& judge);
  void on(const TruncateInvoked& invoked, At at, Judge& judge);

 private:
  struct Seen {
    std::uint64_t end = 0;
    std::uint32_t event = 0;
    std::uint32_t stamp = 0;
  };
  struct Last {
    std::uint64_t end = 0;
    Stamp stamp;
  };
  using Places = OffsetTable<Seen>;
  struct Segment {
    Places seen;
    std::uint64_t truncated = 0;  // How far truncation was asked for.
  };

  void judge_gap(const EventRead& read, std::uint64_t truncated, At at, Judge& judge);
  void judge_overlap(const SegmentId& segment, const Places::Entry& left,
                     const Places::Entry& right, Judge& judge);

  Ledger& ledger_;
  Column<Segment> segments_;
  Column<Last> last_;  // By pass.
};

}  // namespace millrace::properties
