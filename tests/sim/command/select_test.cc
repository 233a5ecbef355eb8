#include "sim/command/select.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "sim/command/campaign_options.h"
#include "sim/command/cpu_count.h"
#include "sim/command/overrides.h"
#include "sim/command/seeds.h"
#include "tests/sim/command/calls.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::command {
namespace {

using Names = std::vector<std::string>;

class Selecting : public CommandTest {
 protected:
  Selecting() { toy_registry(registry_); }

  /// Names of what is selected, or the first mistake.
  Names select(const Names& names) const {
    const auto scenarios = select_scenarios(names, registry_);
    if (!scenarios.has_value()) return {"error: " + scenarios.error().front()};
    Names found;
    for (const run::Scenario& scenario : *scenarios) found.push_back(scenario.name);
    return found;
  }

  run::Scenario quiet() const { return select_scenarios({"quiet"}, registry_)->front(); }

  run::Registry registry_;
};

TEST_F(Selecting, without_a_name_means_the_default_tag) {
  EXPECT_EQ(select({}), Names{"quiet"});
  EXPECT_EQ(select({"@default"}), Names{"quiet"});
}

TEST_F(Selecting, takes_tags_patterns_names_and_paths_each_scenario_once) {
  write("mine.toml", "story = \"Mine.\"\nrun_for = \"1s\"\n[workloads.writer]\n");

  EXPECT_EQ(select({"@ci"}), (Names{"quiet", "idle"}));
  EXPECT_EQ(select({"*i*"}), (Names{"quiet", "crashing", "idle", "wide"}));
  EXPECT_EQ(select({"[lq]*"}), (Names{"quiet", "lossy"}));
  EXPECT_EQ(select({"wide", "quiet", "@ci", "wide"}), (Names{"wide", "quiet", "idle"}));
  EXPECT_EQ(select({"./mine.toml"}), Names{"mine"});
  EXPECT_EQ(select({"mine.toml"}), Names{"mine"});
}

TEST_F(Selecting, says_what_is_nearest) {
  EXPECT_NE(select({"quite"})[0].find("the nearest is 'quiet'"), std::string::npos);
  EXPECT_NE(select({"@defualt"})[0].find("the nearest is '@default'"), std::string::npos);
  EXPECT_NE(select({"x*"})[0].find("no scenario matches"), std::string::npos);
  EXPECT_NE(select({"./none.toml"})[0].find("there is no such file"), std::string::npos);
}

TEST_F(Selecting, changes_a_scenario_by_set) {
  run::Scenario scenario = quiet();

  const auto changed =
      override_scenario({.sets = {"store.reply_timeout=200ms", "cluster.store=1..2", "run_for=1s",
                                  "workloads.writer.operations=3", "workloads.writer.clients=1"}},
                        registry_, scenario);

  ASSERT_TRUE(changed.has_value()) << changed.error().front();
  EXPECT_EQ(scenario.knobs.at("store.reply_timeout"), run::Range::fixed(200'000'000));
  EXPECT_EQ(scenario.cluster.at("store"), run::Range::between(1, 2));
  EXPECT_EQ(scenario.run_for, seconds(1));
  EXPECT_EQ(scenario.workloads[0].knobs.at("operations"), run::Range::fixed(3));
}

TEST_F(Selecting, reports_every_wrong_override_with_the_nearest_name) {
  run::Scenario scenario = quiet();

  const auto changed = override_scenario(
      {.sets = {"store.repl_timeout=1s", "store.reply_timeout", "store.reply_timeout=soon"},
       .faults = "disk.torn_wite",
       .strategy = "randm"},
      registry_, scenario);

  ASSERT_FALSE(changed.has_value());
  ASSERT_EQ(changed.error().size(), 5U);
  EXPECT_NE(changed.error()[0].find("'store.reply_timeout'"), std::string::npos);
  EXPECT_NE(changed.error()[1].find("K=V"), std::string::npos);
  EXPECT_NE(changed.error()[3].find("'disk.torn_write'"), std::string::npos);
  EXPECT_NE(changed.error()[4].find("'random'"), std::string::npos);
}

TEST_F(Selecting, refuses_values_outside_their_range) {
  run::Scenario scenario = quiet();

  EXPECT_FALSE(
      override_scenario({.sets = {"store.reply_timeout=1h"}}, registry_, scenario).has_value());
  scenario = quiet();
  EXPECT_FALSE(override_scenario({.sets = {"cluster.store=-1"}}, registry_, scenario).has_value());
}

TEST_F(Selecting, replaces_the_faults_by_those_of_the_flag) {
  run::Scenario scenario = select_scenarios({"lossy"}, registry_)->front();
  ASSERT_TRUE(override_scenario({.faults = "none"}, registry_, scenario).has_value());
  EXPECT_EQ(scenario.faults.profile, "none");
  EXPECT_TRUE(scenario.faults.kinds.empty());

  ASSERT_TRUE(override_scenario({.faults = "mild"}, registry_, scenario).has_value());
  EXPECT_EQ(scenario.faults.profile, "mild");

  ASSERT_TRUE(
      override_scenario({.faults = "machine.kill,net.loss"}, registry_, scenario).has_value());
  EXPECT_EQ(scenario.faults.profile, "none");
  EXPECT_EQ(scenario.faults.kinds.size(), 2U);
}

TEST_F(Selecting, forces_a_strategy_or_leaves_it_to_the_seed) {
  run::Scenario scenario = quiet();
  ASSERT_TRUE(override_scenario({.strategy = "pct"}, registry_, scenario).has_value());
  EXPECT_EQ(scenario.strategy, sim::StrategyKind::kPct);
  ASSERT_TRUE(override_scenario({.strategy = "portfolio"}, registry_, scenario).has_value());
  EXPECT_EQ(scenario.strategy, std::nullopt);
}

TEST_F(Selecting, changes_the_knobs_of_a_saved_plan) {
  run::Plan plan = run::draw_plan(registry_, quiet(), 1);

  ASSERT_TRUE(override_plan({.sets = {"store.reply_timeout=250ms"}}, registry_, plan).has_value());

  for (const run::PlanMachine& machine : plan.machines) {
    EXPECT_EQ(machine.knobs.at("reply_timeout"), 250'000'000);
  }
  EXPECT_FALSE(override_plan({.sets = {"store.reply_timeout=1h"}}, registry_, plan).has_value());
  EXPECT_FALSE(override_plan({.sets = {"store.repl=1s"}}, registry_, plan).has_value());
  EXPECT_FALSE(override_plan({.faults = "mild"}, registry_, plan).has_value());
}

class CampaignInputs : public Selecting {
 protected:
  static Options options() {
    Options options;
    options.verb = "campaign";
    return options;
  }
};

TEST_F(CampaignInputs, are_200_seeds_from_1_on_every_cpu_by_default) {
  const auto input = read_campaign_input(options(), {}, registry_);

  ASSERT_TRUE(input.has_value());
  EXPECT_EQ(input->options.seed_first, 1U);
  EXPECT_EQ(input->options.seeds, 200U);
  EXPECT_EQ(input->options.jobs, cpu_count());
  EXPECT_EQ(input->scenarios.size(), 1U);
}

TEST_F(CampaignInputs, prefer_the_flag_to_the_settings) {
  const Settings settings{.jobs = "3", .seeds = "50"};
  Options given = options();
  const auto from_settings = read_campaign_input(given, settings, registry_);
  given.jobs = "2";
  given.seeds = "7..9";
  const auto from_flags = read_campaign_input(given, settings, registry_);

  EXPECT_EQ(from_settings->options.jobs, 3U);
  EXPECT_EQ(from_settings->options.seeds, 50U);
  EXPECT_EQ(from_flags->options.jobs, 2U);
  EXPECT_EQ(from_flags->options.seed_first, 7U);
  EXPECT_EQ(from_flags->options.seeds, 3U);
}

TEST_F(CampaignInputs, with_a_time_alone_have_no_bound_of_seeds) {
  Options given = options();
  given.wall_time = "10m";
  const auto by_time = read_campaign_input(given, {}, registry_);
  given.seeds = "5";
  const auto by_both = read_campaign_input(given, {}, registry_);

  ASSERT_TRUE(by_time.has_value());
  EXPECT_EQ(by_time->options.seeds, kSeedMax);
  EXPECT_EQ(by_time->options.wall_time, std::chrono::minutes(10));
  EXPECT_EQ(by_both->options.seeds, 5U);
}

TEST_F(CampaignInputs, begin_where_from_says) {
  Options given = options();
  given.from = "1700001";
  const auto input = read_campaign_input(given, {}, registry_);
  ASSERT_TRUE(input.has_value());
  EXPECT_EQ(input->options.seed_first, 1'700'001U);
  EXPECT_EQ(input->options.seeds, 200U);

  given.seeds = "1..5";
  EXPECT_FALSE(read_campaign_input(given, {}, registry_).has_value());
  given.seeds = "10";
  given.from = "9007199254740990";
  EXPECT_FALSE(read_campaign_input(given, {}, registry_).has_value());
}

TEST_F(CampaignInputs, report_every_mistake_at_once) {
  Options given = options();
  given.seeds = "none";
  given.jobs = "0";
  given.shard = "0/4";
  given.wall_time = "soon";
  given.max_failures = "-1";
  given.names = {"quite"};

  const auto input = read_campaign_input(given, {}, registry_);

  ASSERT_FALSE(input.has_value());
  EXPECT_EQ(input.error().size(), 6U);
}

}  // namespace
}  // namespace millrace::command
