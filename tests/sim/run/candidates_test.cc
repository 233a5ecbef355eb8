#include "sim/run/candidates.h"

#include <gtest/gtest.h>

#include "sim/run/run.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

/// Candidates for a failed check: plans of one store, which fail from the first operation on.
class CandidatesTest : public testing::Test {
 protected:
  CandidatesTest() {
    toy::register_toy(registry_);
    scenario_.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(toy::Bug::kCheck));
    source_ = {.registry = &registry_, .scenarios = {scenario_}};
    original_ = run_plan(registry_, scenario_, failing(), {});
  }

  Plan failing() const { return draw_plan(registry_, scenario_, 1); }

  /// The same without the bug.
  Plan passing() const {
    Plan plan = failing();
    for (PlanMachine& machine : plan.machines) {
      machine.knobs["bug"] = static_cast<std::int64_t>(toy::Bug::kNone);
    }
    return plan;
  }

  static Plan with_length(Plan plan, Duration length) {
    plan.run_for = length;
    return plan;
  }

  static Candidates::Supply these(std::vector<Plan> plans) {
    return [plans = std::move(plans)](std::size_t k) -> std::optional<Plan> {
      if (k >= plans.size()) return std::nullopt;
      return plans[k];
    };
  }

  CandidateOptions options(std::uint32_t jobs) const {
    return {.jobs = jobs,
            .deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2),
            .runs_max = 100,
            .goes_on = [] { return true; }};
  }

  Registry registry_;
  Scenario scenario_ = toy::quiet_scenario();
  RunSource source_;
  RunRecord original_;
};

TEST_F(CandidatesTest, are_counted_once_however_often_they_come_up) {
  WorkerPool pool(source_, 2, {});
  Candidates candidates(pool, original_, options(2));

  const auto none = candidates.first_alike(failing(), these({passing(), passing()}), {});
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(candidates.runs(), 1U);

  EXPECT_FALSE(candidates.first_alike(failing(), these({passing()}), {}).has_value());
  EXPECT_EQ(candidates.runs(), 1U);
}

TEST_F(CandidatesTest, take_the_first_that_fails_alike_in_their_order) {
  const Plan shorter = with_length(failing(), seconds(4));
  const Plan shortest = with_length(failing(), seconds(3));
  for (const std::uint32_t jobs : {1U, 3U}) {
    WorkerPool pool(source_, jobs, {});
    Candidates candidates(pool, original_, options(jobs));

    const auto hit =
        candidates.first_alike(failing(), these({failing(), passing(), shorter, shortest}), {});

    ASSERT_TRUE(hit.has_value());
    EXPECT_EQ(hit->index, 2U) << "the plan that one has is no candidate";
    EXPECT_EQ(hit->plan, shorter);
    EXPECT_EQ(hit->record.signature(), original_.signature());
    EXPECT_EQ(candidates.runs(), 2U);
  }
}

TEST_F(CandidatesTest, of_another_failure_are_kept_and_do_not_count) {
  Plan other = failing();
  for (PlanMachine& machine : other.machines) {
    machine.knobs["bug"] = static_cast<std::int64_t>(toy::Bug::kThrow);
  }
  WorkerPool pool(source_, 1, {});
  Candidates candidates(pool, original_, options(1));

  EXPECT_FALSE(
      candidates.first_alike(failing(), these({other}), {.ignores_findings = true}).has_value());
  EXPECT_TRUE(candidates.take_findings().empty());

  Candidates again(pool, original_, options(1));
  EXPECT_FALSE(again.first_alike(failing(), these({other}), {}).has_value());
  const auto findings = again.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings.begin()->first, "LOG-1/exception");
  EXPECT_EQ(findings.begin()->second.plan, other);
}

TEST_F(CandidatesTest, end_with_the_runs_that_they_may_take) {
  std::vector<Plan> plans;
  for (int i = 0; i < 20; ++i) plans.push_back(with_length(passing(), milliseconds(2'000 + i)));
  CandidateOptions few = options(1);
  few.runs_max = 5;
  WorkerPool pool(source_, 1, {});
  Candidates candidates(pool, original_, few);

  EXPECT_FALSE(candidates.first_alike(failing(), these(plans), {}).has_value());

  EXPECT_TRUE(candidates.is_over());
  EXPECT_EQ(candidates.runs(), 5U);
}

}  // namespace
}  // namespace millrace::run
