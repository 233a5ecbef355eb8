#pragma once

// Several campaigns' databases as one, and what all the runs of a database say together.

#include <string>
#include <vector>

#include "sim/run/campaign.h"
#include "system/base/result.h"

namespace millrace::run {

/// Writes a new database that holds the campaigns of the others, in their order. The others stay as
/// they are; the new file is there whole or not at all.
/// Errors: kInvalid: a file is no campaign database, or `to` is there already; kIo.
Result<void> merge_databases(const std::vector<std::string>& from, const std::string& to);

/// The names of the scenarios that a database has runs of, sorted. Errors: kInvalid, kIo.
Result<std::vector<std::string>> scenarios_in(const std::string& path);

/// Adds up the runs of all campaigns of a database, as one campaign over `source`, whose scenarios
/// are those of scenarios_in(). A seed that several campaigns ran with the same plan and the same
/// build counts once; if its executions differ, that is an error of the tool.
/// Errors: kInvalid, kIo.
Result<CampaignSummary> summary_of_database(const std::string& path, const RunSource& source);

}  // namespace millrace::run
