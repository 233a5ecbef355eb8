#pragma once

// A repro file, version 1: a failing run that can be run again, by another build.
//
// It holds the whole plan, with refused faults marked, so that nothing is drawn again that the plan
// fixes. The format is documented in docs/formats/repro.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

struct Repro {
  Plan plan;
  /// What is expected of it.
  std::string signature;
  std::uint64_t fingerprint = 0;
  /// plan_hash() at the time of writing: a plan that was edited since has another one.
  std::uint64_t plan_hash = 0;
  BuildName build;
  /// RunRecord::trail of the run; empty where its process died.
  std::string trail;
  /// Properties that the scenario skips, and its floor: the scenario may be unknown where it is
  /// read.
  std::vector<ScenarioSkip> skips;

  friend bool operator==(const Repro&, const Repro&) = default;
};

/// The repro of a failed run of this plan.
Repro make_repro(const Scenario& scenario, const Plan& plan, const RunRecord& record);

std::string repro_to_json(const Repro& repro);
/// Errors: kInvalid, with the place and what was expected; another version is named.
Result<Repro> repro_from_json(std::string_view json, const Registry& registry);

/// "DUR-1-b71c09e2.repro.json"
std::string repro_file_name(std::string_view signature);

/// What a replay says.
enum class ReplayVerdict : std::uint8_t { kReproduced, kGone, kOther, kStale };

/// "reproduced", "gone", "other" or "stale".
std::string_view to_text(ReplayVerdict verdict);

struct Replay {
  ReplayVerdict verdict = ReplayVerdict::kGone;
  /// Share of the plan's operations, anchored faults and overrides that met their moment.
  std::uint32_t matched_percent = 100;
  /// Whether the fingerprint is the expected one: the same execution.
  bool is_same_execution = false;
  /// Whether the plan was edited since it was written, so that nothing is expected of it.
  bool is_edited = false;
  RunRecord record;
};

/// Judges the record of a replayed run. `min_match` in percent: below it a run that did not
/// reproduce the failure is stale. A run that ended early because it failed counts only what was
/// due by then.
Replay judge_replay(const Repro& repro, RunRecord record, std::uint32_t min_match);

}  // namespace millrace::run
