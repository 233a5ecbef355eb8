#include "system/base/bytes.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Bytes, turn_into_text_and_back_unchanged) {
  const std::string text("a\0\xff", 3);
  EXPECT_EQ(as_text(as_bytes(text)), text);
  EXPECT_EQ(as_text(to_bytes(text)), text);
  EXPECT_EQ(to_bytes(as_bytes(text)).size(), 3U);
}

TEST(Bytes, append_at_the_end) {
  Bytes target = to_bytes("ab");
  append(target, as_bytes("cd"));
  append(target, {});
  EXPECT_EQ(as_text(target), "abcd");
}

}  // namespace
}  // namespace millrace
