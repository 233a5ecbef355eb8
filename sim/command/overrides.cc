#include "sim/command/overrides.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "sim/command/scenario_values.h"
#include "sim/kernel/meters.h"
#include "system/base/units.h"

namespace millrace::command {
namespace {

using run::Range;
using run::Registry;
using run::Scenario;

using Change = std::expected<void, std::string>;

/// "a.b=c" in two; nothing where it has no '='.
std::optional<std::pair<std::string_view, std::string_view>> split_set(std::string_view set) {
  const std::size_t equals = set.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return std::pair(set.substr(0, equals), set.substr(equals + 1));
}

std::string no_pair(std::string_view set) {
  return fmt::format("--set {}: expected K=V, such as store.lease=2s", set);
}

/// The knob of a path "role.field", or null.
const KnobView* find_role_knob(const Registry& registry, std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const run::RoleType* const role = registry.find_role(path.substr(0, dot));
  return role == nullptr ? nullptr : find_knob(role->knobs, path.substr(dot + 1));
}

/// Sets one key of a scenario.
class Setter {
 public:
  Setter(const Registry& registry, Scenario& scenario) : registry_(registry), scenario_(scenario) {}

  Change set(std::string_view key, std::string_view value) {
    if (key == "run_for") return set_duration(value, scenario_.run_for);
    if (key == "settle_for") return set_duration(value, scenario_.settle_for);
    if (key == "cluster.zones") return set_range(value, nullptr, scenario_.zones);
    if (key.starts_with("cluster.")) {
      const std::string role(key.substr(key.find('.') + 1));
      if (registry_.find_role(role) == nullptr) return unknown(key);
      return set_range(value, nullptr, scenario_.cluster[role]);
    }
    if (key.starts_with("workloads.")) return set_workload(key, value);
    if (const KnobView* const knob = registry_.find_setting(key)) {
      return set_range(value, knob, scenario_.settings[std::string(key)]);
    }
    if (const KnobView* const knob = find_role_knob(registry_, key)) {
      return set_range(value, knob, scenario_.knobs[std::string(key)]);
    }
    return unknown(key);
  }

 private:
  Change unknown(std::string_view key) const {
    return std::unexpected(unknown_name("key", key, set_keys(registry_, scenario_)));
  }

  static Change set_duration(std::string_view text, Duration& target) {
    const Result<Duration> value = parse_duration(text);
    if (!value.has_value()) return std::unexpected(value.error().detail);
    target = *value;
    return {};
  }

  static Change set_range(std::string_view text, const KnobView* knob, Range& target) {
    const auto range = parse_range(text, knob);
    if (!range.has_value()) return std::unexpected("expected " + range.error());
    target = *range;
    return {};
  }

  Change set_workload(std::string_view key, std::string_view value) {
    const std::string_view path = key.substr(key.find('.') + 1);
    const std::size_t dot = path.find('.');
    const auto workload =
        std::ranges::find(scenario_.workloads, path.substr(0, dot), &run::ScenarioWorkload::name);
    if (workload == scenario_.workloads.end() || dot == std::string_view::npos) return unknown(key);
    const std::string name(path.substr(dot + 1));
    if (name == "clients") return set_range(value, nullptr, workload->clients);
    const run::WorkloadType* const type = registry_.find_workload(workload->kind);
    const KnobView* const knob = type == nullptr ? nullptr : find_knob(type->knobs, name);
    if (knob == nullptr) return unknown(key);
    return set_range(value, knob, workload->knobs[name]);
  }

  const Registry& registry_;
  Scenario& scenario_;
};

void override_faults(std::string_view text, Scenario& scenario, std::vector<std::string>& errors) {
  scenario.faults.kinds.clear();
  scenario.faults.profile = "none";
  constexpr std::array<std::string_view, 3> kProfiles{"none", "mild", "harsh"};
  const auto is_profile = [&](std::string_view name) {
    return std::ranges::find(kProfiles, name) != kProfiles.end();
  };
  if (is_profile(text)) {
    scenario.faults.profile = text;
    return;
  }
  std::vector<std::string> known(kProfiles.begin(), kProfiles.end());
  for (const sim::FaultKindInfo& info : sim::fault_kinds()) known.emplace_back(info.name);
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string kind(text.substr(0, comma));
    if (sim::fault_kind_from_text(kind).has_value()) {
      scenario.faults.kinds[kind] = "harsh";
    } else if (is_profile(kind)) {
      errors.push_back(
          fmt::format("--faults: the profile '{}' stands alone; commas are for kinds", kind));
    } else {
      errors.push_back("--faults: " + unknown_name("fault", kind, known));
    }
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

/// Sets a knob of all machines of a role, or a setting.
Change set_in_plan(std::string_view key, std::string_view text, const Registry& registry,
                   run::Plan& plan) {
  const KnobView* const setting = registry.find_setting(key);
  const KnobView* const knob = setting != nullptr ? setting : find_role_knob(registry, key);
  if (knob == nullptr) {
    std::vector<std::string> known;
    for (const run::RoleType& role : registry.roles()) {
      for (const KnobView& one : role.knobs) known.push_back(role.name + "." + one.name);
    }
    for (const auto& [path, value] : plan.settings) known.push_back(path);
    return std::unexpected(unknown_name("knob or setting", key, known));
  }
  const Result<std::int64_t> value = knob->parse(text);
  if (!value.has_value()) {
    return std::unexpected(fmt::format("expected {}, got '{}'", knob->range_text(), text));
  }
  if (setting != nullptr) {
    plan.settings[std::string(key)] = knob->text(*value);
    return {};
  }
  const std::string_view role = key.substr(0, key.find('.'));
  for (run::PlanMachine& machine : plan.machines) {
    if (machine.role == role) machine.knobs[knob->name] = *value;
  }
  return {};
}

}  // namespace

std::expected<void, std::vector<std::string>> override_scenario(const Overrides& overrides,
                                                                const Registry& registry,
                                                                Scenario& scenario) {
  std::vector<std::string> errors;
  for (const std::string& set : overrides.sets) {
    const auto pair = split_set(set);
    if (!pair.has_value()) {
      errors.push_back(no_pair(set));
      continue;
    }
    const Change changed = Setter(registry, scenario).set(pair->first, pair->second);
    if (!changed.has_value()) errors.push_back(fmt::format("--set {}: {}", set, changed.error()));
  }
  if (overrides.faults.has_value()) override_faults(*overrides.faults, scenario, errors);
  if (overrides.strategy.has_value()) {
    scenario.strategy = sim::strategy_from_text(*overrides.strategy);
    if (!scenario.strategy.has_value() && *overrides.strategy != "portfolio") {
      errors.push_back("--strategy: " +
                       unknown_name("strategy", *overrides.strategy, strategy_names()));
    }
  }
  if (errors.empty()) {
    for (const run::ScenarioError& error : run::validate(scenario, registry)) {
      errors.push_back(fmt::format("{}: {}: {}", scenario.name, error.path, error.what));
    }
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return {};
}

std::expected<void, std::vector<std::string>> override_plan(const Overrides& overrides,
                                                            const Registry& registry,
                                                            run::Plan& plan) {
  std::vector<std::string> errors;
  if (overrides.faults.has_value() || overrides.strategy.has_value()) {
    errors.emplace_back("--faults and --strategy draw anew; a saved plan has its own");
  }
  for (const std::string& set : overrides.sets) {
    const auto pair = split_set(set);
    if (!pair.has_value()) {
      errors.push_back(no_pair(set));
      continue;
    }
    const Change changed = set_in_plan(pair->first, pair->second, registry, plan);
    if (!changed.has_value()) errors.push_back(fmt::format("--set {}: {}", set, changed.error()));
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return {};
}

std::vector<std::string> set_keys(const Registry& registry, const Scenario& scenario) {
  std::vector<std::string> keys{"run_for", "settle_for", "cluster.zones"};
  for (const run::RoleType& role : registry.roles()) {
    keys.push_back("cluster." + role.name);
    for (const KnobView& knob : role.knobs) keys.push_back(role.name + "." + knob.name);
  }
  for (const run::ScenarioWorkload& workload : scenario.workloads) {
    const std::string path = "workloads." + workload.name + ".";
    keys.push_back(path + "clients");
    const run::WorkloadType* const type = registry.find_workload(workload.kind);
    if (type == nullptr) continue;
    for (const KnobView& knob : type->knobs) keys.push_back(path + knob.name);
  }
  for (const auto& [path, range] : scenario.settings) keys.push_back(path);
  std::ranges::sort(keys);
  return keys;
}

}  // namespace millrace::command
