#include "benchmarks/store_runs.h"

#include "benchmarks/probe.h"
#include "scenarios/store_world.h"
#include "sim/command/overrides.h"
#include "sim/command/scenario_file.h"
#include "sim/run/run.h"
#include "system/base/check.h"

namespace millrace::benchmarks {

RunCost& RunCost::operator+=(const RunCost& other) {
  cpu_seconds += other.cpu_seconds;
  events += other.events;
  virtual_seconds += other.virtual_seconds;
  acked_operations += other.acked_operations;
  machines += other.machines;
  fingerprint ^= other.fingerprint;
  return *this;
}

run::Registry store_registry() {
  run::Registry registry;
  scenarios::store_world(registry);
  return registry;
}

run::Scenario load(const run::Registry& registry, std::string_view name,
                   const std::vector<std::string>& sets) {
  const auto source = command::find_scenario(name, registry);
  CHECK(source.has_value(), "the library has this scenario");
  auto scenario = command::load_scenario(*source, registry);
  CHECK(scenario.has_value(), "the library's files are legal");
  command::Overrides overrides;
  overrides.sets = sets;
  const auto changed = command::override_scenario(overrides, registry, *scenario);
  if (!changed.has_value()) CHECK(changed.error().front() == "", "the overrides are legal");
  return *std::move(scenario);
}

RunCost run_plan(const run::Registry& registry, const run::Scenario& scenario,
                 const run::Plan& plan) {
  const double before = cpu_seconds();
  const run::RunRecord record = run::run_plan(registry, scenario, plan, run::RunOptions{});
  const double cpu = cpu_seconds() - before;
  CHECK(record.signature() == "", "a run that breaks off measures nothing");
  return {.cpu_seconds = cpu,
          .events = static_cast<double>(record.events),
          .virtual_seconds = static_cast<double>(record.virtual_ns) * 1e-9,
          .acked_operations = static_cast<double>(record.acked_operations),
          .machines = static_cast<double>(plan.machines.size() + plan.clients.size()),
          .fingerprint = record.fingerprint};
}

RunCost run_seed(const run::Registry& registry, const run::Scenario& scenario, std::uint64_t seed) {
  const double before = cpu_seconds();
  const run::Plan plan = run::draw_plan(registry, scenario, seed);
  const double drawing = cpu_seconds() - before;
  RunCost cost = run_plan(registry, scenario, plan);
  cost.cpu_seconds += drawing;
  return cost;
}

}  // namespace millrace::benchmarks
