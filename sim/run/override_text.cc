#include "sim/run/override_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <vector>

#include "sim/devices/link.h"
#include "sim/kernel/identity.h"
#include "system/base/time.h"

namespace millrace::run {
namespace {

std::vector<std::string> machine_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanMachine& machine : plan.machines) names.push_back(machine.name);
  for (const PlanClient& client : plan.clients) names.push_back(client.name);
  return names;
}

/// The boot that `cause` brought about, or one of the restarts by the supervisor that followed it.
std::optional<std::string> boot_text(sim::Root root, const std::string& machine, sim::Root cause,
                                     const std::string& first) {
  constexpr int kRestartsNamed = 8;
  sim::Root boot = sim::boot_root(machine, cause);
  for (int restarts = 0; restarts <= kRestartsNamed; ++restarts) {
    if (boot == root) {
      return restarts == 0 ? first : fmt::format("restart {} after {}", restarts, first);
    }
    boot = sim::boot_root(machine, boot);
  }
  return std::nullopt;
}

std::string root_text(sim::Root root, const Plan& plan) {
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      const std::uint64_t id = planned.operation.id;
      if (sim::operation_root(id) == root) return fmt::format("operation {}", id);
    }
  }
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (sim::fault_root(action.id) == root) return fmt::format("fault {}", action.id);
  }
  for (const std::string& name : machine_names(plan)) {
    if (const auto text = boot_text(root, name, sim::Root{}, "the boot of " + name)) return *text;
    for (const sim::FaultAction& action : plan.faults.actions) {
      const std::string first = fmt::format("the boot of {} after fault {}", name, action.id);
      if (const auto text = boot_text(root, name, sim::fault_root(action.id), first)) return *text;
    }
  }
  return fmt::format("root {}", hex16(root.value));
}

/// What of the traffic from one machine to another happens at a place; empty where it is another
/// place.
std::string traffic_text(sim::Where where, std::string_view from, std::string_view to) {
  for (std::size_t i = 0; i < sim::kPacketKindCount; ++i) {
    const std::string_view packet = sim::place_of(static_cast<sim::PacketKind>(i));
    if (sim::where_of(from, to, packet) != where) continue;
    return packet.empty() ? fmt::format("{} -> {}", from, to)
                          : fmt::format("{} -> {} ({})", from, to, packet);
  }
  if (sim::where_of(from, to, sim::kPlaceAgain) != where) return {};
  return fmt::format("{} -> {} (sent again)", from, to);
}

std::string place_text(sim::Where where, const Plan& plan) {
  const std::vector<std::string> names = machine_names(plan);
  for (const std::string& from : names) {
    if (sim::where_of(from, "operations") == where) {
      return fmt::format("the operations of {}", from);
    }
    if (sim::where_of(from, "supervisor") == where) {
      return fmt::format("the supervisor of {}", from);
    }
    for (const std::string& to : names) {
      std::string traffic = traffic_text(where, from, to);
      if (!traffic.empty()) return traffic;
    }
  }
  return fmt::format("place {}", hex16(where.value));
}

std::string_view noun_of(sim::EventKind kind) {
  return kind == sim::EventKind::kDeliver ? "frame" : sim::to_text(kind);
}

std::string count_text(std::uint32_t n, std::string_view noun) {
  // n counts earlier ones.
  return n == 0 ? fmt::format("first {}", noun) : fmt::format("{} number {}", noun, n + 1);
}

/// A boot counts anew from each slice of its age on; see Choices::first_n().
std::string aged_count_text(std::uint32_t n, std::string_view noun) {
  constexpr std::uint32_t kInSlice = 0xFFFF;
  constexpr int kAgeUnitShift = 12;
  const std::string count = count_text(n & kInSlice, noun);
  const std::uint32_t slice = n & ~kInSlice;
  if (slice == 0) return count;
  const Duration age = milliseconds((std::int64_t{slice} << kAgeUnitShift) / 1'000'000);
  return fmt::format("{} from an age of {} on", count, millrace::to_text(age));
}

bool is_time(sim::Purpose purpose) {
  return purpose == sim::Purpose::kCpuCost || purpose == sim::Purpose::kLateness ||
         purpose == sim::Purpose::kLatency || purpose == sim::Purpose::kDiskLatency;
}

std::string value_text(const sim::Override& rule) {
  if (rule.is_drawn) return "as drawn";
  if (!rule.value.has_value()) return "neutral";
  const bool has_time = rule.purpose.has_value() && is_time(*rule.purpose);
  return has_time ? millrace::to_text(Duration{*rule.value}) : std::to_string(*rule.value);
}

}  // namespace

std::string describe(const sim::Override& rule, const Plan& plan) {
  std::vector<std::string> parts;
  if (rule.root.has_value()) parts.push_back(root_text(*rule.root, plan));
  if (rule.where.has_value()) parts.push_back(place_text(*rule.where, plan));
  const std::string_view noun = rule.kind.has_value() ? noun_of(*rule.kind) : "event";
  const bool counts_by_age = rule.root.has_value() && sim::is_boot(*rule.root);
  if (rule.n.has_value() && counts_by_age) {
    parts.push_back(aged_count_text(*rule.n, noun));
  } else if (rule.n.has_value()) {
    parts.push_back(count_text(*rule.n, noun));
  } else if (rule.kind.has_value()) {
    parts.push_back(fmt::format("every {}", noun));
  }
  if (parts.empty()) parts.emplace_back("everything");
  std::string what(rule.purpose.has_value() ? sim::to_text(*rule.purpose) : "every draw");
  if (rule.index.has_value()) what += fmt::format(" [{}]", *rule.index);
  return fmt::format("{}: {} {}", fmt::join(parts, ", "), what, value_text(rule));
}

}  // namespace millrace::run
