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
