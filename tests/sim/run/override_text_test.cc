#include "sim/run/override_text.h"

#include <gtest/gtest.h>

namespace millrace::run {
namespace {

using sim::EventKind;
using sim::Override;
using sim::Purpose;

/// Operation 17 of writer-1 and fault 3 in a world of two machines.
Plan small_plan() {
  Plan plan;
  plan.machines.push_back({.name = "store-1", .role = "store", .zone = "", .knobs = {}});
  PlanClient client{.name = "writer-2", .workload = "writer", .knobs = {}, .operations = {}};
  client.operations.push_back(
      {.operation = {.id = 17, .kind = "append", .arguments = {}}, .not_before = {}});
  plan.clients.push_back(client);
  sim::FaultAction action;
  action.id = 3;
  plan.faults.actions.push_back(action);
  return plan;
}

TEST(OverrideText, names_operations_links_and_times) {
  const Override rule{.purpose = Purpose::kLatency,
                      .root = sim::operation_root(17),
                      .kind = EventKind::kDeliver,
                      .where = sim::where_of("writer-2", "store-1"),
                      .n = 0,
                      .value = 12'000'000};

  EXPECT_EQ(describe(rule, small_plan()),
            "operation 17, writer-2 -> store-1, first frame: latency 12ms");
}

TEST(OverrideText, names_what_travels_a_link_besides_frames) {
  Override rule;
  rule.where = sim::where_of("store-1", "writer-2", "keep-alive");
  EXPECT_EQ(describe(rule, small_plan()), "store-1 -> writer-2 (keep-alive): every draw neutral");
  rule.where = sim::where_of("writer-2", "store-1", "again");
  EXPECT_EQ(describe(rule, small_plan()), "writer-2 -> store-1 (sent again): every draw neutral");
}

TEST(OverrideText, names_faults_and_boots) {
  Override rule;
  rule.root = sim::fault_root(3);
  EXPECT_EQ(describe(rule, small_plan()), "fault 3: every draw neutral");
  rule.root = sim::boot_root("store-1", sim::Root{});
  EXPECT_EQ(describe(rule, small_plan()), "the boot of store-1: every draw neutral");
  rule.root = sim::boot_root("store-1", sim::fault_root(3));
  EXPECT_EQ(describe(rule, small_plan()), "the boot of store-1 after fault 3: every draw neutral");
}

TEST(OverrideText, names_restarts_and_what_counts_by_age) {
  Override rule;
  rule.root = sim::boot_root("store-1", sim::boot_root("store-1", sim::fault_root(3)));
  rule.kind = EventKind::kDisk;
  rule.n = sim::Choices::first_n(seconds(4)) + 2;

  EXPECT_EQ(describe(rule, small_plan()),
            "restart 1 after the boot of store-1 after fault 3, disk number 3 from an age of "
            "3758ms on: every draw neutral");
}

TEST(OverrideText, shows_what_a_plan_cannot_name_as_its_hash) {
  Override rule;
  rule.where = sim::Where{0xAB};
  rule.kind = EventKind::kTimer;
  rule.n = 4;
  rule.purpose = Purpose::kLoss;
  rule.value = 1;

  EXPECT_EQ(describe(rule, small_plan()), "place 00000000000000ab, timer number 5: loss 1");
  EXPECT_EQ(describe({}, small_plan()), "everything: every draw neutral");
  rule.value.reset();
  rule.is_drawn = true;
  EXPECT_EQ(describe(rule, small_plan()), "place 00000000000000ab, timer number 5: loss as drawn");
}

}  // namespace
}  // namespace millrace::run
