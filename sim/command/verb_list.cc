// `millrace list`: what there is, by kind, with a sentence each.

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/text.h"
#include "sim/command/explain.h"
#include "sim/command/scenario_file.h"
#include "sim/command/scenario_values.h"
#include "sim/command/verbs.h"
#include "sim/kernel/meters.h"

namespace millrace::command {
namespace {

using Json = nlohmann::ordered_json;
using run::Registry;

constexpr std::size_t kNameWidthMax = 40;

/// One thing: its names, what else JSON has of it, and a sentence.
struct Row {
  std::string name;
  std::string about;
  Json object;
};

Row row(std::string name, std::string about, Json more = Json::object()) {
  Json object{{"name", name}, {"about", about}};
  object.update(more);
  return {.name = std::move(name), .about = std::move(about), .object = std::move(object)};
}

std::vector<Row> scenario_rows(const Registry& registry) {
  std::vector<Row> rows;
  for (const run::ScenarioSource& source : registry.scenario_sources()) {
    const ScenarioResult loaded = load_scenario(source, registry);
    if (!loaded.has_value()) {
      rows.push_back(row(source.name, "(has mistakes: " + to_text(loaded.error().front()) + ")"));
      continue;
    }
    rows.push_back(row(source.name, loaded->story,
                       {{"tags", loaded->tags}, {"faults", loaded->faults.profile}}));
  }
  return rows;
}

std::vector<Row> property_rows(const Registry& registry) {
  std::vector<Row> rows;
  for (const run::PropertyType& property : registry.properties()) {
    const run::Claim& claim = property.claim;
    Row one = row(fmt::format("{} {}", claim.id, claim.name), std::string(claim.sentence));
    one.object = {{"id", claim.id},
                  {"name", claim.name},
                  {"kind", run::to_text(claim.kind)},
                  {"claim", claim.sentence},
                  {"classes", property.classes}};
    rows.push_back(std::move(one));
  }
  return rows;
}

std::vector<Row> fault_rows(const Registry& /*registry*/) {
  std::vector<Row> rows;
  for (const sim::FaultKindInfo& info : sim::fault_kinds()) {
    rows.push_back(row(std::string(info.name), std::string(info.about),
                       {{"meter", info.meter}, {"beyond_budget", info.is_beyond_budget}}));
  }
  return rows;
}

std::vector<Row> workload_rows(const Registry& registry) {
  std::vector<Row> rows;
  for (const run::WorkloadType& workload : registry.workloads()) {
    rows.push_back(row(
        workload.name, workload.options.about,
        {{"knobs", knob_names(workload.knobs)}, {"start", run::to_text(workload.options.start)}}));
  }
  return rows;
}

void add_knob_rows(std::string_view owner, const std::vector<KnobView>& knobs,
                   std::vector<Row>& rows) {
  for (const KnobView& knob : knobs) {
    rows.push_back(row(fmt::format("{}.{}", owner, knob.name), knob.about,
                       {{"kind", millrace::to_text(knob.kind)},
                        {"default", knob.text(knob.default_value)},
                        {"range", knob.range_text()},
                        {"drawn", knob.is_drawn}}));
  }
}

std::vector<Row> knob_rows(const Registry& registry) {
  std::vector<Row> rows;
  for (const run::RoleType& role : registry.roles()) add_knob_rows(role.name, role.knobs, rows);
  for (const run::WorkloadType& workload : registry.workloads()) {
    add_knob_rows(workload.name, workload.knobs, rows);
  }
  for (const run::SettingGroup& group : registry.setting_groups()) {
    add_knob_rows(group.pattern, group.knobs, rows);
  }
  return rows;
}

std::vector<Row> mark_rows(const Registry& registry) {
  std::vector<Row> rows;
  for (const std::string& mark : registry.marks()) {
    Row one = row(mark, "");
    one.object = {{"name", mark}};
    rows.push_back(std::move(one));
  }
  return rows;
}

struct Kind {
  std::string_view name;
  std::vector<Row> (*rows)(const Registry& registry);
};

constexpr std::array kKinds{Kind{"scenarios", scenario_rows}, Kind{"properties", property_rows},
                            Kind{"faults", fault_rows},       Kind{"workloads", workload_rows},
                            Kind{"knobs", knob_rows},         Kind{"marks", mark_rows}};

/// A line each; on a terminal a long sentence goes on in further lines below its beginning.
std::string text_of(const Context& context, const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const Row& one : rows) width = std::max(width, std::min(one.name.size(), kNameWidthMax));
  const std::size_t room = reports::layout_width(screen_options(context)) - width - 2;
  std::string text;
  for (const Row& one : rows) {
    if (context.options.is_quiet || one.about.empty()) {
      text += one.name + "\n";
      continue;
    }
    std::vector<std::string> lines{one.about};
    if (context.console.is_out_terminal()) lines = reports::wrapped(one.about, room);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      text += fmt::format("{:<{}}  {}\n", i == 0 ? one.name : "", width, lines[i]);
    }
  }
  return text;
}

/// One thing in full: a scenario's file, anything else as explain has it.
int show(const Context& context, const std::string& name) {
  std::string text;
  for (const run::ScenarioSource& source : context.registry.scenario_sources()) {
    if (source.name == name) text = source.text;
  }
  if (text.empty()) {
    text = explain(name, context.registry, shell_word(context.options.program),
                   reports::layout_width(screen_options(context)))
               .value_or("");
  }
  if (text.empty()) {
    return usage_error(context, unknown_name("name", name, explained_names(context.registry)));
  }
  if (context.options.is_json) {
    const Json object{{"schema", 1}, {"name", name}, {"text", text}};
    text = object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  context.console.out(text);
  return number(ExitStatus::kHeld);
}

}  // namespace

int verb_list(const Context& context) {
  const Options& options = context.options;
  if (!context.registry.scenario_errors().empty()) {
    return usage_error(context, context.registry.scenario_errors());
  }
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) known.emplace_back(kind.name);
  for (const std::string& name : options.names) {
    if (std::ranges::find(known, name) == known.end()) {
      return usage_error(context, unknown_name("kind", name, known));
    }
  }
  if (options.show.has_value()) return show(context, *options.show);
  Json object{{"schema", 1}};
  std::string text;
  for (const Kind& kind : kKinds) {
    const bool is_meant =
        options.names.empty() || std::ranges::find(options.names, kind.name) != options.names.end();
    if (!is_meant) continue;
    const std::vector<Row> rows = kind.rows(context.registry);
    Json list = Json::array();
    for (const Row& one : rows) list.push_back(one.object);
    object[std::string(kind.name)] = std::move(list);
    if (options.names.size() != 1)
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", kind.name);
    text += text_of(context, rows);
  }
  if (options.is_json) text = object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  context.console.out(text);
  return number(ExitStatus::kHeld);
}

}  // namespace millrace::command
