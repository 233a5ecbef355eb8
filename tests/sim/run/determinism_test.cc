#include "sim/run/determinism.h"

#include <gtest/gtest.h>

#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Determinism : public testing::Test {
 protected:
  Determinism() {
    toy::register_toy(registry_);
    source_.registry = &registry_;
    Scenario scenario = toy::quiet_scenario();
    scenario.faults.profile = "harsh";
    source_.scenarios.push_back(scenario);
  }

  Registry registry_;
  RunSource source_;
};

TEST_F(Determinism, holds_for_a_program_without_hidden_inputs) {
  WorkerPool pool(source_, 1, {});
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const DeterminismCheck check = check_determinism(pool, source_, 0, seed);

    EXPECT_FALSE(check.tool_error.has_value());
    EXPECT_FALSE(check.difference.has_value()) << seed;
    EXPECT_EQ(check.fingerprint, check.other_fingerprint);
  }
}

TEST_F(Determinism, an_order_of_addresses_is_found_with_its_machine_and_task) {
  source_.scenarios[0].knobs["store.bug"] =
      Range::fixed(static_cast<std::int64_t>(toy::Bug::kAddressOrder));
  WorkerPool pool(source_, 1, {});

  const DeterminismCheck check = check_determinism(pool, source_, 0, 1);

  ASSERT_TRUE(check.difference.has_value());
  EXPECT_TRUE(check.difference->machine.starts_with("store-")) << check.difference->machine;
  EXPECT_EQ(check.difference->task, "connection");
  EXPECT_GT(check.difference->time_ns, 0);
}

TEST_F(Determinism, two_plain_forks_agree_even_on_an_order_of_addresses) {
  source_.scenarios[0].knobs["store.bug"] =
      Range::fixed(static_cast<std::int64_t>(toy::Bug::kAddressOrder));
  WorkerPool pool(source_, 1, {});

  const RunReply first = pool.run_alone({.seed = 1});
  const RunReply second = pool.run_alone({.seed = 1});

  // So comparing them would have proved nothing.
  EXPECT_EQ(first.record.fingerprint, second.record.fingerprint);
}

}  // namespace
}  // namespace millrace::run
