#pragma once

// A repro file, version 2: a failing run that can be run again, by another build.
//
// It holds the whole plan, with refused faults marked, so that nothing is drawn again that the plan
// fixes, and what of the plan came to its moment, so that a later run can be held against it. The
// format is documented in docs/formats/repro.md; version 1 did not have the latter, and a trail of
// another sort, which is not read.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/id_ranges.h"
#include "sim/run/plan.h"
#include "sim/run/run_record.h"

namespace millrace::run {

/// The build that wrote something.
struct BuildName {
  std::string version;
  std::string commit;
  bool is_dirty = false;
  std::string compiler;
  std::string preset;
  std::string sanitizer;

  friend bool operator==(const BuildName&, const BuildName&) = default;
};

/// This build.
BuildName this_build();

/// "4f2a91c", "4f2a91c dirty"
std::string commit_text(const BuildName& build);

/// "0.1.0 4f2a91c clean, g++-12 release", with the sanitizer behind it where there is one: builds
/// that differ have different texts.
std::string build_text(const BuildName& build);

/// What of a plan came to its moment.
struct MetMoments {
  /// Operations that their clients took.
  IdRanges operations;
  /// Anchored faults whose anchor was met.
  IdRanges faults;

  friend bool operator==(const MetMoments&, const MetMoments&) = default;
};

struct Repro {
  Plan plan;
  /// What is expected of it.
  std::string signature;
  std::uint64_t fingerprint = 0;
  /// plan_hash() at the time of writing: a plan that was edited since has another one.
  std::uint64_t plan_hash = 0;
  BuildName build;
  /// RunRecord::trail of the run; empty where its process died, and in a token.
  std::string trail;
  /// Unknown where its process died, and in version 1.
  std::optional<MetMoments> met;
  /// Properties that the scenario skips, and its floor: the scenario may be unknown where it is
  /// read.
  std::vector<ScenarioSkip> skips;

  friend bool operator==(const Repro&, const Repro&) = default;
};

/// The repro of a failed run of this plan.
Repro make_repro(const Scenario& scenario, const Plan& plan, const RunRecord& record);

std::string repro_to_json(const Repro& repro);
/// Errors: kInvalid, with the place and what was expected; another version is named. kNotFound
/// where the plan has names that the Registry does not have (plan.h).
Result<Repro> repro_from_json(std::string_view json, const Registry& registry);

/// What a repro says of itself beside what its plan does.
struct ReproAbout {
  std::string scenario;
  std::uint64_t seed = 0;
  std::string signature;
  BuildName build;
};

/// For a repro whose plan this program does not know. Errors: kInvalid.
Result<ReproAbout> repro_about_from_json(std::string_view json);

/// "DUR-1-b71c09e2.repro.json"
std::string repro_file_name(std::string_view signature);

/// What a replay says.
enum class ReplayVerdict : std::uint8_t { kReproduced, kGone, kOther, kStale };

/// "reproduced", "gone", "other" or "stale".
std::string_view to_text(ReplayVerdict verdict);

struct Replay {
  ReplayVerdict verdict = ReplayVerdict::kGone;
  /// Share of the operations and anchored faults that met their moment, of those that did when the
  /// repro was written. Overrides do not count: a repair may well leave them no draw to decide.
  /// None where that is unknown: the replay's process died.
  std::optional<std::uint32_t> matched_percent;
  /// Whether the fingerprint is the expected one: the same execution.
  bool is_same_execution = false;
  /// Whether the plan was edited since it was written, so that nothing is expected of it.
  bool is_edited = false;
  RunRecord record;
};

/// Judges the record of a replayed run. `min_match` in percent: below it a run that did not fail is
/// stale.
Replay judge_replay(const Repro& repro, RunRecord record, std::uint32_t min_match);

}  // namespace millrace::run
