#include "reports/run_page_plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/plan_text.h"
#include "sim/run/id_ranges.h"

namespace millrace::reports {
namespace {

constexpr std::size_t kItemsMax = 2'000;

PageJson size_json(const run::PlanSize& size) {
  return {{"operations", size.operations}, {"faults", size.faults}, {"machines", size.machines}};
}

class Items {
 public:
  Items(const PageRows& rows, const run::RunRecord& record) : record_(record) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const run::TraceLine& line = rows[row];
      const auto place = static_cast<std::int64_t>(row);
      if (line.operation != 0) operation_rows_.try_emplace(line.operation, place);
      if (line.fault != 0) fault_rows_.try_emplace(line.fault, place);
    }
    const Result<run::IdRanges> taken = run::IdRanges::parse(record.taken_operations);
    if (taken.has_value()) taken_ = *taken;
  }

  void add(const run::PlanClient& client, const run::PlanOperation& planned) {
    const run::Operation& operation = planned.operation;
    std::string text = operation_text(client, planned);
    const std::string arguments = arguments_text(operation);
    if (!arguments.empty()) text += ", " + arguments;
    add({{"id", operation.id}, {"kind", "operation"}, {"text", text}}, moment_of(planned),
        row_of(operation_rows_, operation.id), taken_.contains(operation.id) ? "taken" : "");
  }

  void add(const sim::FaultAction& action) {
    add({{"id", action.id}, {"kind", "fault"}, {"text", sim::describe(action)}},
        sim::describe_moment(action), row_of(fault_rows_, action.id), state_of(action));
  }

  PageJson take() { return std::move(items_); }
  std::size_t left_out() const { return left_out_; }

 private:
  using RowById = std::map<std::uint64_t, std::int64_t>;

  std::string_view state_of(const sim::FaultAction& action) const {
    // A run whose process died, which has no fingerprint, did not say which faults it met.
    if (record_.fingerprint == 0) return "";
    const auto is_in = [&](const std::vector<std::uint64_t>& ids) {
      return std::ranges::find(ids, action.id) != ids.end();
    };
    if (is_in(record_.refused_faults)) return "refused";
    return is_in(record_.unmatched_faults) ? "unmatched" : "fired";
  }

  static std::int64_t row_of(const RowById& rows, std::uint64_t id) {
    const auto found = rows.find(id);
    return found == rows.end() ? -1 : found->second;
  }

  void add(PageJson item, const std::string& moment, std::int64_t row, std::string_view state) {
    if (items_.size() == kItemsMax) {
      ++left_out_;
      return;
    }
    if (!moment.empty()) item["moment"] = moment;
    item["row"] = row;
    item["state"] = state;
    items_.push_back(std::move(item));
  }

  const run::RunRecord& record_;
  RowById operation_rows_;
  RowById fault_rows_;
  run::IdRanges taken_;
  PageJson items_ = PageJson::array();
  std::size_t left_out_ = 0;
};

std::string strategy_text(const sim::StrategySpec& strategy) {
  std::string text(sim::to_text(strategy.kind));
  if (strategy.window.ns > 0) text += ", window " + sim::rough_text(strategy.window);
  if (strategy.kind == sim::StrategyKind::kPct)
    text += fmt::format(", depth {}", strategy.pct_depth);
  return text;
}

}  // namespace

PageJson plan_json(const PageRows& rows, const run::RunRecord& record, const run::Plan& plan,
                   const run::Shrunk* shrunk) {
  Items items(rows, record);
  // Few faults among many operations are what one looks for.
  for (const sim::FaultAction& action : plan.faults.actions) items.add(action);
  for (const run::PlanClient& client : plan.clients) {
    for (const run::PlanOperation& planned : client.operations) items.add(client, planned);
  }
  PageJson object{{"items", items.take()},
                  {"items_left_out", items.left_out()},
                  {"size", size_json(run::size_of(plan))},
                  {"strategy", strategy_text(plan.strategy)}};
  if (shrunk == nullptr) return object;
  object["from"] = size_json(shrunk->from);
  object["runs"] = shrunk->runs;
  object["wall_ns"] = shrunk->wall_ns;
  object["replays"] = {{"tried", run::kReplays}, {"same", shrunk->replays_alike}};
  return object;
}

// --- knobs ---

namespace {

class Knobs {
 public:
  void add(const std::string& owner, const run::KnobValues& values,
           std::span<const KnobView> known) {
    for (const auto& [name, value] : values) {
      const KnobView* const knob = find_knob(known, name);
      if (knob == nullptr) {
        rows_.push_back({owner, name, std::to_string(value)});
      } else {
        rows_.push_back(
            {owner, name, knob->text(value), knob->text(knob->default_value), knob->about});
      }
    }
  }

  void add(std::string_view name, std::string value) {
    rows_.push_back({"plan", name, std::move(value)});
  }

  /// How a machine's clocks start.
  template <typename Machine>
  void add_clock(const Machine& machine) {
    rows_.push_back({machine.name, "clock_rate_ppm", std::to_string(machine.clock_rate_ppm), "0",
                     "How much faster than the universe its clocks run."});
    rows_.push_back({machine.name, "clock_start", to_text(Duration{machine.clock_start_ns})});
  }

  PageJson take() { return std::move(rows_); }

 private:
  PageJson rows_ = PageJson::array();
};

}  // namespace

PageJson knobs_json(const run::Plan& plan, const run::Registry& registry) {
  Knobs knobs;
  for (const run::PlanMachine& machine : plan.machines) {
    const run::RoleType* const role = registry.find_role(machine.role);
    knobs.add(machine.name, machine.knobs,
              role == nullptr ? std::span<const KnobView>{} : std::span(role->knobs));
    knobs.add_clock(machine);
  }
  for (const run::PlanClient& client : plan.clients) {
    const run::WorkloadType* const workload = registry.find_workload(client.workload);
    knobs.add(client.name, client.knobs,
              workload == nullptr ? std::span<const KnobView>{} : std::span(workload->knobs));
    knobs.add_clock(client);
  }
  for (const run::PlanMachine& machine : plan.machines) {
    if (machine.is_disk_weak) knobs.add("weak_disk", machine.name);
  }
  knobs.add("run_for", to_text(plan.run_for));
  knobs.add("settle_for", to_text(plan.settle_for));
  knobs.add("strategy", strategy_text(plan.strategy));
  for (const auto& [path, value] : plan.settings) knobs.add(path, value);
  return knobs.take();
}

}  // namespace millrace::reports
