#pragma once

// Runs of the store's scenarios as a campaign's worker does them, with what they cost.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::benchmarks {

/// What one or several runs took, and what was done in it.
struct RunCost {
  double cpu_seconds = 0;
  double events = 0;
  double virtual_seconds = 0;
  double acked_operations = 0;
  double machines = 0;
  std::uint64_t fingerprint = 0;

  RunCost& operator+=(const RunCost& other);
  double ns_per_event() const { return cpu_seconds * 1e9 / events; }
};

/// The store's registry.
run::Registry store_registry();

/// A scenario of the library, changed by "KEY=VALUE" as `--set` takes them. CHECKs that it is
/// legal.
run::Scenario load(const run::Registry& registry, std::string_view name,
                   const std::vector<std::string>& sets);

/// Runs one plan. CHECKs that no property failed: a broken run measures nothing.
RunCost run_plan(const run::Registry& registry, const run::Scenario& scenario,
                 const run::Plan& plan);

/// Draws a plan and runs it; the time of both counts.
RunCost run_seed(const run::Registry& registry, const run::Scenario& scenario, std::uint64_t seed);

}  // namespace millrace::benchmarks
