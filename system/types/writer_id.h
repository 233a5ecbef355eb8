#pragma once

// The identity under which one writer object appends to one segment. Fresh and random for each, so
// that exactly-once covers reconnects and restarts of stores, not restarts of the writing process.

#include <compare>
#include <cstdint>
#include <string>

#include "system/base/codec.h"

namespace millrace {

/// 128 random bits.
struct WriterId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const WriterId&, const WriterId&) = default;
};

/// 32 hexadecimal digits.
std::string to_text(const WriterId& writer);

/// 16 bytes.
void encode(Writer& out, const WriterId& writer);
WriterId decode_writer_id(Reader& in);

}  // namespace millrace
