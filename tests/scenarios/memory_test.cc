// What a run took is free again when it is over, though a killed process runs no destructor: its
// arena goes as a whole, and what the simulator keeps for it must not hang from its stacks.

#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <malloc.h>
#include <string>
#include <vector>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/run/plan.h"
#include "sim/run/run.h"

namespace millrace::scenarios {
namespace {

constexpr std::uint64_t kSeeds = 6;

/// Bytes of the heap that are in use. Blocks that glibc caches for the thread would count as such,
/// up to 7 of each size: so they are taken out of the cache first, and given back after.
std::int64_t bytes_in_use() {
  constexpr std::size_t kCachedMax = 1032;
  constexpr std::size_t kCachedOfEach = 7;
  std::vector<void*> cached(kCachedMax / 16 * kCachedOfEach);
  for (std::size_t i = 0; i < cached.size(); ++i) {
    cached[i] = std::malloc((i / kCachedOfEach + 1) * 16);
  }
  const auto bytes = static_cast<std::int64_t>(mallinfo2().uordblks);
  for (void* const block : cached) std::free(block);
  return bytes;
}

class Memory : public testing::TestWithParam<std::string> {
 protected:
  Memory() {
    store_world(registry_);
    const auto source = command::find_scenario(GetParam(), registry_);
    scenario_ = *command::load_scenario(*source, registry_);
  }

  void run_seeds() const {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      run::run_plan(registry_, scenario_, run::draw_plan(registry_, scenario_, seed), {});
    }
  }

  Registry registry_;
  run::Scenario scenario_;
};

// In sanitizer builds, whose heap mallinfo2() does not know, the leak check at the end of this
// program looks instead.
TEST_P(Memory, does_not_grow_from_run_to_run) {
  // Tables that are made once, the pools, and the heap's own way of cutting blocks.
  for (int pass = 0; pass < 2; ++pass) {
    run_seeds();
    bytes_in_use();
  }
  const std::int64_t before = bytes_in_use();

  run_seeds();

  // 1 MiB in 100,000 seeds is 10 bytes a seed: less than a block of the heap.
  EXPECT_LT(bytes_in_use() - before, static_cast<std::int64_t>(kSeeds) * 10);
}

INSTANTIATE_TEST_SUITE_P(Kills, Memory, testing::Values("crash_storm", "everything"),
                         [](const auto& kills) { return kills.param; });

}  // namespace
}  // namespace millrace::scenarios
