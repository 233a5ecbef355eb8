#pragma once

// The identity of a segment: its stream and its number in it. Never used twice.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "system/base/codec.h"
#include "system/base/result.h"
#include "system/types/stream_name.h"

namespace millrace {

/// "orders/0" is segment 0 of the stream orders.
struct SegmentId {
  StreamName stream;
  std::uint32_t number = 0;

  friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};

/// "orders/0"
std::string to_text(const SegmentId& segment);

/// Reads what `to_text` gives. Errors: kInvalid.
Result<SegmentId> parse_segment_id(std::string_view text);

void encode(Writer& out, const SegmentId& segment);

/// Rejects the input where the stream's name is not legal.
SegmentId decode_segment_id(Reader& in);

}  // namespace millrace
