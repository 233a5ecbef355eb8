#pragma once

// What can happen to a container, as it stands in the log: one record an operation.
//
// A container's state is the fold of its operations and nothing else; live service and recovery
// apply the same values through the same code (container_state.h).

#include <cstdint>
#include <string_view>
#include <variant>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/types/event_number.h"
#include "system/types/segment_id.h"
#include "system/types/writer_id.h"

namespace millrace::segment_store {

/// Every time is the wall clock of the store when it accepted the operation.
struct CreateOperation {
  SegmentId segment;
  WallTime at;

  friend bool operator==(const CreateOperation&, const CreateOperation&) = default;
};

/// `data` goes to `offset`, which is the segment's length; the writer's numbers rise to `last`.
struct AppendOperation {
  SegmentId segment;
  WriterId writer;
  EventNumber first;
  EventNumber last;
  std::uint64_t offset = 0;
  WallTime at;
  Bytes data;

  friend bool operator==(const AppendOperation&, const AppendOperation&) = default;
};

struct SealOperation {
  SegmentId segment;
  WallTime at;

  friend bool operator==(const SealOperation&, const SealOperation&) = default;
};

struct TruncateOperation {
  SegmentId segment;
  std::uint64_t start_offset = 0;
  WallTime at;

  friend bool operator==(const TruncateOperation&, const TruncateOperation&) = default;
};

/// The whole state as of this operation, without the segments' data; see ContainerState::encode.
struct CheckpointOperation {
  Bytes state;

  friend bool operator==(const CheckpointOperation&, const CheckpointOperation&) = default;
};

using Operation = std::variant<CreateOperation, AppendOperation, SealOperation, TruncateOperation,
                               CheckpointOperation>;

/// The record of an operation.
Bytes encode(const Operation& operation);

/// The operation of a record. Errors: kCorrupt for whatever `encode` would not have written.
Result<Operation> decode_operation(ByteView record);

}  // namespace millrace::segment_store
