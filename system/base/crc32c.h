#pragma once

// CRC-32C (Castagnoli), the checksum of everything that is stored.

#include <cstdint>

#include "system/base/bytes.h"

namespace millrace {

/// CRC-32C of `bytes`. Cost: linear, a table look-up a byte.
/// Source: RFC 3720, appendix B.4 (its examples are the test).
std::uint32_t crc32c(ByteView bytes);

}  // namespace millrace
