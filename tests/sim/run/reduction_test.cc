#include "sim/run/reduction.h"

#include <array>
#include <gtest/gtest.h>
#include <numeric>

#include "sim/run/run.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Reductions : public testing::Test {
 protected:
  Reductions() {
    toy::register_toy(registry_);
    plan_ = toy::with_power_losses(draw_plan(registry_, toy::quiet_scenario(), 1));
  }

  /// All changes of a reduction at once.
  void apply_all(const Reduction& reduction) {
    std::vector<std::size_t> all(reduction.count);
    std::iota(all.begin(), all.end(), 0);
    reduction.apply(plan_, all);
  }

  std::string problem() const {
    const Result<Plan> read = plan_from_json(plan_to_json(plan_), registry_);
    return read.has_value() ? "" : read.error().detail;
  }

  Registry registry_;
  Plan plan_;
};

TEST_F(Reductions, of_every_sort_leave_a_plan_that_can_be_read) {
  plan_.overrides = keep_purposes();
  plan_.overrides.emplace_back();
  plan_.settings["left.by.a.hook"] = "store-2";
  RunRecord record;
  record.virtual_ns = seconds(2).ns;
  record.unmatched_faults = {1};
  record.override_matches.assign(plan_.overrides.size(), 0);
  const std::uint64_t last = plan_.clients[0].operations.back().operation.id;
  record.met_moments = {{.fault = 2, .operation = last, .nth = 2}};
  const std::vector<Reduction> all{drop_unused(plan_, record),
                                   serialise(plan_),
                                   close_gaps(plan_, milliseconds(1)),
                                   round_times(plan_, 1),
                                   plain_durations(plan_),
                                   recount_moments(plan_, record),
                                   earlier_moments(plan_, true),
                                   earlier_moments(plan_, false),
                                   smaller_numbers(plan_, true),
                                   smaller_numbers(plan_, false),
                                   shorten_run(plan_, milliseconds(10)),
                                   lower_settings(plan_, registry_),
                                   reset_knobs(plan_, registry_),
                                   plain_machines(plan_),
                                   plain_strategy(plan_),
                                   drop_overrides(plan_),
                                   drop_fault_targets(plan_),
                                   drop_settings(plan_, registry_),
                                   drop_fault_kinds(plan_),
                                   drop_faults(plan_),
                                   drop_operations(plan_),
                                   drop_machines(plan_),
                                   drop_clients(plan_)};

  // Each is made to what the ones before it left.
  for (const Reduction& reduction : all) {
    apply_all(reduction);
    ASSERT_EQ(problem(), "") << reduction.name;
  }

  EXPECT_TRUE(plan_.machines.empty());
  EXPECT_TRUE(plan_.clients.empty());
  EXPECT_TRUE(plan_.faults.actions.empty());
  EXPECT_TRUE(plan_.settings.empty());
  EXPECT_EQ(plan_.overrides, std::vector<sim::Override>{sim::Override{}});
}

TEST_F(Reductions, close_gaps_and_keep_the_order_of_what_happens) {
  plan_.clients.resize(1);
  plan_.clients[0].operations.resize(3);
  auto& operations = plan_.clients[0].operations;
  operations[0].not_before = milliseconds(700);
  operations[1].not_before = milliseconds(705);
  operations[2].not_before = seconds(3);
  plan_.faults.actions.resize(1);
  plan_.faults.actions[0].anchor.reset();
  plan_.faults.actions[0].targets = {"store-1"};
  plan_.faults.actions[0].at = seconds(2);
  plan_.run_for = seconds(4);

  apply_all(close_gaps(plan_, milliseconds(10)));

  EXPECT_EQ(operations[0].not_before, milliseconds(10));
  EXPECT_EQ(operations[1].not_before, milliseconds(15));
  EXPECT_EQ(plan_.faults.actions[0].at, milliseconds(25));
  EXPECT_EQ(operations[2].not_before, milliseconds(35));
  // A second was left after the last of them.
  EXPECT_EQ(plan_.run_for, milliseconds(1'035));
}

TEST_F(Reductions, round_times_upwards_to_few_digits) {
  plan_.clients.resize(1);
  plan_.clients[0].operations.resize(1);
  plan_.clients[0].operations[0].not_before = microseconds(123'456);
  plan_.faults.actions.resize(1);
  plan_.faults.actions[0].duration = microseconds(36'311);

  apply_all(round_times(plan_, 2));

  EXPECT_EQ(plan_.clients[0].operations[0].not_before, milliseconds(130));
  EXPECT_EQ(plan_.faults.actions[0].duration, milliseconds(37));
}

TEST_F(Reductions, drop_what_the_run_never_came_to) {
  RunRecord record;
  record.virtual_ns = seconds(1).ns;
  record.unmatched_faults = {2};

  apply_all(drop_unused(plan_, record));

  ASSERT_EQ(plan_.faults.actions.size(), 1U);
  EXPECT_EQ(plan_.faults.actions[0].id, 1U);
  for (const PlanClient& client : plan_.clients) {
    for (const PlanOperation& planned : client.operations) {
      EXPECT_LE(planned.not_before, seconds(1));
    }
  }
  EXPECT_EQ(plan_.run_for, seconds(1) + microseconds(1));
}

// By the fifth mark of a store some operations have been taken; which mark it is counts from there.
TEST_F(Reductions, recount_moments_and_leave_the_run_as_it_is) {
  const Scenario scenario = toy::quiet_scenario();
  const RunRecord before = run_plan(registry_, scenario, plan_, {});
  ASSERT_EQ(before.met_moments.size(), 2U);

  apply_all(recount_moments(plan_, before));
  const RunRecord after = run_plan(registry_, scenario, plan_, {});

  for (const sim::FaultAction& action : plan_.faults.actions) {
    EXPECT_NE(action.anchor->since_operation, 0U);
    EXPECT_LT(action.anchor->nth, 5U);
  }
  EXPECT_EQ(after.fingerprint, before.fingerprint);
  EXPECT_EQ(after.met_moments, before.met_moments);
  EXPECT_EQ(recount_moments(plan_, after).count, 0U) << "there is nothing left to count anew";
}

TEST_F(Reductions, bring_moments_back_to_the_first_of_all) {
  sim::Anchor& anchor = *plan_.faults.actions[0].anchor;
  anchor.since_operation = 7;
  const Reduction earlier = earlier_moments(plan_, true);
  const Reduction halfway = earlier_moments(plan_, false);
  // Of the other fault there is only one way.
  ASSERT_EQ(earlier.count, 3U);
  ASSERT_EQ(halfway.count, 2U);

  halfway.apply(plan_, std::array{std::size_t{0}});
  EXPECT_EQ(anchor.nth, 3U);
  EXPECT_EQ(anchor.since_operation, 7U);

  earlier.apply(plan_, std::array{std::size_t{0}});
  EXPECT_EQ(anchor.nth, 1U);
  EXPECT_EQ(anchor.since_operation, 7U);

  earlier.apply(plan_, std::array{std::size_t{1}});
  EXPECT_EQ(anchor.nth, 1U);
  EXPECT_EQ(anchor.since_operation, 0U);
}

// All draws that were not neutral, each by a rule of its own, are the same run as before.
TEST_F(Reductions, keep_draws_so_that_the_run_is_the_same) {
  const Scenario scenario = toy::quiet_scenario();
  plan_.strategy = {};
  const RunRecord before = run_plan(registry_, scenario, plan_, {.keeps_draws = true});
  ASSERT_FALSE(before.draws.empty());
  ASSERT_LT(before.draws.size(), kDrawsMax);

  const std::vector<sim::Override> places = keep_places(before.draws, keep_purposes());
  Plan kept = plan_;
  kept.overrides = keep_draws(before.draws, places, false);
  const std::size_t rules = kept.overrides.size();
  kept.overrides.emplace_back();
  const RunRecord after = run_plan(registry_, scenario, kept, {});

  EXPECT_EQ(after.fingerprint, before.fingerprint);
  EXPECT_LE(rules, before.draws.size());
  EXPECT_GT(rules, places.size());
}

}  // namespace
}  // namespace millrace::run
