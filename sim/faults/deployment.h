#pragma once

// What a scenario's cluster expands to, as far as faults are concerned: machines, where they stand,
// and how much each group of them is declared to survive.
//
// A group is the unit of a promise: as long as no more than `disks_lost_max` of its members lost
// what a sync had made durable, nothing acknowledged is lost; as long as `core_min` of them work,
// the group makes progress. Faults claim from these budgets (see budget.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "system/base/result.h"

namespace millrace::sim {

/// A machine of the plan, as faults see it.
struct DeployedMachine {
  std::string name;
  std::string role;
  /// Machines of one zone fail together; empty stands for a zone of its own.
  std::string zone;

  friend bool operator==(const DeployedMachine&, const DeployedMachine&) = default;
};

/// Machines that keep a promise together.
struct Group {
  std::string name;
  std::vector<std::string> members;
  /// How many members' disks may be damaged, older or lost at one time.
  std::uint32_t disks_lost_max = 0;
  /// How many healthy members suffice for progress.
  std::uint32_t core_min = 0;
  /// The clock rate error, in parts per million either way, that the members allow for.
  std::uint32_t clock_rate_max_ppm = 0;
  /// The mark by which a member says that it repaired its disk; empty where nothing repairs one.
  std::string repair_mark;

  friend bool operator==(const Group&, const Group&) = default;
};

/// All machines, in a fixed order, and their groups.
struct Deployment {
  std::vector<DeployedMachine> machines;
  std::vector<Group> groups;
  /// Names of the machines on which clients run. They are in no group, and healed with every core.
  std::vector<std::string> clients;

  friend bool operator==(const Deployment&, const Deployment&) = default;
};

/// The machine of this name, or null. Cost: O(machines).
const DeployedMachine* find_machine(const Deployment& deployment, std::string_view name);

/// Whether clients run on the machine of this name.
bool is_client(const Deployment& deployment, std::string_view name);

/// Names of the machines that are no clients, in order.
std::vector<std::string> servers(const Deployment& deployment);

/// The rate error that the machine of this name must stay within: the least of its groups', or of
/// all groups' where it is in none.
std::uint32_t clock_rate_max_ppm(const Deployment& deployment, std::string_view name);

/// Whether each name is known and used once, and each group's budget can be met.
/// Errors: kInvalid, with the group and the reason.
Result<void> validate(const Deployment& deployment);

}  // namespace millrace::sim
