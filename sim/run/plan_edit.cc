#include "sim/run/plan_edit.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::run {
namespace {

using Names = std::set<std::string, std::less<>>;

/// Whether it was about some machines, and all of them are gone.
bool loses_all(std::vector<std::string>& machines, const Names& gone) {
  const bool had_some = !machines.empty();
  std::erase_if(machines, [&](const std::string& name) { return gone.contains(name); });
  return had_some && machines.empty();
}

bool is_about(const sim::Anchor& anchor, const Names& gone) {
  return gone.contains(anchor.machine) || gone.contains(anchor.peer);
}

void remove_faults_about(Plan& plan, const Names& gone) {
  std::set<std::uint64_t> pointless;
  for (sim::FaultAction& action : plan.faults.actions) {
    const bool is_off_target = loses_all(action.targets, gone);
    const bool has_no_other_side = loses_all(action.others, gone);
    const bool never_comes = action.anchor.has_value() && is_about(*action.anchor, gone);
    if (is_off_target || has_no_other_side || never_comes) pointless.insert(action.id);
  }
  remove_faults(plan, pointless);
}

/// The first machine of each role that is left, by the names of those that are gone.
std::map<std::string, std::optional<std::string>, std::less<>> successors_of(const Plan& plan,
                                                                             const Names& gone) {
  std::map<std::string, std::optional<std::string>, std::less<>> successors;
  for (const PlanMachine& machine : plan.machines) {
    if (!gone.contains(machine.name)) continue;
    const auto left = std::ranges::find_if(plan.machines, [&](const PlanMachine& other) {
      return other.role == machine.role && !gone.contains(other.name);
    });
    successors[machine.name] =
        left == plan.machines.end() ? std::nullopt : std::optional(left->name);
  }
  return successors;
}

/// Operations that are due while faults strike, in the order in which they are.
std::vector<std::uint64_t> order_of(const Plan& plan) {
  std::vector<std::pair<Duration, std::uint64_t>> timed;
  for (const PlanClient& client : plan.clients) {
    if (client.start != ClientStart::kStart) continue;
    for (const PlanOperation& planned : client.operations) {
      timed.emplace_back(planned.not_before, planned.operation.id);
    }
  }
  std::ranges::sort(timed);
  std::vector<std::uint64_t> order;
  for (const auto& [time, id] : timed) order.push_back(id);
  return order;
}

/// The one that is left nearest to `id`, rather an earlier one; 0 where none is.
std::uint64_t nearest_left(const std::vector<std::uint64_t>& order, std::uint64_t id,
                           const std::set<std::uint64_t>& gone) {
  const auto is_left = [&](std::uint64_t other) { return !gone.contains(other); };
  const auto place = std::ranges::find(order, id);
  const auto before = std::find_if(std::reverse_iterator(place), order.rend(), is_left);
  if (before != order.rend()) return *before;
  const auto next = std::find_if(place, order.end(), is_left);
  return next == order.end() ? 0 : *next;
}

/// Lets anchors that count from an operation which goes count from one that is left.
void recount_anchors(Plan& plan, const std::set<std::uint64_t>& gone) {
  std::vector<std::uint64_t> order;
  for (sim::FaultAction& action : plan.faults.actions) {
    if (!action.anchor.has_value() || !gone.contains(action.anchor->since_operation)) continue;
    if (order.empty()) order = order_of(plan);
    action.anchor->since_operation = nearest_left(order, action.anchor->since_operation, gone);
  }
}

}  // namespace

void remove_faults(Plan& plan, const std::set<std::uint64_t>& ids) {
  // In order of their ids, so that what waits for a fault comes after it.
  std::set<std::uint64_t> gone = ids;
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (action.after != 0 && gone.contains(action.after)) gone.insert(action.id);
  }
  std::erase_if(plan.faults.actions,
                [&](const sim::FaultAction& action) { return gone.contains(action.id); });
}

void remove_operations(Plan& plan, const std::set<std::uint64_t>& ids) {
  recount_anchors(plan, ids);
  std::map<std::uint64_t, std::optional<std::uint64_t>> followed_by_gone;
  for (PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      if (!ids.contains(planned.operation.id)) continue;
      followed_by_gone[planned.operation.id] = planned.after;
    }
    std::erase_if(client.operations,
                  [&](const PlanOperation& planned) { return ids.contains(planned.operation.id); });
  }
  for (PlanClient& client : plan.clients) {
    for (PlanOperation& planned : client.operations) {
      // A valid plan has no circles, so this ends.
      for (auto gone = followed_by_gone.find(planned.after.value_or(0));
           gone != followed_by_gone.end();
           gone = followed_by_gone.find(planned.after.value_or(0))) {
        planned.after = gone->second;
      }
    }
  }
}

void remove_machines(Plan& plan, const Names& names) {
  std::set<std::uint64_t> operations;
  for (const PlanClient& client : plan.clients) {
    if (!names.contains(client.name)) continue;
    for (const PlanOperation& planned : client.operations) {
      operations.insert(planned.operation.id);
    }
  }
  remove_operations(plan, operations);
  const auto successors = successors_of(plan, names);
  for (auto setting = plan.settings.begin(); setting != plan.settings.end();) {
    const auto successor = successors.find(setting->second);
    if (successor == successors.end()) {
      ++setting;
    } else if (successor->second.has_value()) {
      (setting++)->second = *successor->second;
    } else {
      setting = plan.settings.erase(setting);
    }
  }
  remove_faults_about(plan, names);
  for (sim::Group& group : plan.groups) {
    loses_all(group.members, names);
    const auto members = static_cast<std::uint32_t>(group.members.size());
    group.core_min = std::min(group.core_min, members);
    group.disks_lost_max = std::min(group.disks_lost_max, members - group.core_min);
  }
  std::erase_if(plan.groups, [](const sim::Group& group) { return group.members.empty(); });
  std::erase_if(plan.machines,
                [&](const PlanMachine& machine) { return names.contains(machine.name); });
  std::erase_if(plan.clients,
                [&](const PlanClient& client) { return names.contains(client.name); });
}

std::uint64_t machine_count(const Plan& plan) { return plan.machines.size() + plan.clients.size(); }

}  // namespace millrace::run
