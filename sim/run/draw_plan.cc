// From a scenario and a seed to a plan.
//
// Every draw is keyed by the seed and a path of names ("machine/store-1", "workload/writer"), so a
// knob that a scenario fixes moves no other draw.

#include "sim/run/draw_plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "sim/run/draw_faults.h"
#include "sim/run/plan.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

constexpr std::uint64_t kSeedEnd = std::uint64_t{1} << 53;

// Machines' monotonic clocks start anywhere in their first hour, walls within a second of each
// other.
constexpr Duration kClockStartMax = seconds(3600);
constexpr WallTime kWallStart{1'767'225'600'000'000'000};  // 2026-01-01.
constexpr Duration kWallSpread = seconds(1);

/// The value of a knob that a scenario does not name: mostly drawn from its table, so that every
/// boundary is crossed in some seed, and now and then as the program would have it by itself.
std::int64_t draw_knob(const PlanDraws& draws, const KnobView& knob) {
  if (!knob.is_drawn) return knob.default_value;
  const PlanDraws below = draws.below(knob.name);
  if (below.hit("is_default", 0, {1, 4})) return knob.default_value;
  const bool is_scale = knob.kind == KnobKind::kDuration || knob.kind == KnobKind::kBytes ||
                        knob.kind == KnobKind::kInteger;
  if (is_scale && knob.drawn_low >= 1) {
    return below.log_uniform("value", 0, knob.drawn_low, knob.drawn_high);
  }
  return below.between("value", 0, knob.drawn_low, knob.drawn_high);
}

KnobValues draw_knobs(const PlanDraws& draws, const std::vector<KnobView>& knobs,
                      const Ranges& given, std::string_view prefix) {
  KnobValues values;
  for (const KnobView& knob : knobs) {
    const auto range = given.find(fmt::format("{}{}", prefix, knob.name));
    values[knob.name] = range == given.end() ? draw_knob(draws, knob)
                                             : draws.from(knob.name + "/given", 0, range->second);
  }
  return values;
}

/// A rate within the bound; half of the machines keep time exactly.
std::int32_t draw_clock_rate(const PlanDraws& draws, std::uint32_t bound_ppm) {
  if (draws.hit("is_exact", 0, {1, 2})) return 0;
  const std::int64_t bound = bound_ppm;
  return static_cast<std::int32_t>(draws.between("rate", 0, -bound, bound));
}

template <typename Machine>
void draw_clock(const PlanDraws& draws, std::uint32_t bound_ppm, Machine& machine) {
  machine.clock_start_ns = draws.between("clock_start", 0, 0, kClockStartMax.ns);
  machine.clock_rate_ppm = draw_clock_rate(draws, bound_ppm);
  const std::int64_t offset = draws.between("wall", 0, -kWallSpread.ns, kWallSpread.ns);
  machine.wall_start_ns = kWallStart.ns + offset;
}

/// By the instants at which they may start, and where these are equal as they are. Operations are
/// large, so each is moved once, to its place.
void sort_by_instant(std::vector<PlanOperation>& operations) {
  std::vector<std::pair<Duration, std::size_t>> places;
  places.reserve(operations.size());
  for (const PlanOperation& operation : operations) {
    places.emplace_back(operation.not_before, places.size());
  }
  std::ranges::sort(places);
  std::vector<PlanOperation> sorted;
  sorted.reserve(operations.size());
  for (const auto& [instant, place] : places) sorted.push_back(std::move(operations[place]));
  operations = std::move(sorted);
}

std::uint32_t core_of(CoreSize size, std::size_t members) {
  const auto count = static_cast<std::uint32_t>(members);
  switch (size) {
    case CoreSize::kAll:
      return count;
    case CoreSize::kMajority:
      return count / 2 + 1;
    case CoreSize::kOne:
      return std::min<std::uint32_t>(count, 1);
  }
  UNREACHABLE("a core size outside its list");
}

/// Builds one plan.
class PlanDrawing {
 public:
  PlanDrawing(const Registry& registry, const Scenario& scenario, std::uint64_t seed)
      : registry_(registry), scenario_(scenario), root_(seed, scenario.run_for, scenario.name) {
    plan_.scenario = scenario.name;
    plan_.seed = seed;
    plan_.run_for = scenario.run_for;
    plan_.settle_for = scenario.settle_for;
  }

  Plan plan() {
    draw_machines();
    draw_settings();
    draw_clients();
    finish_operations();
    call_hook();
    draw_strategy();
    draw_faults(registry_, scenario_, root_.bits("faults"), plan_);
    return std::move(plan_);
  }

  Plan bare_plan() {
    draws_operations_ = false;
    draw_machines();
    draw_settings();
    draw_clients();
    call_hook();
    return std::move(plan_);
  }

 private:
  /// The world's own part.
  void call_hook() {
    if (registry_.plan_hook() == nullptr) return;
    PlanDraws draws = root_.below("hook");
    registry_.plan_hook()(plan_, draws);
  }

  void draw_machines() {
    const std::int64_t zones = root_.from("zones", 0, scenario_.zones);
    for (const RoleType& role : registry_.roles()) {
      const auto given = scenario_.cluster.find(role.name);
      if (given == scenario_.cluster.end()) continue;
      const PlanDraws draws = root_.below("role").below(role.name);
      const std::int64_t count = draws.from("count", 0, given->second);
      const KnobValues knobs =
          draw_knobs(draws.below("knobs"), role.knobs, scenario_.knobs, role.name + ".");
      for (std::int64_t i = 0; i < count; ++i) add_machine(role, knobs, i, zones);
      if (count > 0) add_group(role);
    }
  }

  void add_machine(const RoleType& role, const KnobValues& knobs, std::int64_t index,
                   std::int64_t zones) {
    PlanMachine machine;
    machine.name = fmt::format("{}-{}", role.options.machine_prefix, index + 1);
    machine.role = role.name;
    machine.zone = fmt::format("zone-{}", index % zones + 1);
    machine.knobs = knobs;
    const PlanDraws draws = root_.below("machine").below(machine.name);
    draw_clock(draws, role.options.clock_rate_max_ppm, machine);
    machine.is_disk_weak = draws.hit("disk_weak", 0, {1, 2});
    plan_.machines.push_back(std::move(machine));
  }

  void add_group(const RoleType& role) {
    sim::Group group;
    group.name = role.name;
    for (const PlanMachine& machine : plan_.machines) {
      if (machine.role == role.name) group.members.push_back(machine.name);
    }
    group.disks_lost_max = role.options.disks_lost_max;
    group.core_min = core_of(role.options.core, group.members.size());
    group.clock_rate_max_ppm = role.options.clock_rate_max_ppm;
    group.repair_mark = role.options.repair_mark;
    plan_.groups.push_back(std::move(group));
  }

  /// For each place that the scenario mentions ("streams.orders") all knobs of its group.
  void draw_settings() {
    for (const auto& [path, range] : scenario_.settings) {
      const std::string place = path.substr(0, path.rfind('.') + 1);
      for (const SettingGroup& group : registry_.setting_groups()) {
        const KnobView& first = group.knobs.front();
        if (registry_.find_setting(place + first.name) != &first) continue;
        const PlanDraws draws = root_.below("setting").below(place);
        const KnobValues values = draw_knobs(draws, group.knobs, scenario_.settings, place);
        for (const auto& [name, value] : values) {
          plan_.settings[place + name] = std::to_string(value);
        }
      }
    }
  }

  void draw_clients() {
    for (const ScenarioWorkload& workload : scenario_.workloads) draw_population(workload);
    for (const WorkloadType& type : registry_.workloads()) {
      const bool is_named = std::ranges::find(scenario_.workloads, type.name,
                                              &ScenarioWorkload::kind) != scenario_.workloads.end();
      if (!type.options.is_in_every_scenario || is_named) continue;
      draw_population({.name = type.name, .kind = type.name});
    }
  }

  void draw_population(const ScenarioWorkload& workload) {
    const WorkloadType* const type = registry_.find_workload(workload.kind);
    CHECK(type != nullptr, "the scenario was validated");
    const PlanDraws draws = root_.below("workload").below(workload.name);
    const std::int64_t count = draws.from("clients", 0, workload.clients);
    const KnobValues knobs = draw_knobs(draws.below("knobs"), type->knobs, workload.knobs, "");
    std::string stem = workload.name;
    std::ranges::replace(stem, '_', '-');
    for (std::int64_t i = 0; i < count; ++i) {
      add_client(*type, knobs, fmt::format("{}-{}", stem, i + 1), false);
    }
    const std::uint32_t fresh = count > 0 ? type->options.fresh_clients : 0;
    for (std::uint32_t i = 0; i < fresh; ++i) {
      add_client(*type, knobs, fmt::format("{}-fresh-{}", stem, i + 1), true);
    }
  }

  void add_client(const WorkloadType& type, const KnobValues& knobs, std::string name,
                  bool is_fresh) {
    PlanClient client;
    client.name = std::move(name);
    client.workload = type.name;
    client.start = is_fresh ? ClientStart::kSettle : type.options.start;
    client.is_fresh = is_fresh;
    client.knobs = knobs;
    PlanDraws draws = root_.below("client").below(client.name);
    std::uint32_t bound = std::numeric_limits<std::uint32_t>::max();
    for (const sim::Group& group : plan_.groups) bound = std::min(bound, group.clock_rate_max_ppm);
    draw_clock(draws, plan_.groups.empty() ? 0 : bound, client);
    if (draws_operations_) draw_operations(type, client, draws);
    plan_.clients.push_back(std::move(client));
  }

  static void draw_operations(const WorkloadType& type, PlanClient& client, PlanDraws& draws) {
    type.make(client.knobs)->draw_operations(client, draws);
    check_kinds(type, client);
    sort_by_instant(client.operations);
    if (client.start != ClientStart::kStart) keep_short(client);
  }

  static void check_kinds(const WorkloadType& type, const PlanClient& client) {
    const std::vector<std::string>& kinds = type.options.operation_kinds;
    if (kinds.empty()) return;
    for (const PlanOperation& planned : client.operations) {
      const bool is_known = std::ranges::find(kinds, planned.operation.kind) != kinds.end();
      CHECK(is_known, "a workload draws only kinds of operations that it names");
    }
  }

  /// A client that starts after the faults has a tenth of the operations, at least one, and starts
  /// them as fast as it can.
  static void keep_short(PlanClient& client) {
    if (client.is_fresh && !client.operations.empty()) {
      client.operations.resize((client.operations.size() + 9) / 10);
    }
    for (PlanOperation& operation : client.operations) operation.not_before = Duration{};
  }

  void finish_operations() {
    std::uint64_t id = 0;
    for (PlanClient& client : plan_.clients) {
      for (PlanOperation& operation : client.operations) {
        operation.operation.id = ++id;
        // Whole microseconds are shorter to read.
        operation.not_before.ns = operation.not_before.ns / 1'000 * 1'000;
      }
    }
  }

  /// The shortest of the plan's timeouts and leases, or a second where there is none.
  Duration shortest_timeout() const {
    std::int64_t shortest = seconds(1).ns;
    const auto look = [&](const std::vector<KnobView>& knobs, const KnobValues& values) {
      for (const KnobView& knob : knobs) {
        const auto value = values.find(knob.name);
        if (!is_timeout(knob) || value == values.end() || value->second <= 0) continue;
        shortest = std::min(shortest, value->second);
      }
    };
    for (const PlanMachine& machine : plan_.machines) {
      look(registry_.find_role(machine.role)->knobs, machine.knobs);
    }
    for (const PlanClient& client : plan_.clients) {
      look(registry_.find_workload(client.workload)->knobs, client.knobs);
    }
    return {shortest};
  }

  void draw_strategy() {
    const PlanDraws draws = root_.below("strategy");
    const auto drawn = static_cast<sim::StrategyKind>(draws.between("kind", 0, 0, 3));
    plan_.strategy.kind = scenario_.strategy.value_or(drawn);
    const std::int64_t high = std::min(milliseconds(10).ns, shortest_timeout().ns / 20);
    const std::int64_t low = std::min(microseconds(10).ns, high);
    const bool is_fair = draws.hit("is_fair", 0, {1, 4});
    if (plan_.strategy.kind != sim::StrategyKind::kFifo && !is_fair && low >= 1) {
      plan_.strategy.window = {draws.log_uniform("window", 0, low, high)};
    }
    plan_.strategy.pct_depth = static_cast<std::uint32_t>(draws.between("pct_depth", 0, 2, 5));
    plan_.strategy.pct_entities =
        static_cast<std::uint32_t>(16 * (plan_.machines.size() + plan_.clients.size()));
    plan_.strategy.pct_events =
        static_cast<std::uint32_t>(draws.log_uniform("pct_events", 0, 64, 65'536));
  }

  const Registry& registry_;
  const Scenario& scenario_;
  PlanDraws root_;
  bool draws_operations_ = true;
  Plan plan_;
};

}  // namespace

Plan draw_plan(const Registry& registry, const Scenario& scenario, std::uint64_t seed) {
  CHECK(seed < kSeedEnd, "seeds are whole numbers that every reader of JSON keeps");
  return PlanDrawing(registry, scenario, seed).plan();
}

Plan draw_bare_plan(const Registry& registry, const Scenario& scenario, std::uint64_t seed) {
  return PlanDrawing(registry, scenario, seed).bare_plan();
}

}  // namespace millrace::run
