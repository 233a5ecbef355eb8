#include "system/wal/log_frame.h"

#include <algorithm>
#include <array>
#include <utility>

#include "system/base/check.h"
#include "system/base/codec.h"
#include "system/base/crc32c.h"

namespace millrace::wal {
namespace {

constexpr std::uint32_t kMagic = 0x474c524d;  // "MRLG" as bytes.
constexpr std::uint16_t kFormatVersion = 1;
// The checksum follows the magic and covers everything behind itself.
constexpr std::size_t kChecksumOffset = 4;
constexpr std::size_t kCheckedOffset = kChecksumOffset + 4;

constexpr std::array<std::byte, 4> kMagicBytes{std::byte{'M'}, std::byte{'R'}, std::byte{'L'},
                                               std::byte{'G'}};

}  // namespace

Bytes encode_frame(FrameHeader header, std::span<const Bytes> records) {
  header.record_count = static_cast<std::uint32_t>(records.size());
  std::size_t payload_bytes = 0;
  for (const Bytes& record : records) payload_bytes += framed_record_bytes(record.size());
  CHECK(payload_bytes <= kFramePayloadBytesMax, "a batch fits into a frame");

  Bytes frame;
  frame.reserve(kFrameHeaderBytes + payload_bytes);
  Writer out(frame);
  out.u32(kMagic);
  out.u32(0);
  out.u16(kFormatVersion);
  out.u16(0);
  out.u32(static_cast<std::uint32_t>(payload_bytes));
  out.u32(header.record_count);
  out.u64(header.log_id);
  out.u64(header.epoch);
  out.u64(header.first.value());
  out.u64(header.start.value());
  CHECK(frame.size() == kFrameHeaderBytes, "the header has the documented size");
  for (const Bytes& record : records) out.bytes(record);

  out.u32_at(kChecksumOffset, crc32c(ByteView(frame).subspan(kCheckedOffset)));
  return frame;
}

std::optional<Frame> decode_frame(ByteView bytes, std::uint64_t log_id) {
  Reader in(bytes);
  const std::uint32_t magic = in.u32();
  const std::uint32_t checksum = in.u32();
  const std::uint16_t version = in.u16();
  const std::uint16_t reserved = in.u16();
  const std::uint32_t payload_bytes = in.u32();
  Frame frame;
  frame.header.record_count = in.u32();
  frame.header.log_id = in.u64();
  frame.header.epoch = in.u64();
  frame.header.first = LogAddress(in.u64());
  frame.header.start = LogAddress(in.u64());

  const bool is_ours = magic == kMagic && version == kFormatVersion && reserved == 0 &&
                       frame.header.log_id == log_id;
  if (in.failed() || !is_ours || payload_bytes > in.remaining()) return std::nullopt;
  frame.bytes = kFrameHeaderBytes + payload_bytes;
  if (crc32c(bytes.first(frame.bytes).subspan(kCheckedOffset)) != checksum) return std::nullopt;

  // From here on the bytes are as somebody wrote them, and yet nothing in them is trusted.
  Reader payload(in.raw(payload_bytes));
  if (frame.header.record_count > payload_bytes / framed_record_bytes(0)) return std::nullopt;
  frame.records.reserve(frame.header.record_count);
  for (std::uint32_t i = 0; i < frame.header.record_count; ++i) {
    frame.records.push_back(payload.bytes(kRecordBytesMax));
  }
  if (!payload.done("log frame").has_value()) return std::nullopt;
  return frame;
}

std::optional<std::size_t> find_frame(ByteView bytes, std::size_t from, std::uint64_t log_id,
                                      LogAddress address) {
  CHECK(from <= bytes.size(), "the search starts within the file");
  auto at = bytes.begin() + static_cast<std::ptrdiff_t>(from);
  while (true) {
    at = std::search(at, bytes.end(), kMagicBytes.begin(), kMagicBytes.end());
    if (at == bytes.end()) return std::nullopt;
    const auto offset = static_cast<std::size_t>(at - bytes.begin());
    const std::optional<Frame> frame = decode_frame(bytes.subspan(offset), log_id);
    if (frame.has_value() && frame->header.first >= address) return offset;
    ++at;
  }
}

}  // namespace millrace::wal
