#pragma once

// The page of a campaign, from its database and what stands beside it.

#include <expected>
#include <string>
#include <vector>

#include "reports/campaign_page.h"
#include "sim/command/verbs.h"
#include "sim/run/campaign.h"
#include "sim/run/scenario.h"

namespace millrace::command {

/// A page that is to be written from a database.
struct CampaignPageRequest {
  std::string database;
  /// Where pages of failures lie, as the campaign's page finds them: a folder's path.
  std::string folder;
  /// Where the page is written to, so that its links lead to the folder.
  std::string page;
};

/// The page, from all runs of the database. Where `folder` has the campaign's summary.json, that is
/// the record; else the database's runs are added up. Errors: kInvalid, kIo.
Result<std::string> campaign_page(const Context& context, const CampaignPageRequest& request);

/// The scenarios with their floors, where this program has them.
std::vector<run::Scenario> known_scenarios(const std::vector<std::string>& names,
                                           const run::Registry& registry);

}  // namespace millrace::command
