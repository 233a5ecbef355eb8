#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

class ShrinkVerb : public CommandTest {
 protected:
  /// A repro of a lost number, as it was found.
  std::string lost() const {
    const Call seen =
        call({"run", "lossy", "--seed", std::to_string(failing_seed()), "--json", "--out", "o"});
    return json::parse(seen.out)["repro"];
  }

  /// Whether the text has this part, wherever its lines break.
  static bool has(const std::string& text, std::string_view part) {
    std::string plain;
    for (const char letter : text) {
      const bool is_space = letter == ' ' || letter == '\n';
      if (!is_space || !plain.ends_with(' ')) plain += is_space ? ' ' : letter;
    }
    return plain.find(part) != std::string::npos;
  }
};

TEST_F(ShrinkVerb, writes_a_small_repro_that_reproduces) {
  const Call seen = call({"shrink", lost(), "-o", "small.repro.json", "--out", "unused"});

  EXPECT_EQ(seen.status, 1) << seen.err;
  EXPECT_TRUE(has(seen.out, " story 2 operations, 1 fault, 3 machines (from 42 operations, "))
      << seen.out;
  EXPECT_TRUE(has(seen.out, "3 of 3 replays")) << seen.out;
  EXPECT_TRUE(has(seen.out, " passes if ")) << seen.out;
  EXPECT_TRUE(has(seen.out, "the two runs part at event ")) << seen.out;
  EXPECT_TRUE(has(seen.out, "replay small.repro.json")) << seen.out;
  const Call again = call({"replay", "small.repro.json", "--json"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(json::parse(again.out)["replay"]["verdict"], "reproduced");
  EXPECT_EQ(json::parse(again.out)["replay"]["same_execution"], true);
}

TEST_F(ShrinkVerb, says_as_json_what_became_of_it) {
  const Call seen = call({"shrink", lost(), "--json", "--out", "small", "-j", "1"});

  EXPECT_EQ(seen.status, 1) << seen.err;
  const json object = json::parse(seen.out);
  EXPECT_EQ(object["violation"]["signature"], "TOY-1/lost");
  EXPECT_EQ(object["shrunk"]["operations"], 2);
  EXPECT_EQ(object["shrunk"]["faults"], 1);
  EXPECT_EQ(object["shrunk"]["machines"], 3);
  EXPECT_EQ(object["shrunk"]["from"]["operations"], 42);
  EXPECT_GT(object["shrunk"]["runs"], 10);
  EXPECT_EQ(object["shrunk"]["replays"]["same"], 3);
  EXPECT_TRUE(object["shrunk"]["passes_if"]["change"].is_string());
  EXPECT_TRUE(exists(object["repro"]));
}

TEST_F(ShrinkVerb, takes_a_token_and_the_standard_input) {
  const std::string file = lost();
  call({"shrink", file, "-o", "a.repro.json"});

  const Call of_token = call({"shrink", token_of(read(file)), "-o", "b.repro.json"});
  const Call of_input = call_with_input(read(file), {"shrink", "-", "-o", "c.repro.json"});

  EXPECT_EQ(of_token.status, 1) << of_token.err;
  EXPECT_EQ(of_input.status, 1) << of_input.err;
  const json small = json::parse(read("a.repro.json"))["plan"];
  EXPECT_EQ(json::parse(read("b.repro.json"))["plan"], small);
  EXPECT_EQ(json::parse(read("c.repro.json"))["plan"], small);
}

TEST_F(ShrinkVerb, is_part_of_a_run_that_asks_for_it) {
  const std::string seed = std::to_string(failing_seed());

  const Call seen = call({"run", "lossy", "--seed", seed, "--shrink", "--out", "o"});

  EXPECT_EQ(seen.status, 1) << seen.err;
  EXPECT_TRUE(has(seen.out, " story 2 operations, 1 fault, ")) << seen.out;
  EXPECT_TRUE(has(seen.out, "run lossy --seed " + seed + " (this build; unshrunk)")) << seen.out;
  const json repro = json::parse(read("o/failures/TOY-1-d2090fe8.repro.json"));
  EXPECT_EQ(repro["plan"]["faults"]["actions"].size(), 1U);
}

TEST_F(ShrinkVerb, is_part_of_a_campaign_unless_told_otherwise) {
  const json small =
      json::parse(call({"campaign", "lossy", "--seeds", "10", "--json", "--out", "a"}).out);
  const json found = json::parse(
      call({"campaign", "lossy", "--seeds", "10", "--no-shrink", "--json", "--out", "b"}).out);

  ASSERT_EQ(small["groups"].size(), 1U);
  const json& group = small["groups"][0];
  EXPECT_EQ(group["shrunk"]["operations"], 2);
  EXPECT_EQ(group["shrunk"]["faults"], 1);
  EXPECT_GT(group["unshrunk"]["operations"], 40);
  EXPECT_EQ(call({"replay", group["repro"]}).status, 1);
  EXPECT_TRUE(has(read("a/summary.txt"), "2 operations, 1 fault")) << read("a/summary.txt");
  EXPECT_TRUE(found["groups"][0]["shrunk"].is_null());
  EXPECT_EQ(found["groups"][0]["unshrunk"], group["unshrunk"]);
}

TEST_F(ShrinkVerb, makes_each_failure_of_a_campaign_small) {
  const json seen = json::parse(
      call({"campaign", "lossy", "checked", "--seeds", "5", "--json", "--out", "o"}).out);

  ASSERT_EQ(seen["groups"].size(), 2U);
  for (const json& group : seen["groups"]) {
    EXPECT_LE(group["shrunk"]["operations"], 2) << group["signature"];
    const json repro = json::parse(read(group["repro"]));
    EXPECT_EQ(repro["plan"]["faults"]["actions"].size(), group["shrunk"]["faults"]);
  }
}

TEST_F(ShrinkVerb, has_nothing_to_do_where_nothing_fails) {
  json repro = json::parse(read(lost()));
  for (json& machine : repro["plan"]["machines"]) machine["knobs"]["bug"] = 0;
  write("fixed.repro.json", repro.dump(1));

  const Call seen = call({"shrink", "fixed.repro.json", "-o", "small.repro.json"});

  EXPECT_EQ(seen.status, 4);
  EXPECT_TRUE(has(seen.err, "fixed.repro.json: this build does not fail")) << seen.err;
  EXPECT_FALSE(exists("small.repro.json"));
}

TEST_F(ShrinkVerb, refuses_what_it_cannot_use) {
  EXPECT_EQ(call({"shrink"}).status, 2);
  EXPECT_EQ(call({"shrink", "none.repro.json"}).status, 2);
  EXPECT_EQ(call({"shrink", "latest"}).status, 2);
  EXPECT_EQ(call({"shrink", "a", "b"}).status, 2);
  write("cut.repro.json", R"({"schema": 1, )");
  const Call cut = call({"shrink", "cut.repro.json"});
  EXPECT_EQ(cut.status, 2);
  EXPECT_TRUE(has(cut.err, "cut.repro.json: ")) << cut.err;
  const Call soon = call({"shrink", "cut.repro.json", "--for", "soon"});
  EXPECT_EQ(soon.status, 2);
  EXPECT_TRUE(has(soon.err, "--for: ")) << soon.err;
}

}  // namespace
}  // namespace millrace::command
