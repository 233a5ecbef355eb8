#pragma once

// What the properties of a run keep in common: a number for each event, segment, stream, pass and
// writer, and the stamps of records that a property may want to show.
//
// Every property looks up the same names at a record, and most keep something of each event. With
// numbers, the first that asks at a record pays for the look-up, and what a property keeps is an
// array by number of small entries (Column). Numbers and kept stamps begin with 1; 0 stands for
// none. They only stand for what they were asked for, so a property judges the same whoever else
// asked.

#include <cstdint>
#include <string>

#include "properties/table.h"
#include "sim/run/property.h"
#include "system/types/segment_id.h"
#include "system/types/stream_name.h"

namespace millrace::properties {

/// An At in three words.
class Stamp {
 public:
  Stamp() = default;
  explicit Stamp(const At& at)
      : time_(at.time),
        ordinal_(at.ordinal),
        record_(at.record & kRecordsMax),
        machine_(at.machine & kNoMachine) {
    CHECK(at.record <= kRecordsMax, "a run has fewer records than that");
    if (at.machine != At::kNoMachine) CHECK(at.machine < kNoMachine, "a run has fewer machines");
  }

  /// Whether it is of a record.
  bool is_set() const { return record_ != 0; }
  std::uint64_t record() const { return record_; }
  At at() const {
    const auto machine = static_cast<std::uint32_t>(machine_);
    return {.ordinal = ordinal_,
            .record = record_,
            .time = time_,
            .machine = machine == kNoMachine ? At::kNoMachine : machine};
  }

 private:
  static constexpr std::uint64_t kRecordsMax = (std::uint64_t{1} << 40) - 1;
  static constexpr std::uint32_t kNoMachine = (std::uint32_t{1} << 24) - 1;

  run::SimTime time_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t record_ : 40 = 0;
  std::uint64_t machine_ : 24 = 0;
};

/// One a run; see the top of this file. Memory: O(names + kept stamps).
class Ledger {
 public:
  std::uint32_t event(std::uint64_t uid) { return events_.of(uid); }
  std::uint32_t segment(const SegmentId& id) { return segments_.of(id); }
  std::uint32_t stream(const StreamName& name) { return streams_.of(name); }
  std::uint32_t pass(const std::string& name) { return passes_.of(name); }
  std::uint32_t writer(const std::string& name) { return writers_.of(name); }

  std::uint64_t uid_of(std::uint32_t event) const { return events_.key(event); }
  std::uint32_t event_count() const { return events_.count(); }
  const SegmentId& segment_of(std::uint32_t segment) const { return segments_.key(segment); }
  const StreamName& stream_of(std::uint32_t stream) const { return streams_.key(stream); }
  const std::string& writer_of(std::uint32_t writer) const { return writers_.key(writer); }

  /// Keeps the stamp of a record; once, however many properties ask.
  std::uint32_t keep(const At& at);
  At kept(std::uint32_t stamp) const { return stamps_.at(stamp).at(); }
  /// The number of a kept record.
  std::uint64_t record_of(std::uint32_t stamp) const { return stamps_.at(stamp).record(); }

 private:
  Numbers<std::uint64_t> events_;  // By uid.
  Numbers<SegmentId> segments_;
  Numbers<StreamName> streams_;
  Numbers<std::string> passes_;
  Numbers<std::string> writers_;
  Column<Stamp> stamps_;
  std::uint32_t stamp_count_ = 0;
};

}  // namespace millrace::properties
