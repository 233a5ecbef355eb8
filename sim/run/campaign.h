#pragma once

// A campaign: many seeds of several scenarios, and what they say together.
//
// Runs happen in workers (worker.h); the parent alone writes the database, in batches, and a run
// counts once it is committed. Everything but speed is independent of jobs, shards and the order in
// which runs complete. Failures are grouped by signature; before one is reported its seed is run
// again, alone, in a fresh process: another signature or fingerprint means that state leaks between
// runs, which is a failure of the tool. At the end the cheapest failure of each group is reduced.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/determinism.h"
#include "sim/run/plan_source.h"
#include "sim/run/repro.h"
#include "sim/run/shrink.h"
#include "sim/run/worker.h"

namespace millrace::run {

/// From this many seeds a scenario on, its floors over many runs are judged.
inline constexpr std::uint64_t kFloorSeeds = 200;

struct CampaignOptions {
  std::uint64_t seed_first = 1;
  /// Seeds of each scenario; ignored where `seeds_chosen` is not empty.
  std::uint64_t seeds = 200;
  std::vector<std::uint64_t> seeds_chosen = {};
  /// A list for each scenario, in place of the above; empty for none.
  std::vector<std::vector<std::uint64_t>> seeds_by_scenario = {};
  /// Stops when this much wall time has passed, whichever ends first; none for no bound.
  std::optional<std::chrono::nanoseconds> wall_time = {};
  std::uint32_t jobs = 1;
  /// 1-based shard: seeds with seed % shard_count == shard - 1.
  std::uint64_t shard = 1;
  std::uint64_t shard_count = 1;
  /// Stops after this many red runs; 0 for never.
  std::uint64_t failures_max = 0;
  /// Gives plans of the only scenario in place of seeds, by numbers that stand where seeds do; null
  /// for seeds. Outlives the campaign.
  PlanSource* plans = nullptr;
  /// Where the database is written or appended to; empty for none.
  std::string database = {};
  /// Goes on with this campaign of the database, whose finished seeds are not run again; 0 adds
  /// one.
  std::uint64_t resumes = 0;
  /// For the database: when it began, and what the command line asked for (StoredCampaign).
  std::string started_utc = {};
  std::string arguments = {};
  /// Directory for failures/<NAME>.repro.json; empty for none.
  std::string directory = {};
  /// What reducing the failures may take in all; 0 for leaving them as they are.
  std::chrono::nanoseconds shrink_time{0};
  WorkerOptions worker = {};
};

/// What became of a property in the runs of one scenario.
struct ScenarioProperty {
  std::string id;
  std::string name;
  std::uint64_t evaluated = 0;
  std::uint64_t failed_seeds = 0;
  std::uint64_t not_judged_seeds = 0;
  std::uint64_t skipped_seeds = 0;
  /// Of a seed that did not judge it.
  std::string reason;
};

/// A scenario's part of a campaign.
struct ScenarioSummary {
  std::string name;
  std::uint64_t seeds = 0;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;  ///< All that is red: failed, crashed, hung, limited.
  std::uint64_t inconclusive = 0;
  std::uint64_t acked_operations = 0;
  std::uint64_t faults_fired = 0;
  std::int64_t virtual_ns = 0;
  /// Why it is inconclusive as a whole, or which seed was; empty where it is not.
  std::vector<std::string> reasons;
  /// The registry's, sorted by id.
  std::vector<ScenarioProperty> properties;
};

/// Failures with one signature.
struct FailureGroup {
  std::string signature;
  std::string property;  ///< signature_stem().
  std::string name;      ///< The property's name; empty for others.
  std::string scenario;  ///< Of the cheapest.
  std::uint64_t count = 0;
  std::map<std::string, std::uint64_t, std::less<>> scenarios;
  std::map<std::string, std::uint64_t, std::less<>> strategies;
  std::uint64_t cheapest_seed = 0;
  std::uint64_t cheapest_events = 0;
  /// The cheapest run, traced, once it was confirmed; where it was reduced, the small one.
  RunRecord record;
  std::optional<Shrunk> shrunk = {};
  /// Whether an earlier campaign of the same database saw it; when the first did, and which commit
  /// that ran.
  bool is_known = false;
  std::string known_since;
  std::string known_commit;
  /// Path of the repro file; empty where none was written.
  std::string repro;
  /// The repro as a token; empty where it would be too long.
  std::string token;
  /// Of the plan as it was found.
  PlanSize size;
};

/// Another failure that a reduction came across, which no seed of the campaign had.
struct CampaignFinding {
  std::string signature;
  std::string scenario;
  std::string repro;  ///< Path of the file; empty where none was written.
};

struct PropertySummary {
  std::string id;
  std::string name;
  PropertyKind kind = PropertyKind::kAlways;
  std::uint64_t evaluated = 0;
  std::uint64_t failed_seeds = 0;
  std::uint64_t not_judged_seeds = 0;
  bool is_skipped = false;  ///< In every scenario of the campaign.
};

/// A failure that earlier campaigns of the same database saw and this one did not, in a scenario
/// that it ran.
struct GoneFailure {
  std::string signature;
  std::string scenario;
  /// How often it was seen in how many runs, up to the campaign that saw it last.
  std::uint64_t failed_runs = 0;
  std::uint64_t runs = 0;
  /// Runs without it since then.
  std::uint64_t runs_since = 0;
};

struct CanarySummary {
  bool has_run = false;
  /// Mutations tried, and those to which a property objected.
  std::uint32_t tried = 0;
  std::uint32_t caught = 0;
  std::string scenario;
  std::uint64_t seed = 0;
};

/// What became of the seeds that were run a second time.
struct DeterminismSummary {
  std::uint64_t checks = 0;
  /// Of the checks, those whose second run was another execution.
  std::uint64_t differing = 0;
  /// The first few of them, with the first event that differs where the campaign ran to its end.
  std::vector<DeterminismCheck> examples = {};
};

struct CampaignSummary {
  std::uint64_t seed_first = 0;
  std::uint64_t seed_last = 0;
  std::uint64_t seeds = 0;
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t crashed = 0;
  std::uint64_t hung = 0;
  std::uint64_t limited = 0;
  std::uint64_t inconclusive = 0;
  std::vector<ScenarioSummary> scenarios;
  std::vector<FailureGroup> groups;       ///< Sorted by signature.
  std::vector<CampaignFinding> findings;  ///< Sorted by signature.
  std::vector<GoneFailure> gone;          ///< Sorted by signature and scenario.
  /// Seeds that the database had already: it was resumed.
  std::uint64_t resumed_seeds = 0;
  /// What is counted as seeds are plans of a sweep, and this is what it went through.
  std::optional<SweepCoverage> sweep = {};
  /// "seed" or "plan": what a run of it is called.
  std::string_view noun() const { return sweep.has_value() ? "plan" : "seed"; }
  /// The registry's, then DET-1 and COV-1, which are judged over the campaign.
  std::vector<PropertySummary> properties;
  std::vector<FaultCount> faults;
  std::map<std::string, std::uint64_t, std::less<>> situations;
  /// Number of times each mark was passed; the registry's marks that never were have 0.
  std::map<std::string, std::uint64_t, std::less<>> marks;
  std::map<std::string, std::uint64_t, std::less<>> runs_with_mark;
  CanarySummary canary;
  DeterminismSummary determinism;
  /// "state leaked between runs: ...", "worker lost", "disk full": exit 3.
  std::vector<std::string> tool_errors;
  /// What is too little about the campaign as a whole: exit 4.
  std::vector<std::string> inconclusive_reasons;
  std::uint64_t events = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;  ///< Until failures were reduced.
  std::uint64_t acked_operations = 0;
  std::uint64_t peak_rss_kib = 0;
  bool is_interrupted = false;
};

/// Where a campaign stands, for a progress line.
struct CampaignProgress {
  std::string scenario;
  /// What is swept, "crash"; empty where plans are drawn from seeds.
  std::string sweep = {};
  std::uint64_t scenario_index = 0;
  std::uint64_t scenario_count = 0;
  std::uint64_t done = 0;
  std::uint64_t planned = 0;
  std::uint64_t red = 0;
  std::uint64_t groups = 0;
  /// Of the groups, those that an earlier campaign of the database saw.
  std::uint64_t groups_known = 0;
  std::int64_t wall_ns = 0;
};

/// Hears of a campaign while it runs. All calls come from the parent's thread.
class CampaignListener {
 public:
  virtual ~CampaignListener() = default;
  /// Now and then, and after each run. False stops the campaign, as an interrupt does.
  virtual bool on_progress(const CampaignProgress& /*progress*/) { return true; }
  /// The first failure with a signature that no run of the campaign had so far, confirmed.
  virtual void on_new_group(const FailureGroup& /*group*/) {}
  /// Now and then while a group's failure is reduced. False ends that, and keeps what there is.
  virtual bool on_shrink(const ShrinkProgress& /*progress*/) { return true; }
};

/// Runs a campaign over all scenarios of `source`.
CampaignSummary run_campaign(const RunSource& source, const CampaignOptions& options,
                             CampaignListener& listener);

/// 0, 1, 3 or 4: the exit status that the summary asks for (130 and 143 are the caller's).
int exit_status(const CampaignSummary& summary);

}  // namespace millrace::run
