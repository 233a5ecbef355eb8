#include "sim/faults/fault_plan.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

namespace millrace::sim {
namespace {

FaultAction full_action() {
  FaultAction action;
  action.id = 7;
  action.kind = FaultKind::kNetSlow;
  action.at = microseconds(30);
  action.anchor = Anchor{.kind = AnchorKind::kFact,
                         .machine = "store-1",
                         .peer = {},
                         .name = "ContainerRecovered",
                         .fields = {{"epoch", "3"}, {"container", "1"}},
                         .phase = DiskPhase::kBefore,
                         .nth = 2};
  action.after = 4;
  action.targets = {"store-1", "store-2"};
  action.others = {"writer-1"};
  action.duration = milliseconds(1500);
  action.amount = 12;
  action.is_refused = true;
  return action;
}

/// A kill of store-1 at 1 s.
FaultAction kill(std::uint64_t id) {
  FaultAction action;
  action.id = id;
  action.at = seconds(1);
  action.targets = {"store-1"};
  action.duration = milliseconds(400);
  return action;
}

std::string why_invalid(FaultPlan plan) {
  const Result<void> valid = validate(plan);
  return valid.has_value() ? "" : valid.error().detail;
}

TEST(FaultPlan, an_action_is_read_back_from_its_fields) {
  const FaultAction action = full_action();

  const Result<FaultAction> read = action_from_fields(to_fields(action));

  ASSERT_TRUE(read.has_value()) << read.error().detail;
  EXPECT_EQ(*read, action);
}

TEST(FaultPlan, phases_and_the_operation_of_a_change_are_read_back_and_said) {
  FaultAction action = kill(1);
  action.at = {};
  Anchor anchor;
  anchor.kind = AnchorKind::kDiskChange;
  anchor.machine = "store-1";
  anchor.phase = DiskPhase::kDuring;
  anchor.operation = 17;
  anchor.nth = 2;
  action.anchor = anchor;

  const Result<FaultAction> read = action_from_fields(to_fields(action));

  ASSERT_TRUE(read.has_value()) << read.error().detail;
  EXPECT_EQ(*read, action);
  EXPECT_EQ(describe_moment(action), "at disk change on store-1 under way for operation 17, 2nd");
}

TEST(FaultPlan, a_delay_needs_a_task_that_it_can_hold) {
  FaultAction action = kill(1);
  action.kind = FaultKind::kScheduleDelay;
  action.at = {};
  action.targets = {};
  Anchor anchor;
  anchor.kind = AnchorKind::kDiskWrite;
  anchor.phase = DiskPhase::kDuring;
  action.anchor = anchor;

  EXPECT_EQ(why_invalid({.actions = {action}}),
            "fault 1: schedule.delay finds no task to hold while a request is under way");
}

TEST(FaultPlan, every_sort_of_anchor_is_read_back) {
  for (int kind = 0; kind <= static_cast<int>(AnchorKind::kEntityEvent); ++kind) {
    FaultAction action = kill(1);
    action.anchor = Anchor{.kind = static_cast<AnchorKind>(kind),
                           .machine = "a",
                           .peer = "b",
                           .name = "c",
                           .fields = {},
                           .phase = DiskPhase::kBefore,
                           .since_operation = 12,
                           .nth = 9};

    const Result<FaultAction> read = action_from_fields(to_fields(action));

    ASSERT_TRUE(read.has_value()) << read.error().detail;
    EXPECT_EQ(*read, action);
  }
}

TEST(FaultPlan, forgets_what_its_fields_leave_out) {
  for (const FaultKindInfo& kind : fault_kinds()) {
    for (int anchor = 0; anchor <= static_cast<int>(AnchorKind::kEntityEvent); ++anchor) {
      FaultAction action = full_action();
      action.kind = kind.kind;
      action.anchor->kind = static_cast<AnchorKind>(anchor);
      action.anchor->phase = DiskPhase::kAfter;

      forget_needless(action);

      const Result<FaultAction> read = action_from_fields(to_fields(action));
      ASSERT_TRUE(read.has_value()) << read.error().detail;
      EXPECT_EQ(*read, action);
    }
  }
}

TEST(FaultPlan, fields_are_for_people) {
  std::string line;
  for (const ActionField& field : to_fields(full_action())) {
    line += field.name + '=';
    line += std::holds_alternative<std::string>(field.value)
                ? std::get<std::string>(field.value)
                : std::to_string(std::get<std::int64_t>(field.value));
    line += ' ';
  }

  EXPECT_EQ(line,
            "id=7 kind=net.slow after=4 at=30us anchor=fact machine=store-1 "
            "name=ContainerRecovered fields=epoch=3,container=1 nth=2 targets=store-1,store-2 "
            "others=writer-1 duration=1500ms factor=12 refused=1 ");
}

TEST(FaultPlan, wrong_fields_are_named) {
  const auto error_of = [](std::vector<ActionField> fields) {
    const Result<FaultAction> read = action_from_fields(fields);
    return read.has_value() ? std::string() : read.error().detail;
  };

  EXPECT_EQ(error_of({{"kind", "machine.kill"}}), "id: missing");
  EXPECT_EQ(error_of({{"id", 1}, {"kind", "machine.kil"}}), "kind: no such fault: machine.kil");
  EXPECT_EQ(error_of({{"id", 1}, {"kind", "machine.kill"}, {"colour", "red"}}),
            "colour: not a field of this action");
  EXPECT_EQ(error_of({{"id", 1}, {"kind", "machine.kill"}, {"factor", 2}}),
            "factor: not a field of this action");
  EXPECT_EQ(error_of({{"id", "one"}, {"kind", "machine.kill"}}), "id: expected a whole number");
  EXPECT_EQ(error_of({{"id", 1}, {"kind", "machine.kill"}, {"anchor", "noon"}}),
            "anchor: no such sort: noon");
  EXPECT_EQ(error_of({{"id", 1}, {"kind", "machine.kill"}, {"anchor", "mark"}, {"nth", 0}}),
            "nth: expected at least 1");
  EXPECT_EQ(error_of({{"id", 1}, {"kind", "machine.kill"}, {"at", "-3s"}}), "at: is negative");
  EXPECT_NE(error_of({{"id", 1}, {"kind", "machine.kill"}, {"at", "soon"}}), "");
  EXPECT_NE(error_of({{"id", 1}, {"kind", "machine.kill"}, {"at", "1s"}, {"at", "2s"}}), "");
}

TEST(FaultPlan, ids_are_unique_and_links_go_back) {
  FaultAction linked = kill(2);
  linked.after = 1;
  FaultAction to_itself = kill(3);
  to_itself.after = 3;

  EXPECT_EQ(why_invalid({.actions = {kill(1), linked}}), "");
  EXPECT_EQ(why_invalid({.actions = {kill(1), kill(1)}}), "fault 1: this id is taken");
  EXPECT_EQ(why_invalid({.actions = {linked, kill(1)}}),
            "fault 2: after: no earlier fault has this id");
  EXPECT_EQ(why_invalid({.actions = {to_itself}}), "fault 3: after: no earlier fault has this id");
}

TEST(FaultPlan, a_kind_without_what_it_needs_is_refused) {
  FaultAction nobody = kill(1);
  nobody.targets.clear();
  FaultAction slow = kill(1);
  slow.kind = FaultKind::kNetSlow;
  FaultAction lossy = kill(1);
  lossy.kind = FaultKind::kNetLoss;
  lossy.amount = 100;
  FaultAction delay = kill(1);
  delay.kind = FaultKind::kScheduleDelay;
  FaultAction flapping = kill(1);
  flapping.kind = FaultKind::kNetFlapping;
  FaultAction bridge = kill(1);
  bridge.kind = FaultKind::kNetBridge;
  FaultAction strange = kill(1);
  strange.amount = 3;

  EXPECT_EQ(why_invalid({.actions = {nobody}}), "fault 1: machine.kill needs targets");
  EXPECT_EQ(why_invalid({.actions = {slow}}), "fault 1: net.slow needs factor");
  EXPECT_EQ(why_invalid({.actions = {lossy}}), "fault 1: net.loss loss_percent is at most 99");
  EXPECT_EQ(why_invalid({.actions = {delay}}),
            "fault 1: schedule.delay needs an anchor, which says what it holds");
  EXPECT_EQ(why_invalid({.actions = {flapping}}), "fault 1: net.flapping needs a period");
  EXPECT_EQ(why_invalid({.actions = {bridge}}),
            "fault 1: net.bridge needs the machine between the two sides, in others");
  EXPECT_EQ(why_invalid({.actions = {strange}}), "fault 1: machine.kill has no amount");
}

TEST(FaultPlan, an_amount_that_no_world_could_bear_is_refused) {
  FaultAction rot = kill(1);
  rot.kind = FaultKind::kDiskBitRot;
  rot.amount = 10'001;
  FaultAction rate = kill(1);
  rate.kind = FaultKind::kClockRateBeyond;
  rate.amount = -500'001;
  FaultAction step = kill(1);
  step.kind = FaultKind::kClockWallStep;
  step.amount = INT64_MIN;

  EXPECT_EQ(why_invalid({.actions = {rot}}), "fault 1: disk.bit_rot places is at most 10000");
  EXPECT_EQ(why_invalid({.actions = {rate}}),
            "fault 1: clock.rate_beyond rate_ppm is at most 500000");
  EXPECT_EQ(why_invalid({.actions = {step}}),
            "fault 1: clock.wall_step step_ns is at most 3153600000000000000");
}

TEST(FaultPlan, moments_read_like_sentences) {
  FaultAction at_mark = kill(1);
  at_mark.at = {};
  at_mark.anchor = Anchor{.kind = AnchorKind::kMark,
                          .machine = {},
                          .peer = {},
                          .name = "append.acked",
                          .fields = {},
                          .phase = DiskPhase::kBefore,
                          .nth = 1};
  FaultAction in_write = at_mark;
  in_write.at = microseconds(20);
  in_write.anchor->kind = AnchorKind::kDiskWrite;
  in_write.anchor->machine = "store-1";
  in_write.anchor->name = "log.";
  in_write.anchor->nth = 22;
  FaultAction in_later_write = in_write;
  in_later_write.anchor->since_operation = 760;
  in_later_write.anchor->nth = 2;
  FaultAction linked = kill(3);
  linked.after = 2;

  EXPECT_EQ(describe_moment(kill(1)), "at 1 s");
  EXPECT_EQ(describe_moment(at_mark), "at mark append.acked, 1st");
  EXPECT_EQ(describe_moment(in_write), "20 us after disk write log. on store-1 begun, 22nd");
  EXPECT_EQ(describe_moment(in_later_write),
            "20 us after disk write log. on store-1 begun, 2nd since operation 760");
  EXPECT_EQ(describe_moment(linked), "1 s after fault 2");
  EXPECT_EQ(describe(kill(1)), "machine.kill store-1 for 400 ms, at 1 s");
}

TEST(FaultKinds, have_names_and_sentences_of_their_own) {
  std::set<std::string_view> names;
  std::set<std::string_view> sentences;
  for (const FaultKindInfo& row : fault_kinds()) {
    names.insert(row.name);
    sentences.insert(row.about);
    EXPECT_EQ(fault_kind_from_text(row.name), row.kind);
    EXPECT_TRUE(row.about.ends_with('.')) << row.name;
    EXPECT_FALSE(row.meter.empty()) << row.name;
  }

  EXPECT_EQ(names.size(), kFaultKindCount);
  EXPECT_EQ(sentences.size(), kFaultKindCount);
  EXPECT_EQ(fault_kind_from_text("net"), std::nullopt);
}

}  // namespace
}  // namespace millrace::sim
