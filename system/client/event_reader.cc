#include "system/client/event_reader.h"

#include <utility>

#include "system/types/event.h"

namespace millrace::client {

EventReader::EventReader(const ClientContext& context, const SegmentId& segment,
                         std::uint64_t offset)
    : source_(context, segment, offset), offset_(offset) {}

Result<std::optional<ReadEvent>> EventReader::next(Instant deadline) {
  while (true) {
    const ByteView unread = ByteView(buffer_).subspan(consumed_bytes_);
    const std::optional<FramedEvent> framed = TRY(first_event(unread));
    if (framed.has_value()) {
      ReadEvent event{.offset = offset_,
                      .offset_next = offset_ + framed->framed_bytes,
                      .payload = to_bytes(framed->payload)};
      offset_ = event.offset_next;
      consumed_bytes_ += framed->framed_bytes;
      return event;
    }
    if (is_source_at_end_) {
      if (unread.empty()) return std::nullopt;
      return fail(Errc::kCorrupt, "the segment ends within an event");
    }
    TRY(fill(deadline));
  }
}

Result<void> EventReader::fill(Instant deadline) {
  Result<SegmentBytes> read = source_.read(deadline);
  if (failed_with(read, Errc::kTruncated)) {
    // What is left here is the start of an event that is gone.
    buffer_.clear();
    consumed_bytes_ = 0;
    offset_ = source_.offset();
  }
  if (!read.has_value()) return fail(std::move(read).error());

  const auto consumed = static_cast<std::ptrdiff_t>(consumed_bytes_);
  buffer_.erase(buffer_.begin(), buffer_.begin() + consumed);
  consumed_bytes_ = 0;
  append(buffer_, read->data);
  is_source_at_end_ = read->is_end;
  return {};
}

}  // namespace millrace::client
