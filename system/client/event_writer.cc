#include "system/client/event_writer.h"

#include <array>
#include <utility>

namespace millrace::client {

Result<std::unique_ptr<EventWriter>> EventWriter::open(const ClientContext& context,
                                                       const StreamName& stream, Instant deadline) {
  SegmentMap segments = TRY(context.directory.segments(stream, deadline));
  return std::unique_ptr<EventWriter>(new EventWriter(context, std::move(segments)));
}

EventWriter::EventWriter(const ClientContext& context, SegmentMap segments)
    : segments_(std::move(segments)) {
  for (const SegmentMap::Entry& entry : segments_.entries()) {
    writers_.emplace(entry.segment, std::make_unique<SegmentWriter>(context, entry.segment));
  }
}

Result<WriteHandle> EventWriter::write(std::string_view routing_key, ByteView payload,
                                       Instant deadline) {
  const std::array<ByteView, 1> payloads = {payload};
  return write_batch(routing_key, payloads, deadline);
}

Result<WriteHandle> EventWriter::write_batch(std::string_view routing_key,
                                             std::span<const ByteView> payloads, Instant deadline) {
  return writers_.at(segment_of(routing_key))->write(payloads, deadline);
}

Result<void> EventWriter::flush(Instant deadline) {
  Result<void> flushed;
  for (const auto& [segment, writer] : writers_) {
    // All are waited for, also after the first error: each has an outcome then.
    Result<void> one = writer->flush(deadline);
    if (flushed.has_value()) flushed = std::move(one);
  }
  return flushed;
}

Result<void> EventWriter::close(Instant deadline) {
  Result<void> closed;
  for (const auto& [segment, writer] : writers_) {
    Result<void> one = writer->close(deadline);
    if (closed.has_value()) closed = std::move(one);
  }
  return closed;
}

const SegmentId& EventWriter::segment_of(std::string_view routing_key) const {
  return segments_.segment_of(hash_routing_key(routing_key));
}

}  // namespace millrace::client
