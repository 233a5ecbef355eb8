#pragma once

// Folds a log's records back into a container's state.
//
// A log that still has its first record is folded from nothing. One whose beginning was let go
// holds first some data of segments and then a checkpoint for which that data is complete: until it
// comes only data is gathered. From then on every operation must be valid, and every later
// checkpoint must equal the state that the fold has reached: live service and recovery check each
// other.

#include <cstdint>
#include <map>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/segment_store/container_state.h"
#include "system/segment_store/operations.h"
#include "system/segment_store/segment_data.h"
#include "system/types/segment_id.h"
#include "system/wal/log.h"

namespace millrace::segment_store {

/// Takes the records of one log in order.
class ContainerRecovery {
 public:
  /// Errors: kCorrupt where the record cannot follow those before it.
  Result<void> add(wal::LogAddress address, ByteView record);

  /// Ends the recovery of a log whose first record was `first`.
  /// Errors: kCorrupt where no state came of the records.
  Result<void> finish(wal::LogAddress first);

  // After finish().
  ContainerState state;
  std::map<SegmentId, SegmentData> data;
  std::uint64_t operations_since_checkpoint = 0;
  std::uint64_t bytes_since_checkpoint = 0;

 private:
  Result<void> fold(wal::LogAddress address, Operation operation);
  Result<void> gather(wal::LogAddress address, Operation operation);
  Result<void> begin_at(const CheckpointOperation& checkpoint);
  Result<void> add_data(wal::LogAddress address, AppendOperation append);

  bool has_state_ = false;
};

}  // namespace millrace::segment_store
