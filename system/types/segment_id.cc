#include "system/types/segment_id.h"

#include <charconv>
#include <utility>

namespace millrace {

std::string to_text(const SegmentId& segment) {
  return segment.stream.text() + '/' + std::to_string(segment.number);
}

Result<SegmentId> parse_segment_id(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(Errc::kInvalid, "expected a segment such as 'orders/0'");
  }
  StreamName stream = TRY(StreamName::parse(text.substr(0, slash)));
  SegmentId segment{.stream = std::move(stream), .number = 0};

  const std::string_view digits = text.substr(slash + 1);
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, segment.number);
  const bool has_leading_zero = digits.size() > 1 && digits.front() == '0';
  if (error != std::errc() || rest != end || has_leading_zero) {
    return fail(Errc::kInvalid, "expected a segment number after the '/'");
  }
  return segment;
}

void encode(Writer& out, const SegmentId& segment) {
  out.text(segment.stream.text());
  out.u32(segment.number);
}

SegmentId decode_segment_id(Reader& in) {
  SegmentId segment;
  Result<StreamName> stream = StreamName::parse(in.text(StreamName::kBytesMax));
  segment.number = in.u32();
  if (!stream.has_value()) {
    in.reject();
    return segment;
  }
  segment.stream = *std::move(stream);
  return segment;
}

}  // namespace millrace
