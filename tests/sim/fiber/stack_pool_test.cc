#include "sim/fiber/stack_pool.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace millrace::sim {
namespace {

constexpr std::size_t kPage = 4096;

TEST(StackPool, guards_more_below_a_stack_than_a_large_frame_jumps_over) {
  StackPool pool(0);

  const Stack stack = pool.take();

  EXPECT_FALSE(pool.owns_guard(stack.low));
  EXPECT_TRUE(pool.owns_guard(stack.low - 1));
  EXPECT_TRUE(pool.owns_guard(stack.low - 16 * kPage));
  EXPECT_FALSE(pool.owns_guard(stack.low - 18 * kPage));
}

// The sets of a processor's caches are chosen by these bits: stacks that all began at the same
// offset would compete for a 64th of them.
TEST(StackPool, spreads_the_tops_of_its_stacks_over_a_page) {
  StackPool pool(0);
  std::set<std::uintptr_t> offsets;

  for (int i = 0; i < 256; ++i) {
    const Stack stack = pool.take();
    ASSERT_NE(stack.low, nullptr);
    offsets.insert(reinterpret_cast<std::uintptr_t>(stack.top()) % kPage);
    EXPECT_LE(stack.bytes, pool.stack_bytes());
    EXPECT_GT(stack.bytes + kPage, pool.stack_bytes());
  }

  EXPECT_GT(offsets.size(), 48u);
}

TEST(StackPool, gives_the_stack_that_came_back_last_and_nothing_twice) {
  StackPool pool(64 << 10);
  const Stack first = pool.take();
  const Stack second = pool.take();
  ASSERT_NE(first.low, second.low);

  pool.give_back(first);

  const Stack again = pool.take();
  EXPECT_EQ(again.low, first.low);
  EXPECT_EQ(again.bytes, first.bytes);
}

}  // namespace
}  // namespace millrace::sim
