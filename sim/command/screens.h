#pragma once

// What people read: the screen of one failure, the summary of a campaign, a line of progress. Text
// only; who writes it decides where it goes.

#include <string>
#include <string_view>

#include "sim/run/campaign.h"
#include "sim/run/plan.h"
#include "sim/run/run_record.h"

namespace millrace::command {

/// How a screen is drawn.
struct ScreenOptions {
  bool has_color = false;
  bool is_verbose = false;
  unsigned columns = 120;
};

/// The commands that a failure's screen offers; empty for none.
struct ScreenCommands {
  std::string replay;
  std::string seed;
};

/// The screen of a red or inconclusive run; the record is traced where it is red.
std::string failure_screen(const run::RunRecord& record, const run::Plan& plan,
                           const ScreenCommands& commands, const ScreenOptions& options);

/// One line about a run that passed.
std::string pass_line(const run::RunRecord& record);

/// The lines that a new group gets while a campaign runs.
std::string new_group_lines(const run::FailureGroup& group, std::string_view replay_command);

/// The campaign's summary; the verdict is its last line. `directory` is empty where nothing was
/// written.
std::string campaign_summary(const run::CampaignSummary& summary, std::string_view directory,
                             std::string_view program, int status, const ScreenOptions& options);

/// "partitions 5/7  812/1,400 seeds  20.4/s  4 failed (1 group)  29 s left", without a line feed.
std::string progress_line(const run::CampaignProgress& progress);

}  // namespace millrace::command
