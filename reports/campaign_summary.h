#pragma once

// What a campaign ends with: a table of its scenarios, the groups of failures, what was too little,
// whether all of it did anything, how fast it was, and the verdict as the last line.

#include <string>

#include "reports/screen_options.h"
#include "sim/run/campaign.h"

namespace millrace::reports {

/// What the summary says beyond the campaign's record.
struct CampaignContext {
  /// As one types it: "millrace", "./my_sim".
  std::string program = "millrace";
  /// Where the campaign wrote; empty for nowhere.
  std::string directory = {};
  /// What the process ends with: exit_status() of the summary, or 130 or 143 after an interrupt.
  int status = 0;
};

/// Ends with a line feed.
std::string campaign_summary(const run::CampaignSummary& summary, const CampaignContext& context,
                             const ScreenOptions& options);

}  // namespace millrace::reports
