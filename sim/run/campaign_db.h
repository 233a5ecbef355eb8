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

class CampaignDb {
 public:
  /// Opens or makes the file and adds a campaign to it.
  /// Errors: kIo with SQLite's words, also when the file is no campaign database.
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
