// Writes the JSON of a plan: canonical, so that equal plans have equal hashes.

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
#include <xxhash.h>

#include "sim/run/json_text.h"
#include "sim/run/plan.h"
#include "system/base/units.h"

namespace millrace::run {
namespace {

void text(JsonText& out, std::string_view name, std::string_view value) {
  out.name(name);
  out.text(value);
}

void integer(JsonText& out, std::string_view name, std::int64_t value) {
  out.name(name);
  out.integer(value);
}

void boolean(JsonText& out, std::string_view name, bool value) {
  out.name(name);
  out.boolean(value);
}

void write(JsonText& out, const std::string& name) { out.text(name); }

void write(JsonText& out, const KnobValues& knobs) {
  out.begin_object();
  for (const auto& [name, value] : knobs) integer(out, name, value);
  out.end_object();
}

void write(JsonText& out, const sim::StrategySpec& strategy) {
  out.begin_object();
  text(out, "kind", sim::to_text(strategy.kind));
  integer(out, "pct_depth", strategy.pct_depth);
  integer(out, "pct_entities", strategy.pct_entities);
  integer(out, "pct_events", strategy.pct_events);
  if (strategy.seed.has_value()) {
    integer(out, "seed", static_cast<std::int64_t>(*strategy.seed));
  }
  text(out, "window", to_text(strategy.window));
  out.end_object();
}

template <typename T>
void list(JsonText& out, std::string_view name, const std::vector<T>& all);

void write(JsonText& out, const PlanMachine& machine) {
  out.begin_object();
  integer(out, "clock_rate_ppm", machine.clock_rate_ppm);
  integer(out, "clock_start_ns", machine.clock_start_ns);
  text(out, "disk", machine.is_disk_weak ? "weak" : "ordered");
  out.name("knobs");
  write(out, machine.knobs);
  text(out, "name", machine.name);
  text(out, "role", machine.role);
  integer(out, "wall_start_ns", machine.wall_start_ns);
  text(out, "zone", machine.zone);
  out.end_object();
}

void write(JsonText& out, const PlanOperation& planned) {
  out.begin_object();
  if (planned.after.has_value()) integer(out, "after", static_cast<std::int64_t>(*planned.after));
  if (!planned.operation.arguments.empty()) {
    out.name("arguments");
    out.begin_object();
    for (const auto& [name, value] : planned.operation.arguments) integer(out, name, value);
    out.end_object();
  }
  integer(out, "id", static_cast<std::int64_t>(planned.operation.id));
  text(out, "kind", planned.operation.kind);
  text(out, "not_before", to_text(planned.not_before));
  out.end_object();
}

void write(JsonText& out, const PlanClient& client) {
  out.begin_object();
  integer(out, "clock_rate_ppm", client.clock_rate_ppm);
  integer(out, "clock_start_ns", client.clock_start_ns);
  boolean(out, "is_fresh", client.is_fresh);
  out.name("knobs");
  write(out, client.knobs);
  text(out, "name", client.name);
  list(out, "operations", client.operations);
  text(out, "start", to_text(client.start));
  integer(out, "wall_start_ns", client.wall_start_ns);
  text(out, "workload", client.workload);
  out.end_object();
}

void write(JsonText& out, const sim::Group& group) {
  out.begin_object();
  integer(out, "clock_rate_max_ppm", group.clock_rate_max_ppm);
  integer(out, "core_min", group.core_min);
  integer(out, "disks_lost_max", group.disks_lost_max);
  list(out, "members", group.members);
  text(out, "name", group.name);
  text(out, "repair_mark", group.repair_mark);
  out.end_object();
}

void write(JsonText& out, const sim::FaultAction& action) {
  std::vector<sim::ActionField> fields = sim::to_fields(action);
  std::ranges::sort(fields, {}, &sim::ActionField::name);
  out.begin_object();
  for (const sim::ActionField& field : fields) {
    out.name(field.name);
    if (const auto* const number = std::get_if<std::int64_t>(&field.value)) {
      out.integer(*number);
    } else {
      out.text(std::get<std::string>(field.value));
    }
  }
  out.end_object();
}

void write(JsonText& out, const sim::Override& rule) {
  out.begin_object();
  if (rule.index.has_value()) integer(out, "index", *rule.index);
  if (rule.kind.has_value()) text(out, "kind", sim::to_text(*rule.kind));
  if (rule.n.has_value()) integer(out, "n", *rule.n);
  if (rule.purpose.has_value()) text(out, "purpose", sim::to_text(*rule.purpose));
  if (rule.root.has_value()) text(out, "root", hex16(rule.root->value));
  if (rule.value.has_value()) integer(out, "value", *rule.value);
  if (rule.is_drawn) text(out, "value", kDrawnValue);
  if (rule.where.has_value()) text(out, "where", hex16(rule.where->value));
  out.end_object();
}

template <typename T>
void list(JsonText& out, std::string_view name, const std::vector<T>& all) {
  out.name(name);
  out.begin_array();
  for (const T& one : all) write(out, one);
  out.end_array();
}

void write(JsonText& out, const sim::FaultPlan& faults) {
  out.begin_object();
  list(out, "actions", faults.actions);
  boolean(out, "may_exceed_budget", faults.may_exceed_budget);
  out.end_object();
}

void write(JsonText& out, const Plan& plan) {
  out.begin_object();
  list(out, "clients", plan.clients);
  out.name("faults");
  write(out, plan.faults);
  list(out, "groups", plan.groups);
  list(out, "machines", plan.machines);
  list(out, "overrides", plan.overrides);
  text(out, "run_for", to_text(plan.run_for));
  text(out, "scenario", plan.scenario);
  integer(out, "schema", 1);
  integer(out, "seed", static_cast<std::int64_t>(plan.seed));
  out.name("settings");
  out.begin_object();
  for (const auto& [path, value] : plan.settings) text(out, path, value);
  out.end_object();
  text(out, "settle_for", to_text(plan.settle_for));
  out.name("strategy");
  write(out, plan.strategy);
  out.end_object();
}

}  // namespace

std::string plan_to_json(const Plan& plan) {
  JsonText out;
  write(out, plan);
  return out.finish();
}

std::uint64_t plan_hash(const Plan& plan) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  JsonText out(
      [&state](std::string_view part) { XXH3_64bits_update(&state, part.data(), part.size()); });
  write(out, plan);
  out.finish();
  return XXH3_64bits_digest(&state);
}

}  // namespace millrace::run
