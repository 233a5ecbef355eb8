#pragma once

// Where the clients of a workload put their records.
//
// `history.record(Acked{...})` stamps the record, adds its fields to the run's fingerprint and
// shows it to the properties that see its type, all at once and on the simulator's heap. A client
// records what it knows: an answer once it has it, "unknown" as unknown. It never gives way, so a
// record and the call before it are one step.

#include "sim/run/record.h"

namespace millrace::run {

/// Takes records. A property that objects ends the run before `record` returns.
class History {
 public:
  virtual ~History() = default;

  template <HasFields Record>
  void record(const Record& record) {
    take(kRecordType<Record>, &record);
  }

  /// As record(), of a type that is known only by its description.
  virtual void take(const RecordType& type, const void* record) = 0;
};

}  // namespace millrace::run

namespace millrace {
using run::History;
}  // namespace millrace
