#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

using RunVerb = CommandTest;

TEST_F(RunVerb, passes_and_writes_nothing) {
  const Call seen = call({"run", "quiet"});

  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.err, "");
  EXPECT_NE(seen.out.find("quiet"), std::string::npos);
  EXPECT_NE(seen.out.find("seed 1"), std::string::npos) << seen.out;
  EXPECT_TRUE(files().empty());
}

TEST_F(RunVerb, prints_one_object_with_the_documented_fields) {
  const Call seen = call({"run", "quiet", "--seed", "0x2", "--json"});

  const json object = json::parse(seen.out);
  for (const char* const field :
       {"schema", "scenario", "seed", "strategy", "verdict", "fingerprint", "plan", "events",
        "virtual_ns", "wall_ns", "acked_operations", "properties", "faults", "marks", "violation",
        "limit", "repro", "command", "build"}) {
    EXPECT_TRUE(object.contains(field)) << field;
  }
  EXPECT_EQ(object["schema"], 1);
  EXPECT_EQ(object["seed"], 2);
  EXPECT_EQ(object["verdict"], "pass");
  EXPECT_EQ(object["fingerprint"].get<std::string>().size(), 16U);
  EXPECT_EQ(object["plan"].get<std::string>().size(), 16U);
  EXPECT_TRUE(object["violation"].is_null());
  EXPECT_TRUE(object["repro"].is_null());
  EXPECT_EQ(object["command"], "millrace run quiet --seed 2");
  for (const char* const field :
       {"version", "commit", "dirty", "compiler", "preset", "sanitizer"}) {
    EXPECT_TRUE(object["build"].contains(field)) << field;
  }
  ASSERT_FALSE(object["properties"].empty());
  for (const char* const field : {"id", "kind", "verdict", "evaluated"}) {
    EXPECT_TRUE(object["properties"][0].contains(field)) << field;
  }
}

TEST_F(RunVerb, is_the_same_history_each_time) {
  const json first = json::parse(call({"run", "wide", "--seed", "9", "--json"}).out);
  const json again = json::parse(call({"run", "wide", "--seed", "9", "--json"}).out);
  const json other = json::parse(call({"run", "wide", "--seed", "10", "--json"}).out);
  const json by_replay = json::parse(call({"replay", "wide", "--seed", "9", "--json"}).out);

  EXPECT_EQ(first["fingerprint"], again["fingerprint"]);
  EXPECT_EQ(first["plan"], again["plan"]);
  EXPECT_NE(first["fingerprint"], other["fingerprint"]);
  EXPECT_EQ(first["fingerprint"], by_replay["fingerprint"]);
}

TEST_F(RunVerb, does_not_listen_to_the_environment) {
  const json before = json::parse(call({"run", "quiet", "--json"}).out);
  write("millrace.toml", "jobs = 1\nseeds = 3\n");
  setenv("MILLRACE_JOBS", "7", 1);
  setenv("TZ", "Asia/Tokyo", 1);

  const json after = json::parse(call({"run", "quiet", "--json"}).out);

  unsetenv("TZ");
  EXPECT_EQ(before["fingerprint"], after["fingerprint"]);
}

TEST_F(RunVerb, that_fails_says_why_and_leaves_a_repro) {
  const std::uint64_t seed = failing_seed();
  const Call seen = call({"run", "lossy", "--seed", std::to_string(seed), "--out", "o"});

  EXPECT_EQ(seen.status, 1);
  EXPECT_NE(seen.out.find("TOY-1"), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("Every stored number is found."), std::string::npos) << seen.out;
  ASSERT_TRUE(exists("o/failures"));
  std::string repro;
  std::string screen;
  for (const std::string& file : files()) {
    if (file.ends_with(".repro.json")) repro = file;
    if (file.starts_with("o/failures/") && file.ends_with(".txt")) screen = file;
  }
  EXPECT_EQ(repro.substr(0, 17), "o/failures/TOY-1-");
  EXPECT_NE(seen.out.find("millrace replay " + repro), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("millrace run lossy --seed " + std::to_string(seed)), std::string::npos);
  EXPECT_NE(read(screen).find("TOY-1"), std::string::npos);
  EXPECT_EQ(json::parse(read("o/summary.json"))["verdict"], "fail");
}

TEST_F(RunVerb, that_fails_has_its_violation_in_the_object) {
  const Call seen =
      call({"run", "lossy", "--seed", std::to_string(failing_seed()), "--json", "--out", "o"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(seen.status, 1);
  EXPECT_EQ(object["verdict"], "fail");
  EXPECT_EQ(object["violation"]["property"], "TOY-1");
  EXPECT_EQ(object["violation"]["signature"], "TOY-1/lost");
  for (const char* const field : {"claim", "seen", "expected", "evidence"}) {
    EXPECT_TRUE(object["violation"].contains(field)) << field;
  }
  EXPECT_TRUE(exists(object["repro"]));
}

TEST_F(RunVerb, that_goes_on_has_the_same_violation_and_leaves_no_repro) {
  const std::string seed = std::to_string(failing_seed());
  const json stopped = json::parse(call({"run", "lossy", "--seed", seed, "--json"}).out);

  const Call seen = call({"run", "lossy", "--seed", seed, "--go-on", "--json", "--out", "o"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(seen.status, 1);
  EXPECT_EQ(object["violation"]["signature"], stopped["violation"]["signature"]);
  EXPECT_GE(object["events"], stopped["events"]);
  EXPECT_TRUE(object["repro"].is_null());
  EXPECT_EQ(object["command"], "millrace run lossy --seed " + seed + " --go-on");
  EXPECT_FALSE(exists("o"));
}

TEST_F(RunVerb, survives_a_crash_of_the_system) {
  const Call seen = call({"run", "crashing", "--json", "--out", "o"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(seen.status, 1);
  EXPECT_EQ(object["verdict"], "crash");
  EXPECT_EQ(object["violation"]["property"], "crash");
  EXPECT_EQ(object["violation"]["signature"].get<std::string>().substr(0, 6), "crash/");
}

TEST_F(RunVerb, reports_a_failed_check) {
  const Call seen = call({"run", "checked", "--json", "--out", "o"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(seen.status, 1);
  EXPECT_EQ(object["verdict"], "fail");
  EXPECT_EQ(object["violation"]["signature"], "check/toy_world:numbers are never round");
}

TEST_F(RunVerb, below_its_floor_is_inconclusive) {
  const Call seen = call({"run", "idle"});

  EXPECT_EQ(seen.status, 4) << seen.out;
  EXPECT_NE(seen.out.find("INCONCLUSIVE"), std::string::npos) << seen.out;
}

TEST_F(RunVerb, takes_the_plan_that_it_prints) {
  const Call plan = call({"plan", "wide", "--seed", "4"});
  write("p.json", plan.out);
  const json by_seed = json::parse(call({"run", "wide", "--seed", "4", "--json"}).out);

  const json by_plan = json::parse(call({"run", "wide", "--plan", "p.json", "--json"}).out);
  const json alone = json::parse(call({"run", "--plan", "p.json", "--json"}).out);

  EXPECT_EQ(by_plan["fingerprint"], by_seed["fingerprint"]);
  EXPECT_EQ(alone["fingerprint"], by_seed["fingerprint"]);
  EXPECT_EQ(by_plan["command"], "millrace run wide --plan p.json");
}

TEST_F(RunVerb, takes_an_edited_plan_and_refuses_a_wrong_one) {
  json plan = json::parse(call({"plan", "quiet"}).out);
  plan["clients"][0]["operations"].clear();
  write("edited.json", plan.dump());
  plan["clients"][0]["workload"] = "writter";
  write("wrong.json", plan.dump());

  const Call edited = call({"run", "--plan", "edited.json", "--json"});
  const Call wrong = call({"run", "--plan", "wrong.json"});

  EXPECT_EQ(edited.status, 0) << edited.err;
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("'writer'"), std::string::npos) << wrong.err;
  EXPECT_EQ(call({"run", "wide", "--plan", "edited.json"}).status, 2);
  EXPECT_EQ(call({"run", "--plan", "edited.json", "--seed", "2"}).status, 2);
  EXPECT_EQ(call({"run", "--plan", "none.json"}).status, 2);
}

TEST_F(RunVerb, says_its_verdict_also_where_a_file_cannot_be_written) {
  const std::string seed = std::to_string(failing_seed());
  for (const char* const flag : {"--trace", "--junit", "--report"}) {
    const std::string folder = std::string("o") + flag;

    const Call seen = call({"run", "lossy", "--seed", seed, flag, "/dev/full", "--out", folder});

    EXPECT_EQ(seen.status, 3) << flag;
    EXPECT_TRUE(seen.out.starts_with("FAIL  lossy")) << flag << seen.out;
    EXPECT_TRUE(exists(folder + "/summary.json")) << flag;
    EXPECT_NE(seen.err.find("/dev/full: No space left"), std::string::npos) << flag << seen.err;
  }
}

TEST_F(RunVerb, writes_a_trace_where_it_is_told) {
  const Call seen = call({"run", "quiet", "--trace", "t.txt"});

  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(files(), std::vector<std::string>{"t.txt"});
  EXPECT_NE(read("t.txt").find("store-1"), std::string::npos);
}

TEST_F(RunVerb, repeats_every_override_in_its_command) {
  const Call seen = call({"run", "quiet", "--set", "store.reply_timeout=200ms", "--faults", "none",
                          "--strategy", "fifo", "--json"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(object["strategy"].get<std::string>().substr(0, 4), "fifo");
  EXPECT_EQ(object["command"],
            "millrace run quiet --seed 1 --set store.reply_timeout=200ms --faults none --strategy "
            "fifo");
}

TEST_F(RunVerb, refuses_wrong_input_with_status_2_and_an_empty_stdout) {
  const std::vector<std::vector<std::string>> wrong{
      {"run"},
      {"run", "quite"},
      {"run", "quiet", "wide"},
      {"run", "@ci"},
      {"run", "quiet", "--seed", "-1"},
      {"run", "quiet", "--seed", "+1"},
      {"run", "quiet", "--seed", "9007199254740992"},
      {"run", "quiet", "--seed", "1x"},
      {"run", "quiet", "--set", "store.bugg=none"},
      {"run", "quiet", "--set", "store.bug"},
      {"run", "quiet", "--faults", "everything"},
      {"run", "quiet", "--strategy", "best"},
      {"run", "./none.toml"},
  };
  for (const std::vector<std::string>& words : wrong) {
    const Call seen = call(words);
    EXPECT_EQ(seen.status, 2) << words.back();
    EXPECT_EQ(seen.out, "") << words.back();
    EXPECT_NE(seen.err, "") << words.back();
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(RunVerb, writes_junit_whether_it_passes_or_not) {
  const std::string seed = std::to_string(failing_seed());

  EXPECT_EQ(call({"run", "quiet", "--junit", "passed.xml"}).status, 0);
  EXPECT_EQ(call({"run", "lossy", "--seed", seed, "--junit", "failed.xml"}).status, 1);
  EXPECT_EQ(call({"run", "idle", "--junit", "idle.xml"}).status, 4);

  EXPECT_NE(read("passed.xml").find("failures=\"0\""), std::string::npos) << read("passed.xml");
  EXPECT_NE(read("failed.xml").find("type=\"TOY-1/lost\">FAIL  lossy  seed " + seed),
            std::string::npos)
      << read("failed.xml");
  EXPECT_NE(read("idle.xml").find("type=\"inconclusive\""), std::string::npos) << read("idle.xml");
}

TEST_F(RunVerb, refuses_a_junit_path_before_anything_runs) {
  const Call seen = call({"run", "quiet", "--junit", "none/j.xml"});

  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("none/j.xml"), std::string::npos) << seen.err;
  EXPECT_TRUE(files().empty());
}

TEST_F(RunVerb, ends_a_failure_with_how_to_keep_it) {
  const std::string seed = std::to_string(failing_seed());

  EXPECT_NE(call({"run", "lossy", "--seed", seed}).out.find("millrace keep latest"),
            std::string::npos);
  EXPECT_NE(call({"run", "lossy", "--seed", seed, "--out", "o"})
                .out.find("millrace keep o/failures/TOY-1-"),
            std::string::npos);
}

}  // namespace
}  // namespace millrace::command
