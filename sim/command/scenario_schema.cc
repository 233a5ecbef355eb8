#include "sim/command/scenario_schema.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <vector>

#include "sim/command/scenario_file.h"
#include "sim/command/scenario_values.h"
#include "sim/kernel/meters.h"

namespace millrace::command {
namespace {

using Json = nlohmann::ordered_json;

const Json& level() {
  static const Json schema{{"enum", {"none", "mild", "harsh"}}};
  return schema;
}

const Json& duration() {
  static const Json schema{{"type", "string"}, {"pattern", "^[0-9]+(ns|us|ms|s|min|h)$"}};
  return schema;
}

/// A closed object with these members.
Json object_of(Json members) {
  return {{"type", "object"}, {"properties", std::move(members)}, {"additionalProperties", false}};
}

/// A whole number, "2..3", or an array of choices.
Json integers(std::string_view about) {
  const Json value{
      {"oneOf",
       {{{"type", "integer"}}, {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.\\.-?[0-9]+)?$"}}}}};
  Json schema = value;
  schema["oneOf"].push_back({{"type", "array"}, {"items", value}, {"minItems", 1}});
  if (!about.empty()) schema["description"] = about;
  return schema;
}

Json knob_schema(const KnobView& knob) {
  Json schema;
  if (knob.kind == KnobKind::kInteger) {
    schema = integers("");
  } else {
    Json one{{"type", "string"}};
    if (knob.kind == KnobKind::kBool) one = {{"type", {"boolean", "string"}}};
    if (knob.kind == KnobKind::kBytes) one = {{"type", {"integer", "string"}}};
    schema["oneOf"] = {one, {{"type", "array"}, {"items", one}, {"minItems", 1}}};
  }
  schema["description"] = fmt::format("{} Default {}, {}.", knob.about,
                                      knob.text(knob.default_value), knob.range_text());
  return schema;
}

Json knobs_schema(const std::vector<KnobView>& knobs) {
  Json members = Json::object();
  for (const KnobView& knob : knobs) members[knob.name] = knob_schema(knob);
  return members;
}

Json cluster_schema(const run::Registry& registry) {
  Json members = Json::object();
  for (const run::RoleType& role : registry.roles()) {
    members[role.name] = integers(role.options.about);
  }
  members["zones"] = integers("In how many zones the machines stand, in turn.");
  return object_of(std::move(members));
}

Json role_knobs_schema(const run::Registry& registry) {
  Json members = Json::object();
  for (const run::RoleType& role : registry.roles()) {
    members[role.name] = object_of(knobs_schema(role.knobs));
  }
  return object_of(std::move(members));
}

Json workloads_schema(const run::Registry& registry) {
  Json names = Json::array();
  Json of_any = Json::object();
  Json named = Json::object();
  for (const run::WorkloadType& workload : registry.workloads()) {
    names.push_back(workload.name);
    Json members = knobs_schema(workload.knobs);
    members["clients"] = integers("How many clients.");
    for (const auto& [key, schema] : members.items()) of_any[key] = schema;
    members["kind"] = Json{{"type", "string"}, {"description", "The registered workload."}};
    named[workload.name] = {{"type", "object"},
                            {"description", workload.options.about},
                            {"properties", std::move(members)}};
  }
  of_any["kind"] = {{"enum", std::move(names)}};
  return {{"type", "object"},
          {"minProperties", 1},
          {"properties", std::move(named)},
          {"additionalProperties", object_of(std::move(of_any))}};
}

Json faults_schema() {
  std::map<std::string, Json> areas;
  for (const sim::FaultKindInfo& info : sim::fault_kinds()) {
    const std::size_t dot = info.name.find('.');
    Json one = level();
    one["description"] = info.about;
    Json& area = areas[std::string(info.name.substr(0, dot))];
    area[std::string(info.name.substr(dot + 1))] = std::move(one);
  }
  Json members{{"profile", level()}, {"may_exceed_budget", {{"type", "boolean"}}}};
  for (auto& [area, kinds] : areas) members[area] = object_of(std::move(kinds));
  return object_of(std::move(members));
}

Json floors_schema(const run::Registry& registry) {
  const Json share{{"type", "string"}, {"pattern", "^[0-9]+/[1-9][0-9]*$"}};
  Json marks = Json::object();
  for (const std::string& mark : registry.marks()) marks[mark] = share;
  Json must_reach{{"type", "object"}, {"properties", std::move(marks)}};
  must_reach["additionalProperties"] = registry.marks().empty() ? share : Json(false);
  return object_of({{"acked_operations", {{"type", "integer"}, {"minimum", 0}}},
                    {"must_reach", std::move(must_reach)}});
}

Json skip_schema(const run::Registry& registry) {
  Json ids = Json::array();
  for (const std::string& name : property_names(registry)) ids.push_back(name);
  Json entry = object_of({{"id", {{"enum", std::move(ids)}}}, {"reason", {{"type", "string"}}}});
  entry["required"] = {"id", "reason"};
  return {{"type", "array"}, {"items", std::move(entry)}};
}

/// The settings of the Registry as nested tables; '*' admits any name.
void add_settings(const run::Registry& registry, Json& top) {
  for (const run::SettingGroup& group : registry.setting_groups()) {
    Json* at = &top;
    std::string_view pattern = group.pattern;
    while (!pattern.empty()) {
      const std::string part(pattern.substr(0, pattern.find('.')));
      pattern.remove_prefix(std::min(part.size() + 1, pattern.size()));
      Json& table = part == "*" ? (*at)["additionalProperties"] : (*at)["properties"][part];
      if (!table.is_object()) table = Json::object();  // It was closed until now.
      table["type"] = "object";
      if (!table.contains("additionalProperties")) table["additionalProperties"] = false;
      at = &table;
    }
    for (const KnobView& knob : group.knobs) {
      (*at)["properties"][knob.name] = knob_schema(knob);
    }
  }
}

Json key_schema(std::string_view name, const run::Registry& registry) {
  if (name == "run_for" || name == "settle_for") return duration();
  if (name == "tags") return {{"type", "array"}, {"items", {{"type", "string"}}}};
  if (name == "strategy") return {{"enum", strategy_names()}};
  if (name == "cluster") return cluster_schema(registry);
  if (name == "knobs") return role_knobs_schema(registry);
  if (name == "workloads") return workloads_schema(registry);
  if (name == "faults") return faults_schema();
  if (name == "floors") return floors_schema(registry);
  if (name == "skip") return skip_schema(registry);
  return {{"type", "string"}};
}

}  // namespace

std::string scenario_schema(const run::Registry& registry) {
  Json top{{"$schema", "http://json-schema.org/draft-07/schema#"},
           {"title", "A Millrace scenario"},
           {"type", "object"}};
  Json required = Json::array();
  for (const ScenarioKey& key : scenario_keys()) {
    Json schema = key_schema(key.name, registry);
    schema["description"] = key.about;
    top["properties"][std::string(key.name)] = std::move(schema);
    if (key.is_required) required.push_back(key.name);
  }
  // A file that extends another one has these from there.
  top["anyOf"] = {{{"required", std::move(required)}}, {{"required", {"extends"}}}};
  top["additionalProperties"] = false;
  add_settings(registry, top);
  return top.dump(2) + "\n";
}

}  // namespace millrace::command
