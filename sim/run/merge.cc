#include "sim/run/merge.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "sim/run/campaign_db.h"
#include "sim/run/campaign_schema.h"
#include "sim/run/campaign_tally.h"
#include "sim/run/plan.h"
#include "sim/run/temporary_folder.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

namespace fs = std::filesystem;

/// Copies what is in `other`, whose ids follow those that are there.
constexpr const char* kCopy = R"(
INSERT OR IGNORE INTO names(name) SELECT name FROM other.names ORDER BY id;
CREATE TEMP TABLE shift AS SELECT
  (SELECT coalesce(max(id), 0) FROM main.campaigns) AS campaigns,
  (SELECT coalesce(max(id), 0) FROM main.runs) AS runs;
CREATE TEMP TABLE renamed AS SELECT other.names.id AS old, main.names.id AS id
  FROM other.names JOIN main.names ON main.names.name = other.names.name;
INSERT INTO campaigns SELECT id + (SELECT campaigns FROM shift), started_utc, state, arguments,
  directory, wall_ns, determinism_checks, determinism_differing, canary_tried, canary_caught,
  version, commit_id, dirty, compiler, preset, sanitizer FROM other.campaigns;
INSERT INTO runs SELECT id + (SELECT runs FROM shift), campaign + (SELECT campaigns FROM shift),
  scenario, seed, strategy, verdict, signature, fingerprint, plan, events, virtual_ns, wall_ns,
  acked_operations, records, client_records, digest, record FROM other.runs;
INSERT INTO run_properties SELECT run + (SELECT runs FROM shift), renamed.id, verdict, evaluated
  FROM other.run_properties JOIN renamed ON old = property;
INSERT INTO run_faults SELECT run + (SELECT runs FROM shift), renamed.id, planned, fired, refused,
  took_effect FROM other.run_faults JOIN renamed ON old = kind;
INSERT INTO run_marks SELECT run + (SELECT runs FROM shift), renamed.id, count
  FROM other.run_marks JOIN renamed ON old = mark;
INSERT INTO run_situations SELECT run + (SELECT runs FROM shift), renamed.id, count
  FROM other.run_situations JOIN renamed ON old = situation;
DROP TABLE renamed;
DROP TABLE shift;
)";

/// Adds the campaigns of one file, through a copy of it that has this version's tables.
Result<void> add_campaigns(Database& database, const std::string& from, const std::string& copy) {
  {
    // By SQLite: a killed campaign may have left half of a transaction beside its file.
    Database original = TRY(Database::open(from, Database::Mode::kRead));
    Statement copies = TRY(original.prepare("VACUUM INTO ?"));
    TRY(copies.bind(copy).run());
  }
  {
    Database older = TRY(Database::open(copy, Database::Mode::kWrite));
    TRY(prepare_tables(older));
  }
  Statement attach = TRY(database.prepare("ATTACH ? AS other"));
  TRY(attach.bind(copy).run());
  TRY(database.execute(std::string("BEGIN;") + kCopy + "COMMIT; DETACH other;"));
  return {};
}

/// A run by what makes it the same run.
using RunKey = std::tuple<std::string, std::uint64_t, std::uint64_t, std::string>;

/// How many operations, faults and machines the group's cheapest run had, where this program has
/// its scenario and draws the same plan.
void count_plan(const RunSource& source, FailureGroup& group) {
  const auto scenario = std::ranges::find(source.scenarios, group.scenario, &Scenario::name);
  if (scenario == source.scenarios.end() || scenario->workloads.empty()) return;
  const Plan plan = draw_plan(*source.registry, *scenario, group.cheapest_seed);
  if (plan_hash(plan) != group.record.plan) return;
  group.size = size_of(plan);
}

}  // namespace

Result<void> merge_databases(const std::vector<std::string>& from, const std::string& to) {
  std::error_code ignored;
  if (fs::exists(to, ignored)) return fail(Errc::kInvalid, to + ": is there already");
  for (const std::string& path : from) {
    TRY(check_stored_database(path));
    TRY(check_whole(path));
  }
  TRY(check_database(to));
  // Beside the new file, for a rename; under names that nobody else's file can have.
  const fs::path folder = fs::path(to).parent_path();
  const TemporaryFolder own = TRY(TemporaryFolder::make(folder.empty() ? "." : folder.string()));
  const std::string merged = own.path() + "/merged.db";
  {
    Database database = TRY(Database::open(merged, Database::Mode::kWrite));
    TRY(prepare_tables(database));
    for (const std::string& path : from) {
      const std::string copy = own.path() + "/copy.db";
      const Result<void> added = add_campaigns(database, path, copy);
      fs::remove(copy, ignored);
      if (!added.has_value()) {
        return fail(added.error().code, path + ": " + added.error().detail);
      }
    }
  }
  std::error_code failure;
  fs::rename(merged, to, failure);
  if (failure) return fail(Errc::kIo, fmt::format("{}: {}", to, failure.message()));
  return {};
}

Result<std::vector<std::string>> scenarios_in(const std::string& path) {
  Database database = TRY(open_stored(path));
  Statement rows = TRY(database.prepare("SELECT DISTINCT scenario FROM runs ORDER BY scenario"));
  std::vector<std::string> names;
  for (;;) {
    const bool has_row = TRY(rows.step());
    if (!has_row) return names;
    names.push_back(rows.text(0));
  }
}

Result<CampaignSummary> summary_of_database(const std::string& path, const RunSource& source) {
  const std::vector<StoredCampaign> campaigns = TRY(stored_campaigns(path));
  CampaignTally tally(source);
  std::map<RunKey, std::uint64_t> fingerprints;
  std::vector<std::string> tool_errors;
  std::vector<std::string> unfinished;
  CanarySummary canary;
  DeterminismSummary determinism;
  std::int64_t wall_ns = 0;
  for (const StoredCampaign& campaign : campaigns) {
    const std::string build = build_text(campaign.build);
    TRY(each_stored_run(path, campaign.id, *source.registry, [&](const RunRecord& record) {
      const RunKey key{record.scenario, record.seed, record.plan, build};
      const auto [first, is_new] = fingerprints.try_emplace(key, record.fingerprint);
      if (!is_new && first->second != record.fingerprint) {
        tool_errors.push_back(fmt::format("{} seed {} has two fingerprints, {} and {}",
                                          record.scenario, record.seed, hex16(first->second),
                                          hex16(record.fingerprint)));
      }
      if (!is_new) return;
      const auto scenario = std::ranges::find(source.scenarios, record.scenario, &Scenario::name);
      CHECK(scenario != source.scenarios.end(), "the source has every scenario of the database");
      tally.add(static_cast<std::uint32_t>(scenario - source.scenarios.begin()), record);
    }));
    if (campaign.state == "running" || campaign.state == "interrupted") {
      unfinished.push_back(fmt::format("campaign {} did not run to its end", campaign.id));
    }
    determinism.checks += campaign.determinism_checks;
    determinism.differing += campaign.determinism_differing;
    canary.has_run = canary.has_run || campaign.canary_tried > 0;
    canary.tried += campaign.canary_tried;
    canary.caught += campaign.canary_caught;
    wall_ns += campaign.wall_ns;
  }
  CampaignSummary summary = tally.finish(std::move(canary), std::move(determinism));
  for (FailureGroup& group : summary.groups) count_plan(source, group);
  summary.tool_errors = std::move(tool_errors);
  std::ranges::move(unfinished, std::back_inserter(summary.inconclusive_reasons));
  summary.wall_ns = wall_ns;
  return summary;
}

}  // namespace millrace::run
