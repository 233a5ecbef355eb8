#pragma once

// One screen of failure: what was promised, what was seen, the few lines of the run that show it,
// and how to get there again. The same text goes to the terminal, to JUnit and to failures/*.txt.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/screen_options.h"
#include "sim/run/repro.h"
#include "sim/run/run_record.h"
#include "sim/run/shrink.h"

namespace millrace::reports {

/// When a failure was seen first, and which commit that was; either may be empty.
struct FirstSeen {
  std::string utc;  ///< "2026-11-22T17:48:33Z"
  std::string commit;
};

/// What the screen says beyond the run's record.
struct FailureContext {
  /// Of the group in its campaign: seeds that failed like this, of all seeds of the scenario; 0 of
  /// 0 where there was no campaign.
  std::uint64_t group_seeds = 0;
  std::uint64_t seeds = 0;
  /// What these are called: "seed", or "plan" of a sweep.
  std::string_view noun = "seed";
  /// Whether nobody has seen this failure before; else, if anybody knows, who has.
  bool is_new = false;
  std::optional<FirstSeen> known = {};
  run::BuildName build = {};
  /// Commands as one types them, with every override; empty for none.
  std::string replay_command = {};
  /// The same with the repro as a token.
  std::string token_command = {};
  std::string seed_command = {};
  std::string keep_command = {};
  /// What shows the run as a page.
  std::string look_command = {};
  /// The overrides of the plan, a line each.
  std::vector<std::string> overrides = {};
  /// What a reduced run consists of and what it was made of, see story_text(); empty for one that
  /// is as it was found.
  std::string story = {};
  /// Its operations and faults, a line each, see story_parts().
  std::vector<std::string> parts = {};
  /// What the nearest run that passes does differently; empty where none is known.
  std::string passes_if = {};
};

/// "since 2026-11-20 at 4f2a91c"
std::string since_text(const FirstSeen& first);

/// "1 append, 1 fault, 2 machines (from 1,204 operations, 41 faults, 9 machines; 49 runs, 6 s); 3
/// of 3 replays"
std::string story_text(const run::Shrunk& shrunk);

/// "operation 17: append of writer-1 at 10 ms, key 3", "fault 1: power loss store-1, at 1.2 s": in
/// the order of the plan; none where there are more than fit on a screen.
std::vector<std::string> story_parts(const run::Plan& plan);

/// "fault 1 comes 4 events earlier; the two runs part at event 45"; empty for none.
std::string passes_if_text(const run::Shrunk& shrunk);

/// Stops a replay at the failure: "millrace replay F --break 45"; empty where nobody can.
std::string stop_command(const run::RunRecord& record, const FailureContext& context);

/// The screen of a run that is red, or inconclusive. A red record is best traced: without a trace
/// the table of evidence is left out. Ends with a line feed.
std::string failure_screen(const run::RunRecord& record, const FailureContext& context,
                           const ScreenOptions& options);

/// One line about a run that passed, with its line feed.
std::string pass_line(const run::RunRecord& record, const ScreenOptions& options);

}  // namespace millrace::reports
