#include "reports/campaign_page.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sim/run/registry.h"

namespace millrace::reports {
namespace {

using nlohmann::json;

/// What `campaign --json` prints, as far as a page adds to it.
std::string campaign_json() {
  return json{{"schema", 1},
              {"seeds", 3},
              {"scenarios",
               {{{"name", "crash_storm"}, {"reason", nullptr}},
                {{"name", "quickstart"}, {"reason", "seed 131: too little"}}}},
              {"groups", {{{"signature", "DUR-1/lost"}, {"count", 1}}}},
              {"properties", {{{"id", "LOG-1"}, {"evaluated", 5}}}},
              {"faults", {{{"kind", "disk.stall"}, {"planned", 1}}}},
              {"build", {{"version", "0.3.0"}}}}
      .dump();
}

class CampaignPageTest : public ::testing::Test {
 protected:
  json object_of(std::vector<PageRun> runs) const {
    const std::string campaign = campaign_json();
    return json::parse(
        campaign_page_json({.registry = registry_,
                            .campaign_json = campaign,
                            .program = "millrace",
                            .build_text = "0.3.0 4f2a91c clean",
                            .runs = std::move(runs),
                            .groups = {{"DUR-1/lost", {.page = "failures/DUR-1-4e956e3a.html"}}},
                            .stories = {{"quickstart", "Two stores </script>"}}}));
  }

  run::Registry registry_;
};

PageRun run_of(std::uint64_t seed, std::string strategy, std::string signature) {
  const bool is_red = !signature.empty();
  return {.scenario = "crash_storm",
          .seed = seed,
          .verdict = is_red ? run::Verdict::kFail : run::Verdict::kPass,
          .strategy = std::move(strategy),
          .signature = std::move(signature),
          .events = 100,
          .virtual_ns = 1'000,
          .wall_ns = 10,
          .digest = seed % 2};
}

TEST_F(CampaignPageTest, has_the_campaigns_object_with_more_beside_it) {
  const json page = object_of({});

  EXPECT_EQ(page["page"], "campaign");
  EXPECT_EQ(page["seeds"], 3);
  EXPECT_EQ(page["build"]["version"], "0.3.0");
  EXPECT_EQ(page["build"]["text"], "0.3.0 4f2a91c clean");
  EXPECT_EQ(page["groups"][0]["page"], "failures/DUR-1-4e956e3a.html");
  EXPECT_FALSE(page["groups"][0].contains("seen")) << "what is not known is left out";
  EXPECT_EQ(page["scenarios"][1]["story"], "Two stores </script>");
  EXPECT_NE(page["properties"][0].at("claim").get<std::string>(), "");
  EXPECT_NE(page["faults"][0].at("text").get<std::string>(), "");
}

TEST_F(CampaignPageTest, says_what_each_strategy_found) {
  const json page =
      object_of({run_of(1, "pct", ""), run_of(2, "pct", "DUR-1/lost"), run_of(4, "random", "")});

  ASSERT_EQ(page["strategies"].size(), 2U);
  EXPECT_EQ(page["strategies"][0]["name"], "pct");
  EXPECT_EQ(page["strategies"][0]["seeds"], 2);
  EXPECT_EQ(page["strategies"][0]["failed"], 1);
  EXPECT_EQ(page["strategies"][0]["groups"].size(), 1U);
  EXPECT_EQ(page["strategies"][0]["digests"], 2);
  EXPECT_EQ(page["strategies"][1]["failed"], 0);
  EXPECT_EQ(page["runs"]["seed"], json({1, 2, 4}));
  EXPECT_EQ(page["runs"]["verdict"], json({0, 1, 0}));
  EXPECT_EQ(page["runs"]["strategy"], json({0, 0, 1}));
  EXPECT_EQ(page["runs"]["group"], json({-1, 0, -1}));
  EXPECT_EQ(page["runs"]["digest"], json({0, 1, 1}));
}

TEST_F(CampaignPageTest, thins_out_runs_that_passed_and_keeps_those_that_failed) {
  std::vector<PageRun> runs;
  for (std::uint64_t seed = 0; seed < kPageRunsMax * 2; ++seed) {
    runs.push_back(run_of(seed, "pct", seed % 1'001 == 1'000 ? "DUR-1/lost" : ""));
  }

  const json page = object_of(runs);

  const json& verdicts = page["runs"]["verdict"];
  EXPECT_LE(verdicts.size(), kPageRunsMax);
  EXPECT_EQ(verdicts.size() + page["runs_left_out"].get<std::size_t>(), runs.size());
  EXPECT_EQ(std::ranges::count(verdicts, json(1)), 39);
}

}  // namespace
}  // namespace millrace::reports
