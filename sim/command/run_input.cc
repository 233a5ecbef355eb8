#include "sim/command/run_input.h"

#include <fmt/format.h>

#include "sim/command/overrides.h"
#include "sim/command/repro_input.h"
#include "sim/command/scenario_file.h"
#include "sim/command/seeds.h"
#include "sim/command/select.h"

namespace millrace::command {
namespace {

using Mistakes = std::vector<std::string>;

std::expected<RunInput, Mistakes> read_plan_input(const Options& options,
                                                  const run::Registry& registry) {
  if (options.seed.has_value()) return std::unexpected(Mistakes{"--seed: the plan has its seed"});
  const auto text = find_repro(*options.plan);
  if (!text.has_value()) return std::unexpected(Mistakes{text.error()});
  Result<run::Plan> plan = run::plan_from_json(text->json, registry);
  if (!plan.has_value() && run::repro_from_json(text->json, registry).has_value()) {
    return std::unexpected(Mistakes{fmt::format(
        "{0}: a repro, where a plan is expected: replay {0} runs it, plan {0} prints its plan",
        text->shown_name)});
  }
  if (!plan.has_value()) {
    return std::unexpected(Mistakes{fmt::format("{}: {}", text->shown_name, plan.error().detail)});
  }
  if (const auto changed = override_plan(options.overrides, registry, *plan);
      !changed.has_value()) {
    return std::unexpected(changed.error());
  }
  RunInput input{.scenario = {}, .plan = *std::move(plan), .shown_name = {}};
  input.plan_file = options.plan;
  input.shown_name = input.plan.scenario;
  if (options.names.empty()) {
    input.scenario = scenario_of_plan(input.plan, registry);
    return input;
  }
  input.shown_name = options.names.front();
  auto scenario = read_scenario(input.shown_name, Overrides{}, registry);
  if (!scenario.has_value()) return std::unexpected(scenario.error());
  if (scenario->name != input.plan.scenario) {
    return std::unexpected(Mistakes{fmt::format("{} is a plan of {}, not of {}", *options.plan,
                                                input.plan.scenario, scenario->name)});
  }
  input.scenario = *std::move(scenario);
  return input;
}

}  // namespace

std::expected<RunInput, std::vector<std::string>> read_run_input(const Options& options,
                                                                 const run::Registry& registry) {
  if (options.names.size() > 1) {
    return std::unexpected(
        Mistakes{fmt::format("{} takes one scenario; campaign takes several", options.verb)});
  }
  if (options.plan.has_value()) return read_plan_input(options, registry);
  if (options.names.empty()) {
    return std::unexpected(Mistakes{fmt::format("{} needs a scenario", options.verb)});
  }
  Mistakes mistakes;
  const Parsed<std::uint64_t> seed = parse_seed(options.seed.value_or("1"));
  if (!seed.has_value()) mistakes.push_back("--seed: " + seed.error());
  auto scenario = read_scenario(options.names.front(), options.overrides, registry);
  if (!scenario.has_value()) {
    mistakes.insert(mistakes.end(), scenario.error().begin(), scenario.error().end());
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  run::Plan plan = run::draw_plan(registry, *scenario, *seed);
  return RunInput{.scenario = *std::move(scenario),
                  .plan = std::move(plan),
                  .shown_name = options.names.front()};
}

std::expected<run::Scenario, std::vector<std::string>> read_scenario(
    const std::string& name, const Overrides& overrides, const run::Registry& registry) {
  auto found = select_scenarios({name}, registry);
  if (!found.has_value()) return std::unexpected(found.error());
  if (found->size() != 1) {
    return std::unexpected(
        Mistakes{fmt::format("'{}' means {} scenarios, one is expected", name, found->size())});
  }
  run::Scenario scenario = std::move(found->front());
  if (auto changed = override_scenario(overrides, registry, scenario); !changed.has_value()) {
    return std::unexpected(changed.error());
  }
  return scenario;
}

run::Scenario scenario_of_plan(const run::Plan& plan, const run::Registry& registry) {
  run::Scenario bare{.name = plan.scenario, .story = {}};
  bare.run_for = plan.run_for;
  bare.settle_for = plan.settle_for;
  const auto source = find_scenario(plan.scenario, registry);
  if (!source.has_value()) return bare;
  const ScenarioResult loaded = load_scenario(*source, registry);
  return loaded.has_value() ? *loaded : bare;
}

run::Scenario scenario_of_repro(const run::Repro& repro, const run::Registry& registry) {
  run::Scenario scenario = scenario_of_plan(repro.plan, registry);
  scenario.skips = repro.skips;
  scenario.floors = {};
  return scenario;
}

}  // namespace millrace::command
