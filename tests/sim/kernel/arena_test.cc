#include "sim/kernel/arena.h"

#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "sim/kernel/identity.h"

namespace millrace::sim {
namespace {

TEST(Arena, serves_operator_new_within_a_scope) {
  Arena arena;
  {
    const ArenaScope scope(&arena);
    const std::vector<int> numbers(100, 7);
    EXPECT_GE(arena.live_bytes(), 400u);
  }
  EXPECT_EQ(arena.live_bytes(), 0u);
}

TEST(Arena, takes_back_blocks_that_are_freed_outside_of_its_scope) {
  Arena arena;
  std::string* text = nullptr;
  {
    const ArenaScope scope(&arena);
    text = new std::string(1000, 'x');
  }

  delete text;

  EXPECT_EQ(arena.live_bytes(), 0u);
}

TEST(Arena, frees_everything_at_once) {
  Arena arena;
  {
    const ArenaScope scope(&arena);
    for (int i = 0; i < 1000; ++i) new std::string(static_cast<std::size_t>(i * 40), 'x');
  }
  EXPECT_GT(arena.live_bytes(), 0u);

  arena.release_all();

  EXPECT_EQ(arena.live_bytes(), 0u);
}

// Blocks of all sizes stay apart: each keeps what was written into it.
TEST(Arena, keeps_blocks_apart) {
  Arena arena;
  struct Block {
    std::byte* start;
    std::size_t size;
    int fill;
  };
  std::vector<Block> blocks;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const std::uint64_t draw = mix(i, 3);
    const std::size_t size = 1 + draw % (i % 50 == 0 ? 100'000 : 700);
    auto* const start = static_cast<std::byte*>(arena.allocate(size, 16));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(start) % 16, 0u);
    std::memset(start, static_cast<int>(i % 251), size);
    blocks.push_back({start, size, static_cast<int>(i % 251)});
  }
  for (const Block& block : blocks) {
    for (std::size_t i = 0; i < block.size; ++i) {
      ASSERT_EQ(std::to_integer<int>(block.start[i]), block.fill);
    }
  }
}

TEST(Arena, fills_fresh_memory_with_the_pattern) {
  const std::byte before = fill_byte();
  set_fill_byte(std::byte{0x5C});
  Arena arena;

  const auto* const block = static_cast<const std::byte*>(arena.allocate(300, 16));

  for (int i = 0; i < 300; ++i) ASSERT_EQ(block[i], std::byte{0x5C}) << i;
  set_fill_byte(before);
}

TEST(Arena, gives_alignments_up_to_a_cache_line) {
  Arena arena;
  for (std::size_t size = 1; size < 3000; size += 7) {
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(size, 64)) % 64, 0u);
  }
}

}  // namespace
}  // namespace millrace::sim
