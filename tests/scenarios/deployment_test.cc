// A deployment without streams or stores is refused before anything runs.

#include "scenarios/deployment.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "sim/command/skeleton.h"
#include "sim/run/plan.h"
#include "tests/folders.h"

namespace millrace::scenarios {
namespace {

class Deployments : public testing::Test {
 protected:
  Deployments() { store_world(registry_); }

  /// What is wrong with a scenario that ends with these lines.
  std::vector<std::string> mistakes(const std::string& lines) const {
    const std::string text = "story = \"Short.\"\nrun_for = \"1s\"\n" + lines +
                             "[workloads.writer]\n[workloads.admin]\n[workloads.resender]\n";
    const auto loaded =
        command::load_scenario({.name = "s", .path = "s.toml", .text = text}, registry_);
    std::vector<std::string> all;
    if (loaded.has_value()) return all;
    for (const command::FileError& error : loaded.error()) all.push_back(to_text(error));
    return all;
  }

  /// What is wrong with a plan in which this text is replaced.
  std::string plan_mistake(const std::string& from, const std::string& to) const {
    const auto source = command::find_scenario("quickstart", registry_);
    const run::Plan plan =
        run::draw_plan(registry_, *command::load_scenario(*source, registry_), 1);
    std::string json = run::plan_to_json(plan);
    const std::size_t at = json.find(from);
    if (at == std::string::npos) return "the plan has no " + from;
    json.replace(at, from.size(), to);
    const Result<run::Plan> read = run::plan_from_json(json, registry_);
    return read.has_value() ? "" : read.error().detail;
  }

  Registry registry_;
};

TEST_F(Deployments, need_a_store_and_a_stream) {
  EXPECT_EQ(mistakes("cluster.segment_store = 1\nstreams.orders.segments = 2\n"),
            std::vector<std::string>{});
  EXPECT_EQ(mistakes("streams.orders.segments = 2\n"),
            std::vector<std::string>{
                "s.toml: cluster.segment_store: at least one machine of this role is expected"});
  EXPECT_EQ(mistakes("cluster.segment_store = 1\n"),
            std::vector<std::string>{"s.toml: streams: at least one stream is expected, such as "
                                     "streams.orders.segments = 2"});
}

TEST_F(Deployments, of_a_new_scenario_and_of_the_docs_are_right) {
  std::ifstream in(source_folder() + "/docs/scenarios.md", std::ios::binary);
  std::ostringstream page;
  page << in.rdbuf();
  const std::string docs = page.str();
  const std::string begin = "```toml\n";
  const std::size_t from = docs.find(begin);
  ASSERT_NE(from, std::string::npos);
  const std::size_t at = from + begin.size();
  for (const std::string& text :
       {command::scenario_skeleton(registry_), docs.substr(at, docs.find("```", at) - at)}) {
    const auto loaded =
        command::load_scenario({.name = "s", .path = "s.toml", .text = text}, registry_);
    EXPECT_TRUE(loaded.has_value()) << to_text(loaded.error().front()) << '\n' << text;
  }
}

TEST_F(Deployments, of_an_edited_plan_need_them_too) {
  EXPECT_EQ(plan_mistake("\"streams.", "\"streams."), "");
  EXPECT_EQ(plan_mistake("\"placement.orders/0\": \"store-", "\"placement.orders/0\": \"stroe-"),
            "placement.orders/0: a machine of the role segment_store is expected");
  EXPECT_EQ(plan_mistake("\"streams.orders.segments\": \"", "\"streams.orders.segments\": \"x"),
            "streams.orders.segments: a number from 1 to 64 is expected");
}

}  // namespace
}  // namespace millrace::scenarios
