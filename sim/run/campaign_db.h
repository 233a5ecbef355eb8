#pragma once

// The database of a campaign, written by the parent alone.
//
// Rows are committed in batches; a run counts once its batch is. After a kill -9 the file holds
// every committed batch.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/run/run_record.h"
#include "system/base/result.h"

namespace millrace::run {

/// Whether a campaign can be appended to this file, or it can be made: looks without changing it,
/// and without SQLite, so that workers may still be forked.
/// Errors: kInvalid: the file belongs to something else, is of another version, or cannot be
/// written.
Result<void> check_database(const std::string& path);

class CampaignDb {
 public:
  /// Opens or makes the file and adds a campaign to it.
  /// Errors: those of check_database(), and kIo with SQLite's words.
  static Result<std::unique_ptr<CampaignDb>> open(const std::string& path);
  ~CampaignDb();
  CampaignDb(const CampaignDb&) = delete;
  CampaignDb& operator=(const CampaignDb&) = delete;

  /// Adds a run to the open batch, which is committed when it is full. Errors: kIo.
  Result<void> add(const RunRecord& record);
  /// Commits the open batch. Errors: kIo.
  Result<void> commit();

 private:
  struct Handles;
  explicit CampaignDb(std::unique_ptr<Handles> handles);

  std::unique_ptr<Handles> handles_;
  std::uint64_t batch_ = 0;
};

}  // namespace millrace::run
