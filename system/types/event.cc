#include "system/types/event.h"

#include "system/base/check.h"
#include "system/base/codec.h"

namespace millrace {

void append_event(Bytes& block, ByteView payload) {
  CHECK(payload.size() <= kEventBytesMax, "the caller refuses larger events");
  Writer out(block);
  out.u32(kEventType);
  out.bytes(payload);
}

Result<std::optional<FramedEvent>> first_event(ByteView bytes) {
  if (bytes.size() < kEventHeaderBytes) return std::nullopt;
  Reader header(bytes.first(kEventHeaderBytes));
  const std::uint32_t type = header.u32();
  const std::uint32_t length = header.u32();
  if (type != kEventType) return fail(Errc::kCorrupt, "event header with an unknown type");
  if (length > kEventBytesMax) return fail(Errc::kCorrupt, "event header with a bad length");
  if (bytes.size() - kEventHeaderBytes < length) return std::nullopt;
  return FramedEvent{.payload = bytes.subspan(kEventHeaderBytes, length),
                     .framed_bytes = kEventHeaderBytes + length};
}

}  // namespace millrace
