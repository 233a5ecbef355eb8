#pragma once

// A plan: one run as explicit data. Everything that a seed decided before the run starts.
//
// A run is a function of (scenario, plan, build). The plan is printed, edited, shrunk and kept in
// repro files; its JSON is canonical (sorted keys, one spelling for each value), so that equal
// plans have equal hashes. Entries carry ids and names, never their positions, so that an entry can
// be deleted without moving the others. What is decided within the run (latencies, losses, crash
// patterns) is drawn from `seed`, keyed by these ids, unless an override says otherwise.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/deployment.h"
#include "sim/faults/fault_plan.h"
#include "sim/kernel/choices.h"
#include "sim/kernel/strategy.h"
#include "sim/run/client.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::run {

/// A role's machine. A client's machine is in PlanClient.
struct PlanMachine {
  std::string name;
  std::string role;
  std::string zone;
  /// Every knob of the role.
  KnobValues knobs;
  /// How its clocks start.
  std::int64_t clock_start_ns = 0;
  std::int32_t clock_rate_ppm = 0;
  std::int64_t wall_start_ns = 0;
  /// Whether its disk persists directory entries independently of each other ("weak"), not in the
  /// order of one journal ("ordered").
  bool is_disk_weak = false;

  friend bool operator==(const PlanMachine&, const PlanMachine&) = default;
};

/// An operation and when it may start: not before an instant of the run, nor before another
/// operation has ended, where that one is in the plan, or its client has finished without it.
struct PlanOperation {
  Operation operation;
  Duration not_before;
  std::optional<std::uint64_t> after = {};

  friend bool operator==(const PlanOperation&, const PlanOperation&) = default;
};

struct PlanClient {
  /// Also its machine's name.
  std::string name;
  /// The registered workload.
  std::string workload;
  ClientStart start = ClientStart::kStart;
  bool is_fresh = false;
  KnobValues knobs;
  std::int64_t clock_start_ns = 0;
  std::int32_t clock_rate_ppm = 0;
  std::int64_t wall_start_ns = 0;
  /// In the order in which the client takes them.
  std::vector<PlanOperation> operations;

  friend bool operator==(const PlanClient&, const PlanClient&) = default;
};

struct Plan {
  std::string scenario;
  std::uint64_t seed = 1;
  Duration run_for;
  Duration settle_for;
  sim::StrategySpec strategy;
  std::map<std::string, std::string, std::less<>> settings;
  std::vector<PlanMachine> machines;
  std::vector<sim::Group> groups;
  std::vector<PlanClient> clients;
  sim::FaultPlan faults;
  std::vector<sim::Override> overrides;

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// Draws for everything that a plan holds. Each is keyed by the seed and a path of names, never by
/// what was drawn before, so that changing one part of a scenario leaves the other parts' draws.
class PlanDraws {
 public:
  PlanDraws(std::uint64_t seed, Duration run_for, std::string_view path);

  /// 64 uniform bits of this name and index.
  std::uint64_t bits(std::string_view name, std::uint64_t index = 0) const;
  /// Uniform in [low, high].
  std::int64_t between(std::string_view name, std::uint64_t index, std::int64_t low,
                       std::int64_t high) const;
  /// Log-uniform in [low, high], low >= 1.
  std::int64_t log_uniform(std::string_view name, std::uint64_t index, std::int64_t low,
                           std::int64_t high) const;
  bool hit(std::string_view name, std::uint64_t index, Ratio ratio) const;
  std::int64_t from(std::string_view name, std::uint64_t index, const Range& range) const;

  /// How long faults will be on. Operations should start within.
  Duration run_for() const { return run_for_; }

  /// Draws below this path.
  PlanDraws below(std::string_view name) const;

  /// Adds an operation to the client. At the end of the drawing the operations of a client are put
  /// into the order of their instants, and all operations get their ids.
  void add_operation(PlanClient& client, std::string kind, Duration not_before,
                     std::vector<std::pair<std::string, std::int64_t>> arguments) const;

 private:
  explicit PlanDraws(std::uint64_t key, Duration run_for) : key_(key), run_for_(run_for) {}

  std::uint64_t key_;
  Duration run_for_;
};

/// Expands a seed. The scenario is valid (checked), the seed below 2^53.
Plan draw_plan(const Registry& registry, const Scenario& scenario, std::uint64_t seed);

/// Machines, zones and groups as faults see them.
sim::Deployment deployment_of(const Plan& plan);

/// The value of an override that leaves draws to the seed, in JSON.
inline constexpr std::string_view kDrawnValue = "drawn";

/// Canonical JSON, indented for people, with a line feed at its end.
std::string plan_to_json(const Plan& plan);

/// Reads what plan_to_json() wrote, edited or not, and checks it against the Registry: names,
/// ranges, ids used once, a budget that can be met. The detail of an error says where
/// ("clients[2].operations[0].kind", or line and column) and what was expected, with the nearest
/// known name. Errors: kNotFound where all that is wrong is a role, workload, knob, operation or
/// fault that the Registry does not have, as in a plan of another build; kInvalid otherwise.
Result<Plan> plan_from_json(std::string_view json, const Registry& registry);

/// XXH3 over the canonical JSON.
std::uint64_t plan_hash(const Plan& plan);

/// 16 hexadecimal digits: the form of plan hashes, fingerprints and group keys.
std::string hex16(std::uint64_t value);

/// Reads what hex16() wrote; none where the text is not 16 hexadecimal digits.
std::optional<std::uint64_t> number_of_hex16(std::string_view digits);

/// The number of operations of all clients.
std::uint64_t operation_count(const Plan& plan);

}  // namespace millrace::run
