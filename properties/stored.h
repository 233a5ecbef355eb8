#pragma once

// What is stored: every acknowledged event (DUR-1), none twice (DUP-1), nothing else (PHA-1), each
// at the offset that its writer was told (OFF-1).

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "properties/ledger.h"
#include "properties/records.h"
#include "properties/table.h"
#include "sim/run/property.h"
#include "system/types/routing.h"

namespace millrace::properties {

/// Judged at the end, for segments that the last scan read from start to end. An event below the
/// start at that time is truncated, and SEG-2 judges whether that was asked for. Where an
/// acknowledgement names no place, the event lies at least behind all that was acknowledged before
/// it was written. Cost: O(1) a record; memory O(acked + read).
class AckedIsDurable {
 public:
  static constexpr Claim claim{
      "DUR-1", "acked_is_durable",
      "Every acknowledged event is in the stream at the end, unless truncated."};
  static constexpr std::array<std::string_view, 1> classes{"lost"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<AppendInvoked, AppendAcked, EventRead, SegmentScanned>;
  using Shares = Ledger;

  explicit AckedIsDurable(Ledger& ledger) : ledger_(ledger) {}

  void on(const AppendInvoked& invoked, At at, Judge& judge);
  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);
  void on(const SegmentScanned& scanned, At at, Judge& judge);

 private:
  struct Acked {
    std::uint64_t offset = 0;  // Without has_offset: it lies there or behind.
    std::uint64_t end = 0;
    std::uint32_t stamp = 0;
    bool has_offset = false;
  };
  /// A segment's acknowledged length, each time that it grew: from which record on, and to what.
  using Lengths = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

  static std::uint64_t length_before(const Lengths& lengths, std::uint64_t record);

  struct Segment {
    Lengths lengths;
    Table<std::uint32_t, Acked> acked;  // By event.
  };

  Ledger& ledger_;
  Column<std::uint32_t> invoked_;  // By event: the stamp.
  Column<Segment> segments_;
  Column<std::vector<std::uint32_t>> read_;  // By pass: events.
};

/// Also within one pass: no pass gives an event twice. Cost: O(1) a read; memory O(events).
class NoDuplicates {
 public:
  static constexpr Claim claim{"DUP-1", "no_duplicates",
                               "Each event is stored at most once in its stream."};
  static constexpr std::array<std::string_view, 2> classes{"stored_twice", "delivered_twice"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<EventRead>;
  using Shares = Ledger;

  explicit NoDuplicates(Ledger& ledger) : ledger_(ledger) {}

  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Place {
    std::uint32_t segment = 0;
    std::uint32_t stamp = 0;
    std::uint64_t offset = 0;
  };
  struct Read {
    std::uint64_t offset = 0;
    Stamp stamp;
  };

  Ledger& ledger_;
  Column<Place> first_;  // By event.
  Column<Read> last_;    // By pass.
};

/// Cost: O(1) a record, and for each key a hash of it; memory O(events).
class NoPhantoms {
 public:
  static constexpr Claim claim{"PHA-1", "no_phantoms",
                               "Every byte read belongs to an event that was written, whole, to "
                               "the right segment, and whose "
                               "append was not reported as failed."};
  static constexpr std::array<std::string_view, 5> classes{"damaged", "never_written", "altered",
                                                           "wrong_segment", "failed_append_stored"};
  using Sees = Records<StreamKnown, AppendInvoked, AppendFailed, EventRead, DamagedRead>;
  using Shares = Ledger;

  explicit NoPhantoms(Ledger& ledger) : ledger_(ledger) {}

  void on(const StreamKnown& known, At at, Judge& judge);
  void on(const AppendInvoked& invoked, At at, Judge& judge);
  void on(const AppendFailed& failed, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);
  void on(const DamagedRead& read, At at, Judge& judge);

 private:
  struct Written {
    std::uint64_t sequence = 0;
    Stamp read;
    std::uint32_t stamp = 0;   // 0: never written.
    std::uint32_t failed = 0;  // The stamp of the failure.
    std::uint32_t stream = 0;
    std::uint32_t writer = 0;
    std::uint32_t key = 0;
    /// The segment to which its key belongs, once it was read and the layout is known.
    std::uint32_t home = kUnknown;
  };
  static constexpr std::uint32_t kUnknown = UINT32_MAX;

  void judge_route(const EventRead& read, Written& written, At at, Judge& judge);
  void judge_failed(std::uint64_t uid, const Written& written, Judge& judge);
  std::uint32_t home_of(std::uint32_t stream, std::uint32_t key);

  Ledger& ledger_;
  Column<Written> written_;                    // By event.
  Column<std::optional<SegmentMap>> layouts_;  // By stream.
  /// By stream and key, as Written::home.
  Table<std::tuple<std::uint32_t, std::uint32_t>, std::uint32_t> homes_;
};

/// Cost: O(log n) a record, mostly O(1); memory O(events).
class WriteOnceOffsets {
 public:
  static constexpr Claim claim{
      "OFF-1", "write_once_offsets",
      "An acknowledged event is read at the offset that its writer was told, and no two events "
      "have one offset."};
  static constexpr std::array<std::string_view, 2> classes{"moved", "offset_used_twice"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<AppendAcked, EventRead>;
  using Shares = Ledger;

  explicit WriteOnceOffsets(Ledger& ledger) : ledger_(ledger) {}

  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Place {
    std::uint32_t segment = 0;
    std::uint32_t stamp = 0;
    std::uint64_t offset = 0;
  };
  void judge_place(std::uint64_t uid, const SegmentId& segment, std::uint64_t offset, At at,
                   Judge& judge);

  Ledger& ledger_;
  Column<Place> places_;                         // By event.
  Column<OffsetTable<std::uint32_t>> segments_;  // To events.
};

}  // namespace millrace::properties
