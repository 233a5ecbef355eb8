#include "system/types/writer_id.h"

namespace millrace {

std::string to_text(const WriterId& writer) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const std::uint64_t half : {writer.high, writer.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      text.push_back(kDigits[(half >> shift) & 15]);
    }
  }
  return text;
}

void encode(Writer& out, const WriterId& writer) {
  out.u64(writer.high);
  out.u64(writer.low);
}

WriterId decode_writer_id(Reader& in) {
  WriterId writer;
  writer.high = in.u64();
  writer.low = in.u64();
  return writer;
}

}  // namespace millrace
