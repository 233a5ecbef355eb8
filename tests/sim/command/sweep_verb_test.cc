#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

using SweepVerb = CommandTest;

/// A sweep of one store and three numbers.
std::vector<std::string> small_sweep(std::vector<std::string> more) {
  std::vector<std::string> arguments{"sweep",
                                     "crash",
                                     "quiet",
                                     "--set",
                                     "cluster.store=1",
                                     "--set",
                                     "run_for=2s",
                                     "--set",
                                     "workloads.writer.clients=1",
                                     "--set",
                                     "workloads.writer.operations=3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST_F(SweepVerb, refuses_what_it_cannot_sweep) {
  struct Case {
    std::vector<std::string> arguments;
    std::string complaint;
  };
  const Case cases[] = {
      {{"sweep"}, "sweep needs what is swept: crash SCENARIO"},
      {{"sweep", "crash"}, "sweep crash takes one scenario"},
      {{"sweep", "crush", "quiet"}, "unknown sweep 'crush'; the nearest is 'crash'"},
      {{"sweep", "crash", "quiet", "wide"}, "sweep crash takes one scenario"},
      {{"sweep", "crash", "quite"}, "quiet"},
      {{"sweep", "crash", "@ci"}, "one is expected"},
      {{"sweep", "crash", "quiet", "--seed", "x"}, "--seed: "},
      {{"sweep", "crash", "quiet", "--shard", "0/2"}, "--shard: "},
      {{"sweep", "crash", "quiet", "--for", "soon"}, "--for: "},
      {{"sweep", "crash", "quiet", "--faults", "mild"}, "--faults"},
      {{"sweep", "crash", "quiet", "--set", "nothing=1"}, "--set nothing=1"},
      {{"sweep", "crash", "quiet", "--junit", "no/such/folder/j.xml"}, "no/such/folder"}};
  for (const Case& one : cases) {
    const Call seen = call(one.arguments);
    EXPECT_EQ(seen.status, 2) << one.complaint;
    EXPECT_NE(seen.err.find(one.complaint), std::string::npos) << seen.err;
    EXPECT_TRUE(files().empty()) << one.complaint;
  }
}

TEST_F(SweepVerb, of_a_store_that_keeps_its_promises_is_green_and_says_what_it_went_through) {
  const Call seen = call(small_sweep({"--json", "--out", "o", "-j", "2"}));

  ASSERT_EQ(seen.status, 0) << seen.out << seen.err;
  const json object = json::parse(seen.out);
  const json& sweep = object["sweep"];
  EXPECT_EQ(sweep["kind"], "crash");
  EXPECT_EQ(sweep["scenario"], "quiet");
  EXPECT_EQ(sweep["seed"], 1);
  EXPECT_GE(sweep["changes"], 10);
  EXPECT_EQ(sweep["plans"], sweep["plans_run"]);
  EXPECT_EQ(sweep["recovery_plans"], sweep["recovery_plans_run"]);
  // All that the toy's recovery can leave a later crash leaves, too.
  EXPECT_GT(sweep["recovery_plans_same"], 0);
  EXPECT_EQ(sweep["missed"], 0);
  // And the run without a crash.
  const auto plans = sweep["plans"].get<int>() + sweep["recovery_plans"].get<int>() + 1;
  EXPECT_EQ(object["seeds"], plans);
  EXPECT_EQ(object["passed"], plans);
  for (const char* const file : {"o/campaign.db", "o/junit.xml", "o/summary.json"}) {
    EXPECT_TRUE(exists(file)) << file;
  }
  EXPECT_NE(read("o/summary.txt").find("crash sweep  seed 1: "), std::string::npos)
      << read("o/summary.txt");
}

TEST_F(SweepVerb, finds_a_store_that_does_not_sync_and_leaves_a_repro) {
  const Call seen =
      call(small_sweep({"--set", "store.bug=no_sync", "--json", "--out", "o", "--no-shrink"}));

  ASSERT_EQ(seen.status, 1) << seen.out << seen.err;
  const json object = json::parse(seen.out);
  ASSERT_EQ(object["groups"].size(), 1U);
  EXPECT_EQ(object["groups"][0]["signature"], "TOY-1/lost");
  const std::string repro = object["groups"][0]["repro"];
  EXPECT_EQ(call({"replay", repro}).status, 1);
  // A plan of a sweep is no seed's own.
  const std::string screen = repro.substr(0, repro.find(".repro.json")) + ".txt";
  EXPECT_NE(read(screen).find("replay"), std::string::npos) << read(screen);
  EXPECT_EQ(read(screen).find("--seed"), std::string::npos) << read(screen);
  EXPECT_GT(object["groups"][0]["cheapest_seed"], 1) << "the number of a plan";
  EXPECT_NE(read(screen).find("FAIL  quiet  seed 1 "), std::string::npos) << read(screen);
}

TEST_F(SweepVerb, makes_what_it_finds_small) {
  const Call seen = call(small_sweep({"--set", "store.bug=no_sync", "--json", "--out", "o"}));

  ASSERT_EQ(seen.status, 1) << seen.out << seen.err;
  const json shrunk = json::parse(seen.out)["groups"][0]["shrunk"];
  EXPECT_LE(shrunk["operations"], 2);
  EXPECT_EQ(shrunk["faults"], 1);
}

TEST_F(SweepVerb, that_did_not_come_to_its_end_is_inconclusive) {
  const Call seen = call(small_sweep({"--for", "1ms", "--out", "o"}));

  EXPECT_EQ(seen.status, 4) << seen.out << seen.err;
  EXPECT_NE(seen.out.find("the sweep is not complete: "), std::string::npos) << seen.out;
}

TEST_F(SweepVerb, says_the_same_whatever_the_jobs) {
  const auto summary = [&](const std::string& jobs) {
    json object = json::parse(call(small_sweep({"--json", "--out", "o" + jobs, "-j", jobs})).out);
    for (const char* const name : {"wall_ns", "events_per_second", "virtual_seconds_per_second",
                                   "seeds_per_second", "peak_rss_kib", "directory"}) {
      object.erase(name);
    }
    return object;
  };

  EXPECT_EQ(summary("1"), summary("3"));
}

}  // namespace
}  // namespace millrace::command
