#include "sim/run/campaign_schema.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <unistd.h>

#include "sim/run/writable.h"

namespace millrace::run {
namespace {

/// "MLRC" in the header of the file: whose it is.
constexpr std::uint32_t kApplicationId = 0x4D4C5243;
constexpr std::uint32_t kSchemaVersion = 2;

// Source: the file format of SQLite 3, section 1.3: the first 100 bytes.
constexpr std::string_view kSqliteMagic{"SQLite format 3\0", 16};
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;

/// Tables of version 2, each with what counts of one run: names are kept once, in `names`.
constexpr const char* kTables = R"(
CREATE TABLE campaigns(
  id INTEGER PRIMARY KEY,
  started_utc TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'unknown',
  arguments TEXT NOT NULL DEFAULT '',
  directory TEXT NOT NULL DEFAULT '',
  wall_ns INTEGER NOT NULL DEFAULT 0,
  determinism_checks INTEGER NOT NULL DEFAULT 0,
  determinism_differing INTEGER NOT NULL DEFAULT 0,
  canary_tried INTEGER NOT NULL DEFAULT 0,
  canary_caught INTEGER NOT NULL DEFAULT 0,
  version TEXT, commit_id TEXT, dirty INTEGER, compiler TEXT, preset TEXT, sanitizer TEXT);
CREATE TABLE runs(
  id INTEGER PRIMARY KEY,
  campaign INTEGER NOT NULL REFERENCES campaigns(id),
  scenario TEXT NOT NULL, seed INTEGER NOT NULL, strategy TEXT, verdict TEXT, signature TEXT,
  fingerprint TEXT, plan TEXT, events INTEGER, virtual_ns INTEGER, wall_ns INTEGER,
  acked_operations INTEGER, records INTEGER, client_records INTEGER, digest TEXT, record TEXT,
  UNIQUE(campaign, scenario, seed));
CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE run_properties(
  run INTEGER NOT NULL, property INTEGER NOT NULL, verdict TEXT, evaluated INTEGER,
  PRIMARY KEY(run, property)) WITHOUT ROWID;
CREATE TABLE run_faults(
  run INTEGER NOT NULL, kind INTEGER NOT NULL, planned INTEGER, fired INTEGER, refused INTEGER,
  took_effect INTEGER, PRIMARY KEY(run, kind)) WITHOUT ROWID;
CREATE TABLE run_marks(
  run INTEGER NOT NULL, mark INTEGER NOT NULL, count INTEGER,
  PRIMARY KEY(run, mark)) WITHOUT ROWID;
CREATE TABLE run_situations(
  run INTEGER NOT NULL, situation INTEGER NOT NULL, count INTEGER,
  PRIMARY KEY(run, situation)) WITHOUT ROWID;
)";

/// What one asks of them.
constexpr const char* kViews = R"(
CREATE VIEW failures AS
  SELECT signature, campaign, scenario, count(*) AS runs, min(seed) AS first_seed,
         min(events) AS least_events
  FROM runs WHERE signature <> '' GROUP BY signature, campaign, scenario;
CREATE VIEW signatures AS
  SELECT signature, min(campaign) AS first_campaign, max(campaign) AS last_campaign,
         count(*) AS runs
  FROM runs WHERE signature <> '' GROUP BY signature;
CREATE VIEW properties AS
  SELECT runs.campaign, names.name AS property, sum(evaluated) AS evaluated,
         sum(run_properties.verdict = 'failed') AS failed_runs
  FROM run_properties JOIN runs ON runs.id = run JOIN names ON names.id = property
  GROUP BY 1, 2;
CREATE VIEW faults AS
  SELECT runs.campaign, names.name AS kind, sum(planned) AS planned, sum(fired) AS fired,
         sum(refused) AS refused, sum(took_effect) AS took_effect
  FROM run_faults JOIN runs ON runs.id = run JOIN names ON names.id = kind GROUP BY 1, 2;
CREATE VIEW marks AS
  SELECT runs.campaign, names.name AS mark, sum(count) AS count, count(*) AS runs
  FROM run_marks JOIN runs ON runs.id = run JOIN names ON names.id = mark GROUP BY 1, 2;
)";

/// Version 1 kept no counts of a run, and its runs had no numbers.
constexpr const char* kFromVersion1 = R"(
INSERT INTO campaigns(id, version, commit_id, dirty, compiler, preset, sanitizer)
  SELECT id, version, commit_id, dirty, compiler, preset, sanitizer FROM campaigns_1;
INSERT INTO runs(campaign, scenario, seed, strategy, verdict, signature, fingerprint, plan, events,
                 virtual_ns, wall_ns, acked_operations, records, client_records, digest, record)
  SELECT campaign, scenario, seed, strategy, verdict, signature, fingerprint, plan, events,
         virtual_ns, wall_ns, acked_operations, 0, 0, '', record
  FROM runs_1 ORDER BY campaign, scenario, seed;
DROP TABLE runs_1;
DROP TABLE campaigns_1;
)";

std::uint32_t big_endian_at(const std::array<char, kHeaderBytes>& header, std::size_t place) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(header[place + i]);
  }
  return value;
}

/// The version in the header of a file that is not empty.
Result<void> check_header(const std::string& path) {
  std::array<char, kHeaderBytes> header{};
  std::ifstream file(path, std::ios::binary);
  file.read(header.data(), header.size());
  const bool is_ours = std::string_view(header.data(), kSqliteMagic.size()) == kSqliteMagic &&
                       big_endian_at(header, kApplicationIdAt) == kApplicationId;
  if (!is_ours) {
    return fail(Errc::kInvalid, path + ": is there already, and is no campaign database");
  }
  const std::uint32_t version = big_endian_at(header, kUserVersionAt);
  if (version >= 1 && version <= kSchemaVersion) return {};
  return fail(Errc::kInvalid,
              fmt::format("{}: version {} of campaign databases is not known, only up to {}", path,
                          version, kSchemaVersion));
}

Result<std::uint64_t> version_of(Database& database) {
  Statement statement = TRY(database.prepare("PRAGMA user_version"));
  TRY(statement.step());
  return statement.integer(0);
}

Result<void> make_tables(Database& database, std::uint64_t version) {
  if (version == 1) {
    TRY(
        database.execute("ALTER TABLE campaigns RENAME TO campaigns_1;"
                         "ALTER TABLE runs RENAME TO runs_1;"));
  }
  TRY(database.execute(kTables));
  if (version == 1) TRY(database.execute(kFromVersion1));
  TRY(database.execute(kViews));
  return database.execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}",
                                      kApplicationId, kSchemaVersion));
}

}  // namespace

Result<void> check_database(const std::string& path) {
  TRY(check_writable(path, Wanted::kFile));
  std::error_code ignored;
  const bool is_special =
      std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
  if (is_special) return fail(Errc::kInvalid, path + ": is no file");
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  if (ignored || size == 0) return {};
  return check_header(path);
}

Result<void> check_stored_database(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return fail(Errc::kInvalid, path + ": there is no such file");
  }
  if (!std::filesystem::is_regular_file(path, ignored) || access(path.c_str(), R_OK) != 0) {
    return fail(Errc::kInvalid, path + ": cannot be read");
  }
  return check_header(path);
}

Result<void> check_whole(const std::string& path) {
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  if (ignored || size == 0) return {};
  Database database = TRY(Database::open(path, Database::Mode::kRead));
  Statement check = TRY(database.prepare("PRAGMA quick_check(1)"));
  TRY(check.step());
  std::string found = check.text(0);
  std::ranges::replace(found, '\n', ' ');
  if (found == "ok") return {};
  return fail(Errc::kInvalid, fmt::format("{}: is damaged: {}", path, found));
}

Result<Database> open_stored(const std::string& path) {
  TRY(check_stored_database(path));
  Database database = TRY(Database::open(path, Database::Mode::kRead));
  const std::uint64_t version = TRY(version_of(database));
  if (version == kSchemaVersion) return database;
  Database brought_up = TRY(database.copy_in_memory());
  TRY(prepare_tables(brought_up));
  return brought_up;
}

Result<void> prepare_tables(Database& database) {
  // Takes the file before its version is looked at: two campaigns may begin at once.
  TRY(database.execute("BEGIN IMMEDIATE"));
  const std::uint64_t version = TRY(version_of(database));
  if (version < kSchemaVersion) {
    const Result<void> made = make_tables(database, version);
    if (!made.has_value()) {
      ignore(database.execute("ROLLBACK"), "the first error is the one that counts");
      return made;
    }
  }
  return database.execute("COMMIT");
}

}  // namespace millrace::run
