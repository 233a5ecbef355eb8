#pragma once

// A run: builds the world of a plan, lets it run in two phases, and judges.
//
// run_for with faults, while safety is judged online. Then the core of each group and all clients
// are healed, the schedule becomes fair, and fresh clients join the old ones: all have to finish
// within settle_for. Clients of ClientStart::kLast start when every other client is done; the run
// ends when they are. A run has no state but what it is given: it is a function of (registry,
// scenario, plan).

#include <cstdint>
#include <optional>
#include <string>

#include "sim/kernel/world.h"
#include "sim/run/crash_point.h"
#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/run_record.h"
#include "sim/run/scenario.h"

namespace millrace::run {

/// Changes one record on its way to the properties; the run itself is untouched. For the canary.
struct HistoryMutation {
  enum class Kind : std::uint8_t {
    kDrop,       ///< The record is not shown.
    kDuplicate,  ///< It is shown twice.
    kSwap,       ///< It is shown after the next record of a workload.
  };
  Kind kind = Kind::kDrop;
  /// Which of RunRecord::client_records; the first is 1.
  std::uint64_t nth = 1;
};

/// Which lines a log has; each level has those of the levels before it.
enum class LogLevel : std::uint8_t {
  kWarn,   ///< Faults, and what was lost.
  kInfo,   ///< What machines and clients did.
  kDebug,  ///< Frames and disk requests.
};

struct RunOptions {
  sim::Limits limits = {};
  /// Collects `RunRecord::trace` and `trail`. Changes nothing else of the run.
  bool is_traced = false;
  /// Fills `RunRecord::block_hashes`, and `RunRecord::kept` with the records of blocks [first,
  /// last). Where there are such blocks, a traced run has only the lines of these, and no trail.
  bool keeps_block_hashes = false;
  std::uint64_t keep_block_first = 0;
  std::uint64_t keep_block_last = 0;
  std::uint64_t last_event() const { return until_event != 0 ? until_event : limits.events; }
  bool keeps_blocks() const { return keep_block_last > keep_block_first; }
  /// Fills `RunRecord::draws`. Changes nothing else of the run.
  bool keeps_draws = false;
  /// Fills `RunRecord::crash_points` and `power_losses`. Changes nothing else of the run.
  CrashPointsKept crash_points = CrashPointsKept::kNone;
  std::optional<HistoryMutation> mutation = {};
  /// Runs on after the first objection, so that later ones are seen as consequences.
  bool runs_on_after_violation = false;
  /// Stops after this event; 0 for never.
  std::uint64_t until_event = 0;
  /// Stops for a debugger at this event, and goes on; 0 for never. See debugger.h.
  std::uint64_t break_event = 0;
  /// Writes lines of the trace to standard error as they come. Needs `is_traced`.
  std::optional<LogLevel> log = {};
};

/// Runs a plan that was drawn for, or checked against, this registry. Never fails: whatever happens
/// in the world is in the record. A crash or a spinning task of the system under test takes this
/// process with it; worker.h contains that.
RunRecord run_plan(const Registry& registry, const Scenario& scenario, const Plan& plan,
                   const RunOptions& options);

}  // namespace millrace::run
