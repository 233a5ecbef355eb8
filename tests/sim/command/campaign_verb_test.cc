#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

using CampaignVerb = CommandTest;

TEST_F(CampaignVerb, over_quiet_seeds_is_green_and_leaves_its_files) {
  const Call seen = call({"campaign", "--seeds", "6", "-j", "2"});

  EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
  for (const char* const file : {"campaign.db", "junit.xml", "summary.json", "summary.txt"}) {
    EXPECT_TRUE(exists(std::string("millrace-out/latest/") + file)) << file;
  }
  EXPECT_EQ(read("millrace-out/.gitignore"), "*\n");
  EXPECT_EQ(read("millrace-out/latest/summary.txt"), seen.out);
  // The verdict is the last line.
  const std::size_t last = seen.out.rfind('\n', seen.out.size() - 2);
  EXPECT_NE(seen.out.find("exit 0", last == std::string::npos ? 0 : last), std::string::npos)
      << seen.out;
}

TEST_F(CampaignVerb, prints_one_object_with_the_documented_fields) {
  const Call seen = call({"campaign", "quiet", "--seeds", "3..5", "--json", "--out", "o"});

  const json object = json::parse(seen.out);
  for (const char* const field : {"schema",
                                  "from",
                                  "to",
                                  "seeds",
                                  "passed",
                                  "failed",
                                  "crashed",
                                  "hung",
                                  "limited",
                                  "inconclusive",
                                  "known",
                                  "scenarios",
                                  "groups",
                                  "properties",
                                  "faults",
                                  "marks",
                                  "events",
                                  "events_per_second",
                                  "virtual_seconds_per_second",
                                  "seeds_per_second",
                                  "acked_operations",
                                  "peak_rss_kib",
                                  "build"}) {
    EXPECT_TRUE(object.contains(field)) << field;
  }
  EXPECT_EQ(object["from"], 3);
  EXPECT_EQ(object["to"], 5);
  EXPECT_EQ(object["seeds"], 3);
  EXPECT_EQ(object["passed"], 3);
  ASSERT_EQ(object["scenarios"].size(), 1U);
  for (const char* const field :
       {"name", "seeds", "passed", "failed", "inconclusive", "acked_operations", "reason"}) {
    EXPECT_TRUE(object["scenarios"][0].contains(field)) << field;
  }
  std::vector<std::string> ids;
  for (const json& property : object["properties"]) ids.push_back(property["id"]);
  EXPECT_NE(std::ranges::find(ids, "DET-1"), ids.end());
  EXPECT_NE(std::ranges::find(ids, "COV-1"), ids.end());
  EXPECT_EQ(json::parse(read("o/summary.json"))["seeds"], 3);
}

TEST_F(CampaignVerb, that_fails_groups_and_leaves_a_repro_that_reproduces) {
  const Call seen = call({"campaign", "lossy", "--seeds", "40", "--json", "--out", "o"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(seen.status, 1) << seen.err;
  ASSERT_GE(object["groups"].size(), 1U);
  json group;
  for (const json& one : object["groups"]) {
    if (one["signature"] == "TOY-1/lost") group = one;
  }
  ASSERT_TRUE(group.is_object());
  for (const char* const field : {"property", "count", "cheapest_seed", "scenario", "status",
                                  "repro", "token", "shrunk", "strategies"}) {
    EXPECT_TRUE(group.contains(field)) << field;
  }
  EXPECT_EQ(group["status"], "new");
  const std::string repro = group["repro"];
  ASSERT_TRUE(exists(repro)) << repro;
  EXPECT_TRUE(exists(repro.substr(0, repro.size() - 11) + ".txt"));
  // A new group printed at once, on stderr.
  EXPECT_NE(seen.err.find("TOY-1"), std::string::npos);
  EXPECT_EQ(call({"replay", repro}).status, 1);
}

TEST_F(CampaignVerb, writes_junit_where_it_is_asked_to_too) {
  const Call seen =
      call({"campaign", "quiet", "lossy", "--seeds", "40", "--junit", "j.xml", "--out", "o"});

  EXPECT_EQ(seen.status, 1) << seen.err;
  const std::string xml = read("j.xml");
  EXPECT_EQ(xml, read("o/junit.xml"));
  for (const char* const part :
       {"<testsuite name=\"quiet\"", "<testsuite name=\"lossy\"",
        "<failure message=\"TOY-1/lost in ",
        "name=\"command\" value=\"millrace campaign quiet lossy --seeds 40 --junit j.xml --out o\"",
        "FAIL  lossy  seed "}) {
    EXPECT_NE(xml.find(part), std::string::npos) << part << '\n' << xml;
  }
}

TEST_F(CampaignVerb, says_its_verdict_also_where_a_file_cannot_be_written) {
  const std::vector<std::string> words{"campaign", "lossy",     "--seeds", "5", "--no-shrink",
                                       "--junit",  "/dev/full", "--out",   "o"};

  const Call seen = call(words);

  EXPECT_EQ(seen.status, 3);
  EXPECT_NE(seen.out.find("TOY-1"), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("/dev/full: "), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("TOOL FAILED"), std::string::npos) << seen.out;
  EXPECT_TRUE(exists("o/summary.json"));
}

TEST_F(CampaignVerb, prints_a_token_that_replays_where_it_is_short) {
  const Call seen = call({"campaign", "lossy", "--seeds", "40", "--json", "--out", "o", "--set",
                          "workloads.writer.operations=3"});

  const json group = json::parse(seen.out)["groups"][0];
  const std::string token = group["token"];
  EXPECT_LE(token.size(), 1'500U);
  EXPECT_EQ(call({"replay", token}).status, 1);
  EXPECT_NE(read("o/summary.txt").find("millrace replay " + token + "\n"), std::string::npos);
}

TEST_F(CampaignVerb, goes_on_after_crashes) {
  const Call seen = call({"campaign", "crashing", "quiet", "--seeds", "3", "--json", "--out", "o"});

  const json object = json::parse(seen.out);
  EXPECT_EQ(seen.status, 1) << seen.err;
  EXPECT_EQ(object["crashed"], 3);
  EXPECT_EQ(object["passed"], 3);
  EXPECT_EQ(object["groups"].size(), 1U);
}

TEST_F(CampaignVerb, below_its_floor_is_inconclusive) {
  const Call seen = call({"campaign", "idle", "--seeds", "3", "--out", "o"});

  EXPECT_EQ(seen.status, 4) << seen.out;
}

TEST_F(CampaignVerb, takes_the_gravest_status) {
  const Call seen = call({"campaign", "idle", "crashing", "--seeds", "2", "--out", "o"});

  EXPECT_EQ(seen.status, 1) << seen.out;
}

TEST_F(CampaignVerb, does_not_depend_on_jobs_or_shards) {
  const auto fingerprint_free = [](const std::string& text) {
    json object = json::parse(text);
    for (const char* const speed : {"events_per_second", "virtual_seconds_per_second",
                                    "seeds_per_second", "peak_rss_kib", "wall_ns", "directory"}) {
      object.erase(speed);
    }
    return object;
  };
  const json one = fingerprint_free(
      call({"campaign", "wide", "--seeds", "8", "-j", "1", "--json", "--out", "a"}).out);
  const json three = fingerprint_free(
      call({"campaign", "wide", "--seeds", "8", "-j", "3", "--json", "--out", "b"}).out);
  const json odd = json::parse(
      call({"campaign", "wide", "--seeds", "8", "--shard", "2/2", "--json", "--out", "c"}).out);
  const json even = json::parse(
      call({"campaign", "wide", "--seeds", "8", "--shard", "1/2", "--json", "--out", "d"}).out);

  EXPECT_EQ(one, three);
  EXPECT_EQ(odd["seeds"], 4);
  EXPECT_EQ(odd["events"].get<std::uint64_t>() + even["events"].get<std::uint64_t>(),
            one["events"].get<std::uint64_t>());
}

TEST_F(CampaignVerb, appends_to_a_database_that_is_there) {
  ASSERT_EQ(call({"campaign", "quiet", "--seeds", "2", "--db", "all.db", "--out", "a"}).status, 0);
  const std::size_t before = read("all.db").size();

  EXPECT_EQ(call({"campaign", "quiet", "--seeds", "2", "--db", "all.db", "--out", "b"}).status, 0);

  EXPECT_GE(read("all.db").size(), before);
  EXPECT_FALSE(exists("a/campaign.db"));
}

TEST_F(CampaignVerb, stops_after_so_many_failures_or_so_much_time) {
  const json by_failures = json::parse(
      call({"campaign", "crashing", "--seeds", "50", "-x", "1", "-j", "1", "--json", "--out", "a"})
          .out);
  const json by_time =
      json::parse(call({"campaign", "quiet", "wide", "--for", "1s", "--json", "--out", "b"}).out);

  EXPECT_LT(by_failures["seeds"], 50);
  EXPECT_GE(by_failures["crashed"], 1);
  // In rounds over the scenarios: both had their turn.
  for (const json& scenario : by_time["scenarios"]) EXPECT_GE(scenario["seeds"], 1);
}

TEST_F(CampaignVerb, takes_out_and_jobs_from_the_environment) {
  setenv("MILLRACE_OUT", "from_environment", 1);
  setenv("MILLRACE_JOBS", "1", 1);

  EXPECT_EQ(call({"campaign", "quiet", "--seeds", "1"}).status, 0);
  EXPECT_EQ(call({"campaign", "quiet", "--seeds", "1", "--out", "flag"}).status, 0);
  setenv("MILLRACE_JOBS", "none", 1);
  EXPECT_EQ(call({"campaign", "quiet", "--seeds", "1"}).status, 2);

  EXPECT_TRUE(exists("from_environment/summary.json"));
  EXPECT_TRUE(exists("flag/summary.json"));
}

TEST_F(CampaignVerb, refuses_wrong_input_with_status_2_and_writes_nothing) {
  const std::vector<std::vector<std::string>> wrong{
      {"campaign", "quite"},
      {"campaign", "@nothing"},
      {"campaign", "quiet", "--seeds", "0"},
      {"campaign", "quiet", "--seeds", "5..1"},
      {"campaign", "quiet", "--shard", "0/4"},
      {"campaign", "quiet", "-j", "0"},
      {"campaign", "quiet", "--for", "soon"},
      {"campaign", "quiet", "-x", "none"},
  };
  for (const std::vector<std::string>& words : wrong) {
    const Call seen = call(words);
    EXPECT_EQ(seen.status, 2) << words.back();
    EXPECT_EQ(seen.out, "") << words.back();
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(CampaignVerb, without_a_single_run_is_inconclusive_and_names_the_flag) {
  const Call by_time = call({"campaign", "quiet", "--for", "1ns", "--out", "a"});
  const Call by_shard = call({"campaign", "quiet", "--seeds", "2", "--shard", "4/4", "--out", "b"});

  EXPECT_EQ(by_time.status, 4);
  EXPECT_NE(by_time.out.find("--for"), std::string::npos) << by_time.out;
  EXPECT_EQ(by_shard.status, 4);
  EXPECT_NE(by_shard.out.find("--shard 4/4"), std::string::npos) << by_shard.out;
}

}  // namespace
}  // namespace millrace::command
