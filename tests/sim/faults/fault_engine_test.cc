#include "sim/faults/fault_engine.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "sim/faults/fault_profile.h"
#include "sim/faults/fault_templates.h"
#include "tests/sim/faults/fault_world.h"

namespace millrace::sim {
namespace {

FaultAction at_mark(std::uint64_t id, FaultKind kind, std::string machine, std::uint32_t nth) {
  FaultAction action = strike(id, kind, {});
  action.at = {};
  Anchor anchor;
  anchor.machine = std::move(machine);
  anchor.name = "test.written";
  anchor.nth = nth;
  action.anchor = anchor;
  return action;
}

/// Restarts after each of which the machine began anew.
std::size_t boots(FaultWorld& world, std::string_view machine) {
  return world.machine(machine).boots();
}

TEST(FaultEngine, kills_at_the_very_mark_and_boots_after_the_downtime) {
  FaultWorld world({}, {.actions = {at_mark(1, FaultKind::kMachineKill, "m2", 5)}});

  world.run_to_end();

  // Nothing of the process runs after its fifth mark, until it boots 300 ms later.
  const std::vector<std::int64_t> written = world.marks("m2", "test.written");
  const std::vector<std::int64_t> begun = world.marks("m2", "test.begun");
  ASSERT_EQ(begun.size(), 2u);
  ASSERT_GT(written.size(), 5u);
  EXPECT_LT(written[4], begun[1]);
  EXPECT_GT(written[5], begun[1]);
  EXPECT_GE(begun[1] - written[4], 300'000);
  EXPECT_LE(begun[1] - written[4], 301'000);
  EXPECT_EQ(boots(world, "m1"), 1u);
}

/// A power loss at the n-th change of the disk of m2, from when it begins or is under way.
FaultAction at_change(DiskPhase phase, std::uint32_t nth) {
  FaultAction action = strike(1, FaultKind::kMachinePowerLoss, {"m2"});
  action.at = {};
  Anchor anchor;
  anchor.kind = AnchorKind::kDiskChange;
  anchor.machine = "m2";
  anchor.phase = phase;
  anchor.nth = nth;
  action.anchor = anchor;
  return action;
}

// The first change creates the file, the second is the first write, the third the second one.
TEST(FaultEngine, strikes_a_request_under_way_before_it_happens_and_after_its_time) {
  FaultWorld early({}, {.actions = {at_change(DiskPhase::kBefore, 3)}});
  FaultWorld late({}, {.actions = {at_change(DiskPhase::kDuring, 3)}});
  FaultWorld done({}, {.actions = {at_change(DiskPhase::kAfter, 3)}});

  std::vector<std::int64_t> deaths;
  for (FaultWorld* const world : {&early, &late, &done}) {
    world->run_to_end();
    EXPECT_EQ(world->meter(FaultKind::kMachinePowerLoss).took_effect, 1u);
    ASSERT_EQ(boots(*world, "m2"), 2u);
    // It boots 300 ms after its death.
    deaths.push_back(world->marks("m2", "test.begun")[1]);
    ASSERT_GE(world->marks("m2", "test.written").size(), 2u);
    // Only one round had come as far as its first mark.
    EXPECT_GT(world->marks("m2", "test.written")[1], deaths.back());
  }

  EXPECT_GT(deaths[1] - deaths[0], 4) << "a write takes its time";
  EXPECT_GE(deaths[2], deaths[1]);
}

TEST(FaultEngine, two_deaths_of_one_moment_both_come) {
  FaultWorld world({}, {.actions = {at_mark(1, FaultKind::kMachineKill, "m2", 5),
                                    at_mark(2, FaultKind::kMachinePowerLoss, "m2", 5)}});

  world.run_to_end();

  EXPECT_EQ(world.meter(FaultKind::kMachineKill).took_effect, 1u);
  EXPECT_EQ(world.meter(FaultKind::kMachinePowerLoss).took_effect, 1u);
  // One boot, when the later of the two downtimes is over.
  EXPECT_EQ(boots(world, "m2"), 2u);
}

TEST(FaultEngine, strikes_after_a_moment_with_the_delay_asked_for) {
  FaultAction later = at_mark(1, FaultKind::kMachineKill, "m2", 5);
  later.at = milliseconds(7);
  FaultWorld world({}, {.actions = {later}});

  world.run_to_end();

  const std::vector<std::int64_t> begun = world.marks("m2", "test.begun");
  ASSERT_EQ(begun.size(), 2u);
  EXPECT_EQ((begun[1] - world.marks("m2", "test.written")[4]) / 1000, 307);
}

TEST(FaultEngine, a_linked_action_counts_from_the_one_before) {
  FaultAction kill = strike(1, FaultKind::kMachineKill, {"m1"});
  FaultAction linked = at_mark(2, FaultKind::kMachineKill, "m2", 1);
  linked.after = 1;
  FaultAction unlinked = strike(3, FaultKind::kMachineKill, {"m3"});
  unlinked.after = 2;
  unlinked.at = milliseconds(50);
  FaultWorld world({}, {.actions = {kill, linked, unlinked}});

  world.run_to_end();

  // m2 had passed its first mark long before fault 1 fired at 200 ms.
  const std::int64_t second_life = world.marks("m2", "test.begun").at(1);
  EXPECT_GT(second_life, 500'000);
  EXPECT_EQ((world.marks("m3", "test.begun").at(1) - second_life) / 1000, 50);
}

TEST(FaultEngine, an_action_after_one_that_never_fires_never_fires) {
  FaultAction never = at_mark(1, FaultKind::kMachineKill, "m1", 1'000'000);
  FaultAction linked = strike(2, FaultKind::kMachineKill, {"m2"});
  linked.after = 1;
  FaultWorld world({}, {.actions = {never, linked}});

  world.run_to_end();

  EXPECT_EQ(world.engine().states(),
            (std::vector<FaultState>{FaultState::kWaiting, FaultState::kWaiting}));
  EXPECT_EQ(world.meter(FaultKind::kMachineKill).fired, 0u);
}

TEST(FaultEngine, overlapping_faults_end_with_the_last) {
  FaultAction first = strike(1, FaultKind::kMachineSlowCpu, {"m1"});
  first.amount = 3;
  FaultAction second = strike(2, FaultKind::kMachinePause, {"m1"});
  FaultAction third = strike(3, FaultKind::kMachinePause, {"m1"});
  third.at = milliseconds(300);
  FaultWorld world({}, {.actions = {first, second, third}});

  world.run(milliseconds(550));
  EXPECT_EQ(world.machine("m1").state(), MachineState::kPaused);
  world.run(milliseconds(601));
  EXPECT_EQ(world.machine("m1").state(), MachineState::kUp);
}

TEST(FaultEngine, a_clock_comes_back_to_its_own_rate) {
  FaultAction fast = strike(1, FaultKind::kClockRate, {"m1"});
  fast.amount = -80;
  FaultWorld world({}, {.actions = {fast}});

  world.run(milliseconds(300));
  EXPECT_EQ(world.machine("m1").rate_ppm(), -80);
  world.run(milliseconds(600));
  EXPECT_EQ(world.machine("m1").rate_ppm(), 10);
}

TEST(FaultEngine, a_claim_beyond_the_budget_is_refused_and_written_into_the_plan) {
  FaultAction first = strike(1, FaultKind::kDiskBitRot, {"m1"});
  first.amount = 8;  // The program writes over one or the other place before it reads it.
  FaultAction second = strike(2, FaultKind::kDiskBitRot, {"m2"});
  second.amount = 1;
  second.at = milliseconds(250);
  FaultWorld world({.disks_lost_max = 1}, {.actions = {first, second}});

  world.run_to_end();

  EXPECT_TRUE(world.disk("m1").is_damaged() || world.meter(FaultKind::kDiskBitRot).took_effect > 0);
  EXPECT_FALSE(world.disk("m2").is_damaged());
  EXPECT_EQ(world.meter(FaultKind::kDiskBitRot).refused, 1u);
  EXPECT_EQ(world.engine().refused(), (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(world.engine().plan().actions[1].is_refused);
  EXPECT_TRUE(world.engine().broken().empty());
}

TEST(FaultEngine, targets_of_one_fault_share_the_budget) {
  FaultAction both = strike(1, FaultKind::kDiskBitRot, {"m1", "m2"});
  both.amount = 1;
  FaultAction one = strike(2, FaultKind::kDiskBitRot, {"m3"});
  one.amount = 1;
  one.at = milliseconds(250);
  FaultWorld world({.disks_lost_max = 1}, {.actions = {both, one}});

  world.run_to_end();

  // Each of the two alone could be afforded; and what is refused claims nothing.
  EXPECT_EQ(world.engine().states(),
            (std::vector<FaultState>{FaultState::kRefused, FaultState::kOver}));
  EXPECT_FALSE(world.disk("m1").is_damaged());
}

TEST(FaultEngine, a_fault_that_finds_nothing_gives_back_only_its_own_claim) {
  FaultAction lost = strike(1, FaultKind::kMachineLostDisk, {"m1"});
  lost.duration = milliseconds(100);
  // Ten microseconds after the boot with the empty disk: nothing is stored yet.
  FaultAction nothing = strike(2, FaultKind::kDiskBitRot, {"m1"});
  nothing.amount = 1;
  nothing.at = microseconds(300'010);
  FaultAction second = strike(3, FaultKind::kDiskBitRot, {"m2"});
  second.amount = 1;
  second.at = milliseconds(400);
  FaultWorld world({.disks_lost_max = 1}, {.actions = {lost, nothing, second}});

  world.run_to_end();

  EXPECT_EQ(world.meter(FaultKind::kDiskBitRot).fired, 1u);
  EXPECT_EQ(world.engine().refused(), (std::vector<std::uint64_t>{3}));
}

TEST(FaultEngine, what_was_refused_once_is_never_admitted) {
  FaultAction refused = strike(2, FaultKind::kDiskBitRot, {"m2"});
  refused.amount = 1;
  refused.is_refused = true;
  // Nobody else claims now: without the note in the plan it would be affordable.
  FaultWorld world({.disks_lost_max = 1}, {.actions = {refused}});

  world.run_to_end();

  EXPECT_EQ(world.meter(FaultKind::kDiskBitRot).fired, 0u);
  EXPECT_EQ(world.meter(FaultKind::kDiskBitRot).refused, 1u);
  EXPECT_FALSE(world.disk("m2").is_damaged());
}

TEST(FaultEngine, a_repair_gives_the_budget_back) {
  FaultAction first = strike(1, FaultKind::kDiskBitRot, {"m1"});
  first.amount = 1;
  FaultAction second = strike(2, FaultKind::kDiskBitRot, {"m2"});
  second.amount = 1;
  second.at = milliseconds(400);
  // The program passes this mark all the time.
  FaultWorld world({.disks_lost_max = 1, .repair_mark = "test.synced"},
                   {.actions = {first, second}});

  world.run_to_end();

  EXPECT_EQ(world.meter(FaultKind::kDiskBitRot).fired, 2u);
}

TEST(FaultEngine, a_mode_may_exceed_the_budget_and_says_what_no_longer_holds) {
  FaultAction rot = strike(1, FaultKind::kDiskBitRot, {"m1"});
  rot.amount = 1;
  FaultAction suspend = strike(2, FaultKind::kMachineSuspend, {"m2"});
  suspend.at = milliseconds(300);
  FaultWorld world({}, {.actions = {rot, suspend}, .may_exceed_budget = true});

  world.run_to_end();

  EXPECT_EQ(
      world.engine().broken(),
      (std::vector<BrokenAssumption>{
          {.assumption = Assumption::kDisksWithinBudget,
           .fault = 1,
           .reason = "group all: 1 disks damaged, at most 0"},
          {.assumption = Assumption::kLeaseTiming, .fault = 2, .reason = "m2 was suspended"}}));
}

TEST(FaultEngine, notes_say_who_and_when) {
  FaultWorld world({.is_traced = true},
                   {.actions = {at_mark(1, FaultKind::kMachinePowerLoss, "m2", 5),
                                strike(2, FaultKind::kNetPartition, {"m1", "m3"})}});

  world.run_to_end();

  const std::vector<std::string>& notes = world.notes();
  EXPECT_EQ(
      std::ranges::count(notes, "m2: POWER LOSS 300 ms (fault 1: at mark test.written on m2, 5th)"),
      1);
  EXPECT_EQ(std::ranges::count(notes, "m1: NET PARTITION 300 ms with m3 (fault 2: at 200 ms)"), 1);
}

TEST(FaultEngine, frames_anchor_what_happens_to_their_connection) {
  const FaultPlan plan{
      .actions = break_with_slow_old_connection(1, "m1", "m2", 30, milliseconds(40), Duration{})};
  FaultWorld world({}, plan);

  world.run_to_end();

  EXPECT_EQ(world.meter(FaultKind::kScheduleDelay).fired, 1u);
  EXPECT_GE(world.meter(FaultKind::kNetBreak).took_effect, 1u);
}

TEST(FaultEngine, what_a_break_draws_is_drawn_in_its_own_name) {
  const FaultPlan plan{
      .actions = break_with_slow_old_connection(1, "m1", "m2", 30, milliseconds(40), Duration{})};
  FaultPlan anchored = plan;
  // Right at the frame, in the midst of what the sending task does.
  anchored.actions = {plan.actions[1]};
  anchored.actions[0].after = 0;
  anchored.actions[0].anchor = plan.actions[0].anchor;
  anchored.actions[0].targets.clear();
  anchored.actions[0].others.clear();
  FaultWorld world({}, anchored);
  std::vector<Root> roots;
  world.world().choices().set_recorder(
      [](void* context, const EventIdentity& who, const Choices::Draw& draw) {
        const bool is_break =
            who.kind == EventKind::kFault && draw.purpose == Purpose::kBreakLearns;
        if (is_break) static_cast<std::vector<Root>*>(context)->push_back(who.root);
      },
      &roots);

  world.run_to_end();

  EXPECT_EQ(roots, (std::vector<Root>{fault_root(2), fault_root(2)}));
}

TEST(FaultEngine, a_crash_in_recovery_is_two_power_losses) {
  const FaultPlan plan{.actions = crash_in_recovery(
                           1, "m1", {.at = milliseconds(100), .anchor = {}}, milliseconds(50), 3)};
  FaultWorld world({}, plan);

  world.run_to_end();

  EXPECT_EQ(world.meter(FaultKind::kMachinePowerLoss).took_effect, 2u);
  EXPECT_EQ(boots(world, "m1"), 3u);
  // The third disk request of the second life, well before its first round was over.
  EXPECT_LT(world.marks("m1", "test.begun").at(2), 100'000 + 2 * 50'000 + 2'000);
}

TEST(FaultEngine, templates_are_valid_plans) {
  const FaultMoment moment{.at = milliseconds(100), .anchor = {}};
  const Duration span = milliseconds(30);
  for (const std::vector<FaultAction>& actions :
       {crash_in_recovery(1, "m1", moment, span, 2),
        pause_beyond_lease(1, "m1", moment, span, span),
        kill_then_power_loss(1, "m1", moment, span, span),
        failed_sync_then_power_loss(1, "m1", moment, span, span),
        break_with_slow_old_connection(1, "m1", "m2", 5, span, span)}) {
    FaultWorld world({}, {.actions = actions});

    world.run_to_end();

    for (const FaultState state : world.engine().states()) EXPECT_EQ(state, FaultState::kOver);
  }
}

TEST(FaultEngine, the_core_is_whole_and_the_others_stay_as_they_were) {
  FaultAction down = strike(1, FaultKind::kMachinePowerLoss, {"m1", "m2", "m3", "m4"});
  down.duration = seconds(100);
  FaultAction cut = strike(2, FaultKind::kNetPartition, {"m5"});
  cut.duration = {};
  FaultAction slow = strike(3, FaultKind::kClockRate, {"m1", "m2", "m3", "m4"});
  slow.amount = 90;
  slow.duration = {};
  FaultAction late = strike(4, FaultKind::kMachineKill, {"m5"});
  late.at = milliseconds(600);
  int connected = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    FaultWorld world({.machines = 5, .core_min = 3, .seed = seed, .clients = {"m5"}},
                     {.actions = {down, cut, slow, late}});
    world.run(milliseconds(500));

    const Core core = world.engine().heal_core();
    world.run_to_end();

    ASSERT_EQ(core.members.size(), 3u);
    ASSERT_EQ(core.outsiders.size(), 1u);
    connected += core.are_outsiders_connected ? 1 : 0;
    for (const std::string& member : core.members) {
      EXPECT_NE(world.machine(member).process(), nullptr);
      EXPECT_EQ(world.machine(member).rate_ppm(), 10);
    }
    EXPECT_EQ(world.machine(core.outsiders[0]).process(), nullptr);
    EXPECT_EQ(world.machine(core.outsiders[0]).rate_ppm(), 90);
    // No fault fires any more.
    EXPECT_EQ(world.meter(FaultKind::kMachineKill).fired, 0u);
  }
  EXPECT_GE(connected, 4);
  EXPECT_LE(connected, 16);
}

TEST(FaultEngine, damaged_members_stay_out_of_the_core) {
  FaultAction lost = strike(1, FaultKind::kMachineLostDisk, {"m2"});
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    FaultWorld world({.disks_lost_max = 1, .core_min = 3, .seed = seed}, {.actions = {lost}});
    world.run(milliseconds(700));

    const Core core = world.engine().heal_core();

    EXPECT_EQ(core.outsiders, (std::vector<std::string>{"m2"}));
  }
}

TEST(FaultEngine, a_harsh_plan_is_the_same_history_twice) {
  FaultProfile profile;
  profile.level = FaultLevel::kHarsh;
  FaultSetting setting;
  for (int i = 1; i <= 4; ++i) {
    setting.deployment.machines.push_back(
        {.name = "m" + std::to_string(i), .role = "program", .zone = i <= 2 ? "east" : "west"});
  }
  setting.deployment.groups = {{.name = "all",
                                .members = {"m1", "m2", "m3", "m4"},
                                .disks_lost_max = 0,
                                .core_min = 2,
                                .clock_rate_max_ppm = 100,
                                .repair_mark = {}}};
  setting.run_for = seconds(2);
  setting.longest_lease = milliseconds(300);
  setting.marks = {"test.written", "test.synced", "test.begun"};
  std::uint64_t effects = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto run = [&] {
      FaultWorld world({.seed = seed}, draw_faults(profile, setting, seed));
      world.run(seconds(2));
      world.engine().heal_core();
      world.run(seconds(3));
      world.engine().finish();
      for (const FaultKindInfo& row : fault_kinds()) effects += world.meter(row.kind).took_effect;
      return std::pair(world.world().fingerprint().value(), world.meters());
    };

    const auto first = run();
    const auto second = run();

    EXPECT_EQ(first.first, second.first) << "seed " << seed;
    EXPECT_EQ(first.second, second.second) << "seed " << seed;
  }
  EXPECT_GT(effects, 100u);
}

}  // namespace
}  // namespace millrace::sim
