#include "sim/run/campaign_db.h"

#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sqlite3.h>

#include "sim/run/plan.h"
#include "sim/run/repro.h"
#include "sim/run/writable.h"

namespace millrace::run {
namespace {

constexpr std::uint64_t kBatchRuns = 64;

/// "MLRC" in the header of the file: whose it is.
constexpr std::uint32_t kApplicationId = 0x4D4C5243;
constexpr std::uint32_t kSchemaVersion = 1;

// Source: the file format of SQLite 3, section 1.3: the first 100 bytes.
constexpr std::string_view kSqliteMagic{"SQLite format 3\0", 16};
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS campaigns("
    " id INTEGER PRIMARY KEY, version TEXT, commit_id TEXT, dirty INTEGER, compiler TEXT,"
    " preset TEXT, sanitizer TEXT);"
    "CREATE TABLE IF NOT EXISTS runs("
    " campaign INTEGER REFERENCES campaigns(id), scenario TEXT, seed INTEGER, strategy TEXT,"
    " verdict TEXT, signature TEXT, fingerprint TEXT, plan TEXT, events INTEGER,"
    " virtual_ns INTEGER, wall_ns INTEGER, acked_operations INTEGER, record TEXT,"
    " PRIMARY KEY(campaign, scenario, seed));";

constexpr const char* kInsertCampaign =
    "INSERT INTO campaigns(version, commit_id, dirty, compiler, preset, sanitizer)"
    " VALUES(?,?,?,?,?,?)";

constexpr const char* kInsertRun = "INSERT OR REPLACE INTO runs VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)";

void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void bind_integer(sqlite3_stmt* statement, int index, std::uint64_t value) {
  sqlite3_bind_int64(statement, index, static_cast<std::int64_t>(value));
}

std::uint32_t big_endian_at(const std::array<char, kHeaderBytes>& header, std::size_t place) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(header[place + i]);
  }
  return value;
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
  std::array<char, kHeaderBytes> header{};
  std::ifstream file(path, std::ios::binary);
  file.read(header.data(), header.size());
  const bool is_ours = std::string_view(header.data(), kSqliteMagic.size()) == kSqliteMagic &&
                       big_endian_at(header, kApplicationIdAt) == kApplicationId;
  if (!is_ours) {
    return fail(Errc::kInvalid, path + ": is there already, and is no campaign database");
  }
  const std::uint32_t version = big_endian_at(header, kUserVersionAt);
  if (version == kSchemaVersion) return {};
  return fail(Errc::kInvalid,
              fmt::format("{}: version {} of campaign databases is not known, only {}", path,
                          version, kSchemaVersion));
}

struct CampaignDb::Handles {
  std::string path;
  sqlite3* db = nullptr;
  sqlite3_stmt* insert_run = nullptr;
  std::int64_t campaign = 0;

  ~Handles() {
    sqlite3_finalize(insert_run);
    sqlite3_close(db);
  }

  Result<void> check(int code) const {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return {};
    return fail(Errc::kIo, fmt::format("{}: {}", path, sqlite3_errmsg(db)));
  }
  Result<void> execute(const char* sql) const {
    return check(sqlite3_exec(db, sql, nullptr, nullptr, nullptr));
  }
  Result<void> prepare(const char* sql, sqlite3_stmt*& statement) const {
    return check(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr));
  }
};

CampaignDb::CampaignDb(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

CampaignDb::~CampaignDb() = default;

Result<std::unique_ptr<CampaignDb>> CampaignDb::open(const std::string& path) {
  TRY(check_database(path));
  auto handles = std::make_unique<Handles>();
  handles->path = path;
  TRY(handles->check(sqlite3_open(path.c_str(), &handles->db)));
  TRY(handles->execute(kSchema));
  TRY(handles->execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}",
                                   kApplicationId, kSchemaVersion)
                           .c_str()));
  sqlite3_stmt* insert = nullptr;
  TRY(handles->prepare(kInsertCampaign, insert));
  const BuildName build = this_build();
  bind_text(insert, 1, build.version);
  bind_text(insert, 2, build.commit);
  bind_integer(insert, 3, build.is_dirty ? 1 : 0);
  bind_text(insert, 4, build.compiler);
  bind_text(insert, 5, build.preset);
  bind_text(insert, 6, build.sanitizer);
  const int stepped = sqlite3_step(insert);
  sqlite3_finalize(insert);
  TRY(handles->check(stepped));
  handles->campaign = sqlite3_last_insert_rowid(handles->db);
  TRY(handles->prepare(kInsertRun, handles->insert_run));
  return std::unique_ptr<CampaignDb>(new CampaignDb(std::move(handles)));
}

Result<void> CampaignDb::add(const RunRecord& record) {
  if (batch_ == 0) TRY(handles_->execute("BEGIN"));
  sqlite3_stmt* const insert = handles_->insert_run;
  bind_integer(insert, 1, static_cast<std::uint64_t>(handles_->campaign));
  bind_text(insert, 2, record.scenario);
  bind_integer(insert, 3, record.seed);
  bind_text(insert, 4, record.strategy);
  bind_text(insert, 5, to_text(record.verdict));
  bind_text(insert, 6, record.signature());
  bind_text(insert, 7, hex16(record.fingerprint));
  bind_text(insert, 8, hex16(record.plan));
  bind_integer(insert, 9, record.events);
  bind_integer(insert, 10, static_cast<std::uint64_t>(record.virtual_ns));
  bind_integer(insert, 11, static_cast<std::uint64_t>(record.wall_ns));
  bind_integer(insert, 12, record.acked_operations);
  // Passing runs are many and alike: their sums are in the summary.
  bind_text(insert, 13,
            record.verdict == Verdict::kPass ? std::string() : run_record_to_json(record));
  const int stepped = sqlite3_step(insert);
  sqlite3_reset(insert);
  TRY(handles_->check(stepped));
  if (++batch_ == kBatchRuns) return commit();
  return {};
}

Result<void> CampaignDb::commit() {
  if (batch_ == 0) return {};
  batch_ = 0;
  return handles_->execute("COMMIT");
}

}  // namespace millrace::run
