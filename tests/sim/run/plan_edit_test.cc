#include "sim/run/plan_edit.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>

#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class PlanEdits : public testing::Test {
 protected:
  PlanEdits() {
    toy::register_toy(registry_);
    plan_ = toy::with_power_losses(draw_plan(registry_, toy::quiet_scenario(), 1));
  }

  bool is_valid() const { return plan_from_json(plan_to_json(plan_), registry_).has_value(); }

  PlanOperation& operation(std::size_t client, std::size_t index) {
    return plan_.clients[client].operations[index];
  }

  Registry registry_;
  Plan plan_;
};

TEST_F(PlanEdits, a_fault_that_is_taken_out_takes_along_those_that_wait_for_it) {
  for (std::uint64_t id = 3; id <= 5; ++id) {
    sim::FaultAction action;
    action.id = id;
    action.kind = sim::FaultKind::kMachineKill;
    action.targets = {"store-1"};
    action.after = id == 5 ? 2 : id - 2;
    plan_.faults.actions.push_back(action);
  }
  // 3 waits for 1, 4 for 2, 5 for 2.

  remove_faults(plan_, {2});

  ASSERT_EQ(plan_.faults.actions.size(), 2U);
  EXPECT_EQ(plan_.faults.actions[0].id, 1U);
  EXPECT_EQ(plan_.faults.actions[1].id, 3U);
  EXPECT_TRUE(is_valid());
}

TEST_F(PlanEdits, who_followed_an_operation_that_is_taken_out_follows_the_one_before_it) {
  const std::uint64_t first = operation(0, 0).operation.id;
  const std::uint64_t second = operation(0, 1).operation.id;
  const std::uint64_t third = operation(0, 2).operation.id;
  operation(0, 1).after = first;
  operation(0, 2).after = second;
  operation(1, 0).after = third;

  remove_operations(plan_, {second, third});

  EXPECT_EQ(operation(0, 1).operation.id, third + 1);
  EXPECT_EQ(operation(1, 0).after, first);
  EXPECT_TRUE(is_valid());
}

TEST_F(PlanEdits, an_anchor_counts_from_a_neighbour_of_the_operation_that_is_taken_out) {
  plan_.clients[0].operations.resize(2);
  plan_.clients[1].operations.resize(2);
  plan_.clients.resize(2);
  operation(0, 0).not_before = milliseconds(100);
  operation(1, 0).not_before = milliseconds(200);
  operation(0, 1).not_before = milliseconds(300);
  operation(1, 1).not_before = milliseconds(400);
  const std::array ids{operation(0, 0).operation.id, operation(1, 0).operation.id,
                       operation(0, 1).operation.id, operation(1, 1).operation.id};
  std::uint64_t& since = plan_.faults.actions[0].anchor->since_operation;
  since = ids[2];

  remove_operations(plan_, {ids[2]});
  EXPECT_EQ(since, ids[1]) << "the one before it, though another client's";

  remove_operations(plan_, {ids[0], ids[1]});
  EXPECT_EQ(since, ids[3]) << "there is none before it";

  remove_operations(plan_, {ids[3]});
  EXPECT_EQ(since, 0U) << "there is none at all";
  EXPECT_EQ(plan_.faults.actions[1].anchor->since_operation, 0U);
  EXPECT_TRUE(is_valid());
}

TEST_F(PlanEdits, a_machine_that_is_taken_out_leaves_a_valid_plan) {
  plan_.settings["placement.a"] = "store-1";
  plan_.settings["placement.b"] = "store-2";
  plan_.groups[0].disks_lost_max = 0;
  sim::FaultAction both;
  both.id = 9;
  both.kind = sim::FaultKind::kMachineKill;
  both.targets = {"store-1", "store-2"};
  plan_.faults.actions.push_back(both);

  remove_machines(plan_, {"store-1", "writer-2"});

  EXPECT_TRUE(is_valid());
  ASSERT_EQ(plan_.machines.size(), 1U);
  EXPECT_EQ(plan_.machines[0].name, "store-2");
  EXPECT_EQ(plan_.groups[0].core_min, 1U);
  EXPECT_EQ(plan_.settings.at("placement.a"), "store-2");
  // The power loss of store-1 is gone, and the kill is one machine's.
  ASSERT_EQ(plan_.faults.actions.size(), 2U);
  EXPECT_EQ(plan_.faults.actions[0].id, 2U);
  EXPECT_EQ(plan_.faults.actions[1].targets, std::vector<std::string>{"store-2"});
  const auto writer = std::ranges::find(plan_.clients, "writer-2", &PlanClient::name);
  EXPECT_EQ(writer, plan_.clients.end());
}

TEST_F(PlanEdits, a_setting_that_names_the_last_machine_of_a_role_goes_with_it) {
  plan_.settings["placement.a"] = "store-1";
  plan_.settings["color"] = "blue";

  remove_machines(plan_, {"store-1", "store-2"});

  EXPECT_EQ(plan_.settings.size(), 1U);
  EXPECT_TRUE(plan_.groups.empty());
  EXPECT_TRUE(plan_.faults.actions.empty());
  EXPECT_EQ(machine_count(plan_), plan_.clients.size());
}

}  // namespace
}  // namespace millrace::run
