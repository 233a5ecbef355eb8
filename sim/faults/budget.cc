#include "sim/faults/budget.h"

#include <algorithm>

namespace millrace::sim {
namespace {

bool has_member(const Group& group, std::string_view machine) {
  return std::ranges::find(group.members, machine) != group.members.end();
}

}  // namespace

std::optional<std::string> Budget::refuses_disk(std::string_view machine) const {
  if (has_disk_claim(machine)) return std::nullopt;
  bool is_member = false;
  for (const Group& group : deployment_.groups) {
    if (!has_member(group, machine)) continue;
    is_member = true;
    std::uint32_t damaged = 1;
    for (const std::string& member : group.members) damaged += has_disk_claim(member) ? 1 : 0;
    if (damaged > group.disks_lost_max) {
      return "group " + group.name + ": " + std::to_string(damaged) + " disks damaged, at most " +
             std::to_string(group.disks_lost_max);
    }
  }
  if (is_member) return std::nullopt;
  return std::string(machine) + " is in no group that could afford a damaged disk";
}

std::optional<std::string> Budget::refuses_clock_rate(std::string_view machine,
                                                      std::int64_t rate_ppm) const {
  const std::int64_t bound = clock_rate_max_ppm(deployment_, machine);
  if (-bound <= rate_ppm && rate_ppm <= bound) return std::nullopt;
  return std::string(machine) + ": clock rate " + std::to_string(rate_ppm) + " ppm, at most " +
         std::to_string(bound);
}

void Budget::claim_disk(std::string_view machine) {
  const auto place = std::ranges::lower_bound(damaged_, machine);
  if (place == damaged_.end() || *place != machine) damaged_.insert(place, std::string(machine));
}

void Budget::release_disk(std::string_view machine) {
  const auto place = std::ranges::lower_bound(damaged_, machine);
  if (place != damaged_.end() && *place == machine) damaged_.erase(place);
}

void Budget::on_mark(std::string_view machine, std::string_view mark) {
  for (const Group& group : deployment_.groups) {
    if (!group.repair_mark.empty() && group.repair_mark == mark && has_member(group, machine)) {
      release_disk(machine);
    }
  }
}

bool Budget::has_disk_claim(std::string_view machine) const {
  return std::ranges::binary_search(damaged_, machine);
}

bool Budget::wants_marks() const {
  return std::ranges::any_of(deployment_.groups,
                             [](const Group& group) { return !group.repair_mark.empty(); });
}

}  // namespace millrace::sim
