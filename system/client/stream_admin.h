#pragma once

// Creates, seals, truncates and looks at segments.
//
// A request whose answer was lost is made again: each of them may be made twice.

#include <cstdint>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/client/client_context.h"
#include "system/types/segment_id.h"
#include "system/wire/messages.h"

namespace millrace::client {

/// What a store tells about a segment. Where it does not exist, the rest is zero.
struct SegmentStatus {
  bool exists = false;
  bool is_sealed = false;
  std::uint64_t start_offset = 0;
  std::uint64_t length = 0;
  WallTime last_modified;
};

/// Administers segments. Any task may call; calls are independent.
///
/// Errors of every call, beside its own: did not happen: kRefused (the deadline passed before
/// anything was sent), kInvalid; unknown: kTimeout, kCancelled. Failures of the store or of the way
/// to it are tried again until the deadline.
class StreamAdmin {
 public:
  explicit StreamAdmin(const ClientContext& context) : context_(context) {}

  /// Makes an empty segment.
  /// Errors: kAlreadyExists; but where an earlier attempt of this call may have made it, that it
  /// exists is success.
  Result<void> create(const SegmentId& segment, Instant deadline);

  /// Ends a segment and returns its final length; the same for one that was sealed before.
  /// Errors: kNotFound.
  Result<std::uint64_t> seal(const SegmentId& segment, Instant deadline);

  /// Drops the bytes before `offset`, the start of an event or the length, and returns where the
  /// segment starts now, which is beyond `offset` where it was truncated further before.
  /// Errors: kNotFound, kBadOffset (beyond the length).
  Result<std::uint64_t> truncate(const SegmentId& segment, std::uint64_t offset, Instant deadline);

  /// Never fails for a segment that is not there.
  Result<SegmentStatus> info(const SegmentId& segment, Instant deadline);

 private:
  struct Answer {
    wire::Message message;
    /// An attempt before the one that was answered may have happened.
    bool is_repeated = false;
  };

  Result<Answer> ask(const SegmentId& segment, const wire::Message& request, Instant deadline);
  Result<wire::Message> attempt(const SegmentId& segment, const wire::Message& request,
                                std::uint32_t& send_count, Instant deadline);

  const ClientContext context_;
};

}  // namespace millrace::client
