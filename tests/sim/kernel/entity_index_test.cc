#include "sim/kernel/entity_index.h"

#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

TEST(EntityIndex, finds_what_was_added_and_nothing_else) {
  EntityIndex index;
  // Every second place collides with the one before it, also across several growths.
  const auto where = [](std::uint32_t i) { return Where{(std::uint64_t{i} << 32) | (i / 2)}; };
  for (std::uint32_t i = 1; i <= 5'000; ++i) index.add(where(i), EntityId(i));

  for (std::uint32_t i = 1; i <= 5'000; ++i) ASSERT_EQ(index.find(where(i)), EntityId(i));
  EXPECT_EQ(index.find(where(5'001)), EntityId(0));
  EXPECT_EQ(index.find(Where{0}), EntityId(0));
}

}  // namespace
}  // namespace millrace::sim
