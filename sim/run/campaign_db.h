#pragma once

// The database of a campaign, written by the parent alone.
//
// Rows are committed in batches; a run counts once its batch is. After a kill -9 the file holds
// every committed batch, and the campaign can be resumed from it. The file is locked only while a
// batch is written, so that several campaigns may append to one file at a time.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/registry.h"
#include "sim/run/repro.h"
#include "sim/run/run_record.h"
#include "sim/run/sqlite.h"
#include "sim/run/worker.h"
#include "system/base/result.h"

namespace millrace::run {

/// A campaign as its database knows it.
struct StoredCampaign {
  std::uint64_t id = 0;
  std::string started_utc = {};  ///< "2026-11-22T17:48:33Z"
  /// "running" (or it was killed), "finished", "interrupted"; "unknown" of version 1.
  std::string state = {};
  /// What the command line asked for, a JSON array of words; empty of version 1.
  std::string arguments = {};
  /// Where it writes its files, from the root of the file system.
  std::string directory = {};
  /// Wall time that it has taken so far.
  std::int64_t wall_ns = 0;
  BuildName build = {};
  std::uint64_t determinism_checks = 0;
  std::uint64_t determinism_differing = 0;
  std::uint32_t canary_tried = 0;
  std::uint32_t canary_caught = 0;
};

/// The campaigns of a file, in their order. Errors: kInvalid: no campaign database, or a damaged
/// one; kIo.
Result<std::vector<StoredCampaign>> stored_campaigns(const std::string& path);

/// The seeds of a campaign that failed, by scenario and in their order. Errors: kInvalid, kIo.
Result<std::map<std::string, std::vector<std::uint64_t>, std::less<>>> failed_seeds(
    const std::string& path, std::uint64_t campaign);

/// Whether the scenarios are still those that a campaign of the database ran: a seed of each draws
/// the plan that it drew then. Errors: kInvalid, with the scenario; kIo.
Result<void> check_plans(const std::string& path, std::uint64_t campaign, const RunSource& source);

/// Gives the records of a campaign in the order in which they came, as they were added but for
/// traces. The reasons of properties that were not judged are left out of passing ones.
/// Errors: kInvalid: a row that is damaged; kIo.
Result<void> each_stored_run(const std::string& path, std::uint64_t campaign,
                             const Registry& registry,
                             const std::function<void(RunRecord record)>& take);

class CampaignDb {
 public:
  /// Opens or makes the file, brings it to this version, and adds a campaign to it. `campaign` says
  /// how it began; its id is ignored.
  /// Errors: those of check_database(), and kIo with SQLite's words.
  static Result<std::unique_ptr<CampaignDb>> open(const std::string& path,
                                                  const StoredCampaign& campaign);
  /// Opens the file to go on with a campaign that is in it.
  static Result<std::unique_ptr<CampaignDb>> resume(const std::string& path,
                                                    std::uint64_t campaign);
  ~CampaignDb();
  CampaignDb(const CampaignDb&) = delete;
  CampaignDb& operator=(const CampaignDb&) = delete;

  /// Adds a run to the open batch, which is committed when it is full, with the wall time that the
  /// campaign has taken. Errors: kIo; nothing can be added after one.
  Result<void> add(const RunRecord& record, std::int64_t wall_ns);
  /// Commits the open batch, whole or not at all. Errors: kIo; nothing can be added after one.
  Result<void> commit(std::int64_t wall_ns);
  /// Commits, and writes how the campaign ended: `state` and the counts. Errors: kIo.
  Result<void> finish(const StoredCampaign& campaign);

  /// How often each signature was seen in a scenario by the campaigns before this one.
  struct Seen {
    std::string signature;
    std::string scenario;
    std::uint64_t failed_runs = 0;
    /// Runs of the scenario up to the campaign that saw the signature last, and after it.
    std::uint64_t runs = 0;
    std::uint64_t runs_since = 0;
    /// When it was seen first, and by which build.
    std::string first_utc;
    std::string first_commit;
  };
  /// Sorted by signature and scenario. Errors: kIo.
  Result<std::vector<Seen>> seen_before();

 private:
  struct Statements;
  CampaignDb(Database database, std::uint64_t campaign);

  Result<void> prepare();
  Result<void> write(const RunRecord& record);
  Result<void> add_counts(std::uint64_t run, const RunRecord& record);
  Result<std::uint64_t> name_id(const std::string& name);

  Database database_;
  std::uint64_t campaign_ = 0;
  std::unique_ptr<Statements> statements_;
  std::map<std::string, std::uint64_t, std::less<>> names_;
  std::vector<RunRecord> batch_;
};

/// CampaignDb::seen_before() of a campaign that is in a file, which is only read.
/// Errors: kInvalid, kIo.
Result<std::vector<CampaignDb::Seen>> seen_before(const std::string& path, std::uint64_t campaign);

/// What a run did, in one word: a hash of the marks that it passed and of the kinds of faults that
/// took effect in it. Runs with one digest went the same ways.
std::uint64_t digest_of(const RunRecord& record);

}  // namespace millrace::run
