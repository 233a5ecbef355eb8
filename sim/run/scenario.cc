#include "sim/run/scenario.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <span>

#include "sim/faults/deployment.h"
#include "sim/kernel/meters.h"
#include "sim/run/draw_plan.h"
#include "sim/run/registry.h"

namespace millrace::run {
namespace {

constexpr std::int64_t kMachinesMax = 1'000;
constexpr std::int64_t kClientsMax = 1'000;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& one : all) names.push_back(one.name);
  return names;
}

/// Collects what is wrong with one scenario.
class Validator {
 public:
  Validator(const Scenario& scenario, const Registry& registry)
      : scenario_(scenario), registry_(registry) {}

  std::vector<ScenarioError> errors() {
    check_times();
    check_cluster();
    check_settings();
    check_role_knobs();
    for (const ScenarioWorkload& workload : scenario_.workloads) check_workload(workload);
    if (scenario_.workloads.empty())
      complain("workloads", "a scenario needs at least one workload");
    check_faults();
    check_floors();
    if (errors_.empty()) check_budget();
    return std::move(errors_);
  }

 private:
  void complain(std::string path, std::string what) {
    errors_.push_back({.path = std::move(path), .what = std::move(what)});
  }

  void unknown(std::string path, std::string_view sort, std::string_view name,
               const std::vector<std::string>& known) {
    const std::string nearest = nearest_name(name, known);
    complain(std::move(path), nearest.empty() ? fmt::format("unknown {} '{}'", sort, name)
                                              : fmt::format("unknown {} '{}'; the nearest is '{}'",
                                                            sort, name, nearest));
  }

  void check_order(const std::string& path, const Range& range) {
    if (range.choices.empty() && range.low > range.high) {
      complain(path, fmt::format("the range {}..{} is empty", range.low, range.high));
    }
  }

  void check_within(const std::string& path, const Range& range, std::int64_t low,
                    std::int64_t high) {
    check_order(path, range);
    std::vector<std::int64_t> values = range.choices;
    if (values.empty()) values = {range.low, range.high};
    for (const std::int64_t value : values) {
      if (value >= low && value <= high) continue;
      complain(path, fmt::format("{} is outside {} to {}", value, low, high));
      return;
    }
  }

  void check_knob(const std::string& path, const Range& range, const KnobView& knob) {
    check_order(path, range);
    std::vector<std::int64_t> values = range.choices;
    if (values.empty()) values = {range.low, range.high};
    for (const std::int64_t value : values) {
      if (value >= knob.low && value <= knob.high) continue;
      complain(path, fmt::format("{} is outside {}", knob.text(value), knob.range_text()));
      return;
    }
  }

  void check_times() {
    if (scenario_.story.empty()) complain("story", "a scenario needs a story, one sentence");
    if (scenario_.run_for <= Duration{}) complain("run_for", "a time above 0 is expected");
    if (scenario_.settle_for <= Duration{}) complain("settle_for", "a time above 0 is expected");
  }

  void check_cluster() {
    for (const auto& [role, count] : scenario_.cluster) {
      const std::string path = "cluster." + role;
      if (registry_.find_role(role) == nullptr) {
        unknown(path, "role", role, names_of(registry_.roles()));
      } else {
        check_within(path, count, 0, kMachinesMax);
      }
    }
    check_within("cluster.zones", scenario_.zones, 1, kMachinesMax);
  }

  void check_settings() {
    for (const auto& [path, range] : scenario_.settings) {
      const KnobView* const knob = registry_.find_setting(path);
      if (knob != nullptr) {
        check_knob(path, range, *knob);
        continue;
      }
      std::vector<std::string> known;
      const std::string above = path.substr(0, path.rfind('.') + 1);
      for (const SettingGroup& group : registry_.setting_groups()) {
        for (const KnobView& one : group.knobs) known.push_back(above + one.name);
      }
      unknown(path, "setting", path, known);
    }
  }

  void check_role_knobs() {
    for (const auto& [path, range] : scenario_.knobs) {
      const std::size_t dot = path.find('.');
      const RoleType* const role = registry_.find_role(path.substr(0, dot));
      const KnobView* const knob = role == nullptr || dot == std::string::npos
                                       ? nullptr
                                       : find_knob(role->knobs, path.substr(dot + 1));
      if (knob != nullptr) {
        check_knob(path, range, *knob);
        continue;
      }
      std::vector<std::string> known;
      for (const RoleType& type : registry_.roles()) {
        for (const KnobView& one : type.knobs) known.push_back(type.name + "." + one.name);
      }
      unknown(path, "knob", path, known);
    }
  }

  void check_workload(const ScenarioWorkload& workload) {
    const std::string path = "workloads." + workload.name;
    const WorkloadType* const type = registry_.find_workload(workload.kind);
    if (type == nullptr) {
      unknown(path, "workload", workload.kind, names_of(registry_.workloads()));
      return;
    }
    check_within(path + ".clients", workload.clients, 0, kClientsMax);
    for (const auto& [name, range] : workload.knobs) {
      const KnobView* const knob = find_knob(type->knobs, name);
      if (knob == nullptr) {
        unknown(path + "." + name, "key", name, names_of(type->knobs));
      } else {
        check_knob(path + "." + name, range, *knob);
      }
    }
  }

  void check_faults() {
    const std::vector<std::string> profiles{"none", "mild", "harsh"};
    const auto check_level = [&](const std::string& path, const std::string& level) {
      if (std::ranges::find(profiles, level) == profiles.end()) {
        unknown(path, "profile", level, profiles);
      }
    };
    check_level("faults.profile", scenario_.faults.profile);
    for (const auto& [kind, level] : scenario_.faults.kinds) {
      check_level("faults." + kind, level);
      if (sim::fault_kind_from_text(kind).has_value()) continue;
      std::vector<std::string> known;
      for (const sim::FaultKindInfo& info : sim::fault_kinds()) known.emplace_back(info.name);
      unknown("faults." + kind, "fault", kind, known);
    }
  }

  void check_floors() {
    for (const auto& [mark, share] : scenario_.floors.must_reach) {
      const std::vector<std::string>& known = registry_.marks();
      const bool is_known = known.empty() || std::ranges::find(known, mark) != known.end();
      if (!is_known) unknown("floors.must_reach." + mark, "mark", mark, known);
    }
    for (const ScenarioSkip& skip : scenario_.skips) {
      if (registry_.find_property(skip.id) != nullptr) continue;
      std::vector<std::string> known;
      for (const PropertyType& property : registry_.properties()) {
        known.emplace_back(property.claim.id);
        known.emplace_back(property.claim.name);
      }
      unknown("skip", "property", skip.id, known);
    }
  }

  void check_budget() {
    // The number of machines is drawn: the smallest deployment is the one that may not do.
    Scenario smallest = scenario_;
    for (auto& [role, count] : smallest.cluster) {
      const std::int64_t least =
          count.choices.empty() ? count.low : *std::ranges::min_element(count.choices);
      count = Range::fixed(least);
    }
    const Plan plan = draw_bare_plan(registry_, smallest, 1);
    const sim::Deployment deployment = deployment_of(plan);
    if (deployment.machines.size() == deployment.clients.size() && !scenario_.cluster.empty()) {
      complain("cluster", "a deployment needs at least one machine");
      return;
    }
    const Result<void> valid = sim::validate(deployment);
    if (!valid.has_value()) complain("cluster", valid.error().detail);
    if (auto mistake = registry_.mistake_of(plan)) {
      complain(std::move(mistake->path), std::move(mistake->what));
    }
  }

  const Scenario& scenario_;
  const Registry& registry_;
  std::vector<ScenarioError> errors_;
};

}  // namespace

std::vector<ScenarioError> validate(const Scenario& scenario, const Registry& registry) {
  return Validator(scenario, registry).errors();
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  // Who stops early means what begins like that: "disk.torn" is nearer to "disk.torn_write" than
  // to "disk.full", whatever the letters say.
  std::string nearest;
  constexpr std::size_t kBeginningMin = 3;
  for (const std::string& candidate : known) {
    const bool is_begun = name.size() >= kBeginningMin && candidate.starts_with(name);
    const bool is_shorter = nearest.empty() || candidate.size() < nearest.size();
    if (is_begun && is_shorter) nearest = candidate;
  }
  if (!nearest.empty()) return nearest;
  std::size_t best = std::max<std::size_t>(name.size() / 2, 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= best) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace millrace::run
