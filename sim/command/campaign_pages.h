#pragma once

// The page of a campaign, from its database and what stands beside it.

#include <string>

#include "sim/command/verbs.h"
#include "system/base/result.h"

namespace millrace::command {

/// A page that is to be written from a database.
struct CampaignPageRequest {
  std::string database;
  /// Where a campaign leaves its summary and the pages of its failures.
  std::string folder;
  /// Where the page is written to, so that its links lead to the folder.
  std::string page;
};

/// The page. Where `folder` has the summary of the database's last campaign it is of that one, as
/// it ended; else of all runs of the database, added up. Errors: kInvalid, kIo.
Result<std::string> campaign_page(const Context& context, const CampaignPageRequest& request);

}  // namespace millrace::command
