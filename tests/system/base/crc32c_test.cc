#include "system/base/crc32c.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

// RFC 3720, appendix B.4, and the usual check value of the parameter set.
TEST(Crc32c, gives_the_values_of_its_standard) {
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0})), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0xff})), 0x62a8ab43U);
  Bytes ascending;
  Bytes descending;
  for (int i = 0; i < 32; ++i) {
    ascending.push_back(static_cast<std::byte>(i));
    descending.push_back(static_cast<std::byte>(31 - i));
  }
  EXPECT_EQ(crc32c(ascending), 0x46dd794eU);
  EXPECT_EQ(crc32c(descending), 0x113fdb5cU);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
}

// The definition, a bit at a time.
std::uint32_t bit_by_bit(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78U : 0);
  }
  return ~crc;
}

// Whole words and the rest of them are looked up in different ways.
TEST(Crc32c, agrees_with_its_definition_at_any_place_and_length) {
  Bytes bytes;
  for (std::uint32_t i = 0; i < 64; ++i) bytes.push_back(static_cast<std::byte>(i * 37 + i / 7));
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t length = 0; length <= bytes.size() - start; ++length) {
      const ByteView piece = ByteView(bytes).subspan(start, length);
      EXPECT_EQ(crc32c(piece), bit_by_bit(piece)) << length << " bytes from " << start << " on";
    }
  }
}

TEST(Crc32c, is_zero_for_nothing) { EXPECT_EQ(crc32c({}), 0U); }

TEST(Crc32c, changes_with_every_bit) {
  const Bytes original = to_bytes("a frame of the log");
  for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
    Bytes flipped = original;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_NE(crc32c(flipped), crc32c(original)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace millrace
