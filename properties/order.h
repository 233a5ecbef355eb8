#pragma once

// Order: of each key's events (ORD-1), and of a segment's events from one read to the next (ORD-2).

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "properties/records.h"
#include "properties/table.h"
#include "sim/run/property.h"

namespace millrace::properties {

/// Each pass gives the events of one (writer, key) in the order of writing, and acknowledged ones
/// lie in that order in their segment. Says nothing of events that are missing (DUR-1) or given
/// twice at another place (DUP-1). Cost: O(1) a read, else O(log n) a record; memory O(passes x
/// writers x keys).
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

  void on(const AppendInvoked& invoked, At at, Judge& judge);
  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Place {
    std::uint64_t sequence = 0;
    std::uint64_t offset = 0;
    At at;
  };
  struct Invoked {
    std::string writer;
    std::uint32_t key = 0;
    std::uint64_t sequence = 0;
  };

  std::map<std::uint64_t, Invoked> open_;  // By uid, until acknowledged.
  Table<std::tuple<std::string, std::uint32_t, SegmentId>, Place> acked_;
  /// By pass, writer and key.
  Table<std::tuple<std::string, std::string, std::uint32_t>, Place> delivered_;
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

  void on(const EventRead& read, At at, Judge& judge);
  void on(const DamagedRead& read, At at, Judge& judge);
  void on(const TruncateInvoked& invoked, At at, Judge& judge);

 private:
  struct Seen {
    std::uint64_t end = 0;
    std::uint64_t uid = 0;
    At at;
  };
  using Places = OffsetTable<Seen>;
  struct Segment {
    Places seen;
    std::uint64_t truncated = 0;  // How far truncation was asked for.
  };

  void judge_gap(const EventRead& read, std::uint64_t truncated, At at, Judge& judge);
  static void judge_overlap(const SegmentId& segment, const Places::Entry& left,
                            const Places::Entry& right, Judge& judge);

  Table<SegmentId, Segment> segments_;
  Table<std::string, Seen> last_;  // By pass.
};

}  // namespace millrace::properties
