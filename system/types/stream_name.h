#pragma once

// The name of a stream: short, printable, and without the '/' that separates it from a segment's
// number.

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "system/base/result.h"

namespace millrace {

/// 1 to 64 of the characters a-z, 0-9, '-', '_' and '.'. A default-constructed name is empty and
/// stands for no stream.
class StreamName {
 public:
  static constexpr std::size_t kBytesMax = 64;

  StreamName() = default;

  /// Errors: kInvalid, with what is wrong.
  static Result<StreamName> parse(std::string_view text);

  const std::string& text() const { return text_; }

  friend auto operator<=>(const StreamName&, const StreamName&) = default;

 private:
  explicit StreamName(std::string_view text) : text_(text) {}

  std::string text_;
};

inline std::string to_text(const StreamName& name) { return name.text(); }

}  // namespace millrace
