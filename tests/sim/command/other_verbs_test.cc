// list, explain, plan, check, new, completion, verify-determinism.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>

#include "sim/command/explain.h"
#include "sim/command/skeleton.h"
#include "sim/kernel/meters.h"
#include "tests/folders.h"
#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

/// Text without its line breaks, which may fall anywhere.
std::string unwrapped(std::string text) {
  for (std::size_t at = text.find("\n  "); at != std::string::npos; at = text.find("\n  ", at)) {
    text.replace(at, 3, " ");
  }
  return text;
}

using ListVerb = CommandTest;

TEST_F(ListVerb, has_every_kind_as_text_and_json) {
  const Call text = call({"list"});
  const json object = json::parse(call({"list", "--json"}).out);

  EXPECT_EQ(text.status, 0);
  for (const char* const kind :
       {"scenarios", "properties", "faults", "workloads", "knobs", "marks"}) {
    EXPECT_NE(text.out.find(std::string(kind) + "\n"), std::string::npos) << kind;
    EXPECT_FALSE(object[kind].empty()) << kind;
  }
  EXPECT_EQ(object["scenarios"][0]["name"], "quiet");
  EXPECT_EQ(object["marks"][0]["name"], "store.put");
}

TEST_F(ListVerb, prints_one_kind_and_names_alone_when_quiet) {
  EXPECT_TRUE(call({"list", "marks"}).out.starts_with("store.put\nstore.listed\n"));
  EXPECT_EQ(call({"list", "scenarios", "-q"}).out, "quiet\nlossy\nchecked\ncrashing\nidle\nwide\n");
}

TEST_F(ListVerb, shows_one_in_full) {
  const Call scenario = call({"list", "--show", "quiet"});
  const Call property = call({"list", "properties", "--show", "TOY-1"});

  EXPECT_NE(scenario.out.find("run_for = \"5s\""), std::string::npos);
  EXPECT_NE(property.out.find("Every stored number is found."), std::string::npos);
  EXPECT_EQ(call({"list", "--show", "quite"}).status, 2);
}

TEST_F(ListVerb, names_the_nearest_kind) {
  const Call seen = call({"list", "scenaros"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("'scenarios'"), std::string::npos);
}

using ExplainVerb = CommandTest;

TEST_F(ExplainVerb, knows_everything_that_has_a_name) {
  run::Registry registry;
  toy_registry(registry);
  for (const std::string& name : explained_names(registry)) {
    const auto text = explain(name, registry, "millrace", 80);
    ASSERT_TRUE(text.has_value()) << name;
    EXPECT_NE(unwrapped(*text).find("How to "), std::string::npos) << *text;
  }
}

TEST_F(ExplainVerb, knows_what_only_a_campaign_judges) {
  for (const char* const name : {"DET-1", "did_enough", "canary", "reply_lost"}) {
    const Call seen = call({"explain", name});

    EXPECT_EQ(seen.status, 0) << seen.err;
    EXPECT_NE(seen.out.find(name), std::string::npos) << seen.out;
  }
  for (std::size_t i = 0; i < sim::kSituationCount; ++i) {
    const std::string name(sim::to_text(static_cast<sim::Situation>(i)));
    EXPECT_EQ(call({"explain", name}).status, 0) << name;
  }
}

TEST_F(ExplainVerb, leaves_a_long_program_name_whole) {
  run::Registry registry;
  toy_registry(registry);
  const std::string program = "/" + std::string(100, 'p') + "/toy";

  EXPECT_NE(explain("disk.full", registry, program, 80)->find(program), std::string::npos);
}

TEST_F(ExplainVerb, prints_commands_of_the_program_that_was_called) {
  run::Registry registry;
  toy_registry(registry);
  const std::string scenario = registry.scenario_sources().front().name;

  EXPECT_NE(unwrapped(*explain(scenario, registry, "./toy", 100)).find("`./toy run " + scenario),
            std::string::npos);
  EXPECT_NE(unwrapped(*explain("disk.full", registry, "./toy", 100)).find("`./toy run SCENARIO"),
            std::string::npos);
}

TEST_F(ExplainVerb, says_how_to_reach_it) {
  const auto text = [&](const char* name) { return unwrapped(call({"explain", name}).out); };

  EXPECT_NE(text("TOY-1").find("of the class lost"), std::string::npos);
  EXPECT_EQ(text("stored_is_found"), text("TOY-1"));
  EXPECT_NE(text("machine.power_loss").find("--faults machine.power_loss"), std::string::npos);
  EXPECT_NE(text("machine.power_loss").find("lossy"), std::string::npos);
  EXPECT_NE(text("store.reply_timeout").find("--set store.reply_timeout="), std::string::npos);
  EXPECT_EQ(text("reply_timeout"), text("store.reply_timeout"));
  EXPECT_NE(text("quiet").find("@default"), std::string::npos);
  EXPECT_NE(text("store.put").find("a mark"), std::string::npos);
}

TEST_F(ExplainVerb, names_the_nearest) {
  const Call seen = call({"explain", "TOY-2"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("'TOY-1'"), std::string::npos) << seen.err;
  EXPECT_EQ(call({"explain"}).status, 2);
}

using PlanVerb = CommandTest;

TEST_F(PlanVerb, prints_everything_that_a_seed_expands_to) {
  const Call seen = call({"plan", "quiet", "--seed", "7"});

  const json plan = json::parse(seen.out);
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(plan["seed"], 7);
  for (const char* const part : {"machines", "groups", "clients", "faults", "strategy"}) {
    EXPECT_TRUE(plan.contains(part)) << part;
  }
  EXPECT_EQ(call({"plan", "quiet", "--seed", "7"}).out, seen.out);
}

TEST_F(PlanVerb, prints_knobs_with_their_units_and_run_reads_them) {
  const std::string knob = "store.reply_timeout=30ms";
  const Call seen = call({"plan", "quiet", "--seed", "7", "--set", knob});

  EXPECT_EQ(json::parse(seen.out)["machines"][0]["knobs"]["reply_timeout"], "30ms");
  write("p.json", seen.out);
  const json read = json::parse(call({"run", "--plan", "p.json", "--json"}).out);
  const json drawn =
      json::parse(call({"run", "quiet", "--seed", "7", "--set", knob, "--json"}).out);
  EXPECT_EQ(read["plan"], drawn["plan"]);
  EXPECT_EQ(read["fingerprint"], drawn["fingerprint"]);
}

TEST_F(PlanVerb, prints_a_plan_again_from_its_file) {
  const Call first = call({"plan", "quiet"});
  write("p.json", first.out);

  EXPECT_EQ(call({"plan", "p.json"}).out, first.out);
  EXPECT_EQ(call({"plan", "none.json"}).status, 2);
  EXPECT_EQ(call({"plan"}).status, 2);
}

using CheckVerb = CommandTest;

TEST_F(CheckVerb, reports_every_mistake_of_every_file) {
  write("good.toml", "extends = \"quiet\"\n");
  write("bad.toml", "story = 1\nrunfor = \"5s\"\n[workloads.writter]\n");
  write("none/at/all.txt", "");

  const Call good = call({"check", "good.toml"});
  const Call both = call({"check", "good.toml", "bad.toml"});
  const json object = json::parse(call({"check", "good.toml", "bad.toml", "--json"}).out);

  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_EQ(both.status, 2);
  EXPECT_NE(both.err.find("bad.toml:1:"), std::string::npos) << both.err;
  EXPECT_NE(both.err.find("the nearest is 'run_for'"), std::string::npos) << both.err;
  EXPECT_NE(both.err.find("the nearest is 'writer'"), std::string::npos) << both.err;
  EXPECT_TRUE(object["files"][0]["mistakes"].empty());
  EXPECT_GE(object["files"][1]["mistakes"].size(), 3U);
  EXPECT_EQ(call({"check"}).status, 2);
  EXPECT_EQ(call({"check", "missing.toml"}).status, 2);
}

TEST_F(CheckVerb, prints_the_schema_of_scenario_files) {
  const Call seen = call({"check", "--schema"});

  const json schema = json::parse(seen.out);
  EXPECT_EQ(seen.status, 0);
  const json& keys = schema["properties"];
  EXPECT_TRUE(keys["cluster"]["properties"].contains("store"));
  EXPECT_TRUE(keys["knobs"]["properties"]["store"]["properties"].contains("reply_timeout"));
  EXPECT_TRUE(keys["workloads"]["properties"]["writer"]["properties"].contains("operations"));
  EXPECT_TRUE(keys["faults"]["properties"]["disk"]["properties"].contains("torn_write"));
  EXPECT_TRUE(keys["floors"]["properties"]["must_reach"]["properties"].contains("store.put"));
  EXPECT_EQ(schema["anyOf"][0]["required"], (json{"story", "run_for", "workloads"}));
  EXPECT_EQ(schema["anyOf"][1]["required"], json::array({"extends"}));
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(keys["tags"]["items"]["type"], "string");
}

using NewVerb = CommandTest;

TEST_F(NewVerb, writes_a_scenario_that_is_right) {
  const Call seen = call({"new", "scenario", "mine"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(files(), std::vector<std::string>{"mine.toml"});
  EXPECT_EQ(call({"check", "mine.toml"}).status, 0) << call({"check", "mine.toml"}).err;
  EXPECT_EQ(call({"new", "scenario", "mine"}).status, 2);
}

TEST_F(NewVerb, puts_a_scenario_where_the_others_are) {
  write("scenarios/other.toml", "extends = \"quiet\"\n");

  EXPECT_EQ(call({"new", "scenario", "mine"}).status, 0);

  EXPECT_TRUE(exists("scenarios/mine.toml"));
}

TEST_F(NewVerb, writes_where_it_is_asked_to) {
  EXPECT_EQ(call({"new", "scenario", "mine", "--out", "there"}).status, 0);
  EXPECT_EQ(call({"new", "project", "counters", "--out", "there"}).status, 0);

  EXPECT_TRUE(exists("there/mine.toml"));
  EXPECT_TRUE(exists("there/counters/world.cc"));
}

TEST_F(NewVerb, writes_a_project) {
  const Call seen = call({"new", "project", "counters"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  for (const char* const file : {"CMakeLists.txt", "main.cc", "world.cc", "world.h", "README.md",
                                 "scenarios/first.toml", "tests/world_test.cc", "millrace.toml"}) {
    EXPECT_EQ(read(std::string("counters/") + file).find("@NAME@"), std::string::npos) << file;
  }
  EXPECT_NE(read("counters/CMakeLists.txt").find("project(counters"), std::string::npos);
  EXPECT_EQ(call({"new", "project", "counters"}).status, 2);
}

TEST_F(NewVerb, refuses_what_is_no_name) {
  EXPECT_EQ(call({"new"}).status, 2);
  EXPECT_EQ(call({"new", "project"}).status, 2);
  EXPECT_EQ(call({"new", "projct", "mine"}).status, 2);
  EXPECT_EQ(call({"new", "project", "../mine"}).status, 2);
  EXPECT_EQ(call({"new", "project", "My-Project"}).status, 2);
  EXPECT_EQ(call({"new", "scenario", "1st"}).status, 2);
  EXPECT_TRUE(files().empty());
}

using CompletionVerb = CommandTest;

TEST_F(CompletionVerb, knows_three_shells) {
  for (const char* const shell : {"bash", "zsh", "fish"}) {
    const Call seen = call({"completion", shell});
    EXPECT_EQ(seen.status, 0);
    EXPECT_NE(seen.out.find("verify-determinism"), std::string::npos) << shell;
    EXPECT_NE(seen.out.find("max-failures"), std::string::npos) << shell;
    EXPECT_EQ(seen.out.find("@PROGRAM@"), std::string::npos) << shell;
    EXPECT_EQ(seen.out.find("@CASES@"), std::string::npos) << shell;
  }
  EXPECT_EQ(call({"completion", "tcsh"}).status, 2);
  EXPECT_EQ(call({"completion"}).status, 2);
}

TEST_F(CompletionVerb, is_a_script_that_bash_reads) {
  write("completion.bash", call({"completion", "bash"}).out);

  EXPECT_EQ(std::system("bash -n completion.bash"), 0);
}

using VerifyVerb = CommandTest;

/// The toy world as a program.
std::string toy() { return build_folder() + "/toy"; }

TEST_F(VerifyVerb, agrees_on_a_deterministic_program) {
  const Call seen = call({"verify-determinism", "quiet", "--seeds", "3"});
  const json object =
      json::parse(call({"verify-determinism", "quiet", "--seeds", "2", "--json"}).out);

  EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
  EXPECT_EQ(object["seeds"], 2);
  EXPECT_EQ(object["agree"], true);
  EXPECT_TRUE(object["differences"].empty());
}

TEST_F(VerifyVerb, names_the_first_difference_of_a_program_that_orders_by_addresses) {
  const std::vector<std::string> words{"verify-determinism",     "quiet", "--seeds", "2", "--set",
                                       "store.bug=address_order"};
  std::vector<std::string> as_json = words;
  as_json.emplace_back("--json");

  const Call seen = call(words);
  const json object = json::parse(call(as_json).out);

  EXPECT_EQ(seen.status, 3) << seen.out;
  EXPECT_NE(seen.out.find("machine store-"), std::string::npos) << seen.out;
  EXPECT_EQ(object["agree"], false);
  ASSERT_FALSE(object["differences"].empty());
  const json& difference = object["differences"][0]["first_difference"];
  EXPECT_GT(difference["event"], 0);
  EXPECT_NE(difference["task"], "");
}

TEST_F(VerifyVerb, refuses_wrong_input) {
  EXPECT_EQ(call({"verify-determinism"}).status, 2);
  EXPECT_EQ(call({"verify-determinism", "quite"}).status, 2);
  EXPECT_EQ(call({"verify-determinism", "quiet", "--seeds", "0"}).status, 2);
}

TEST_F(VerifyVerb, says_when_the_other_build_cannot_be_asked) {
  const Call seen = call({"verify-determinism", "quiet", "--seeds", "1", "--against", "/bin/true"});

  EXPECT_EQ(seen.status, 3);
  EXPECT_NE(seen.out.find("no record"), std::string::npos) << seen.out;
}

TEST_F(VerifyVerb, agrees_with_another_program_of_the_same_world) {
  const Call seen = call({"verify-determinism", "quiet", "--seeds", "2", "--against", toy()});

  EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
}

// Two of them may run at once, for two users, and what a failing run writes is nobody's.
TEST_F(VerifyVerb, leaves_nothing_of_another_build_behind) {
  std::filesystem::create_directory("temporary");
  setenv("TMPDIR", (std::filesystem::current_path() / "temporary").c_str(), 1);

  const Call seen = call({"verify-determinism", "lossy", "--seeds",
                          std::to_string(failing_seed()) + ".." + std::to_string(failing_seed()),
                          "--against", toy()});

  unsetenv("TMPDIR");
  EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
  EXPECT_TRUE(std::filesystem::is_empty("temporary"));
}

TEST_F(VerifyVerb, names_the_first_event_at_which_another_build_differs) {
  // Another build, whose stores acknowledge before they sync.
  write("other.sh", "#!/bin/sh\nexec " + toy() + " \"$@\" --set store.bug=no_sync\n");
  std::filesystem::permissions("other.sh", std::filesystem::perms::owner_all);

  const Call seen =
      call({"verify-determinism", "quiet", "--seeds", "1", "--against", "./other.sh", "--json"});

  EXPECT_EQ(seen.status, 3) << seen.err;
  const json difference = json::parse(seen.out)["differences"][0];
  EXPECT_EQ(difference["tool_error"], nullptr);
  const json& first = difference["first_difference"];
  EXPECT_GT(first["event"], 0);
  EXPECT_NE(first["machine"], "");
  EXPECT_NE(first["task"], "");
  EXPECT_NE(first["first"], first["second"]);
}

TEST_F(VerifyVerb, finds_in_a_program_what_two_plain_runs_of_it_do_not_show) {
  const std::string bug = " --set store.bug=address_order";
  const auto run_toy = [&](const std::string& words, const std::string& file) {
    const int state = std::system((toy() + " " + words + bug + " > " + file).c_str());
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
  };

  ASSERT_EQ(run_toy("run quiet --seed 1 --json", "first.json"), 0);
  ASSERT_EQ(run_toy("run quiet --seed 1 --json", "second.json"), 0);
  EXPECT_EQ(json::parse(read("first.json"))["fingerprint"],
            json::parse(read("second.json"))["fingerprint"]);

  EXPECT_EQ(run_toy("verify-determinism quiet --seeds 1", "verified.txt"), 3);
  const std::string verified = read("verified.txt");
  EXPECT_NE(verified.find("first at event "), std::string::npos) << verified;
  EXPECT_NE(verified.find("machine store-"), std::string::npos) << verified;
  EXPECT_NE(verified.find("task connection"), std::string::npos) << verified;
}

}  // namespace
}  // namespace millrace::command
