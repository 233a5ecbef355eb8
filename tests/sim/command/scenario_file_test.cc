#include "sim/command/scenario_file.h"

#include <gtest/gtest.h>

#include "sim/command/scenario_values.h"
#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using run::Range;

class ScenarioFile : public testing::Test {
 protected:
  ScenarioFile() { toy_registry(registry_); }

  ScenarioResult load(std::string text) const {
    return load_scenario({.name = "test", .path = "test.toml", .text = std::move(text)}, registry_);
  }

  /// The mistakes of a file, one a line.
  std::string mistakes(std::string text) const {
    const ScenarioResult loaded = load(std::move(text));
    std::string lines;
    if (loaded.has_value()) return "(none)";
    for (const FileError& error : loaded.error()) lines += to_text(error) + "\n";
    return lines;
  }

  run::Registry registry_;
};

constexpr std::string_view kMinimal =
    "story = \"Something.\"\nrun_for = \"5s\"\n[workloads.writer]\n";

TEST_F(ScenarioFile, needs_a_story_a_time_and_a_workload) {
  EXPECT_TRUE(load(std::string(kMinimal)).has_value());
  const std::string seen = mistakes("tags = []\n");
  EXPECT_NE(seen.find("'story' is missing"), std::string::npos) << seen;
  EXPECT_NE(seen.find("'run_for' is missing"), std::string::npos) << seen;
  EXPECT_NE(seen.find("'workloads' is missing"), std::string::npos) << seen;
}

// The parser aborted at a '[' that ended its line.
TEST_F(ScenarioFile, that_is_spoilt_anywhere_is_refused_or_read) {
  const std::string text(kMinimal);
  EXPECT_NE(mistakes("[\n").find("test.toml:"), std::string::npos);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    refused += load(text.substr(0, at)).has_value() ? 0 : 1;
    for (const char wrong : std::string_view("[]{}\"'=.,#\n\r\0\x80", 14)) {
      std::string changed = text;
      changed[at] = wrong;
      refused += load(changed).has_value() ? 0 : 1;
      changed.resize(at + 1);
      refused += load(changed + "\n").has_value() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 20 * text.size());
}

TEST_F(ScenarioFile, gives_ranges_choices_and_fixed_values) {
  const ScenarioResult loaded = load(
      "story = \"Something.\"\nrun_for = \"5s\"\ncluster.store = \"2..3\"\ncluster.zones = [1, 3]\n"
      "knobs.store.reply_timeout = \"200ms..1s\"\n[workloads.writer]\nclients = 4\n"
      "operations = [5, 10]\n");

  ASSERT_TRUE(loaded.has_value()) << to_text(loaded.error().front());
  EXPECT_EQ(loaded->cluster.at("store"), Range::between(2, 3));
  EXPECT_EQ(loaded->zones, Range::one_of({1, 3}));
  EXPECT_EQ(loaded->knobs.at("store.reply_timeout"), Range::between(200'000'000, 1'000'000'000));
  ASSERT_EQ(loaded->workloads.size(), 1U);
  EXPECT_EQ(loaded->workloads[0].clients, Range::fixed(4));
  EXPECT_EQ(loaded->workloads[0].knobs.at("operations"), Range::one_of({5, 10}));
}

TEST_F(ScenarioFile, may_have_two_populations_of_one_workload) {
  const ScenarioResult loaded = load(
      "story = \"Something.\"\nrun_for = \"5s\"\n[workloads.fast]\nkind = \"writer\"\n"
      "[workloads.slow]\nkind = \"writer\"\noperations = 1\n");

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->workloads.size(), 2U);
  EXPECT_EQ(loaded->workloads[0].kind, "writer");
}

TEST_F(ScenarioFile, reports_all_mistakes_at_once_with_line_and_nearest_name) {
  const std::string seen = mistakes(
      "sory = \"Something.\"\n"          // 1: unknown key; the story is missing, too.
      "run_for = 5\n"                    // 2: wrong type.
      "cluster.stor = 2\n"               // 3: unknown role.
      "faults.disk.torn_wite = \"x\"\n"  // 4: neither a kind nor a level, found once the rest is
                                         // right.
      "[workloads.writer]\n"
      "operatons = 3\n"         // 6: unknown key.
      "clients = \"3..1\"\n");  // 7: an empty range.

  EXPECT_NE(seen.find("test.toml:1:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("the nearest is 'story'"), std::string::npos) << seen;
  EXPECT_NE(seen.find("test.toml:2:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("test.toml:3:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("the nearest is 'store'"), std::string::npos) << seen;
  EXPECT_NE(seen.find("test.toml:6:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("the nearest is 'operations'"), std::string::npos) << seen;
  EXPECT_NE(seen.find("test.toml:7:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("test.toml:4:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("the nearest is 'disk.torn_write'"), std::string::npos) << seen;
}

TEST_F(ScenarioFile, names_the_line_of_a_value_outside_its_range) {
  const std::string seen = mistakes(
      "story = \"Something.\"\nrun_for = \"5s\"\nknobs.store.reply_timeout = \"1h\"\n"
      "faults.profile = \"mad\"\n[workloads.writer]\noperations = 99999\n");

  EXPECT_NE(seen.find("test.toml:3:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("test.toml:4:"), std::string::npos) << seen;
  EXPECT_NE(seen.find("test.toml:6:"), std::string::npos) << seen;
}

TEST_F(ScenarioFile, names_the_place_of_broken_toml) {
  const std::string seen = mistakes("story = \"Something.\"\nrun_for = \n");

  EXPECT_EQ(seen.substr(0, 12), "test.toml:2:") << seen;
}

TEST_F(ScenarioFile, extends_another_one_by_one_level) {
  const ScenarioResult loaded = load("extends = \"quiet\"\nrun_for = \"1s\"\n");
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->name, "test");
  EXPECT_EQ(loaded->run_for, seconds(1));
  EXPECT_EQ(loaded->settle_for, seconds(5));
  EXPECT_EQ(loaded->workloads.size(), 1U);
  // Tags select; inheriting them would put every variant into @default.
  EXPECT_TRUE(loaded->tags.empty());

  EXPECT_NE(mistakes("extends = \"wide\"\n").find("does not extend another one"),
            std::string::npos);
  EXPECT_NE(mistakes("extends = \"quite\"\n").find("the nearest is 'quiet'"), std::string::npos);
}

TEST_F(ScenarioFile, takes_shares_marks_and_skips) {
  const ScenarioResult loaded = load(
      "story = \"Something.\"\nrun_for = \"5s\"\n"
      "floors = { acked_operations = 7, must_reach = { \"store.put\" = \"1/20\" } }\n"
      "skip = [{id = \"stored_is_found\", reason = \"because\"}]\n[workloads.writer]\n");

  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->floors.acked_operations, 7U);
  EXPECT_EQ(loaded->floors.must_reach.at("store.put").denominator, 20U);
  ASSERT_EQ(loaded->skips.size(), 1U);
  // Both names of a property are accepted; the id is kept.
  EXPECT_EQ(loaded->skips[0].id, "TOY-1");
}

TEST_F(ScenarioFile, refuses_unknown_marks_properties_and_shares) {
  const std::string seen = mistakes(
      "story = \"Something.\"\nrun_for = \"5s\"\n"
      "floors.must_reach = { \"store.put\" = \"20/1\" }\n"
      "skip = [{id = \"TOY-2\", reason = \"because\"}, {id = \"TOY-1\"}]\n"
      "[workloads.writer]\n");
  EXPECT_NE(seen.find("20/1"), std::string::npos) << seen;
  EXPECT_NE(seen.find("TOY-1"), std::string::npos) << seen;
  EXPECT_NE(seen.find("reason"), std::string::npos) << seen;
  const std::string marks = mistakes(
      "story = \"Something.\"\nrun_for = \"5s\"\n"
      "floors.must_reach = { \"store.putt\" = \"1/2\" }\n[workloads.writer]\n");
  EXPECT_NE(marks.find("the nearest is 'store.put'"), std::string::npos) << marks;
}

TEST_F(ScenarioFile, is_found_by_name_or_path) {
  EXPECT_TRUE(find_scenario("quiet", registry_).has_value());
  EXPECT_FALSE(find_scenario("quite", registry_).has_value());
  EXPECT_FALSE(find_scenario("./quiet", registry_).has_value());
  EXPECT_FALSE(find_scenario("quiet.toml", registry_).has_value());
}

TEST(Shares, are_between_none_and_all) {
  EXPECT_TRUE(parse_share("1/20").has_value());
  EXPECT_TRUE(parse_share("0/1").has_value());
  EXPECT_TRUE(parse_share("3/3").has_value());
  for (const char* const text : {"", "1", "2/1", "1/0", "-1/2", "1/-2", "a/b", "1/2/3", "0.5"}) {
    EXPECT_FALSE(parse_share(text).has_value()) << text;
  }
}

TEST(UnknownNames, list_what_there_is_where_nothing_is_near) {
  EXPECT_EQ(unknown_name("fruit", "zebra", {"apple", "pear"}),
            "unknown fruit 'zebra'; there are apple, pear");
  EXPECT_EQ(unknown_name("fruit", "aple", {"apple", "pear"}),
            "unknown fruit 'aple'; the nearest is 'apple'");
}

}  // namespace
}  // namespace millrace::command
