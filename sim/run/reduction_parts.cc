// Reductions that take parts out of a plan: faults, clients, operations, machines, settings.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "sim/run/plan_edit.h"
#include "sim/run/reduction.h"

namespace millrace::run {
namespace {

/// The keys that were chosen.
template <typename Key>
std::set<Key, std::less<>> pick(const std::vector<Key>& keys, std::span<const std::size_t> chosen) {
  std::set<Key, std::less<>> picked;
  for (const std::size_t index : chosen) picked.insert(keys[index]);
  return picked;
}

std::set<std::uint64_t> pick_ids(const std::vector<std::uint64_t>& ids,
                                 std::span<const std::size_t> chosen) {
  std::set<std::uint64_t> picked;
  for (const std::size_t index : chosen) picked.insert(ids[index]);
  return picked;
}

/// The run to a length, in whole microseconds, which are shorter to read.
void cut_run(Plan& plan, Duration end) {
  constexpr std::int64_t kMicrosecond = 1'000;
  const std::int64_t ns = (end.ns + kMicrosecond) / kMicrosecond * kMicrosecond;
  plan.run_for = std::min(plan.run_for, Duration{ns});
}

}  // namespace

Reduction drop_unused(const Plan& plan, const RunRecord& record) {
  // Times of a plan count from the first boot, and the record's from before the format step: what
  // lies after the record's end was not due.
  const Duration end{record.virtual_ns};
  std::set<std::uint64_t> faults(record.unmatched_faults.begin(), record.unmatched_faults.end());
  faults.insert(record.refused_faults.begin(), record.refused_faults.end());
  std::set<std::uint64_t> operations;
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      if (planned.not_before > end) operations.insert(planned.operation.id);
    }
  }
  std::vector<sim::Override> idle;
  for (std::size_t i = 0; i + 1 < plan.overrides.size(); ++i) {
    const bool is_idle = i < record.override_matches.size() && record.override_matches[i] == 0;
    if (is_idle) idle.push_back(plan.overrides[i]);
  }
  const auto apply = [=](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t part : chosen) {
      if (part == 0) remove_faults(changed, faults);
      if (part == 1) remove_operations(changed, operations);
      if (part == 2) cut_run(changed, end);
      if (part != 3) continue;
      std::erase_if(changed.overrides, [&](const sim::Override& rule) {
        return std::ranges::find(idle, rule) != idle.end();
      });
    }
  };
  return {.name = "what came after", .count = 4, .apply = apply, .may_mislead = true};
}

Reduction drop_fault_kinds(const Plan& plan) {
  std::vector<sim::FaultKind> kinds;
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (std::ranges::find(kinds, action.kind) == kinds.end()) kinds.push_back(action.kind);
  }
  const auto apply = [kinds](Plan& changed, std::span<const std::size_t> chosen) {
    const std::set<sim::FaultKind, std::less<>> gone = pick(kinds, chosen);
    std::set<std::uint64_t> ids;
    for (const sim::FaultAction& action : changed.faults.actions) {
      if (gone.contains(action.kind)) ids.insert(action.id);
    }
    remove_faults(changed, ids);
  };
  return {.name = "fault kinds", .count = kinds.size(), .apply = apply, .moves_timing = true};
}

Reduction drop_faults(const Plan& plan) {
  std::vector<std::uint64_t> ids;
  for (const sim::FaultAction& action : plan.faults.actions) ids.push_back(action.id);
  const auto apply = [ids](Plan& changed, std::span<const std::size_t> chosen) {
    remove_faults(changed, pick_ids(ids, chosen));
  };
  return {.name = "faults", .count = ids.size(), .apply = apply, .moves_timing = true};
}

Reduction drop_fault_targets(const Plan& plan) {
  using Target = std::pair<std::uint64_t, std::string>;
  std::vector<Target> targets;
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (action.targets.size() < 2) continue;
    for (const std::string& name : action.targets) targets.emplace_back(action.id, name);
  }
  const auto apply = [targets](Plan& changed, std::span<const std::size_t> chosen) {
    const std::set<Target, std::less<>> gone = pick(targets, chosen);
    for (sim::FaultAction& action : changed.faults.actions) {
      std::vector<std::string> left;
      for (const std::string& name : action.targets) {
        if (!gone.contains(Target(action.id, name))) left.push_back(name);
      }
      // None would stand for the machine of the moment.
      if (!left.empty()) action.targets = std::move(left);
    }
  };
  return {.name = "targets of faults", .count = targets.size(), .apply = apply};
}

Reduction recount_moments(const Plan& plan, const RunRecord& record) {
  std::vector<MetMoment> recounted;
  for (const MetMoment& met : record.met_moments) {
    const auto action = std::ranges::find(plan.faults.actions, met.fault, &sim::FaultAction::id);
    if (action == plan.faults.actions.end() || !action->anchor.has_value()) continue;
    if (met.nth < action->anchor->nth) recounted.push_back(met);
  }
  const auto apply = [recounted](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      const MetMoment& met = recounted[index];
      const auto action =
          std::ranges::find(changed.faults.actions, met.fault, &sim::FaultAction::id);
      if (action == changed.faults.actions.end() || !action->anchor.has_value()) continue;
      action->anchor->since_operation = met.operation;
      action->anchor->nth = met.nth;
    }
  };
  return {.name = "moments", .count = recounted.size(), .apply = apply};
}

Reduction drop_clients(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanClient& client : plan.clients) names.push_back(client.name);
  const auto apply = [names](Plan& changed, std::span<const std::size_t> chosen) {
    remove_machines(changed, pick(names, chosen));
  };
  return {.name = "clients",
          .count = names.size(),
          .apply = apply,
          .may_mislead = true,
          .moves_timing = true};
}

Reduction drop_operations(const Plan& plan) {
  std::vector<std::uint64_t> ids;
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) ids.push_back(planned.operation.id);
  }
  const auto apply = [ids](Plan& changed, std::span<const std::size_t> chosen) {
    remove_operations(changed, pick_ids(ids, chosen));
  };
  return {.name = "operations",
          .count = ids.size(),
          .apply = apply,
          .may_mislead = true,
          .moves_timing = true};
}

Reduction drop_machines(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanMachine& machine : plan.machines) names.push_back(machine.name);
  const auto apply = [names](Plan& changed, std::span<const std::size_t> chosen) {
    remove_machines(changed, pick(names, chosen));
  };
  return {.name = "machines",
          .count = names.size(),
          .apply = apply,
          .may_mislead = true,
          .may_be_unfit = true,
          .moves_timing = true};
}

Reduction drop_settings(const Plan& plan, const Registry& registry) {
  // A place with its settings, or a path that nobody registered.
  std::set<std::string, std::less<>> found;
  for (const auto& [path, value] : plan.settings) {
    const bool is_registered = registry.find_setting(path) != nullptr;
    found.insert(is_registered ? path.substr(0, path.rfind('.') + 1) : path);
  }
  const std::vector<std::string> prefixes(found.begin(), found.end());
  const auto apply = [prefixes](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      const std::string& prefix = prefixes[index];
      std::erase_if(changed.settings, [&](const auto& setting) {
        return setting.first == prefix ||
               (prefix.ends_with('.') && setting.first.starts_with(prefix));
      });
    }
  };
  return {.name = "settings",
          .count = prefixes.size(),
          .apply = apply,
          .may_mislead = true,
          .may_be_unfit = true,
          .moves_timing = true};
}

Reduction drop_overrides(const Plan& plan) {
  const std::size_t count = plan.overrides.empty() ? 0 : plan.overrides.size() - 1;
  const std::vector<sim::Override> rules(
      plan.overrides.begin(), plan.overrides.begin() + static_cast<std::ptrdiff_t>(count));
  const auto apply = [rules](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      const auto found = std::ranges::find(changed.overrides, rules[index]);
      if (found != changed.overrides.end()) changed.overrides.erase(found);
    }
  };
  return {.name = "draws", .count = count, .apply = apply};
}

}  // namespace millrace::run
