#pragma once

// A scenario: what a family of runs has in common, as ranges from which a seed draws a plan.
//
// This is the value that the TOML loader fills (sim/command); nothing here reads files. All values
// are checked against the Registry by `validate`, so that draw_plan() has no errors.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kernel/strategy.h"
#include "system/base/ratio.h"
#include "system/base/result.h"
#include "system/base/time.h"

namespace millrace::run {

class Registry;

/// Integers from which a seed draws one: a fixed value, an inclusive range or a choice. What the
/// integers mean (nanoseconds, bytes, an enumerator) is the business of the knob that they are for.
struct Range {
  /// The choices, each as likely as the next; empty for a range.
  std::vector<std::int64_t> choices = {};
  std::int64_t low = 0;
  std::int64_t high = 0;

  static Range fixed(std::int64_t value) { return {.choices = {}, .low = value, .high = value}; }
  static Range between(std::int64_t low, std::int64_t high) {
    return {.choices = {}, .low = low, .high = high};
  }
  static Range one_of(std::vector<std::int64_t> values) {
    return {.choices = std::move(values), .low = 0, .high = 0};
  }

  bool is_fixed() const { return choices.empty() ? low == high : choices.size() == 1; }

  friend bool operator==(const Range&, const Range&) = default;
};

using Ranges = std::map<std::string, Range, std::less<>>;

/// A population of clients: one table [workloads.NAME].
struct ScenarioWorkload {
  std::string name;
  /// The registered workload; the same as `name` unless the table says `kind`.
  std::string kind;
  Range clients = Range::fixed(1);
  /// Knobs of the workload's configuration that the scenario sets; drawn once for the population.
  Ranges knobs = {};

  friend bool operator==(const ScenarioWorkload&, const ScenarioWorkload&) = default;
};

/// Which faults a seed draws.
struct ScenarioFaults {
  /// "none", "mild" or "harsh".
  std::string profile = "none";
  /// Kind ("disk.torn_write") to level, beyond the profile. `--faults KIND,...` ends here, too.
  std::map<std::string, std::string, std::less<>> kinds = {};
  /// Claims beyond the groups' budgets are admitted; see Assumption.
  bool may_exceed_budget = false;

  friend bool operator==(const ScenarioFaults&, const ScenarioFaults&) = default;
};

/// Below these a run or a campaign proves too little and is inconclusive.
struct ScenarioFloors {
  std::uint64_t acked_operations = 0;  ///< A run's.
  /// Mark to the share of runs that must reach it; judged from 200 seeds on.
  std::map<std::string, Ratio, std::less<>> must_reach = {};

  friend bool operator==(const ScenarioFloors&, const ScenarioFloors&) = default;
};

/// A property that is not judged in this scenario, and why.
struct ScenarioSkip {
  std::string id;
  std::string reason;

  friend bool operator==(const ScenarioSkip&, const ScenarioSkip&) = default;
};

struct Scenario {
  std::string name;
  std::string story;
  std::vector<std::string> tags = {};
  Duration run_for = seconds(30);
  Duration settle_for = seconds(10);
  /// Role to number of machines.
  Ranges cluster = {};
  /// In how many zones machines stand, in turn.
  Range zones = Range::between(1, 3);
  /// Path to value, for what the Registry's settings admit: "streams.orders.segments".
  Ranges settings = {};
  /// "role.field" to value, for a role's knobs; `--set K=V` ends here, too. Knobs that are not
  /// named are drawn from their tables.
  Ranges knobs = {};
  std::vector<ScenarioWorkload> workloads = {};
  ScenarioFaults faults = {};
  ScenarioFloors floors = {};
  std::vector<ScenarioSkip> skips = {};
  /// Forces a strategy; none stands for `portfolio`, by which the seed chooses.
  std::optional<sim::StrategyKind> strategy = {};

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

/// What is wrong with one value of a scenario.
struct ScenarioError {
  /// The value's path in the file: "workloads.writer.keys", "cluster.segment_store".
  std::string path;
  /// What was expected: "unknown workload 'writter'; the nearest is 'writer'".
  std::string what;
};

/// All that does not fit the Registry: unknown names, values outside their ranges, a deployment
/// whose budget cannot be met, no workload. Empty where draw_plan() may be called.
std::vector<ScenarioError> validate(const Scenario& scenario, const Registry& registry);

/// The name among `known` that is nearest to `name` by edit distance, or empty where none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace millrace::run
