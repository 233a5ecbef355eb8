#include "system/base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

namespace millrace {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli's, lowest bit first.
constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

// tables[s][b] is what the byte b adds to the checksum when s more bytes follow it.
// Source: Kounavis and Berry, "A systematic approach to building high performance software-based
// CRC generators", 2005: eight look-ups that do not wait for each other, for eight bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = value;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = before >> 8 ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint64_t eight_bytes(ByteView bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), kSlices);
  return std::endian::native == std::endian::little ? word : std::byteswap(word);
}

}  // namespace

std::uint32_t crc32c(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (; bytes.size() >= kSlices; bytes = bytes.subspan(kSlices)) {
    const std::uint64_t word = eight_bytes(bytes) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < kSlices; ++i) {
      crc ^= kTables[kSlices - 1 - i][word >> (8 * i) & 0xFF];
    }
  }
  for (const std::byte byte : bytes) {
    crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<std::uint32_t>(byte)) & 0xFF];
  }
  return ~crc;
}

}  // namespace millrace
