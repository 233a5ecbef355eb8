#pragma once

// Reads the events of one segment in order, whatever the pieces in which its bytes arrive.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/client/client_context.h"
#include "system/client/segment_reader.h"
#include "system/types/segment_id.h"

namespace millrace::client {

/// An event and its place.
struct ReadEvent {
  /// Where its header starts.
  std::uint64_t offset = 0;
  /// Where the next event starts.
  std::uint64_t offset_next = 0;
  Bytes payload;
};

/// A reader at one place of one segment. One task at a time (checked); it has no task of its own.
class EventReader {
 public:
  /// `offset` is where an event starts, as other reads and acknowledgements told.
  EventReader(const ClientContext& context, const SegmentId& segment, std::uint64_t offset);
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  /// Waits for the next event; none at the end of a sealed segment.
  /// Errors: kTruncated, and offset() is now where the segment starts: read on from there;
  /// kTimeout, kCancelled: no event yet, and none was lost; kCorrupt for bytes that are no event,
  /// for good; those of SegmentReader::read.
  Result<std::optional<ReadEvent>> next(Instant deadline);

  const SegmentId& segment() const { return source_.segment(); }
  /// Where the next event starts.
  std::uint64_t offset() const { return offset_; }
  /// Whether the store had nothing more when it was last asked, and all of that was returned.
  bool is_at_tail() const { return source_.is_at_tail() && consumed_bytes_ == buffer_.size(); }

 private:
  Result<void> fill(Instant deadline);

  SegmentReader source_;
  std::uint64_t offset_;
  // What was read and not yet returned is buffer_ behind the first consumed_bytes_, and lies at
  // offset_ in the segment.
  Bytes buffer_;
  std::size_t consumed_bytes_ = 0;
  bool is_source_at_end_ = false;
};

}  // namespace millrace::client
