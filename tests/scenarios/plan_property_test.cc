// Small plans for the true store: whatever is drawn runs without an objection, a run is a function
// of its plan, and a plan survives being written, read and made smaller.

#include <cstdint>
#include <gtest/gtest.h>
#include <numeric>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "scenarios/store_world.h"
#include "sim/run/property.h"
#include "sim/run/reduction.h"
#include "sim/run/run.h"
#include "sim/run/run_records.h"
#include "sim/run/shrink.h"
#include "sim/run/worker.h"
#include "tests/scenarios/plan_gen.h"

namespace millrace::scenarios {
namespace {

using run::Plan;
using run::RunRecord;

const Registry& store() {
  static const Registry registry = [] {
    Registry made;
    store_world(made);
    return made;
  }();
  return registry;
}

RunRecord run_small(const SmallPlan& small, const Plan& plan) {
  RunRecord record = run::run_plan(store(), small.scenario, plan, {});
  record.wall_ns = 0;
  return record;
}

RC_GTEST_PROP(SmallPlans, run_to_a_verdict_that_a_second_run_repeats, ()) {
  const SmallPlan small = *any_plan(store());

  const RunRecord record = run_small(small, small.plan);

  if (record.is_red()) RC_LOG() << record.signature() << '\n';
  RC_ASSERT(record.verdict == run::Verdict::kPass);
  RC_ASSERT(run_small(small, small.plan) == record);
}

RC_GTEST_PROP(SmallPlans, mean_the_same_once_they_were_written_and_read, ()) {
  const SmallPlan small = *any_plan(store());

  const Result<Plan> read = run::plan_from_json(run::plan_to_json(small.plan), store());

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == small.plan);
  RC_ASSERT(run::plan_hash(*read) == run::plan_hash(small.plan));
  RC_ASSERT(run_small(small, *read).fingerprint == run_small(small, small.plan).fingerprint);
}

// --- Reductions ---

RC_GTEST_PROP(SmallPlans, run_the_same_when_moments_count_from_the_operation_before_them, ()) {
  const SmallPlan small = *any_plan(store());
  const RunRecord record = run_small(small, small.plan);
  Plan plan = small.plan;
  const run::Reduction recount = run::recount_moments(plan, record);
  std::vector<std::size_t> all(recount.count);
  std::iota(all.begin(), all.end(), 0);

  recount.apply(plan, all);

  RC_CLASSIFY(recount.count > 0);
  const RunRecord recounted = run_small(small, plan);
  RC_ASSERT(recounted.fingerprint == record.fingerprint);
  RC_ASSERT(recounted.met_moments == record.met_moments);
  RC_ASSERT(run::recount_moments(plan, recounted).count == 0U);
}

std::vector<run::Reduction> all_reductions(const Plan& plan) {
  return {run::serialise(plan),
          run::close_gaps(plan, milliseconds(1)),
          run::round_times(plan, 1),
          run::plain_durations(plan),
          run::earlier_moments(plan, true),
          run::earlier_moments(plan, false),
          run::smaller_numbers(plan, true),
          run::smaller_numbers(plan, false),
          run::shorten_run(plan, milliseconds(10)),
          run::lower_settings(plan, store()),
          run::reset_knobs(plan, store()),
          run::plain_machines(plan),
          run::plain_strategy(plan),
          run::drop_overrides(plan),
          run::drop_fault_targets(plan),
          run::drop_settings(plan, store()),
          run::drop_fault_kinds(plan),
          run::drop_faults(plan),
          run::drop_operations(plan),
          run::drop_machines(plan),
          run::drop_clients(plan)};
}

bool is_no_larger(const run::PlanSize& size, const run::PlanSize& than) {
  return size.operations <= than.operations && size.faults <= than.faults &&
         size.machines <= than.machines;
}

// A reducer makes any of a reduction's changes together, to what others left.
RC_GTEST_PROP(SmallPlans, stay_legal_and_grow_nowhere_when_some_changes_are_made, ()) {
  const SmallPlan small = *any_plan(store());
  const auto bits = *rc::gen::container<std::vector<bool>>(400, rc::gen::arbitrary<bool>());
  Plan plan = small.plan;
  std::size_t bit = 0;
  for (const run::Reduction& reduction : all_reductions(small.plan)) {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < reduction.count; ++i) {
      if (bits[bit++ % bits.size()]) chosen.push_back(i);
    }
    const run::PlanSize before = run::size_of(plan);
    reduction.apply(plan, chosen);

    RC_LOG() << reduction.name << ' ';
    RC_ASSERT(is_no_larger(run::size_of(plan), before));
    const Result<Plan> read = run::plan_from_json(run::plan_to_json(plan), store());
    // A system says itself what it cannot run: without a store or a stream.
    RC_ASSERT(read.has_value() != store().mistake_of(plan).has_value());
    if (read.has_value()) RC_ASSERT(*read == plan);
  }
}

/// Objects to an operation that ends well after a store has lost its power.
class NothingWorksAfterPowerLoss {
 public:
  static constexpr Claim claim{"PLANT-1", "nothing_works_after_power_loss", "A planted claim."};
  using Sees = Records<run::ProcessEnded, run::OperationEnded>;

  void on(const run::ProcessEnded& ended, At at, Judge& /*judge*/) {
    if (ended.how == "power_loss" && lost_.record == 0) lost_ = at;
  }
  void on(const run::OperationEnded& ended, At at, Judge& judge) {
    judge.compared();
    if (lost_.record == 0 || ended.outcome != run::Outcome::kOk) return;
    judge.violated(
        {.failure_class = {}, .seen = "an operation", .expected = "none", .evidence = {lost_, at}});
  }

 private:
  At lost_;
};

TEST(SmallPlans, shrink_to_plans_that_fail_alike_and_are_no_larger) {
  constexpr int kFailures = 3;
  Registry registry;
  store_world(registry);
  registry.property<NothingWorksAfterPowerLoss>();
  int failures = 0;
  for (std::uint64_t seed = 1; failures < kFailures; ++seed) {
    ASSERT_LT(seed, 200U) << "plans have power losses";
    const SmallPlan small = plan_of_seed(registry, seed);
    const RunRecord original = run::run_plan(registry, small.scenario, small.plan, {});
    if (!original.is_red()) continue;
    ASSERT_EQ(original.signature(), "PLANT-1/violated");
    ++failures;
    const run::RunSource source{.registry = &registry, .scenarios = {small.scenario}};
    run::WorkerPool pool(source, 1, {});

    const auto shrunk = run::shrink(pool, registry, small.plan, original, {});

    ASSERT_TRUE(shrunk.has_value()) << shrunk.error().detail;
    EXPECT_EQ(shrunk->from, run::size_of(small.plan));
    EXPECT_EQ(shrunk->to, run::size_of(shrunk->plan));
    EXPECT_TRUE(is_no_larger(shrunk->to, shrunk->from));
    EXPECT_EQ(shrunk->record.signature(), original.signature());
    EXPECT_EQ(shrunk->replays_alike, run::kReplays);
    EXPECT_EQ(run::plan_from_json(run::plan_to_json(shrunk->plan), registry), shrunk->plan);
    // Whatever the plan was: one operation and the one power loss.
    EXPECT_EQ(shrunk->to.faults, 1U) << run::story_of(shrunk->plan);
    EXPECT_LE(shrunk->to.operations, 1U) << run::story_of(shrunk->plan);
  }
}

}  // namespace
}  // namespace millrace::scenarios
