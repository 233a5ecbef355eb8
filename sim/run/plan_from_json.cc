// Reads the JSON of a plan, strictly. plan_to_json.cc writes it.

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <vector>

#include "sim/faults/fault_engine.h"
#include "sim/run/json_cursor.h"
#include "sim/run/plan.h"
#include "system/base/units.h"

namespace millrace::run {
namespace {

using nlohmann::json;

constexpr std::int64_t kIdMax = std::int64_t{1} << 53;
constexpr std::int64_t kPpmMax = 1'000'000;

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& one : all) names.push_back(one.name);
  return names;
}

/// The words that `to_text` gives for the enumerators from 0 to `count` - 1.
template <typename Enum>
std::vector<std::string> words_of(int count) {
  std::vector<std::string> words;
  for (int i = 0; i < count; ++i) {
    using millrace::run::to_text;
    using sim::to_text;
    words.emplace_back(to_text(static_cast<Enum>(i)));
  }
  return words;
}

template <typename Enum>
Enum read_enum(const JsonCursor& in, int count, std::string_view sort) {
  const std::vector<std::string> words = words_of<Enum>(count);
  const std::string word = in.word(words, sort);
  const auto found = std::ranges::find(words, word);
  return static_cast<Enum>(found == words.end() ? 0 : found - words.begin());
}

/// Reads a plan; every mistake goes to the cursors' errors.
class PlanReader {
 public:
  explicit PlanReader(const Registry& registry) : registry_(registry) {}

  Plan read(const JsonCursor& in) {
    in.only({"schema", "scenario", "seed", "run_for", "settle_for", "strategy", "settings",
             "machines", "groups", "clients", "faults", "overrides"});
    if (in.at("schema").integer(0, kIdMax) != 1) in.at("schema").complain("only 1 is known");
    Plan plan;
    plan.scenario = in.at("scenario").text();
    plan.seed = in.at("seed").seed();
    plan.run_for = some_time(in.at("run_for"));
    plan.settle_for = some_time(in.at("settle_for"));
    plan.strategy = read_strategy(in.at("strategy"));
    for (const auto& [path, value] : in.at("settings").members()) {
      plan.settings[path] = value.text();
    }
    for (const JsonCursor& one : in.at("machines").elements()) {
      plan.machines.push_back(read_machine(one));
    }
    for (const JsonCursor& one : in.at("groups").elements()) plan.groups.push_back(read_group(one));
    for (const JsonCursor& one : in.at("clients").elements()) {
      plan.clients.push_back(read_client(one));
    }
    plan.faults = read_faults(in.at("faults"));
    for (const JsonCursor& one : in.at("overrides").elements()) {
      plan.overrides.push_back(read_override(one));
    }
    return plan;
  }

 private:
  static std::uint32_t small(const JsonCursor& in) {
    return static_cast<std::uint32_t>(in.integer(0, std::numeric_limits<std::uint32_t>::max()));
  }

  static Duration some_time(const JsonCursor& in) {
    const Duration time = in.duration();
    if (time <= Duration{}) in.complain("a time above 0 is expected");
    return time;
  }

  static sim::StrategySpec read_strategy(const JsonCursor& in) {
    in.only({"kind", "window", "pct_depth", "pct_entities", "pct_events", "seed"});
    sim::StrategySpec strategy;
    strategy.kind = read_enum<sim::StrategyKind>(in.at("kind"), 4, "strategy");
    strategy.window = in.at("window").duration();
    if (strategy.window < Duration{} || strategy.window >= seconds(4)) {
      in.at("window").complain("a time from 0s to below 4s is expected");
      strategy.window = {};
    }
    strategy.pct_depth = small(in.at("pct_depth"));
    strategy.pct_entities = small(in.at("pct_entities"));
    strategy.pct_events = small(in.at("pct_events"));
    if (strategy.pct_events == 0) in.at("pct_events").complain("at least 1 is expected");
    if (in.has("seed")) strategy.seed = in.at("seed").seed();
    return strategy;
  }

  /// Values are integers, or text as people write it ("200ms").
  static KnobValues read_knobs(const JsonCursor& in, const std::vector<KnobView>& knobs) {
    KnobValues values;
    for (const auto& [name, value] : in.members()) {
      const KnobView* const knob = find_knob(knobs, name);
      if (knob == nullptr) {
        const std::string nearest = nearest_name(name, names_of(knobs));
        value.complain_of_name(nearest.empty()
                                   ? "no such knob"
                                   : fmt::format("no such knob; the nearest is '{}'", nearest));
      } else if (value.is_text()) {
        const Result<std::int64_t> parsed = knob->parse(value.text());
        if (!parsed.has_value()) value.complain(parsed.error().detail);
        values[name] = parsed.value_or(knob->default_value);
      } else {
        values[name] = value.integer(knob->low, knob->high);
      }
    }
    return values;
  }

  template <typename Machine>
  static void read_clock(const JsonCursor& in, Machine& machine) {
    machine.clock_start_ns = in.at("clock_start_ns").integer(0, INT64_MAX / 4);
    machine.clock_rate_ppm =
        static_cast<std::int32_t>(in.at("clock_rate_ppm").integer(-kPpmMax / 2, kPpmMax));
    machine.wall_start_ns = in.at("wall_start_ns").integer(INT64_MIN / 4, INT64_MAX / 4);
  }

  std::string unique_name(const JsonCursor& in) {
    std::string name = in.text();
    if (name.empty()) in.complain("a name is expected");
    if (!names_.insert(name).second) in.complain(fmt::format("'{}' is used twice", name));
    return name;
  }

  PlanMachine read_machine(const JsonCursor& in) {
    in.only({"name", "role", "zone", "knobs", "clock_start_ns", "clock_rate_ppm", "wall_start_ns",
             "disk"});
    PlanMachine machine;
    machine.name = unique_name(in.at("name"));
    machine.role = in.at("role").name(names_of(registry_.roles()), "role");
    machine.zone = in.at("zone").text();
    if (const RoleType* const role = registry_.find_role(machine.role)) {
      machine.knobs = read_knobs(in.at("knobs"), role->knobs);
    }
    read_clock(in, machine);
    machine.is_disk_weak = in.at("disk").word({"ordered", "weak"}, "disk") == "weak";
    return machine;
  }

  static sim::Group read_group(const JsonCursor& in) {
    in.only({"name", "members", "disks_lost_max", "core_min", "clock_rate_max_ppm", "repair_mark"});
    sim::Group group;
    group.name = in.at("name").text();
    for (const JsonCursor& member : in.at("members").elements()) {
      group.members.push_back(member.text());
    }
    group.disks_lost_max = small(in.at("disks_lost_max"));
    group.core_min = small(in.at("core_min"));
    group.clock_rate_max_ppm = small(in.at("clock_rate_max_ppm"));
    group.repair_mark = in.at("repair_mark").text();
    return group;
  }

  PlanClient read_client(const JsonCursor& in) {
    in.only({"name", "workload", "start", "is_fresh", "knobs", "clock_start_ns", "clock_rate_ppm",
             "wall_start_ns", "operations"});
    PlanClient client;
    client.name = unique_name(in.at("name"));
    client.workload = in.at("workload").name(names_of(registry_.workloads()), "workload");
    client.start = read_enum<ClientStart>(in.at("start"), 3, "start");
    client.is_fresh = in.at("is_fresh").boolean();
    const WorkloadType* const workload = registry_.find_workload(client.workload);
    if (workload != nullptr) client.knobs = read_knobs(in.at("knobs"), workload->knobs);
    read_clock(in, client);
    for (const JsonCursor& one : in.at("operations").elements()) {
      client.operations.push_back(read_operation(one));
      if (workload == nullptr || workload->options.operation_kinds.empty()) continue;
      one.at("kind").name(workload->options.operation_kinds, "operation of " + client.workload);
    }
    return client;
  }

  PlanOperation read_operation(const JsonCursor& in) {
    in.only({"id", "kind", "not_before", "after", "arguments"});
    PlanOperation planned;
    planned.operation.id = static_cast<std::uint64_t>(in.at("id").integer(1, kIdMax));
    if (!operations_.insert(planned.operation.id).second) {
      in.at("id").complain(fmt::format("operation {} is there twice", planned.operation.id));
    }
    planned.operation.kind = in.at("kind").text();
    planned.not_before = in.at("not_before").duration();
    if (planned.not_before < Duration{}) in.at("not_before").complain("a time from 0s is expected");
    if (in.has("after")) {
      planned.after = static_cast<std::uint64_t>(in.at("after").integer(1, kIdMax));
    }
    if (in.has("arguments")) {
      for (const auto& [name, value] : in.at("arguments").members()) {
        planned.operation.arguments.emplace_back(name, value.integer(INT64_MIN, INT64_MAX));
      }
    }
    return planned;
  }

  static sim::FaultPlan read_faults(const JsonCursor& in) {
    in.only({"may_exceed_budget", "actions"});
    sim::FaultPlan faults;
    faults.may_exceed_budget = in.at("may_exceed_budget").boolean();
    std::vector<std::string> kinds;
    for (const sim::FaultKindInfo& info : sim::fault_kinds()) kinds.emplace_back(info.name);
    bool is_whole = true;
    for (const JsonCursor& one : in.at("actions").elements()) {
      const std::string kind = one.at("kind").name(kinds, "fault");
      std::vector<sim::ActionField> fields;
      for (const auto& [name, value] : one.members()) {
        sim::ActionField field{.name = name, .value = std::int64_t{0}};
        if (value.is_text()) {
          field.value = value.text();
        } else {
          field.value = value.integer(INT64_MIN, INT64_MAX);
        }
        fields.push_back(std::move(field));
      }
      is_whole = is_whole && !kind.empty();
      if (kind.empty()) continue;
      Result<sim::FaultAction> action = sim::action_from_fields(fields);
      if (!action.has_value()) {
        one.complain(action.error().detail);
      } else {
        faults.actions.push_back(*std::move(action));
      }
    }
    // Others may come after one whose kind is unknown here.
    const Result<void> valid = is_whole ? sim::validate(faults) : Result<void>();
    if (!valid.has_value()) in.complain(valid.error().detail);
    return faults;
  }

  static sim::Override read_override(const JsonCursor& in) {
    in.only({"purpose", "root", "kind", "where", "n", "index", "value"});
    sim::Override rule;
    if (in.has("purpose")) {
      rule.purpose = read_enum<sim::Purpose>(in.at("purpose"), sim::kPurposeCount, "purpose");
    }
    if (in.has("root")) rule.root = sim::Root{in.at("root").hex()};
    if (in.has("kind")) {
      rule.kind = read_enum<sim::EventKind>(in.at("kind"), sim::kEventKindCount, "kind");
    }
    if (in.has("where")) rule.where = sim::Where{in.at("where").hex()};
    if (in.has("n")) rule.n = small(in.at("n"));
    if (in.has("index")) rule.index = small(in.at("index"));
    if (!in.has("value")) return rule;
    const JsonCursor value = in.at("value");
    rule.is_drawn = value.is_text();
    if (rule.is_drawn) {
      value.word({std::string(kDrawnValue)}, "value");
    } else {
      rule.value = value.integer(0, sim::Override::kValueMax);
    }
    return rule;
  }

  const Registry& registry_;
  std::set<std::string> names_;
  std::set<std::uint64_t> operations_;
};

// --- the order of operations ---

/// Takes operations off `left` as the given clients could take them, each client in its order.
/// Errors: kInvalid where one of them waits for an operation that is left in the end.
Result<void> take_all(std::span<const PlanClient* const> clients, std::set<std::uint64_t>& left) {
  std::vector<std::size_t> next(clients.size(), 0);
  const auto blocked = [&](std::size_t i) -> const PlanOperation* {
    if (next[i] == clients[i]->operations.size()) return nullptr;
    const PlanOperation& planned = clients[i]->operations[next[i]];
    return planned.after.has_value() && left.contains(*planned.after) ? &planned : nullptr;
  };
  for (bool has_moved = true; has_moved;) {
    has_moved = false;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      while (next[i] < clients[i]->operations.size() && blocked(i) == nullptr) {
        left.erase(clients[i]->operations[next[i]++].operation.id);
        has_moved = true;
      }
    }
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const PlanOperation* const stuck = blocked(i);
    if (stuck == nullptr) continue;
    return fail(Errc::kInvalid, fmt::format("operation {} of {} waits for operation {}, which "
                                            "cannot start before it",
                                            stuck->operation.id, clients[i]->name, *stuck->after));
  }
  return {};
}

/// Errors: kInvalid where operations wait for each other, so that none of them could ever start.
Result<void> check_waits(const Plan& plan) {
  std::set<std::uint64_t> left;
  std::vector<const PlanClient*> first;
  std::vector<const PlanClient*> last;
  for (const PlanClient& client : plan.clients) {
    (client.start == ClientStart::kLast ? last : first).push_back(&client);
    for (const PlanOperation& planned : client.operations) left.insert(planned.operation.id);
  }
  // The last ones start when all others have finished.
  TRY(take_all(first, left));
  return take_all(last, left);
}

}  // namespace

Result<Plan> plan_from_json(std::string_view text, const Registry& registry) {
  const json parsed = TRY(parse_json(text));
  JsonErrors errors;
  Plan plan = PlanReader(registry).read(JsonCursor(parsed, "", errors));
  TRY(errors.result());
  const Result<void> valid = sim::validate(deployment_of(plan));
  if (!valid.has_value()) return fail(Errc::kInvalid, "groups: " + valid.error().detail);
  const Result<void> fits = sim::validate(plan.faults, deployment_of(plan));
  if (!fits.has_value()) return fail(Errc::kInvalid, "faults: " + fits.error().detail);
  TRY(check_waits(plan));
  if (const auto mistake = registry.mistake_of(plan)) {
    return fail(Errc::kInvalid, mistake->path + ": " + mistake->what);
  }
  return plan;
}

}  // namespace millrace::run
