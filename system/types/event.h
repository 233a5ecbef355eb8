#pragma once

// How events lie inside a segment: an 8-byte header (type, length) and the payload, side by side.
//
// A segment is bytes; only writers and readers of events know this framing. A reader may meet a
// partial event at the end of what it has read so far, and must then read on.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "system/base/bytes.h"
#include "system/base/result.h"

namespace millrace {

/// Bytes of the header: 32-bit type, always kEventType, and 32-bit length, both little-endian.
inline constexpr std::size_t kEventHeaderBytes = 8;
inline constexpr std::uint32_t kEventType = 0;

/// The largest piece that is appended at once: whole events with their headers. Leaves room for the
/// message around it in a frame of the network.
inline constexpr std::size_t kAppendBytesMax = 512 * 1024;

/// The largest payload of one event.
inline constexpr std::size_t kEventBytesMax = kAppendBytesMax - kEventHeaderBytes;

/// Adds a framed event to `block`. The payload has at most kEventBytesMax bytes (checked).
void append_event(Bytes& block, ByteView payload);

/// An event at the start of some bytes.
struct FramedEvent {
  ByteView payload;
  /// Header and payload together: where the next event starts.
  std::size_t framed_bytes = 0;
};

/// The first event of `bytes`; none where they end within it. The payload borrows from `bytes`.
/// Errors: kCorrupt for a header that no writer writes.
Result<std::optional<FramedEvent>> first_event(ByteView bytes);

}  // namespace millrace
