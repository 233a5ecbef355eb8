// The JSON schema that editors use says of a scenario file what the loader says.

#include "sim/command/scenario_schema.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/store_world.h"
#include "sim/command/scenario_file.h"
#include "tests/folders.h"

// clang-format off: the options come first.
#include "sim/command/toml_options.h"
#include <toml++/toml.h>
// clang-format on

namespace millrace::scenarios {
namespace {

using nlohmann::json;

bool is_of_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  ADD_FAILURE() << "the schema has a type that this test does not know: " << type;
  return false;
}

bool fits(const json& schema, const json& value);

std::size_t count_fitting(const json& schemas, const json& value) {
  return static_cast<std::size_t>(
      std::ranges::count_if(schemas, [&](const json& one) { return fits(one, value); }));
}

bool fits_as_object(const json& schema, const json& value) {
  if (value.size() < schema.value("minProperties", 0U)) return false;
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name.get<std::string>())) return false;
  }
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, member] : value.items()) {
    const json others = schema.value("additionalProperties", json(true));
    const json& rule = properties.contains(name) ? properties[name] : others;
    if (rule.is_boolean() ? !rule.get<bool>() : !fits(rule, member)) return false;
  }
  return true;
}

bool fits_as_array(const json& schema, const json& value) {
  if (value.size() < schema.value("minItems", 0U)) return false;
  return !schema.contains("items") ||
         std::ranges::all_of(value, [&](const json& one) { return fits(schema["items"], one); });
}

/// Whether a value keeps to as much of JSON Schema (draft 7) as our schema uses.
bool fits(const json& schema, const json& value) {
  for (const auto& [word, rule] : schema.items()) {
    if (word == "$schema" || word == "title" || word == "description") continue;
    bool holds = true;
    if (word == "type") {
      const json types = rule.is_array() ? rule : json::array({rule});
      holds = std::ranges::any_of(types, [&](const json& t) { return is_of_type(value, t); });
    } else if (word == "enum") {
      holds = std::ranges::find(rule, value) != rule.end();
    } else if (word == "pattern") {
      holds = !value.is_string() ||
              std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    } else if (word == "minimum") {
      holds = !value.is_number() || value >= rule;
    } else if (word == "oneOf") {
      holds = count_fitting(rule, value) == 1;
    } else if (word == "anyOf") {
      holds = count_fitting(rule, value) >= 1;
    } else if (word == "properties" || word == "additionalProperties" || word == "required" ||
               word == "minProperties") {
      holds = !value.is_object() || fits_as_object(schema, value);
    } else if (word == "items" || word == "minItems") {
      holds = !value.is_array() || fits_as_array(schema, value);
    } else {
      ADD_FAILURE() << "the schema has a word that this test does not know: " << word;
    }
    if (!holds) return false;
  }
  return true;
}

json json_of(const std::string& text) {
  const toml::parse_result parsed = toml::parse(text);
  EXPECT_TRUE(parsed) << text;
  std::ostringstream out;
  out << toml::json_formatter(parsed.table());
  return json::parse(out.str());
}

class ScenarioSchema : public testing::Test {
 protected:
  ScenarioSchema() {
    store_world(registry_);
    schema_ = json::parse(command::scenario_schema(registry_));
  }

  bool loads(const std::string& text) const {
    return command::load_scenario({.name = "one", .path = "", .text = text}, registry_).has_value();
  }

  Registry registry_;
  json schema_;
};

TEST_F(ScenarioSchema, in_the_docs_is_what_the_program_prints) {
  std::ifstream in(source_folder() + "/docs/formats/scenario.schema.json", std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();

  EXPECT_EQ(text.str(), command::scenario_schema(registry_))
      << "millrace check --schema > docs/formats/scenario.schema.json";
}

TEST_F(ScenarioSchema, admits_every_scenario_of_the_library) {
  EXPECT_GE(registry_.scenario_sources().size(), 8U);
  for (const run::ScenarioSource& source : registry_.scenario_sources()) {
    EXPECT_TRUE(fits(schema_, json_of(source.text))) << source.name;
  }
}

TEST_F(ScenarioSchema, has_every_key_of_the_loader_and_no_other) {
  std::vector<std::string> keys;
  for (const command::ScenarioKey& key : command::scenario_keys()) keys.emplace_back(key.name);
  for (const std::string& key : keys) EXPECT_TRUE(schema_["properties"].contains(key)) << key;
  for (const auto& [name, rule] : schema_["properties"].items()) {
    const bool is_setting = std::ranges::any_of(
        registry_.setting_groups(),
        [&](const run::SettingGroup& group) { return group.pattern.starts_with(name + "."); });
    EXPECT_TRUE(is_setting || std::ranges::find(keys, name) != keys.end()) << name;
  }
}

TEST_F(ScenarioSchema, admits_and_refuses_what_the_loader_does) {
  const std::string base =
      "story = \"A store.\"\nrun_for = \"5s\"\ncluster.segment_store = 1\n"
      "streams.bills.segments = 1\n";
  const std::string workload = "[workloads.writer]\n";
  struct Case {
    std::string text;
    bool is_right;
  };
  const std::vector<Case> cases{
      {base + workload, true},
      {base + "streams.orders.segments = \"1..4\"\n" + workload, true},
      {base + "streams.orders.segmets = 1\n" + workload, false},
      {base + "settle_for = \"10s\"\nstrategy = \"pct\"\n" + workload, true},
      {base + "strategy = \"best\"\n" + workload, false},
      {base + "settle_for = 10\n" + workload, false},
      {base + "settle_for = \"10 s\"\n" + workload, false},
      {base + "cluster.zones = [1, 2]\n" + workload, true},
      {base + "cluster.zone = 2\n" + workload, false},
      {base + "knobs.segment_store.log_batch_bytes = \"4KiB\"\n" + workload, true},
      {base + "knobs.segment_store.log_batch_byte = 1\n" + workload, false},
      {base + "faults.profile = \"mild\"\nfaults.disk.torn_write = \"harsh\"\n" + workload, true},
      {base + "faults.profile = \"wild\"\n" + workload, false},
      {base + "faults.disk.torn = \"harsh\"\n" + workload, false},
      {base + "floors = { acked_operations = 1 }\n" + workload, true},
      {base + "floors = { acked_operations = -1 }\n" + workload, false},
      {base + "floors = { must_reach = { \"append.acked\" = \"1/20\" } }\n" + workload, true},
      {base + "floors = { must_reach = { \"append.nothing\" = \"1/20\" } }\n" + workload, false},
      {base + "skip = [{ id = \"DUR-1\", reason = \"why\" }]\n" + workload, true},
      {base + "skip = [{ id = \"DUR-1\" }]\n" + workload, false},
      {base + "skip = [{ id = \"DUR-99\", reason = \"why\" }]\n" + workload, false},
      {base + workload + "clients = \"1..3\"\nkeys = 4\n", true},
      {base + workload + "clients = \"many\"\n", false},
      {base + "[workloads.fast]\nkind = \"writer\"\n", true},
      {base + "[workloads.fast]\nkind = \"writter\"\n", false},
      {base + "tags = [\"ci\"]\n" + workload, true},
      {base + "tags = \"ci\"\n" + workload, false},
      {base, false},
      {"extends = \"quickstart\"\n", true},
      {"extends = 1\n", false},
      {base + "runs_for = \"5s\"\n" + workload, false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(loads(one.text), one.is_right) << one.text;
    EXPECT_EQ(fits(schema_, json_of(one.text)), one.is_right) << one.text;
  }
}

}  // namespace
}  // namespace millrace::scenarios
