#pragma once

// Reads the bytes of one segment from an offset on, up to its tail and then as it grows.
//
// One request is outstanding at a time; a call that runs out of time leaves it outstanding, and the
// next call takes its answer. After a broken connection the request is made again: reads change
// nothing.

#include <cstdint>
#include <optional>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/client/client_context.h"
#include "system/types/segment_id.h"
#include "system/wire/message_stream.h"
#include "system/wire/messages.h"

namespace millrace::client {

/// A stretch of a segment.
struct SegmentBytes {
  std::uint64_t offset = 0;
  /// Empty only at the end of the segment.
  Bytes data;
  /// When it was read, nothing durable lay behind it.
  bool is_at_tail = false;
  /// The segment is sealed and ends behind it.
  bool is_end = false;
};

/// A reader at one place of one segment. One task at a time (checked); it has no task of its own.
class SegmentReader {
 public:
  SegmentReader(const ClientContext& context, const SegmentId& segment, std::uint64_t offset);
  SegmentReader(const SegmentReader&) = delete;
  SegmentReader& operator=(const SegmentReader&) = delete;

  /// Waits for bytes at offset() and moves behind them; at the end of a sealed segment, for
  /// nothing. Errors: kTruncated, and offset() is now where the segment starts: read on from there;
  /// kTimeout, kCancelled: nothing was read; kNotFound, kBadOffset (beyond the length), kInvalid.
  /// Failures of the store or of the way to it are tried again until the deadline.
  Result<SegmentBytes> read(Instant deadline);

  const SegmentId& segment() const { return segment_; }
  /// Where the next read starts.
  std::uint64_t offset() const { return offset_; }
  /// Whether the store's last answer said that nothing durable lay behind offset(), also where it
  /// had no bytes to give and read() went on to wait.
  bool is_at_tail() const { return is_at_tail_; }

 private:
  Result<SegmentBytes> read_alone(Instant deadline);
  Result<std::optional<SegmentBytes>> attempt(Instant deadline);
  Result<void> send_request(Instant deadline);
  Result<std::optional<SegmentBytes>> accept(wire::Message answer);
  void drop();

  const ClientContext context_;
  const SegmentId segment_;
  std::uint64_t offset_;
  std::optional<wire::MessageStream> stream_;
  wire::RequestId request_last_;
  /// Until when the request that is outstanding is answered; none where no request is.
  std::optional<Instant> answer_by_;
  /// A request for the present offset was lost with its connection.
  bool has_lost_request_ = false;
  bool is_at_tail_ = false;
  bool is_busy_ = false;
};

}  // namespace millrace::client
