#pragma once

// What is stored: every acknowledged event (DUR-1), none twice (DUP-1), nothing else (PHA-1), each
// at the offset that its writer was told (OFF-1).

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

  void on(const AppendInvoked& invoked, At at, Judge& judge);
  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);
  void on(const SegmentScanned& scanned, At at, Judge& judge);

 private:
  struct Acked {
    bool has_offset = false;
    std::uint64_t offset = 0;  // Without has_offset: it lies there or behind.
    std::uint64_t end = 0;
    At at;
  };
  /// A segment's acknowledged length, each time that it grew: from which record on, and to what.
  using Lengths = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

  static std::uint64_t length_before(const Lengths& lengths, std::uint64_t record);

  struct Segment {
    Lengths lengths;
    Table<std::uint64_t, Acked> acked;  // By uid.
  };

  Table<std::uint64_t, std::uint64_t> invoked_;  // By uid: the record.
  Table<SegmentId, Segment> segments_;
  Table<std::string, std::vector<std::uint64_t>> read_;  // By pass: uids.
};

/// Also within one pass: no pass gives an event twice. Cost: O(1) a read; memory O(events).
class NoDuplicates {
 public:
  static constexpr Claim claim{"DUP-1", "no_duplicates",
                               "Each event is stored at most once in its stream."};
  static constexpr std::array<std::string_view, 2> classes{"stored_twice", "delivered_twice"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<EventRead>;

  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Place {
    SegmentId segment;
    std::uint64_t offset = 0;
    At at;
  };
  struct Read {
    std::uint64_t offset = 0;
    At at;
  };
  Table<std::uint64_t, Place> first_;  // By uid.
  Table<std::string, Read> last_;      // By pass.
};

/// Cost: O(1) a record, and for each event a hash of its key; memory O(events).
class NoPhantoms {
 public:
  static constexpr Claim claim{"PHA-1", "no_phantoms",
                               "Every byte read belongs to an event that was written, whole, to "
                               "the right segment, and whose "
                               "append was not reported as failed."};
  static constexpr std::array<std::string_view, 5> classes{"damaged", "never_written", "altered",
                                                           "wrong_segment", "failed_append_stored"};
  using Sees = Records<StreamKnown, AppendInvoked, AppendFailed, EventRead, DamagedRead>;

  void on(const StreamKnown& known, At at, Judge& judge);
  void on(const AppendInvoked& invoked, At at, Judge& judge);
  void on(const AppendFailed& failed, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);
  void on(const DamagedRead& read, At at, Judge& judge);

 private:
  struct Written {
    StreamName stream;
    std::string writer;
    std::uint32_t key = 0;
    std::uint64_t sequence = 0;
    At at;
    At failed_at;  // Record 0: not failed.
    At read_at;    // Record 0: not read.
    /// The segment to which its key belongs, once it was read and the layout is known.
    std::optional<std::uint32_t> home;
  };
  void judge_route(const EventRead& read, Written& written, At at, Judge& judge);
  void judge_failed(std::uint64_t uid, const Written& written, Judge& judge);

  Table<std::uint64_t, Written> written_;  // By uid.
  std::map<StreamName, SegmentMap> layouts_;
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

  void on(const AppendAcked& acked, At at, Judge& judge);
  void on(const EventRead& read, At at, Judge& judge);

 private:
  struct Place {
    SegmentId segment;
    std::uint64_t offset = 0;
    At at;
  };
  void judge_place(std::uint64_t uid, const SegmentId& segment, std::uint64_t offset, At at,
                   Judge& judge);

  Table<std::uint64_t, Place> places_;                     // By uid.
  Table<SegmentId, OffsetTable<std::uint64_t>> segments_;  // To uid.
};

}  // namespace millrace::properties
