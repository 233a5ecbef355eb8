#include "sim/run/scenario.h"

#include <gtest/gtest.h>

#include "sim/run/registry.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

struct StreamSettings {
  std::int64_t segments = 1;
  static constexpr auto knobs = millrace::knobs(
      knob("segments", &StreamSettings::segments, {.low = 1, .high = 16, .about = "How many."}));
};

class Scenarios : public testing::Test {
 protected:
  Scenarios() : scenario_(toy::quiet_scenario()) {
    toy::register_toy(registry_);
    registry_.settings<StreamSettings>("streams.*");
  }

  /// The one thing that is wrong.
  std::string error() const {
    const std::vector<ScenarioError> errors = validate(scenario_, registry_);
    if (errors.size() != 1) return std::to_string(errors.size()) + " errors";
    return errors[0].path + ": " + errors[0].what;
  }

  Registry registry_;
  Scenario scenario_;
};

TEST_F(Scenarios, that_fit_the_registry_are_fine) {
  scenario_.settings["streams.orders.segments"] = Range::between(1, 4);
  scenario_.knobs["store.reply_timeout"] = Range::fixed(seconds(1).ns);
  scenario_.faults.kinds["disk.torn_write"] = "harsh";
  scenario_.skips.push_back({.id = "TOY-1", .reason = "why not"});

  EXPECT_TRUE(validate(scenario_, registry_).empty());
}

TEST_F(Scenarios, name_what_is_unknown_and_what_is_near) {
  scenario_.cluster["stroe"] = Range::fixed(1);
  EXPECT_EQ(error(), "cluster.stroe: unknown role 'stroe'; the nearest is 'store'");
}

TEST_F(Scenarios, know_settings_by_their_pattern) {
  scenario_.settings["streams.orders.segment"] = Range::fixed(1);
  EXPECT_EQ(error(),
            "streams.orders.segment: unknown setting 'streams.orders.segment'; the nearest is "
            "'streams.orders.segments'");
}

TEST_F(Scenarios, stay_within_the_ranges_of_knobs) {
  scenario_.settings["streams.orders.segments"] = Range::between(1, 17);
  EXPECT_EQ(error(), "streams.orders.segments: 17 is outside 1 to 16");
}

TEST_F(Scenarios, have_ranges_with_something_in_them) {
  scenario_.workloads[0].knobs["operations"] = Range::between(9, 8);
  EXPECT_EQ(error(), "workloads.writer.operations: the range 9..8 is empty");
}

TEST_F(Scenarios, need_a_workload) {
  scenario_.workloads.clear();
  EXPECT_EQ(error(), "workloads: a scenario needs at least one workload");
}

TEST_F(Scenarios, reach_only_marks_that_there_are) {
  scenario_.floors.must_reach["store.putt"] = {1, 2};
  EXPECT_EQ(error(),
            "floors.must_reach.store.putt: unknown mark 'store.putt'; the nearest is 'store.put'");
}

TEST_F(Scenarios, have_to_be_what_the_system_can_run) {
  registry_.plan_check([](const Plan& plan) -> std::optional<PlanMistake> {
    if (plan.settings.contains("streams.orders.segments")) return std::nullopt;
    return PlanMistake{.path = "streams", .what = "at least one is expected"};
  });
  EXPECT_EQ(error(), "streams: at least one is expected");

  scenario_.settings["streams.orders.segments"] = Range::fixed(1);
  EXPECT_TRUE(validate(scenario_, registry_).empty());
}

TEST_F(Scenarios, settings_that_are_mentioned_end_up_in_the_plan) {
  scenario_.settings["streams.orders.segments"] = Range::between(2, 4);

  const Plan plan = draw_plan(registry_, scenario_, 1);

  EXPECT_GE(std::stoi(plan.settings.at("streams.orders.segments")), 2);
  EXPECT_LE(std::stoi(plan.settings.at("streams.orders.segments")), 4);
}

TEST(NearestName, is_near_or_not_at_all) {
  EXPECT_EQ(nearest_name("campain", {"run", "campaign"}), "campaign");
  EXPECT_EQ(nearest_name("zzz", {"run", "campaign"}), "");
}

TEST(NearestName, is_the_shortest_that_begins_so) {
  EXPECT_EQ(nearest_name("disk.torn", {"disk.full", "disk.torn_writes", "disk.torn_write"}),
            "disk.torn_write");
}

}  // namespace
}  // namespace millrace::run
