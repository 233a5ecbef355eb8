#include "sim/faults/deployment.h"

#include <algorithm>
#include <optional>
#include <set>

namespace millrace::sim {
namespace {

// A clock that is a tenth off is no clock; faults beyond the bound go up to twice that.
constexpr std::uint32_t kClockRateMaxPpm = 100'000;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<void> validate(const Deployment& deployment, const Group& group) {
  const std::string who = "group " + group.name + ": ";
  std::set<std::string_view> seen;
  for (const std::string& member : group.members) {
    if (find_machine(deployment, member) == nullptr) {
      return fail(Errc::kInvalid, who + "no machine is named " + member);
    }
    if (is_client(deployment, member)) {
      return fail(Errc::kInvalid, who + member + " is a client, and clients are in no group");
    }
    if (!seen.insert(member).second) {
      return fail(Errc::kInvalid, who + member + " is a member twice");
    }
  }
  if (group.clock_rate_max_ppm > kClockRateMaxPpm) {
    return fail(Errc::kInvalid,
                who + "clock_rate_max_ppm is at most " + std::to_string(kClockRateMaxPpm));
  }
  if (group.core_min > group.members.size()) {
    return fail(Errc::kInvalid, who + "core_min is " + std::to_string(group.core_min) +
                                    ", and it has only " + std::to_string(group.members.size()) +
                                    " members");
  }
  if (group.disks_lost_max + group.core_min > group.members.size()) {
    return fail(Errc::kInvalid, who + "with " + std::to_string(group.disks_lost_max) +
                                    " disks lost, fewer than core_min " +
                                    std::to_string(group.core_min) + " of its " +
                                    std::to_string(group.members.size()) + " members are whole");
  }
  return {};
}

}  // namespace

const DeployedMachine* find_machine(const Deployment& deployment, std::string_view name) {
  const auto found = std::ranges::find(deployment.machines, name, &DeployedMachine::name);
  return found == deployment.machines.end() ? nullptr : &*found;
}

bool is_client(const Deployment& deployment, std::string_view name) {
  return contains(deployment.clients, name);
}

std::vector<std::string> servers(const Deployment& deployment) {
  std::vector<std::string> names;
  for (const DeployedMachine& machine : deployment.machines) {
    if (!is_client(deployment, machine.name)) names.push_back(machine.name);
  }
  return names;
}

std::uint32_t clock_rate_max_ppm(const Deployment& deployment, std::string_view name) {
  std::optional<std::uint32_t> of_its_groups;
  std::optional<std::uint32_t> of_all;
  for (const Group& group : deployment.groups) {
    const std::uint32_t bound = group.clock_rate_max_ppm;
    of_all = std::min(of_all.value_or(bound), bound);
    if (contains(group.members, name))
      of_its_groups = std::min(of_its_groups.value_or(bound), bound);
  }
  return of_its_groups.has_value() ? *of_its_groups : of_all.value_or(0);
}

Result<void> validate(const Deployment& deployment) {
  std::set<std::string_view> names;
  for (const DeployedMachine& machine : deployment.machines) {
    if (!names.insert(machine.name).second) {
      return fail(Errc::kInvalid, "two machines are named " + machine.name);
    }
  }
  for (const std::string& client : deployment.clients) {
    if (!names.contains(client)) return fail(Errc::kInvalid, "no machine is named " + client);
  }
  std::set<std::string_view> groups;
  for (const Group& group : deployment.groups) {
    if (!groups.insert(group.name).second) {
      return fail(Errc::kInvalid, "two groups are named " + group.name);
    }
    TRY(validate(deployment, group));
  }
  return {};
}

}  // namespace millrace::sim
