#pragma once

// The JSON objects of `--json`, one a verb, each with "schema": 1. docs/formats/json.md has the
// fields; they are extended, never renamed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/campaign.h"
#include "sim/run/determinism.h"
#include "sim/run/plan.h"
#include "sim/run/repro.h"
#include "sim/run/run_record.h"
#include "sim/run/shrink.h"

namespace millrace::command {

/// What a run's object has beside its record.
struct RunExtras {
  /// The command that runs this again, with every override.
  std::string command;
  /// Path of the repro file; none where none was written.
  std::optional<std::string> repro = {};
  /// The overrides of the plan, in words, in the order of RunRecord::override_matches.
  std::vector<std::string> overrides = {};
  /// The reduction that the run is the result of; null for none.
  const run::Shrunk* shrunk = nullptr;
};

/// All objects end with a line feed.
std::string run_json(const run::RunRecord& record, const RunExtras& extras);
/// One replay is an object of its own; several stand in "replays".
struct ReplayReport {
  std::string file;
  run::Replay replay;
  std::string expected_signature;
  std::string found_at;  ///< Commit of the build that wrote the repro.
  /// Where this execution left the expected one; none where it did not, or where nobody can tell.
  std::optional<run::FirstDifference> difference;
  RunExtras extras;
};
std::string replay_json(const std::vector<ReplayReport>& replays);
std::string campaign_json(const run::CampaignSummary& summary, std::string_view directory);
/// `seeds` is how many were compared.
std::string determinism_json(std::string_view scenario, std::uint64_t seeds,
                             const std::vector<run::DeterminismCheck>& different);

}  // namespace millrace::command
