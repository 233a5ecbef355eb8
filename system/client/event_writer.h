#pragma once

// Writes events to a stream: each to the segment that its routing key belongs to, so that events of
// one key are stored in the order in which they were written.

#include <map>
#include <memory>
#include <span>
#include <string_view>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/client/client_context.h"
#include "system/client/segment_writer.h"
#include "system/types/routing.h"
#include "system/types/stream_name.h"

namespace millrace::client {

/// One writer object of one stream, exactly once as long as it lives; what another object wrote,
/// also one of the same program before a restart, it does not know. Any task may write; writes of
/// one task to one key keep their order. Closed before it is destroyed (checked), with no call
/// under way.
class EventWriter {
 public:
  /// Learns the stream's segments.
  /// Errors: those of Directory::segments.
  static Result<std::unique_ptr<EventWriter>> open(const ClientContext& context,
                                                   const StreamName& stream, Instant deadline);

  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// Takes an event. Waits while the queue of its segment is full. The handle tells the outcome.
  /// Errors: those of SegmentWriter::write; with any of them the event was not taken.
  Result<WriteHandle> write(std::string_view routing_key, ByteView payload, Instant deadline);

  /// Takes events of one key that will be stored side by side, all or none.
  /// Errors: as write(); kInvalid also for no event, or more than one block holds.
  Result<WriteHandle> write_batch(std::string_view routing_key, std::span<const ByteView> payloads,
                                  Instant deadline);

  /// Waits until every write that was taken before has its outcome. Success means that all that
  /// this writer ever took is durable.
  /// Errors: those of SegmentWriter::flush, of the first segment that has one.
  Result<void> flush(Instant deadline);

  /// Ends the writer, as SegmentWriter::close does for each segment. Flush first where that
  /// matters. Errors: kTimeout, kCancelled of the wait for its tasks; call again before destroying
  /// it.
  Result<void> close(Instant deadline);

  /// Where events of this key go.
  const SegmentId& segment_of(std::string_view routing_key) const;

 private:
  EventWriter(const ClientContext& context, SegmentMap segments);

  const SegmentMap segments_;
  // One for each segment of the map.
  std::map<SegmentId, std::unique_ptr<SegmentWriter>> writers_;
};

}  // namespace millrace::client
