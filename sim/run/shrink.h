#pragma once

// From a failing plan to a small one that fails in the same way, for people to understand.
//
// Greedy halving without restart: all changes of a sort are tried at once, then each half of what
// could not be made, down to single ones. What leaves most out comes first: the time after the
// failure, kinds of faults, faults, clients, operations, machines; then the configuration and the
// values; then every draw is made neutral, and those that the failure needs are given back; then
// what is left happens one after the other; and all of it again until nothing changes. Where a
// single part seems to be needed, other schedules are tried before it is kept. Before operations
// go, a fault at the 44th moment of some sort becomes one at the first since some operation: the
// run that is to be reduced says which. Else all operations that make up the count would stay.
//
// Without a bound that is met, the result is a function of the plan and the build.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sim/run/candidates.h"
#include "sim/run/passing_neighbour.h"
#include "sim/run/plan.h"
#include "sim/run/run_record.h"
#include "sim/run/worker.h"

namespace millrace::run {

/// What a plan consists of, in numbers.
struct PlanSize {
  std::uint64_t operations = 0;
  std::uint64_t faults = 0;
  std::uint64_t machines = 0;  ///< Those of clients included.

  friend bool operator==(const PlanSize&, const PlanSize&) = default;
};
PlanSize size_of(const Plan& plan);

/// Where a reduction stands.
struct ShrinkProgress {
  /// What is being reduced: "operations".
  std::string_view step;
  PlanSize size;
  std::uint64_t runs = 0;
  std::int64_t wall_ns = 0;
};

struct ShrinkOptions {
  std::uint32_t scenario = 0;
  std::uint32_t jobs = 1;
  std::chrono::nanoseconds wall_time = std::chrono::seconds(60);
  std::uint64_t runs_max = 20'000;
  /// Called now and then; false ends the search and keeps what there is.
  std::function<bool(const ShrinkProgress& progress)> on_progress = {};
};

/// How often a reduced plan is run again before anybody is told of it.
inline constexpr std::uint32_t kReplays = 3;

struct Shrunk {
  Plan plan;
  /// Of the plan's run, traced.
  RunRecord record;
  PlanSize from;
  PlanSize to;
  std::uint64_t runs = 0;
  std::int64_t wall_ns = 0;
  /// How many of kReplays further runs failed in the same way, by the same execution.
  std::uint32_t replays_alike = 0;
  std::optional<PassingNeighbour> neighbour;
  /// Other failures on the way, by signature.
  std::map<std::string, Finding, std::less<>> findings;
  /// Whether it ended before there was nothing left to try.
  bool is_cut_short = false;
};

/// Reduces a plan of which `original` is the record. The pool's scenario should have no floors.
/// The error says why there is no result: the plan does not fail like that, or a worker was lost.
Result<Shrunk> shrink(WorkerPool& pool, const Registry& registry, const Plan& plan,
                      const RunRecord& original, const ShrinkOptions& options);

/// "1 append, 1 fault, 2 machines (from 1,204 operations, 41 faults, 9 machines; 49 runs, 6 s)"
/// without the numbers that belong to the reduction: "1 append, 1 fault, 2 machines".
std::string story_of(const Plan& plan);

}  // namespace millrace::run
