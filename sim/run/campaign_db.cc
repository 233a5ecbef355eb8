#include "sim/run/campaign_db.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "sim/kernel/identity.h"
#include "sim/run/campaign_schema.h"
#include "sim/run/plan.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

constexpr std::uint64_t kBatchRuns = 64;

constexpr const char* kSelectCampaigns =
    "SELECT id, started_utc, state, arguments, directory, wall_ns, determinism_checks,"
    " determinism_differing, canary_tried, canary_caught, version, commit_id, dirty, compiler,"
    " preset, sanitizer FROM campaigns ORDER BY id";

constexpr const char* kInsertCampaign =
    "INSERT INTO campaigns(started_utc, state, arguments, directory, version, commit_id, dirty,"
    " compiler, preset, sanitizer) VALUES(?,?,?,?,?,?,?,?,?,?)";

constexpr const char* kInsertRun =
    "INSERT INTO runs(campaign, scenario, seed, strategy, verdict, signature, fingerprint, plan,"
    " events, virtual_ns, wall_ns, acked_operations, records, client_records, digest, record)"
    " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

constexpr const char* kSelectRuns =
    "SELECT id, scenario, seed, strategy, verdict, fingerprint, plan, events, virtual_ns, wall_ns,"
    " acked_operations, records, client_records, record FROM runs WHERE campaign = ? ORDER BY id";

constexpr const char* kSelectSeen = R"(
WITH seen AS (
  SELECT signature, scenario, count(*) AS failed, min(campaign) AS first, max(campaign) AS last
  FROM runs WHERE signature <> '' AND campaign < ?1 GROUP BY signature, scenario)
SELECT signature, scenario, failed,
  (SELECT count(*) FROM runs
     WHERE runs.scenario = seen.scenario AND runs.campaign <= seen.last),
  (SELECT count(*) FROM runs
     WHERE runs.scenario = seen.scenario AND runs.campaign > seen.last AND runs.campaign < ?1),
  campaigns.started_utc, campaigns.commit_id
FROM seen JOIN campaigns ON campaigns.id = seen.first ORDER BY signature, scenario)";

Result<std::uint64_t> read_hash(const std::string& digits) {
  const std::optional<std::uint64_t> value = number_of_hex16(digits);
  if (!value.has_value()) return fail(Errc::kInvalid, "'" + digits + "' is no hash of 16 digits");
  return *value;
}

/// Reads what counts of a run.
class CountReader {
 public:
  static Result<CountReader> make(Database& database) {
    const auto select = [&](std::string_view columns, std::string_view table,
                            std::string_view name) {
      return database.prepare(
          fmt::format("SELECT names.name, {0} FROM {1} JOIN names ON names.id = {2} WHERE run = ?"
                      " ORDER BY names.name",
                      columns, table, name));
    };
    Statement properties = TRY(select("verdict, evaluated", "run_properties", "property"));
    Statement faults = TRY(select("planned, fired, refused, took_effect", "run_faults", "kind"));
    Statement marks = TRY(select("count", "run_marks", "mark"));
    Statement situations = TRY(select("count", "run_situations", "situation"));
    return CountReader(std::move(properties), std::move(faults), std::move(marks),
                       std::move(situations));
  }

  Result<void> read(std::uint64_t run, const Registry& registry, RunRecord& record) {
    TRY(read_properties(run, registry, record));
    TRY(read_faults(run, record));
    TRY(read_counts(marks_, run, record.marks));
    return read_counts(situations_, run, record.situations);
  }

 private:
  CountReader(Statement properties, Statement faults, Statement marks, Statement situations)
      : properties_(std::move(properties)),
        faults_(std::move(faults)),
        marks_(std::move(marks)),
        situations_(std::move(situations)) {}

  Result<void> read_properties(std::uint64_t run, const Registry& registry, RunRecord& record) {
    properties_.bind(run);
    for (;;) {
      const bool has_row = TRY(properties_.step());
      if (!has_row) return {};
      PropertyResult result;
      result.id = properties_.text(0);
      const auto verdict = property_verdict_from_text(properties_.text(1));
      if (!verdict.has_value()) {
        return fail(Errc::kInvalid,
                    fmt::format("'{}' is no verdict of a property", properties_.text(1)));
      }
      result.verdict = *verdict;
      result.evaluated = properties_.integer(2);
      if (const PropertyType* const type = registry.find_property(result.id); type != nullptr) {
        result.name = type->claim.name;
        result.kind = type->claim.kind;
      }
      record.properties.push_back(std::move(result));
    }
  }

  Result<void> read_faults(std::uint64_t run, RunRecord& record) {
    faults_.bind(run);
    for (;;) {
      const bool has_row = TRY(faults_.step());
      if (!has_row) return {};
      record.faults.push_back({.kind = faults_.text(0),
                               .planned = faults_.integer(1),
                               .fired = faults_.integer(2),
                               .refused = faults_.integer(3),
                               .took_effect = faults_.integer(4)});
    }
  }

  static Result<void> read_counts(Statement& rows, std::uint64_t run,
                                  std::map<std::string, std::uint64_t, std::less<>>& counts) {
    rows.bind(run);
    for (;;) {
      const bool has_row = TRY(rows.step());
      if (!has_row) return {};
      counts[rows.text(0)] = rows.integer(1);
    }
  }

  Statement properties_;
  Statement faults_;
  Statement marks_;
  Statement situations_;
};

/// The run of this row. Errors: kInvalid, kIo.
Result<RunRecord> read_run(const Statement& row, CountReader& counts, const Registry& registry) {
  const std::string whole = row.text(13);
  if (!whole.empty()) return run_record_from_json(whole);
  RunRecord record;
  record.scenario = row.text(1);
  record.seed = row.integer(2);
  record.strategy = row.text(3);
  const auto verdict = verdict_from_text(row.text(4));
  if (verdict != Verdict::kPass) return fail(Errc::kInvalid, "it did not pass and has no record");
  record.fingerprint = TRY(read_hash(row.text(5)));
  record.plan = TRY(read_hash(row.text(6)));
  record.events = row.integer(7);
  record.virtual_ns = static_cast<std::int64_t>(row.integer(8));
  record.wall_ns = static_cast<std::int64_t>(row.integer(9));
  record.acked_operations = row.integer(10);
  record.records = row.integer(11);
  record.client_records = row.integer(12);
  TRY(counts.read(row.integer(0), registry, record));
  return record;
}

Result<std::vector<CampaignDb::Seen>> read_seen(Database& database, std::uint64_t campaign) {
  Statement rows = TRY(database.prepare(kSelectSeen));
  rows.bind(campaign);
  std::vector<CampaignDb::Seen> all;
  for (;;) {
    const bool has_row = TRY(rows.step());
    if (!has_row) return all;
    all.push_back({.signature = rows.text(0),
                   .scenario = rows.text(1),
                   .failed_runs = rows.integer(2),
                   .runs = rows.integer(3),
                   .runs_since = rows.integer(4),
                   .first_utc = rows.text(5),
                   .first_commit = rows.text(6)});
  }
}

}  // namespace

std::uint64_t digest_of(const RunRecord& record) {
  std::string text;
  for (const auto& [mark, count] : record.marks) text += mark + '\n';
  text += '\n';
  for (const FaultCount& fault : record.faults) {
    if (fault.took_effect > 0) text += fault.kind + '\n';
  }
  return sim::hash_name(text);
}

Result<std::vector<StoredCampaign>> stored_campaigns(const std::string& path) {
  Database database = TRY(open_stored(path));
  Statement statement = TRY(database.prepare(kSelectCampaigns));
  std::vector<StoredCampaign> campaigns;
  for (;;) {
    const bool has_row = TRY(statement.step());
    if (!has_row) return campaigns;
    StoredCampaign campaign{.id = statement.integer(0),
                            .started_utc = statement.text(1),
                            .state = statement.text(2),
                            .arguments = statement.text(3),
                            .directory = statement.text(4),
                            .wall_ns = static_cast<std::int64_t>(statement.integer(5)),
                            .build = {},
                            .determinism_checks = statement.integer(6),
                            .determinism_differing = statement.integer(7),
                            .canary_tried = static_cast<std::uint32_t>(statement.integer(8)),
                            .canary_caught = static_cast<std::uint32_t>(statement.integer(9))};
    campaign.build = {.version = statement.text(10),
                      .commit = statement.text(11),
                      .is_dirty = statement.integer(12) != 0,
                      .compiler = statement.text(13),
                      .preset = statement.text(14),
                      .sanitizer = statement.text(15)};
    campaigns.push_back(std::move(campaign));
  }
}

Result<std::map<std::string, std::vector<std::uint64_t>, std::less<>>> failed_seeds(
    const std::string& path, std::uint64_t campaign) {
  Database database = TRY(open_stored(path));
  Statement rows = TRY(database.prepare(
      "SELECT scenario, seed FROM runs WHERE campaign = ? AND signature <> '' ORDER BY 1, 2"));
  rows.bind(campaign);
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> seeds;
  for (;;) {
    const bool has_row = TRY(rows.step());
    if (!has_row) return seeds;
    seeds[rows.text(0)].push_back(rows.integer(1));
  }
}

Result<void> check_plans(const std::string& path, std::uint64_t campaign, const RunSource& source) {
  Database database = TRY(open_stored(path));
  Statement rows = TRY(database.prepare(
      "SELECT scenario, min(seed), plan FROM runs WHERE campaign = ? GROUP BY scenario"));
  rows.bind(campaign);
  for (;;) {
    const bool has_row = TRY(rows.step());
    if (!has_row) return {};
    const std::string name = rows.text(0);
    const auto scenario = std::ranges::find(source.scenarios, name, &Scenario::name);
    if (scenario == source.scenarios.end()) {
      return fail(Errc::kInvalid, "the campaign ran " + name + ", which it no longer asks for");
    }
    const Plan plan = draw_plan(*source.registry, *scenario, rows.integer(1));
    if (hex16(plan_hash(plan)) != rows.text(2)) {
      return fail(Errc::kInvalid, name + " has changed since: its seeds are other runs now");
    }
  }
}

Result<void> each_stored_run(const std::string& path, std::uint64_t campaign,
                             const Registry& registry,
                             const std::function<void(RunRecord record)>& take) {
  Database database = TRY(open_stored(path));
  Statement rows = TRY(database.prepare(kSelectRuns));
  CountReader counts = TRY(CountReader::make(database));
  rows.bind(campaign);
  for (;;) {
    const bool has_row = TRY(rows.step());
    if (!has_row) return {};
    Result<RunRecord> record = read_run(rows, counts, registry);
    if (!record.has_value()) {
      return fail(record.error().code,
                  fmt::format("{}: run {}: {}", path, rows.integer(0), record.error().detail));
    }
    take(*std::move(record));
  }
}

/// Prepared once: each is used for every run.
struct CampaignDb::Statements {
  Statement insert_run;
  Statement insert_name;
  Statement find_name;
  Statement insert_property;
  Statement insert_fault;
  Statement insert_mark;
  Statement insert_situation;
  Statement update_time;
};

CampaignDb::CampaignDb(Database database, std::uint64_t campaign)
    : database_(std::move(database)), campaign_(campaign) {}

CampaignDb::~CampaignDb() = default;

Result<std::unique_ptr<CampaignDb>> CampaignDb::open(const std::string& path,
                                                     const StoredCampaign& campaign) {
  TRY(check_database(path));
  Database database = TRY(Database::open(path, Database::Mode::kWrite));
  TRY(prepare_tables(database));
  const BuildName& build = campaign.build;
  Statement insert = TRY(database.prepare(kInsertCampaign));
  TRY(insert
          .bind(campaign.started_utc, campaign.state, campaign.arguments, campaign.directory,
                build.version, build.commit, std::uint64_t{build.is_dirty}, build.compiler,
                build.preset, build.sanitizer)
          .run());
  const std::uint64_t id = database.last_row();
  std::unique_ptr<CampaignDb> made(new CampaignDb(std::move(database), id));
  TRY(made->prepare());
  return made;
}

Result<std::unique_ptr<CampaignDb>> CampaignDb::resume(const std::string& path,
                                                       std::uint64_t campaign) {
  TRY(check_stored_database(path));
  Database database = TRY(Database::open(path, Database::Mode::kWrite));
  TRY(prepare_tables(database));
  std::unique_ptr<CampaignDb> made(new CampaignDb(std::move(database), campaign));
  TRY(made->prepare());
  return made;
}

Result<void> CampaignDb::prepare() {
  Statement run = TRY(database_.prepare(kInsertRun));
  Statement name = TRY(database_.prepare("INSERT OR IGNORE INTO names(name) VALUES(?)"));
  Statement find = TRY(database_.prepare("SELECT id FROM names WHERE name = ?"));
  Statement property = TRY(database_.prepare("INSERT INTO run_properties VALUES(?,?,?,?)"));
  Statement fault = TRY(database_.prepare("INSERT INTO run_faults VALUES(?,?,?,?,?,?)"));
  Statement mark = TRY(database_.prepare("INSERT INTO run_marks VALUES(?,?,?)"));
  Statement situation = TRY(database_.prepare("INSERT INTO run_situations VALUES(?,?,?)"));
  Statement time = TRY(database_.prepare("UPDATE campaigns SET wall_ns = ? WHERE id = ?"));
  statements_ = std::make_unique<Statements>(Statements{.insert_run = std::move(run),
                                                        .insert_name = std::move(name),
                                                        .find_name = std::move(find),
                                                        .insert_property = std::move(property),
                                                        .insert_fault = std::move(fault),
                                                        .insert_mark = std::move(mark),
                                                        .insert_situation = std::move(situation),
                                                        .update_time = std::move(time)});
  Statement names = TRY(database_.prepare("SELECT id, name FROM names"));
  for (;;) {
    const bool has_row = TRY(names.step());
    if (!has_row) return {};
    names_[names.text(1)] = names.integer(0);
  }
}

Result<void> CampaignDb::add(const RunRecord& record, std::int64_t wall_ns) {
  batch_.push_back(record);
  return batch_.size() == kBatchRuns ? commit(wall_ns) : Result<void>();
}

Result<void> CampaignDb::write(const RunRecord& record) {
  // Passing runs are many, and their counts are in tables of their own.
  const std::string whole =
      record.verdict == Verdict::kPass ? std::string() : run_record_to_json(record);
  TRY(statements_->insert_run
          .bind(campaign_, record.scenario, record.seed, record.strategy, to_text(record.verdict),
                record.signature(), hex16(record.fingerprint), hex16(record.plan), record.events,
                record.virtual_ns, record.wall_ns, record.acked_operations, record.records,
                record.client_records, hex16(digest_of(record)), whole)
          .run());
  return add_counts(database_.last_row(), record);
}

Result<void> CampaignDb::add_counts(std::uint64_t run, const RunRecord& record) {
  for (const PropertyResult& property : record.properties) {
    const std::uint64_t name = TRY(name_id(property.id));
    TRY(statements_->insert_property.bind(run, name, to_text(property.verdict), property.evaluated)
            .run());
  }
  for (const FaultCount& fault : record.faults) {
    const std::uint64_t name = TRY(name_id(fault.kind));
    TRY(statements_->insert_fault
            .bind(run, name, fault.planned, fault.fired, fault.refused, fault.took_effect)
            .run());
  }
  for (const auto& [mark, count] : record.marks) {
    const std::uint64_t name = TRY(name_id(mark));
    TRY(statements_->insert_mark.bind(run, name, count).run());
  }
  for (const auto& [situation, count] : record.situations) {
    const std::uint64_t name = TRY(name_id(situation));
    TRY(statements_->insert_situation.bind(run, name, count).run());
  }
  return {};
}

Result<std::uint64_t> CampaignDb::name_id(const std::string& name) {
  const auto found = names_.find(name);
  if (found != names_.end()) return found->second;
  // Another campaign may have brought it into the file meanwhile.
  TRY(statements_->insert_name.bind(name).run());
  TRY(statements_->find_name.bind(name).step());
  const std::uint64_t id = statements_->find_name.integer(0);
  TRY(statements_->find_name.run());
  return names_[name] = id;
}

Result<void> CampaignDb::commit(std::int64_t wall_ns) {
  if (batch_.empty()) return {};
  TRY(database_.execute("BEGIN IMMEDIATE"));
  for (const RunRecord& record : batch_) TRY(write(record));
  TRY(statements_->update_time.bind(wall_ns, campaign_).run());
  batch_.clear();
  return database_.execute("COMMIT");
}

Result<void> CampaignDb::finish(const StoredCampaign& campaign) {
  TRY(commit(campaign.wall_ns));
  Statement update = TRY(database_.prepare(
      "UPDATE campaigns SET state = ?, wall_ns = ?, determinism_checks = ?,"
      " determinism_differing = ?, canary_tried = ?, canary_caught = ? WHERE id = ?"));
  return update
      .bind(campaign.state, campaign.wall_ns, campaign.determinism_checks,
            campaign.determinism_differing, std::uint64_t{campaign.canary_tried},
            std::uint64_t{campaign.canary_caught}, campaign_)
      .run();
}

Result<std::vector<CampaignDb::Seen>> CampaignDb::seen_before() {
  return read_seen(database_, campaign_);
}

Result<std::vector<CampaignDb::Seen>> seen_before(const std::string& path, std::uint64_t campaign) {
  Database database = TRY(open_stored(path));
  return read_seen(database, campaign);
}

}  // namespace millrace::run
