#include "sim/faults/budget.h"

#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

Deployment three_stores() {
  Deployment deployment;
  for (const char* const name : {"store-1", "store-2", "store-3", "writer-1"}) {
    deployment.machines.push_back({.name = name, .role = "store", .zone = {}});
  }
  deployment.clients = {"writer-1"};
  deployment.groups = {{.name = "stores",
                        .members = {"store-1", "store-2", "store-3"},
                        .disks_lost_max = 1,
                        .core_min = 2,
                        .clock_rate_max_ppm = 100,
                        .repair_mark = "store.repaired"}};
  return deployment;
}

std::string why_invalid(const Deployment& deployment) {
  const Result<void> valid = validate(deployment);
  return valid.has_value() ? "" : valid.error().detail;
}

TEST(Budget, affords_as_many_disks_as_each_group_declares) {
  const Deployment deployment = three_stores();
  Budget budget(deployment);

  EXPECT_EQ(budget.refuses_disk("store-1"), std::nullopt);
  budget.claim_disk("store-1");

  EXPECT_EQ(budget.refuses_disk("store-2"), "group stores: 2 disks damaged, at most 1");
  // Its disk is damaged already: more damage costs nothing.
  EXPECT_EQ(budget.refuses_disk("store-1"), std::nullopt);
}

TEST(Budget, gets_a_disk_back_by_the_mark_of_its_repair_alone) {
  const Deployment deployment = three_stores();
  Budget budget(deployment);
  budget.claim_disk("store-1");

  budget.on_mark("store-1", "store.started");
  budget.on_mark("store-2", "store.repaired");
  EXPECT_TRUE(budget.has_disk_claim("store-1"));
  budget.on_mark("store-1", "store.repaired");

  EXPECT_FALSE(budget.has_disk_claim("store-1"));
  EXPECT_EQ(budget.refuses_disk("store-2"), std::nullopt);
}

TEST(Budget, counts_a_machine_in_all_of_its_groups) {
  Deployment deployment = three_stores();
  deployment.groups[0].disks_lost_max = 3;
  deployment.groups[0].core_min = 0;
  deployment.groups.push_back({.name = "log",
                               .members = {"store-2"},
                               .disks_lost_max = 0,
                               .core_min = 1,
                               .clock_rate_max_ppm = 20,
                               .repair_mark = {}});
  Budget budget(deployment);

  EXPECT_EQ(budget.refuses_disk("store-1"), std::nullopt);
  EXPECT_EQ(budget.refuses_disk("store-2"), "group log: 1 disks damaged, at most 0");
  EXPECT_EQ(clock_rate_max_ppm(deployment, "store-1"), 100u);
  EXPECT_EQ(clock_rate_max_ppm(deployment, "store-2"), 20u);
  EXPECT_EQ(clock_rate_max_ppm(deployment, "writer-1"), 20u);
}

TEST(Budget, refuses_rates_beyond_the_bound_either_way) {
  const Deployment deployment = three_stores();
  const Budget budget(deployment);

  EXPECT_EQ(budget.refuses_clock_rate("store-1", 100), std::nullopt);
  EXPECT_EQ(budget.refuses_clock_rate("store-1", -100), std::nullopt);
  EXPECT_EQ(budget.refuses_clock_rate("store-1", -101),
            "store-1: clock rate -101 ppm, at most 100");
}

TEST(Budget, refuses_a_disk_that_no_group_can_afford) {
  const Deployment deployment = three_stores();
  const Budget budget(deployment);

  EXPECT_EQ(budget.refuses_disk("writer-1"),
            "writer-1 is in no group that could afford a damaged disk");
}

TEST(Deployment, is_refused_where_its_budget_cannot_be_met) {
  EXPECT_EQ(why_invalid(three_stores()), "");
  Deployment deployment = three_stores();
  deployment.groups[0].core_min = 4;
  EXPECT_EQ(why_invalid(deployment), "group stores: core_min is 4, and it has only 3 members");
  deployment = three_stores();
  deployment.groups[0].disks_lost_max = 2;
  EXPECT_EQ(why_invalid(deployment),
            "group stores: with 2 disks lost, fewer than core_min 2 of its 3 members are whole");
  deployment = three_stores();
  deployment.groups[0].clock_rate_max_ppm = 100'001;
  EXPECT_EQ(why_invalid(deployment), "group stores: clock_rate_max_ppm is at most 100000");
  deployment = three_stores();
  deployment.groups[0].members.push_back("store-9");
  EXPECT_EQ(why_invalid(deployment), "group stores: no machine is named store-9");
  deployment = three_stores();
  deployment.groups[0].members.push_back("store-1");
  EXPECT_EQ(why_invalid(deployment), "group stores: store-1 is a member twice");
  deployment = three_stores();
  deployment.groups[0].members.push_back("writer-1");
  EXPECT_EQ(why_invalid(deployment),
            "group stores: writer-1 is a client, and clients are in no group");
}

}  // namespace
}  // namespace millrace::sim
