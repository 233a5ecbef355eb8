// Every kind of fault takes effect where it is planned, and nowhere else.

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

#include "sim/faults/fault_engine.h"
#include "tests/sim/faults/fault_world.h"

namespace millrace::sim {
namespace {

/// A strike of this kind at 200 ms that the program of FaultWorld cannot but notice.
FaultAction typical(FaultKind kind) {
  FaultAction action = strike(1, kind, {"m1"});
  const std::string_view unit = amount_name(kind);
  if (unit == "factor") action.amount = 50;
  if (unit == "loss_percent") action.amount = 50;
  if (unit == "rate_ppm") action.amount = kind == FaultKind::kClockRate ? 100 : 20'000;
  if (unit == "step_ns") action.amount = -seconds(3).ns;
  if (unit == "requests") action.amount = 2;
  if (unit == "places") action.amount = 8;
  if (unit == "room_bytes") action.amount = 100;
  switch (kind) {
    case FaultKind::kNetPartition:
    case FaultKind::kNetOneWay:
    case FaultKind::kMachineZone:
      action.targets = {"m1", "m2"};
      break;
    case FaultKind::kNetBridge:
      action.others = {"m2"};
      break;
    case FaultKind::kNetRing:
      action.targets = {"m1", "m2", "m3", "m4"};
      break;
    case FaultKind::kNetSwizzle:
    case FaultKind::kMachineRollingRestart:
      action.targets = {"m3", "m1"};
      action.period = milliseconds(20);
      break;
    case FaultKind::kNetFlapping:
    case FaultKind::kMachineOlderDisk:
      action.period = milliseconds(20);
      break;
    case FaultKind::kDiskTornWrite: {
      // When a sync begins, there is something to tear.
      Anchor anchor;
      anchor.kind = AnchorKind::kDiskSync;
      anchor.machine = "m1";
      anchor.name = "data";
      anchor.nth = 30;
      action.at = {};
      action.anchor = anchor;
      break;
    }
    case FaultKind::kScheduleDelay: {
      Anchor anchor;
      anchor.name = "test.written";
      anchor.nth = 9;
      action.at = {};
      action.anchor = anchor;
      action.targets.clear();
      break;
    }
    default:
      break;
  }
  return action;
}

class FaultKindTest : public ::testing::TestWithParam<FaultKind> {};

TEST_P(FaultKindTest, takes_effect_where_it_is_planned) {
  // What a power loss leaves is drawn, so one seed may be lucky; five in a row are not.
  std::uint64_t effects = 0;
  for (std::uint64_t seed = 1; seed <= 5 && effects == 0; ++seed) {
    FaultWorld world({.seed = seed}, {.actions = {typical(GetParam())}, .may_exceed_budget = true});
    world.run_to_end();

    const FaultMeter& meter = world.meter(GetParam());
    EXPECT_EQ(meter.planned, 1u);
    EXPECT_EQ(meter.fired, 1u);
    EXPECT_EQ(meter.refused, 0u);
    effects += meter.took_effect;
  }
  EXPECT_GE(effects, 1u);
}

TEST_P(FaultKindTest, has_no_effect_where_another_kind_is_planned) {
  // What a power loss drops and what a kill breaks off counts for no other kind.
  const FaultKind other = GetParam() == FaultKind::kMachinePowerLoss ? FaultKind::kMachineKill
                                                                     : FaultKind::kMachinePowerLoss;
  FaultWorld world({}, {.actions = {typical(other)}});

  world.run_to_end();

  EXPECT_EQ(world.meter(GetParam()), FaultMeter{});
  EXPECT_GE(world.meter(other).took_effect, 1u);
}

TEST_P(FaultKindTest, leaves_a_world_that_works_again) {
  FaultWorld world({}, {.actions = {typical(GetParam())}, .may_exceed_budget = true});

  world.run(milliseconds(900));

  // The last tenth of the run: m1 writes again, and at its usual pace.
  std::size_t late = 0;
  for (const std::int64_t us : world.marks("m1", "test.synced")) late += us > 800'000 ? 1 : 0;
  EXPECT_GE(late, 10u);
}

INSTANTIATE_TEST_SUITE_P(All, FaultKindTest, ::testing::ValuesIn([] {
                           std::vector<FaultKind> kinds;
                           for (const FaultKindInfo& row : fault_kinds()) kinds.push_back(row.kind);
                           return kinds;
                         }()),
                         [](const ::testing::TestParamInfo<FaultKind>& tested) {
                           std::string name(to_text(tested.param));
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(FaultKinds, none_takes_effect_without_faults) {
  FaultWorld world({}, {});

  world.run_to_end();

  // A frame that is late on a healthy network comes after a newer connection now and then.
  Meters expected;
  const std::uint64_t late = world.meters().of(Situation::kFrameOnOldConnection);
  for (std::uint64_t i = 0; i < late; ++i) expected.met(Situation::kFrameOnOldConnection);
  EXPECT_EQ(world.meters(), expected);
  EXPECT_GE(world.marks("m1", "test.synced").size(), 100u);
}

}  // namespace
}  // namespace millrace::sim
