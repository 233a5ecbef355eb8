#include "sim/run/json_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sim/run/plan.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

using nlohmann::json;

TEST(JsonText, prints_what_a_tree_of_values_would) {
  const std::string strange = "quote \" backslash \\ line\nbell\a \u00e9 \u20ac";
  JsonText out;
  out.begin_object();
  out.name("a");
  out.begin_array();
  out.integer(0);
  out.integer(INT64_MIN);
  out.integer(INT64_MAX);
  out.begin_object();
  out.end_object();
  out.begin_array();
  out.end_array();
  out.boolean(true);
  out.boolean(false);
  out.end_array();
  out.name("b");
  out.begin_object();
  out.name(strange);
  out.text(strange);
  out.end_object();
  out.name("c");
  out.text("");
  out.end_object();

  const json tree{
      {"a", {0, INT64_MIN, INT64_MAX, json::object(), json::array(), true, false}},
      {"b", {{strange, strange}}},
      {"c", ""},
  };
  EXPECT_EQ(out.finish(), tree.dump(1) + "\n");
}

TEST(JsonText, holds_a_plan_in_its_canonical_form) {
  Registry registry;
  toy::register_toy(registry);
  Scenario scenario = toy::quiet_scenario();
  scenario.faults.profile = "harsh";
  std::size_t faults = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = draw_plan(registry, scenario, seed);
    faults += plan.faults.actions.size();

    const std::string text = plan_to_json(plan);

    // Sorted and spelt by another hand: reading it into a tree and printing that changes nothing.
    EXPECT_EQ(text, json::parse(text).dump(1) + "\n");
    EXPECT_EQ(plan_hash(plan), sim::hash_name(text));
  }
  EXPECT_GT(plan_to_json(draw_plan(registry, scenario, 1)).size(), 4096U)
      << "one part would not show how parts are put together";
  EXPECT_GT(faults, 20U) << "plans without faults show little";
}

TEST(JsonTextDeathTest, refuses_members_out_of_order) {
  JsonText out;
  out.begin_object();
  out.name("b");
  out.integer(1);

  EXPECT_DEATH(out.name("a"), "names of members rise");
  EXPECT_DEATH(out.name("b"), "names of members rise");
}

}  // namespace
}  // namespace millrace::run
