#pragma once

// Owned and borrowed bytes, and the conversions from and to text that tests and logs need.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Bytes that somebody owns.
using Bytes = std::vector<std::byte>;

/// Bytes borrowed for the length of a call.
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

inline void append(Bytes& target, ByteView more) {
  target.insert(target.end(), more.begin(), more.end());
}

}  // namespace millrace
