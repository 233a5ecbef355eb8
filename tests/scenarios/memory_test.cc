// What a run took is free again when it is over, though a killed process runs no destructor: its
// arena goes as a whole, and what the simulator keeps for it must not hang from its stacks.

#include <cstdint>
#include <gtest/gtest.h>
#include <malloc.h>
#include <string>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/run/plan.h"
#include "sim/run/run.h"

namespace millrace::scenarios {
namespace {

constexpr std::uint64_t kSeeds = 8;

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
  run_seeds();  // Tables that are made once, and the pools.
  const std::size_t before = mallinfo2().uordblks;

  run_seeds();

  // 1 MiB in 100,000 seeds is 10 bytes a seed: less than a block of the heap.
  const auto grown = static_cast<std::int64_t>(mallinfo2().uordblks - before);
  EXPECT_LT(grown, static_cast<std::int64_t>(kSeeds) * 10);
}

INSTANTIATE_TEST_SUITE_P(Kills, Memory, testing::Values("crash_storm", "everything"),
                         [](const auto& kills) { return kills.param; });

}  // namespace
}  // namespace millrace::scenarios
