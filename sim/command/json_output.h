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
#include "sim/run/trail.h"

namespace millrace::command {

/// What a run's object has beside its record.
struct RunExtras {
  /// The command that runs this again, with every override.
  std::string command;
  /// Path of the repro file; none where none was written.
  std::optional<std::string> repro = {};
  /// The repro as a token; none where it would be too long.
  std::optional<std::string> token = {};
  /// The overrides of the plan, in words, in the order of RunRecord::override_matches.
  std::vector<std::string> overrides = {};
  /// The reduction that the run is the result of; null for none.
  const run::Shrunk* shrunk = nullptr;
};

/// All objects end with a line feed.
std::string run_json(const run::RunRecord& record, const RunExtras& extras);
/// Where a replayed execution left the expected one, and how.
struct ReplayDifference {
  run::Parting parting;
  run::FirstDifference place;
};

/// One replay is an object of its own; several stand in "replays".
struct ReplayReport {
  std::string file;
  run::Replay replay;
  std::string expected_signature;
  std::string found_at;  ///< Commit of the build that wrote the repro.
  /// Where this execution left the expected one; none where it did not, or where nobody can tell.
  std::optional<ReplayDifference> difference;
  RunExtras extras;
};
/// Whether a place was free, held another repro of the failure, or this one already.
enum class KeptState : std::uint8_t { kNew, kReplaced, kSame };
struct KeptRepro {
  std::string file;
  std::string scenario;
  std::string signature;
  KeptState state = KeptState::kNew;
};
/// What `report` made.
struct ReportedPage {
  std::string file;
  bool is_of_run = false;  ///< Else of a campaign.
  bool was_written = false;
  bool is_opened = false;
};
std::string report_json(const ReportedPage& page);
std::string keep_json(const std::vector<KeptRepro>& kept);
std::string replay_json(const std::vector<ReplayReport>& replays);
/// What a campaign's object has beside its summary.
struct CampaignExtras {
  /// Where it wrote; empty for nowhere.
  std::string directory;
  /// What the command ends with.
  int status = 0;
};
std::string campaign_json(const run::CampaignSummary& summary, const CampaignExtras& extras);
/// `seeds` is how many were compared.
std::string determinism_json(std::string_view scenario, std::uint64_t seeds,
                             const std::vector<run::DeterminismCheck>& different);

/// A plan for people: plan_to_json() with knobs as a scenario has them, "200ms". `run --plan` reads
/// either.
std::string plan_text(const run::Plan& plan, const run::Registry& registry);

}  // namespace millrace::command
