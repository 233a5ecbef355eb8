#include "sim/faults/fault_profile.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

#include "sim/faults/fault_engine.h"

namespace millrace::sim {
namespace {

constexpr std::uint64_t kSeeds = 500;

FaultSetting setting() {
  FaultSetting made;
  for (int i = 1; i <= 4; ++i) {
    made.deployment.machines.push_back(
        {.name = "store-" + std::to_string(i), .role = "store", .zone = i <= 2 ? "east" : "west"});
  }
  made.deployment.machines.push_back({.name = "writer-1", .role = "writer", .zone = {}});
  made.deployment.clients = {"writer-1"};
  made.deployment.groups = {{.name = "stores",
                             .members = {"store-1", "store-2", "store-3", "store-4"},
                             .disks_lost_max = 1,
                             .core_min = 3,
                             .clock_rate_max_ppm = 500,
                             .repair_mark = {}}};
  made.run_for = seconds(30);
  made.longest_lease = seconds(2);
  made.marks = {"log.synced", "container.recovered"};
  return made;
}

FaultProfile profile(FaultLevel level) {
  FaultProfile made;
  made.level = level;
  return made;
}

TEST(FaultProfile, a_plan_is_a_function_of_its_arguments) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(draw_faults(profile(FaultLevel::kHarsh), setting(), seed),
              draw_faults(profile(FaultLevel::kHarsh), setting(), seed));
  }
}

TEST(FaultProfile, none_draws_nothing) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_TRUE(draw_faults(profile(FaultLevel::kNone), setting(), seed).actions.empty());
  }
}

TEST(FaultProfile, every_plan_fits_its_deployment) {
  const FaultSetting made = setting();
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const FaultPlan plan = draw_faults(profile(FaultLevel::kHarsh), made, seed);
    const Result<void> valid = validate(plan, made.deployment);
    ASSERT_TRUE(valid.has_value()) << valid.error().detail;
    for (const FaultAction& action : plan.actions) {
      if (!action.anchor.has_value() && action.after == 0) {
        EXPECT_LT(action.at, made.run_for);
      }
    }
  }
}

TEST(FaultProfile, times_are_short_to_read) {
  const FaultSetting made = setting();
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const FaultAction& action : draw_faults(profile(FaultLevel::kHarsh), made, seed).actions) {
      const bool is_at_time = !action.anchor.has_value() && action.after == 0;
      EXPECT_EQ(action.at.ns % (is_at_time ? milliseconds(1) : microseconds(1)).ns, 0)
          << describe(action);
      EXPECT_EQ(action.duration.ns % microseconds(1).ns, 0) << describe(action);
      EXPECT_EQ(action.period.ns % microseconds(1).ns, 0) << describe(action);
    }
  }
}

TEST(FaultProfile, draws_every_kind_within_the_budget_and_none_beyond_it) {
  std::map<FaultKind, int> seeds_with;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::set<FaultKind> seen;
    for (const FaultAction& action :
         draw_faults(profile(FaultLevel::kMild), setting(), seed).actions) {
      seen.insert(action.kind);
    }
    for (const FaultKind kind : seen) ++seeds_with[kind];
  }

  for (const FaultKindInfo& row : fault_kinds()) {
    // A campaign of 200 seeds wants to meet each kind more than once.
    if (!row.is_beyond_budget) {
      EXPECT_GE(seeds_with[row.kind], 20) << row.name;
    }
    if (row.is_beyond_budget) {
      EXPECT_EQ(seeds_with[row.kind], 0) << row.name;
    }
  }
}

TEST(FaultProfile, kinds_beyond_the_budget_are_drawn_where_they_are_named) {
  FaultProfile named = profile(FaultLevel::kNone);
  for (const FaultKindInfo& row : fault_kinds()) {
    if (row.is_beyond_budget) named.kinds[row.kind] = FaultLevel::kHarsh;
  }
  std::set<FaultKind> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const FaultAction& action : draw_faults(named, setting(), seed).actions) {
      seen.insert(action.kind);
    }
  }

  EXPECT_EQ(seen.size(), named.kinds.size());
}

TEST(FaultProfile, a_kind_can_be_switched_off_alone) {
  FaultProfile without = profile(FaultLevel::kHarsh);
  without.kinds[FaultKind::kMachineKill] = FaultLevel::kNone;

  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const FaultAction& action : draw_faults(without, setting(), seed).actions) {
      EXPECT_NE(action.kind, FaultKind::kMachineKill);
    }
  }
}

TEST(FaultProfile, half_of_the_faults_are_anchored_and_some_seeds_are_healthy) {
  int anchored = 0;
  int all = 0;
  std::uint64_t healthy = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const FaultPlan plan = draw_faults(profile(FaultLevel::kHarsh), setting(), seed);
    if (plan.actions.empty()) ++healthy;
    for (const FaultAction& action : plan.actions) {
      // Delays are anchored by their nature, and linked ones follow another fault.
      if (action.kind == FaultKind::kScheduleDelay || action.after != 0) continue;
      ++all;
      if (action.anchor.has_value()) ++anchored;
    }
  }

  // 1/8 of 500 is 62; four standard deviations are 30.
  EXPECT_GE(healthy, 32u);
  EXPECT_LE(healthy, 92u);
  EXPECT_GT(all, 2000);
  EXPECT_NEAR(100 * anchored / all, 50, 5);
}

TEST(FaultProfile, numbers_of_faults_spread_over_decades) {
  int few = 0;
  int many = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const FaultPlan plan = draw_faults(profile(FaultLevel::kHarsh), setting(), seed);
    const auto kills =
        std::ranges::count(plan.actions, FaultKind::kMachineKill, &FaultAction::kind);
    few += kills >= 1 && kills <= 3 ? 1 : 0;
    many += kills >= 15 ? 1 : 0;
  }

  EXPECT_GE(few, 20);
  EXPECT_GE(many, 10);
}

TEST(FaultProfile, clients_are_neither_killed_nor_stopped_nor_damaged) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const FaultAction& action :
         draw_faults(profile(FaultLevel::kHarsh), setting(), seed).actions) {
      if (to_text(action.kind).starts_with("net.")) continue;
      EXPECT_EQ(std::ranges::count(action.targets, "writer-1"), 0) << describe(action);
      EXPECT_FALSE(action.targets.empty() && action.kind != FaultKind::kScheduleDelay)
          << describe(action);
    }
  }
}

TEST(FaultProfile, rates_stay_within_the_groups_bound_unless_they_are_to_exceed_it) {
  FaultProfile named = profile(FaultLevel::kHarsh);
  named.kinds[FaultKind::kClockRateBeyond] = FaultLevel::kHarsh;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const FaultAction& action : draw_faults(named, setting(), seed).actions) {
      const std::int64_t size = std::abs(action.amount);
      if (action.kind == FaultKind::kClockRate) {
        EXPECT_LE(size, 500);
      }
      if (action.kind == FaultKind::kClockRateBeyond) {
        EXPECT_GT(size, 500);
      }
    }
  }
}

TEST(FaultProfile, a_kind_moves_no_draw_of_another) {
  FaultProfile without = profile(FaultLevel::kHarsh);
  without.kinds[FaultKind::kNetPartition] = FaultLevel::kNone;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto rest = [&](const FaultProfile& drawn) {
      std::vector<FaultAction> actions = draw_faults(drawn, setting(), seed).actions;
      std::erase_if(actions, [](const FaultAction& action) {
        return action.kind == FaultKind::kNetPartition;
      });
      for (FaultAction& action : actions) {
        action.id = 0;
        action.after = action.after == 0 ? 0 : 1;
      }
      return actions;
    };

    EXPECT_EQ(rest(profile(FaultLevel::kHarsh)), rest(without));
  }
}

}  // namespace
}  // namespace millrace::sim
