#pragma once

// What a campaign says while it runs: one line that is redrawn, and three lines for each new group
// of failures.

#include <string>
#include <string_view>

#include "reports/screen_options.h"
#include "sim/run/campaign.h"

namespace millrace::reports {

/// "partitions 5/7  812/1,400 seeds  20.4/s  4 failed (1 group new)  29 s left", or "crash sweep
/// quickstart  412/3,904 plans ...", without a line feed and no wider than the terminal, so that it
/// can be redrawn in place. How long it still takes is left out as long as nobody knows.
std::string progress_line(const run::CampaignProgress& progress, const ScreenOptions& options);

/// The three lines of a new group: what and where, what was seen, how to run it again. Without a
/// command (empty) there are two. `noun` is what a run is called, "seed" or "plan".
std::string new_group_lines(const run::FailureGroup& group, std::string_view noun,
                            const std::string& replay_command, const ScreenOptions& options);

/// "DUR-1 acked_is_durable (lost)", "hang/store/flusher": what is the same in a group's failures.
std::string group_title(const run::FailureGroup& group);

}  // namespace millrace::reports
