// Reductions that leave all parts of a plan and make their values plain: knobs, times, numbers.

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "sim/run/reduction.h"
#include "system/base/check.h"
#include "system/base/units.h"

namespace millrace::run {
namespace {

constexpr std::int64_t kWallStartNs = 1'767'225'600'000'000'000;  // 2026-01-01.
constexpr Duration kPlainDuration = milliseconds(100);

/// A time of a plan that others are relative to: an operation's, or that of a fault without a
/// moment of its own.
struct Entry {
  bool is_fault = false;
  std::uint64_t id = 0;

  friend auto operator<=>(const Entry&, const Entry&) = default;
};

bool has_own_time(const sim::FaultAction& action) {
  return !action.anchor.has_value() && action.after == 0;
}

/// Calls `visit(entry, time)` for each time of the plan, which it may change.
template <typename AnyPlan, typename Visit>
void for_each_time(AnyPlan& plan, Visit visit) {
  for (auto& client : plan.clients) {
    if (client.start != ClientStart::kStart) continue;
    for (auto& planned : client.operations) {
      visit(Entry{.is_fault = false, .id = planned.operation.id}, planned.not_before);
    }
  }
  for (auto& action : plan.faults.actions) {
    if (has_own_time(action)) visit(Entry{.is_fault = true, .id = action.id}, action.at);
  }
}

/// All entries in order of their times.
std::vector<Entry> timeline_of(const Plan& plan) {
  std::vector<std::pair<Duration, Entry>> timed;
  for_each_time(plan, [&](const Entry& entry, Duration time) { timed.emplace_back(time, entry); });
  std::ranges::sort(timed);
  std::vector<Entry> entries;
  for (const auto& [time, entry] : timed) entries.push_back(entry);
  return entries;
}

/// Changes the pauses before the chosen entries; all later ones, and the run's end, move along.
void change_gaps(Plan& plan, const std::vector<Entry>& entries, std::span<const std::size_t> chosen,
                 const std::function<Duration(Duration)>& change) {
  std::map<Entry, Duration> times;
  for_each_time(plan, [&](const Entry& entry, Duration time) { times[entry] = time; });
  const std::set<std::size_t> picked(chosen.begin(), chosen.end());
  Duration before;
  Duration now;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto found = times.find(entries[i]);
    if (found == times.end()) continue;
    const Duration gap = std::max(found->second - before, Duration{});
    before = std::max(before, found->second);
    now = now + (picked.contains(i) ? change(gap) : gap);
    found->second = now;
  }
  for_each_time(plan, [&](const Entry& entry, Duration& time) { time = times.at(entry); });
  const Duration rest = plan.run_for - before;
  if (rest > Duration{}) plan.run_for = now + rest;
}

/// Upwards to `digits` decimal digits that are not 0.
std::int64_t rounded(std::int64_t value, int digits) {
  std::int64_t limit = 1;
  for (int i = 0; i < digits; ++i) limit *= 10;
  std::int64_t scale = 1;
  while (value / scale >= limit) scale *= 10;
  return (value + scale - 1) / scale * scale;
}

bool is_time(sim::Purpose purpose) {
  return purpose == sim::Purpose::kCpuCost || purpose == sim::Purpose::kLateness ||
         purpose == sim::Purpose::kLatency || purpose == sim::Purpose::kDiskLatency;
}

/// A knob of all machines of a role, or all clients of a workload.
struct OwnedKnob {
  bool is_of_role = false;
  std::string owner;
  std::string name;
  std::int64_t default_value = 0;
};

void add_knobs(const std::vector<KnobView>& knobs, const KnobValues& values, bool is_of_role,
               const std::string& owner, std::vector<OwnedKnob>& found) {
  for (const KnobView& knob : knobs) {
    const auto value = values.find(knob.name);
    if (value == values.end() || value->second == knob.default_value) continue;
    const bool is_known = std::ranges::any_of(found, [&](const OwnedKnob& other) {
      return other.is_of_role == is_of_role && other.owner == owner && other.name == knob.name;
    });
    if (is_known) continue;
    found.push_back({.is_of_role = is_of_role,
                     .owner = owner,
                     .name = knob.name,
                     .default_value = knob.default_value});
  }
}

template <typename Machine>
void make_clock_plain(Machine& machine) {
  machine.clock_start_ns = 0;
  machine.clock_rate_ppm = 0;
  machine.wall_start_ns = kWallStartNs;
}

/// A number of a plan that is no time, and where it is.
struct NumberPlace {
  bool is_fault = false;
  std::uint64_t id = 0;
  std::string argument;
};

/// The number at a place; null where the place is gone.
std::int64_t* number_at(Plan& plan, const NumberPlace& place) {
  if (place.is_fault) {
    const auto found = std::ranges::find(plan.faults.actions, place.id, &sim::FaultAction::id);
    return found == plan.faults.actions.end() ? nullptr : &found->amount;
  }
  for (PlanClient& client : plan.clients) {
    for (PlanOperation& planned : client.operations) {
      if (planned.operation.id != place.id) continue;
      for (auto& [name, value] : planned.operation.arguments) {
        if (name == place.argument) return &value;
      }
    }
  }
  return nullptr;
}

sim::FaultAction* find_fault(Plan& plan, std::uint64_t id) {
  const auto found = std::ranges::find(plan.faults.actions, id, &sim::FaultAction::id);
  return found == plan.faults.actions.end() ? nullptr : &*found;
}

}  // namespace

Reduction lower_settings(const Plan& plan, const Registry& registry) {
  std::vector<std::pair<std::string, std::string>> lowered;
  for (const auto& [path, text] : plan.settings) {
    const KnobView* const knob = registry.find_setting(path);
    if (knob == nullptr || text == std::to_string(knob->low)) continue;
    lowered.emplace_back(path, std::to_string(knob->low));
  }
  const auto apply = [lowered](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      const auto found = changed.settings.find(lowered[index].first);
      if (found != changed.settings.end()) found->second = lowered[index].second;
    }
  };
  return {.name = "settings",
          .count = lowered.size(),
          .apply = apply,
          .may_mislead = true,
          .may_be_unfit = true,
          .moves_timing = true};
}

Reduction reset_knobs(const Plan& plan, const Registry& registry) {
  std::vector<OwnedKnob> knobs;
  for (const PlanMachine& machine : plan.machines) {
    const RoleType* const role = registry.find_role(machine.role);
    CHECK(role != nullptr, "a plan has only registered roles");
    add_knobs(role->knobs, machine.knobs, true, machine.role, knobs);
  }
  for (const PlanClient& client : plan.clients) {
    const WorkloadType* const workload = registry.find_workload(client.workload);
    CHECK(workload != nullptr, "a plan has only registered workloads");
    add_knobs(workload->knobs, client.knobs, false, client.workload, knobs);
  }
  const auto apply = [knobs](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      const OwnedKnob& knob = knobs[index];
      for (PlanMachine& machine : changed.machines) {
        const bool is_its = knob.is_of_role && machine.role == knob.owner;
        if (is_its) machine.knobs[knob.name] = knob.default_value;
      }
      for (PlanClient& client : changed.clients) {
        const bool is_its = !knob.is_of_role && client.workload == knob.owner;
        if (is_its) client.knobs[knob.name] = knob.default_value;
      }
    }
  };
  return {.name = "knobs",
          .count = knobs.size(),
          .apply = apply,
          .may_mislead = true,
          .moves_timing = true};
}

Reduction plain_machines(const Plan& plan) {
  std::vector<std::string> names;
  for (const PlanMachine& machine : plan.machines) names.push_back(machine.name);
  for (const PlanClient& client : plan.clients) names.push_back(client.name);
  const std::size_t machines = names.size();
  for (const PlanMachine& machine : plan.machines) names.push_back(machine.name);
  const auto apply = [names, machines](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      for (PlanMachine& machine : changed.machines) {
        if (machine.name != names[index]) continue;
        if (index < machines) make_clock_plain(machine);
        if (index >= machines) machine.is_disk_weak = false;
      }
      for (PlanClient& client : changed.clients) {
        if (client.name == names[index]) make_clock_plain(client);
      }
    }
  };
  return {.name = "clocks and disks", .count = names.size(), .apply = apply};
}

Reduction plain_strategy(const Plan& plan) {
  const bool is_plain = plan.strategy == sim::StrategySpec{};
  const auto apply = [](Plan& changed, std::span<const std::size_t> chosen) {
    if (!chosen.empty()) changed.strategy = sim::StrategySpec{};
  };
  return {.name = "strategy", .count = is_plain ? 0U : 1U, .apply = apply};
}

Reduction close_gaps(const Plan& plan, Duration pause) {
  const std::vector<Entry> entries = timeline_of(plan);
  const auto apply = [=](Plan& changed, std::span<const std::size_t> chosen) {
    change_gaps(changed, entries, chosen, [=](Duration gap) { return std::min(gap, pause); });
  };
  return {.name = "times", .count = entries.size(), .apply = apply};
}

Reduction shorten_run(const Plan& plan, Duration rest) {
  Duration last;
  for_each_time(plan, [&](const Entry& /*entry*/, Duration time) { last = std::max(last, time); });
  const Duration length = last + rest;
  const auto apply = [=](Plan& changed, std::span<const std::size_t> chosen) {
    if (!chosen.empty()) changed.run_for = std::min(changed.run_for, length);
  };
  return {.name = "length of the run",
          .count = length < plan.run_for ? 1U : 0U,
          .apply = apply,
          .may_mislead = true};
}

Reduction round_times(const Plan& plan, int digits) {
  const std::vector<Entry> entries = timeline_of(plan);
  std::vector<std::uint64_t> faults;
  for (const sim::FaultAction& action : plan.faults.actions) faults.push_back(action.id);
  const std::size_t rules = plan.overrides.size();
  const auto apply = [=](Plan& changed, std::span<const std::size_t> chosen) {
    std::vector<std::size_t> gaps;
    for (const std::size_t index : chosen) {
      if (index < entries.size()) {
        gaps.push_back(index);
      } else if (index < entries.size() + faults.size()) {
        sim::FaultAction* const action = find_fault(changed, faults[index - entries.size()]);
        if (action == nullptr) continue;
        if (!has_own_time(*action)) action->at.ns = rounded(action->at.ns, digits);
        action->duration.ns = rounded(action->duration.ns, digits);
        action->period.ns = rounded(action->period.ns, digits);
      } else {
        const std::size_t rule = index - entries.size() - faults.size();
        if (rule >= changed.overrides.size()) {
          changed.run_for.ns = rounded(changed.run_for.ns, digits);
          continue;
        }
        sim::Override& found = changed.overrides[rule];
        const bool has_time = found.value.has_value() && *found.value > 0 &&
                              found.purpose.has_value() && is_time(*found.purpose);
        if (has_time) *found.value = rounded(*found.value, digits);
      }
    }
    change_gaps(changed, entries, gaps,
                [=](Duration gap) { return Duration{rounded(gap.ns, digits)}; });
  };
  return {.name = "times", .count = entries.size() + faults.size() + rules + 1, .apply = apply};
}

Reduction plain_durations(const Plan& plan) {
  std::vector<std::uint64_t> faults;
  for (const sim::FaultAction& action : plan.faults.actions) faults.push_back(action.id);
  const auto apply = [faults](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      // Delays after the moment first, then durations.
      sim::FaultAction* const action = find_fault(changed, faults[index / 2]);
      if (action == nullptr) continue;
      if (index % 2 == 0 && !has_own_time(*action)) action->at = {};
      if (index % 2 == 1 && action->duration > Duration{}) action->duration = kPlainDuration;
    }
  };
  return {.name = "durations", .count = 2 * faults.size(), .apply = apply};
}

Reduction earlier_moments(const Plan& plan, bool is_first) {
  struct Change {
    std::uint64_t fault = 0;
    bool is_of_all = false;  // Counts from no operation.
  };
  std::vector<Change> changes;
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (!action.anchor.has_value()) continue;
    if (action.anchor->nth > 1) changes.push_back({.fault = action.id});
    const bool counts_from_one = action.anchor->since_operation != 0;
    if (is_first && counts_from_one) changes.push_back({.fault = action.id, .is_of_all = true});
  }
  const auto apply = [=](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      sim::FaultAction* const action = find_fault(changed, changes[index].fault);
      if (action == nullptr || !action->anchor.has_value()) continue;
      action->anchor->nth = is_first ? 1 : (action->anchor->nth + 1) / 2;
      if (changes[index].is_of_all) action->anchor->since_operation = 0;
    }
  };
  return {.name = "moments", .count = changes.size(), .apply = apply};
}

Reduction smaller_numbers(const Plan& plan, bool is_least) {
  std::vector<NumberPlace> places;
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      for (const auto& [name, value] : planned.operation.arguments) {
        if (value > 1) places.push_back({.id = planned.operation.id, .argument = name});
      }
    }
  }
  for (const sim::FaultAction& action : plan.faults.actions) {
    if (action.amount > 1) places.push_back({.is_fault = true, .id = action.id, .argument = {}});
  }
  const auto apply = [=](Plan& changed, std::span<const std::size_t> chosen) {
    for (const std::size_t index : chosen) {
      std::int64_t* const number = number_at(changed, places[index]);
      if (number != nullptr && *number > 1) *number = is_least ? 1 : *number / 2;
    }
  };
  return {.name = "numbers",
          .count = places.size(),
          .apply = apply,
          .may_mislead = true,
          .may_be_unfit = true};
}

Reduction serialise(const Plan& plan) {
  std::vector<std::tuple<ClientStart, Duration, std::uint64_t>> order;
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      order.emplace_back(client.start, planned.not_before, planned.operation.id);
    }
  }
  std::ranges::sort(order);
  // Each but the first after the one before it.
  std::map<std::uint64_t, std::uint64_t> before;
  std::vector<std::uint64_t> ids;
  for (std::size_t i = 1; i < order.size(); ++i) {
    ids.push_back(std::get<2>(order[i]));
    before[ids.back()] = std::get<2>(order[i - 1]);
  }
  const auto apply = [=](Plan& changed, std::span<const std::size_t> chosen) {
    std::set<std::uint64_t> picked;
    for (const std::size_t index : chosen) picked.insert(ids[index]);
    for (PlanClient& client : changed.clients) {
      for (PlanOperation& planned : client.operations) {
        const std::uint64_t id = planned.operation.id;
        if (picked.contains(id) && !planned.after.has_value()) planned.after = before.at(id);
      }
    }
  };
  return {.name = "concurrency", .count = ids.size(), .apply = apply};
}

std::vector<sim::Override> keep_purposes() {
  std::vector<sim::Override> rules;
  for (int i = 0; i < sim::kPurposeCount; ++i) {
    sim::Override rule;
    rule.purpose = static_cast<sim::Purpose>(i);
    rule.is_drawn = true;
    rules.push_back(rule);
  }
  return rules;
}

std::vector<sim::Override> keep_places(std::span<const DrawRecord> draws,
                                       std::span<const sim::Override> purposes) {
  std::vector<sim::Override> rules;
  for (const DrawRecord& draw : draws) {
    const bool is_kept = std::ranges::any_of(
        purposes, [&](const sim::Override& rule) { return rule.purpose == draw.purpose; });
    sim::Override rule;
    rule.purpose = draw.purpose;
    rule.where = draw.where;
    rule.is_drawn = true;
    if (is_kept && std::ranges::find(rules, rule) == rules.end()) rules.push_back(rule);
  }
  return rules;
}

std::vector<sim::Override> keep_draws(std::span<const DrawRecord> draws,
                                      std::span<const sim::Override> places,
                                      bool may_reach_others) {
  using Key = std::tuple<sim::Purpose, std::uint64_t, sim::EventKind, std::uint64_t, std::uint32_t>;
  std::map<Key, std::size_t> known;
  std::vector<sim::Override> rules;
  for (const DrawRecord& draw : draws) {
    const bool is_kept = std::ranges::any_of(places, [&](const sim::Override& rule) {
      return rule.purpose == draw.purpose && rule.where == draw.where;
    });
    if (!is_kept) continue;
    const Key key(draw.purpose, draw.root.value, draw.kind, draw.where.value, draw.n);
    const auto [found, is_new] = known.emplace(key, rules.size());
    if (is_new) {
      rules.push_back({.purpose = draw.purpose,
                       .root = draw.root,
                       .kind = draw.kind,
                       .where = draw.where,
                       .n = draw.n,
                       .value = draw.value});
    }
    // One rule cannot give two values.
    const bool is_writable = draw.value >= 0 && draw.value <= sim::Override::kValueMax;
    if (!is_new || !is_writable || (draw.index != 0 && !may_reach_others)) {
      rules[found->second].value.reset();
      rules[found->second].is_drawn = true;
    }
  }
  return rules;
}

}  // namespace millrace::run
