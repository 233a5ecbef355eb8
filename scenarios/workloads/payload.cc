#include "scenarios/workloads/payload.h"

#include <algorithm>

#include "system/base/codec.h"
#include "system/base/crc32c.h"

namespace millrace::scenarios {
namespace {

constexpr std::size_t kWriterBytesMax = 256;
constexpr std::size_t kFillBytesMax = std::size_t{1} << 20;
constexpr std::size_t kChecksumBytes = 4;

}  // namespace

Bytes encode_payload(const Payload& payload, std::size_t bytes) {
  Bytes encoded;
  Writer out(encoded);
  out.u64(payload.uid);
  out.u32(payload.key);
  out.u64(payload.sequence);
  out.text(payload.writer);
  // The filler depends on the event, so that a piece of another event does not pass for it.
  const std::size_t used = encoded.size() + sizeof(std::uint32_t) + kChecksumBytes;
  const Bytes filler(bytes > used ? bytes - used : 0,
                     static_cast<std::byte>(payload.uid * 31 + payload.sequence));
  out.bytes(filler);
  out.u32(crc32c(encoded));
  return encoded;
}

std::optional<Payload> decode_payload(ByteView bytes) {
  if (bytes.size() < kChecksumBytes) return std::nullopt;
  const ByteView body = bytes.first(bytes.size() - kChecksumBytes);
  Reader checksum(bytes.last(kChecksumBytes));
  if (checksum.u32() != crc32c(body)) return std::nullopt;
  Reader in(body);
  Payload payload;
  payload.uid = in.u64();
  payload.key = in.u32();
  payload.sequence = in.u64();
  payload.writer = in.text(kWriterBytesMax);
  in.bytes(kFillBytesMax);
  if (!in.done("an event").has_value()) return std::nullopt;
  return payload;
}

std::string routing_key(std::uint32_t key) { return 'k' + std::to_string(key); }

}  // namespace millrace::scenarios
