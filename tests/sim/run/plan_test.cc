#include "sim/run/plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <vector>

#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Plans : public testing::Test {
 protected:
  Plans() { toy::register_toy(registry_); }

  Plan plan(std::uint64_t seed) const {
    Scenario scenario = toy::quiet_scenario();
    scenario.faults.profile = "harsh";
    return draw_plan(registry_, scenario, seed);
  }

  /// The error of reading a plan's JSON in which `from` became `to`.
  std::string error_of(const std::string& from, const std::string& to) const {
    const Plan quiet = draw_plan(registry_, toy::quiet_scenario(), 1);
    std::string json = plan_to_json(quiet);
    const std::size_t at = json.find(from);
    if (at == std::string::npos) return "not there: " + from;
    json.replace(at, from.size(), to);
    const Result<Plan> read = plan_from_json(json, registry_);
    return read.has_value() ? "no error" : read.error().detail;
  }

  Registry registry_;
};

TEST_F(Plans, a_seed_always_gives_the_same_plan) {
  EXPECT_EQ(plan(4), plan(4));
  EXPECT_NE(plan_hash(plan(4)), plan_hash(plan(5)));
}

TEST_F(Plans, have_delays_under_every_strategy_but_fifo) {
  Scenario scenario = toy::quiet_scenario();
  scenario.faults.profile = "harsh";
  const auto delays = [&](sim::StrategyKind strategy) {
    scenario.strategy = strategy;
    std::int64_t count = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      count += std::ranges::count(draw_plan(registry_, scenario, seed).faults.actions,
                                  sim::FaultKind::kScheduleDelay, &sim::FaultAction::kind);
    }
    return count;
  };

  EXPECT_EQ(delays(sim::StrategyKind::kFifo), 0);
  EXPECT_GT(delays(sim::StrategyKind::kRandom), 10);
  EXPECT_GT(delays(sim::StrategyKind::kPct), 10);

  scenario.faults.kinds["schedule.delay"] = "harsh";
  EXPECT_GT(delays(sim::StrategyKind::kFifo), 10);
}

TEST_F(Plans, are_read_back_as_they_were_written) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Plan written = plan(seed);
    written.overrides.push_back({.purpose = sim::Purpose::kLatency,
                                 .root = sim::operation_root(3),
                                 .kind = sim::EventKind::kDeliver,
                                 .where = {},
                                 .n = 2,
                                 .value = 7});
    written.clients[0].operations[1].after = 1;
    written.strategy.seed = 5;
    written.overrides.emplace_back().is_drawn = true;
    written.overrides.emplace_back().index = 4;

    const Result<Plan> read = plan_from_json(plan_to_json(written), registry_);

    ASSERT_TRUE(read.has_value()) << read.error().detail;
    EXPECT_EQ(plan_to_json(*read), plan_to_json(written));
    EXPECT_TRUE(*read == written);
  }
}

TEST_F(Plans, a_knob_that_a_scenario_fixes_moves_no_other_draw) {
  Scenario scenario = toy::quiet_scenario();
  const Plan drawn = draw_plan(registry_, scenario, 9);
  scenario.knobs["store.reply_timeout"] = Range::fixed(milliseconds(17).ns);

  Plan fixed = draw_plan(registry_, scenario, 9);

  EXPECT_EQ(fixed.machines[0].knobs.at("reply_timeout"), milliseconds(17).ns);
  for (std::size_t i = 0; i < fixed.machines.size(); ++i) {
    fixed.machines[i].knobs = drawn.machines[i].knobs;
  }
  // A short timeout bounds how late the schedule may be.
  fixed.strategy.window = drawn.strategy.window;
  EXPECT_EQ(fixed, drawn);
}

TEST_F(Plans, say_what_is_wrong_with_them) {
  EXPECT_EQ(error_of("\"role\": \"store\"", "\"role\": \"stor\""),
            "machines[0].role: unknown role 'stor'; the nearest is 'store'");
  EXPECT_EQ(error_of("\"reply_timeout\"", "\"replytimeout\""),
            "machines[0].knobs.replytimeout: no such knob; the nearest is 'reply_timeout'");
  EXPECT_EQ(error_of("\"settle_for\"", "\"settlefor\""),
            "unknown key 'settlefor'; the nearest is 'settle_for'");
  EXPECT_EQ(error_of("\"run_for\": \"5s\"", "\"run_for\": 5"),
            "run_for: text is expected, not number");
  EXPECT_EQ(error_of("\"name\": \"store-2\"", "\"name\": \"store-1\""),
            "machines[1].name: 'store-1' is used twice");
  EXPECT_EQ(error_of("\"schema\": 1", "\"schema\": 2"), "schema: only 1 is known");
  EXPECT_EQ(error_of("\"core_min\": 2", "\"core_min\": 3"),
            "groups: group store: core_min is 3, and it has only 2 members");
  EXPECT_EQ(error_of("\"kind\": \"operation\"", "\"kind\": \"operation\",,").substr(0, 20),
            "parse error at line ");
}

TEST_F(Plans, refuse_what_no_run_could_begin_with) {
  EXPECT_EQ(error_of("\"run_for\": \"5s\"", "\"run_for\": \"0s\""),
            "run_for: a time above 0 is expected");
  EXPECT_EQ(error_of("\"settle_for\": \"5s\"", "\"settle_for\": \"-1s\""),
            "settle_for: a time above 0 is expected");
  std::string json = plan_to_json(draw_plan(registry_, toy::quiet_scenario(), 1));
  const std::string key = "\"pct_events\": ";
  const std::size_t at = json.find(key) + key.size();
  json.replace(at, json.find_first_of(",\n", at) - at, "0");
  EXPECT_EQ(plan_from_json(json, registry_).error().detail,
            "strategy.pct_events: at least 1 is expected");
  Plan edited = draw_plan(registry_, toy::quiet_scenario(), 1);
  edited.overrides.push_back({.purpose = sim::Purpose::kLatency,
                              .root = {},
                              .kind = {},
                              .where = {},
                              .n = {},
                              .value = -1});
  EXPECT_EQ(plan_from_json(plan_to_json(edited), registry_).error().detail,
            "overrides[0].value: a whole number from 0 to 1000000000000000 is expected");
}

TEST_F(Plans, name_only_machines_that_they_have) {
  Plan edited = toy::with_power_losses(draw_plan(registry_, toy::quiet_scenario(), 1));
  edited.faults.actions[1].targets = {"stor-1"};
  EXPECT_EQ(plan_from_json(plan_to_json(edited), registry_).error().detail,
            "faults: fault 2: no machine is named stor-1");

  edited.faults.actions[1].targets.clear();
  edited.faults.actions[1].anchor->machine = "stor-2";
  EXPECT_EQ(plan_from_json(plan_to_json(edited), registry_).error().detail,
            "faults: fault 2: no machine is named stor-2");
}

TEST_F(Plans, refuse_operations_that_wait_for_each_other) {
  Plan plan = draw_plan(registry_, toy::quiet_scenario(), 1);
  std::vector<PlanOperation>& first = plan.clients[0].operations;
  std::vector<PlanOperation>& second = plan.clients[1].operations;
  first[1].after = second[1].operation.id;
  // The first of the second client comes before its second one, which the first client waits for.
  second[0].after = first[1].operation.id;

  const Result<Plan> read = plan_from_json(plan_to_json(plan), registry_);

  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().detail,
            fmt::format("operation {} of writer-1 waits for operation {}, which cannot start "
                        "before it",
                        first[1].operation.id, second[1].operation.id));

  second[0].after = first[0].operation.id;
  EXPECT_TRUE(plan_from_json(plan_to_json(plan), registry_).has_value());
}

TEST_F(Plans, knobs_are_also_read_as_people_write_them) {
  std::string json = plan_to_json(plan(1));
  const std::string key = "\"reply_timeout\": ";
  const std::size_t at = json.find(key) + key.size();
  json.replace(at, json.find('\n', at) - at, "\"250ms\"");

  const Result<Plan> read = plan_from_json(json, registry_);

  ASSERT_TRUE(read.has_value()) << read.error().detail;
  EXPECT_EQ(read->machines[0].knobs.at("reply_timeout"), milliseconds(250).ns);
}

TEST_F(Plans, have_to_be_what_the_system_can_run) {
  const std::string json = plan_to_json(draw_plan(registry_, toy::quiet_scenario(), 1));
  registry_.plan_check([](const Plan& plan) -> std::optional<PlanMistake> {
    return PlanMistake{.path = "streams", .what = "none in a plan of " + plan.scenario};
  });

  EXPECT_EQ(plan_from_json(json, registry_).error().detail, "streams: none in a plan of quiet");
}

}  // namespace
}  // namespace millrace::run
