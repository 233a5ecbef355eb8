#pragma once

// What campaigns and sweeps have in common: the run with its progress, the files that it leaves,
// and the summary.

#include <expected>
#include <string>

#include "sim/command/campaign_options.h"
#include "sim/command/output_dir.h"
#include "sim/command/verbs.h"

namespace millrace::command {

/// Whether runs can be added to this database, or it can be made. The error is for the user.
std::expected<void, std::string> check_place_of_runs(const std::string& database);

/// Runs the campaign, writes its files into `directory`, which is there, prints the summary, and
/// returns the exit status. The options lack `directory` and `shrink_time`. Blocks: as long as the
/// campaign takes.
int run_campaign_in(const Context& context, CampaignInput& input, OutputDir& directory);

}  // namespace millrace::command
