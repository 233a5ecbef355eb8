#pragma once

// What a traced run leaves behind beside its verdict: its lines, with what is to be known of each,
// the operations of its clients, and when machines were up.
//
// A trace is for the failure screen and for reports. It is bounded (run_history.cc): of what a
// bound cuts off the oldest goes first, and `lines_left_out` says how much.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/observer.h"
#include "sim/run/run_records.h"

namespace millrace::run {

/// A field of a history record.
struct TraceField {
  std::string name;
  std::string value;

  friend bool operator==(const TraceField&, const TraceField&) = default;
};

/// A line of a traced run.
struct TraceLine {
  std::uint64_t ordinal = 0;
  std::int64_t time_ns = 0;
  sim::NoteKind kind = sim::NoteKind::kMachine;
  std::string machine;
  std::string peer;
  std::string text;
  /// The text as a person would say it; empty where `text` is that already.
  std::string words;
  /// Number of the history record that the line shows, or 0; see Objection::evidence.
  std::uint64_t record = 0;
  /// Id of the operation in whose name it happened, or 0.
  std::uint64_t operation = 0;
  /// Whether the property that objected sees records of this type.
  bool is_judged = false;
  /// How many records the fingerprint had by then, the one that this line tells of included.
  std::uint64_t fingerprint_records = 0;

  /// Number of the line in its run, from 1; of lines that were left out, too.
  std::uint64_t number = 0;
  /// Numbers of the lines that made it happen (trace_causes.h).
  std::vector<std::uint64_t> causes = {};
  /// Of a frame, a fault and a disk: see sim::Note.
  std::uint64_t message = 0;
  std::uint64_t fault = 0;
  bool is_end = false;
  std::vector<std::string> struck = {};
  std::vector<std::string> others = {};
  std::int64_t unsynced_bytes = -1;
  /// The name of a history record's type, and its fields.
  std::string type = {};
  std::vector<TraceField> fields = {};

  friend bool operator==(const TraceLine&, const TraceLine&) = default;
};

/// A moment of a run.
struct TraceMoment {
  std::uint64_t ordinal = 0;
  std::int64_t time_ns = -1;

  friend bool operator==(const TraceMoment&, const TraceMoment&) = default;
};

/// An operation that its client took.
struct TracedOperation {
  std::uint64_t id = 0;
  TraceMoment taken;
  /// Its time is -1 where it never ended.
  TraceMoment ended;
  Outcome outcome = Outcome::kUnknown;

  friend bool operator==(const TracedOperation&, const TracedOperation&) = default;
};

/// What a machine is from a moment on.
enum class MachineLife : std::uint8_t {
  kUp,
  kEnded,    ///< Its process came to its end; its kernel and disk cache go on.
  kOff,      ///< It has lost its power.
  kStopped,  ///< Paused or suspended.
};

struct MachineChange {
  std::string machine;
  MachineLife life = MachineLife::kUp;
  TraceMoment at;

  friend bool operator==(const MachineChange&, const MachineChange&) = default;
};

/// What a trace has beside its lines.
struct TraceFacts {
  std::uint64_t lines_left_out = 0;
  /// In the order in which they were taken.
  std::vector<TracedOperation> operations;
  std::vector<MachineChange> machines;
  /// When the faults ended; -1 where the run did not come so far.
  std::int64_t settle_ns = -1;

  friend bool operator==(const TraceFacts&, const TraceFacts&) = default;
};

}  // namespace millrace::run
