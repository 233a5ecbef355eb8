#include "system/types/stream_name.h"

#include <algorithm>

namespace millrace {
namespace {

bool is_legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

}  // namespace

Result<StreamName> StreamName::parse(std::string_view text) {
  if (text.empty() || text.size() > kBytesMax) {
    return fail(Errc::kInvalid, "a stream name has 1 to 64 characters");
  }
  if (!std::ranges::all_of(text, is_legal)) {
    return fail(Errc::kInvalid, "a stream name has only a-z, 0-9, '-', '_' and '.'");
  }
  return StreamName(text);
}

}  // namespace millrace
