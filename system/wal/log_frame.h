#pragma once

// The unit in which a log is written to disk (docs/formats/log.md): a header with a checksum and
// the records of one group commit.
//
// A frame is written only after the one before it is durable. So a crash can damage nothing but the
// last frame, and a bad frame with a valid later one means that durable bytes were lost.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "system/base/bytes.h"
#include "system/wal/log.h"

namespace millrace::wal {

inline constexpr std::size_t kFrameHeaderBytes = 52;

/// What a frame says of itself.
struct FrameHeader {
  /// Tells the logs of different stores apart. Random, so that stored bytes cannot imitate a frame.
  std::uint64_t log_id = 0;
  /// The instance that wrote the frame.
  std::uint64_t epoch = 0;
  /// The address of the first record; that of the next one where there is none.
  LogAddress first;
  /// Records before it were let go when the frame was written.
  LogAddress start;
  std::uint32_t record_count = 0;

  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

/// A frame as read; the records borrow from the bytes that it was read from.
struct Frame {
  FrameHeader header;
  std::vector<ByteView> records;
  /// Header and payload together: where the next frame starts.
  std::size_t bytes = 0;

  /// The address after its last record.
  LogAddress end() const { return LogAddress(header.first.value() + header.record_count); }
};

/// A record's share of a frame's bytes.
constexpr std::size_t framed_record_bytes(std::size_t record_bytes) { return record_bytes + 4; }

/// The most bytes of records with their lengths in one frame: a batch that is not full yet, and the
/// record that fills it.
inline constexpr std::size_t kFramePayloadBytesMax = 2 * framed_record_bytes(kRecordBytesMax);

/// The bytes of a frame with these records; their number goes into the header. Together they have
/// at most kFramePayloadBytesMax bytes (checked).
Bytes encode_frame(FrameHeader header, std::span<const Bytes> records);

/// The frame at the start of `bytes`; none where they are not a whole valid frame of `log_id`.
std::optional<Frame> decode_frame(ByteView bytes, std::uint64_t log_id);

/// The offset of the first valid frame of `log_id` in `bytes` that starts at `from` or later and
/// holds or follows record `address`; none where there is no such frame.
/// Cost: linear, and a checksum for every place that looks like a frame.
std::optional<std::size_t> find_frame(ByteView bytes, std::size_t from, std::uint64_t log_id,
                                      LogAddress address);

}  // namespace millrace::wal
