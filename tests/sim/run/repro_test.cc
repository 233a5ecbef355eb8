#include "sim/run/repro.h"

#include <gtest/gtest.h>

#include "sim/run/run.h"
#include "sim/run/trail.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

class Repros : public testing::Test {
 protected:
  Repros() : scenario_(toy::quiet_scenario()) {
    toy::register_toy(registry_);
    scenario_.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(toy::Bug::kNoSync));
    for (std::uint64_t seed = 1; repro_.signature.empty(); ++seed) {
      const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario_, seed));
      const RunRecord record = run_plan(registry_, scenario_, plan, {});
      if (record.is_red()) repro_ = make_repro(scenario_, plan, record);
    }
  }

  Replay replay(const Plan& plan) {
    return judge_replay(repro_, run_plan(registry_, scenario_, plan, {}), 80);
  }

  Registry registry_;
  Scenario scenario_;
  Repro repro_;
};

TEST_F(Repros, are_read_back_as_they_were_written) {
  const Result<Repro> read = repro_from_json(repro_to_json(repro_), registry_);

  ASSERT_TRUE(read.has_value()) << read.error().detail;
  EXPECT_EQ(*read, repro_);
}

TEST_F(Repros, reproduce) {
  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kReproduced);
  EXPECT_TRUE(replayed.is_same_execution);
  EXPECT_FALSE(replayed.is_edited);
}

TEST_F(Repros, survive_an_edit_of_other_code) {
  Registry edited;
  toy::register_edited_toy(edited);
  std::uint32_t made = 0;
  std::uint32_t reproduced = 0;
  std::uint32_t told = 0;
  for (std::uint64_t seed = 1; made < 10; ++seed) {
    const Plan plan = toy::with_power_losses(draw_plan(registry_, scenario_, seed));
    const RunRecord record = run_plan(registry_, scenario_, plan, {.is_traced = true});
    if (!record.is_red()) continue;
    ++made;
    const Repro repro = make_repro(scenario_, plan, record);
    const RunRecord later = run_plan(edited, scenario_, plan, {.is_traced = true});
    const Replay replayed = judge_replay(repro, later, 80);
    const std::optional<Parting> parting = where_parted(repro.trail, later.trail);

    EXPECT_FALSE(replayed.is_same_execution);
    EXPECT_GE(replayed.matched_percent, 95U);
    ASSERT_TRUE(parting.has_value());
    if (parting->kind == PartingKind::kNew) ++told;
    if (replayed.verdict == ReplayVerdict::kReproduced) ++reproduced;
  }
  // What a power loss takes is drawn for its own event, whatever else the store was asked.
  EXPECT_GE(reproduced, 9U);
  // Where the old run's next events move, too, it is no more than a difference.
  EXPECT_GE(told, 8U);
}

TEST_F(Repros, are_gone_when_the_bug_is_fixed) {
  for (PlanMachine& machine : repro_.plan.machines) machine.knobs["bug"] = 0;

  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kGone);
  EXPECT_EQ(replayed.matched_percent, 100U);
  EXPECT_TRUE(replayed.is_edited);
}

TEST_F(Repros, give_another_failure_its_own_name) {
  for (PlanMachine& machine : repro_.plan.machines) {
    machine.knobs["bug"] = static_cast<std::int64_t>(toy::Bug::kThrow);
  }

  EXPECT_EQ(replay(repro_.plan).verdict, ReplayVerdict::kOther);
}

/// Adds anchored faults with ids from 100, whose mark nobody passes.
void add_faults_without_moment(Plan& plan, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    sim::FaultAction action = plan.faults.actions[0];
    action.id = 100 + i;
    action.anchor->name = "store.renamed";
    plan.faults.actions.push_back(action);
  }
}

TEST_F(Repros, are_stale_when_too_little_of_the_plan_is_met) {
  for (PlanMachine& machine : repro_.plan.machines) machine.knobs["bug"] = 0;
  // They were met when the repro was written: 42 operations, 2 faults and these.
  add_faults_without_moment(repro_.plan, 20);
  repro_.met->faults = IdRanges::parse("1-2,100-119").value();

  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kStale);
  EXPECT_EQ(replayed.matched_percent, 44U * 100 / 64);
}

TEST_F(Repros, count_nothing_that_was_not_met_when_they_were_written) {
  for (PlanMachine& machine : repro_.plan.machines) machine.knobs["bug"] = 0;
  add_faults_without_moment(repro_.plan, 20);

  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kGone);
  EXPECT_EQ(replayed.matched_percent, 100U);
}

TEST_F(Repros, of_version_1_count_the_whole_plan) {
  for (PlanMachine& machine : repro_.plan.machines) machine.knobs["bug"] = 0;
  add_faults_without_moment(repro_.plan, 20);
  repro_.met.reset();

  EXPECT_EQ(replay(repro_.plan).matched_percent, 44U * 100 / 64);
}

TEST_F(Repros, whose_operations_are_not_taken_any_more_are_stale) {
  RunRecord record = run_plan(registry_, scenario_, repro_.plan, {});
  record.violation.reset();
  record.verdict = Verdict::kPass;
  record.taken_operations = "1-10";

  const Replay replayed = judge_replay(repro_, record, 80);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kStale);
  EXPECT_EQ(replayed.matched_percent, 12U * 100 / 44);
}

TEST_F(Repros, that_are_mended_are_gone_though_an_override_has_nothing_to_decide) {
  for (PlanMachine& machine : repro_.plan.machines) machine.knobs["bug"] = 0;
  sim::Override rule;
  rule.purpose = sim::Purpose::kLatency;
  rule.n = 1'000'000'000;
  repro_.plan.overrides.push_back(rule);

  const Replay replayed = replay(repro_.plan);

  EXPECT_EQ(replayed.record.override_matches, std::vector<std::uint64_t>{0});
  EXPECT_EQ(replayed.verdict, ReplayVerdict::kGone);
  EXPECT_EQ(replayed.matched_percent, 100U);
}

TEST_F(Repros, tell_honestly_how_much_matched_where_they_reproduce) {
  RunRecord record = run_plan(registry_, scenario_, repro_.plan, {});
  record.taken_operations = "1-20,22-42";

  const Replay replayed = judge_replay(repro_, record, 80);

  EXPECT_EQ(replayed.verdict, ReplayVerdict::kReproduced);
  EXPECT_EQ(replayed.matched_percent, 43U * 100 / 44);
}

TEST_F(Repros, of_a_process_that_died_expect_no_moment_and_match_an_unknown_share) {
  RunRecord dead;
  dead.plan = plan_hash(repro_.plan);
  dead.verdict = Verdict::kCrash;
  dead.breakdown = Breakdown{};
  dead.breakdown->signature = "crash/SIGSEGV/store/connection";

  EXPECT_EQ(make_repro(scenario_, repro_.plan, dead).met, std::nullopt);
  EXPECT_EQ(judge_replay(repro_, dead, 80).matched_percent, std::nullopt);
  EXPECT_EQ(judge_replay(repro_, dead, 80).verdict, ReplayVerdict::kOther);
}

/// The JSON of a repro with one text in the place of another.
std::string with_text(const Repro& repro, std::string_view from, std::string_view to) {
  std::string json = repro_to_json(repro);
  const std::size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

TEST_F(Repros, with_names_that_the_program_lost_are_told_from_damaged_ones) {
  struct Lost {
    std::string from;
    std::string to;
    std::string said;
  };
  for (const auto& [from, to, said] : {
           Lost{"\"role\": \"store\"", "\"role\": \"stor\"",
                "plan: machines[0].role: unknown role 'stor'; the nearest is 'store'"},
           Lost{"\"workload\": \"writer\"", "\"workload\": \"scribe\"",
                "plan: clients[0].workload: unknown workload 'scribe'"},
           Lost{"\"reply_timeout\"", "\"answer_timeout\"",
                "plan: machines[0].knobs.answer_timeout: no such knob; the nearest is "
                "'reply_timeout'"},
           Lost{"\"kind\": \"operation\"", "\"kind\": \"store\"",
                "plan: clients[0].operations[0].kind: unknown operation of writer 'store'"},
           Lost{"\"kind\": \"machine.power_loss\"", "\"kind\": \"machine.melt\"",
                "plan: faults.actions[0].kind: unknown fault 'machine.melt'; the nearest is "
                "'machine.kill'"},
       }) {
    const std::string json = with_text(repro_, from, to);
    const Result<Repro> read = repro_from_json(json, registry_);

    ASSERT_FALSE(read.has_value()) << to;
    EXPECT_EQ(read.error().code, Errc::kNotFound) << to;
    EXPECT_EQ(read.error().detail, said);
    EXPECT_EQ(repro_about_from_json(json)->signature, repro_.signature);
    EXPECT_EQ(repro_about_from_json(json)->seed, repro_.plan.seed);
  }
  // What is wrong in any program outweighs what this one does not know.
  std::string both = with_text(repro_, "\"role\": \"store\"", "\"role\": \"stor\"");
  both.replace(both.find("\"disk\": \""), 9, "\"disk\": \"x");
  EXPECT_EQ(repro_from_json(both, registry_).error().code, Errc::kInvalid);
}

TEST_F(Repros, of_version_1_are_read) {
  std::string json = repro_to_json(repro_);
  const std::size_t at = json.rfind("\"schema\": 2");
  json.replace(at, 11, "\"schema\": 1");
  const std::size_t met = json.find(" \"met\": {");
  json.erase(met, json.find("},\n", met) + 3 - met);

  const Result<Repro> read = repro_from_json(json, registry_);

  ASSERT_TRUE(read.has_value()) << read.error().detail;
  repro_.met.reset();
  repro_.trail.clear();
  EXPECT_EQ(*read, repro_);
}

TEST_F(Repros, of_another_version_are_named) {
  std::string json = repro_to_json(repro_);
  const std::size_t at = json.rfind("\"schema\": 2");
  json.replace(at, 11, "\"schema\": 9");

  const Result<Repro> read = repro_from_json(json, registry_);

  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().detail, "schema: version 9 of repro files is not known, only 1 and 2");
}

}  // namespace
}  // namespace millrace::run
