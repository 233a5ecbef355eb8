#pragma once

// Reducing a failure, as the verbs do it: with progress on stderr, until it is done, its time is
// up, or somebody interrupts it.

#include <chrono>
#include <expected>
#include <string>

#include "reports/failure_screen.h"
#include "sim/command/interrupt.h"
#include "sim/command/output_dir.h"
#include "sim/command/verbs.h"
#include "sim/run/plan.h"
#include "sim/run/scenario.h"
#include "sim/run/shrink.h"

namespace millrace::command {

/// What a reduction may take where nobody says otherwise.
inline constexpr std::chrono::seconds kShrinkTime{60};

/// Progress on stderr: on a terminal one line that is redrawn, elsewhere a line a minute.
class ShrinkScreen {
 public:
  /// The console outlives the screen.
  ShrinkScreen(Console& console, bool is_quiet) : console_(console), is_quiet_(is_quiet) {}

  void show(const run::ShrinkProgress& progress);
  /// Takes the redrawn line away.
  void clear();

 private:
  Console& console_;
  bool is_quiet_;
  bool has_line_ = false;
  std::int64_t shown_ns_ = 0;
};

struct ShrinkRequest {
  const run::Scenario& scenario;
  const run::Plan& plan;
  /// Of the plan's run, red.
  const run::RunRecord& record;
  std::chrono::nanoseconds wall_time = kShrinkTime;
  std::uint32_t jobs = 1;
};

/// Reduces a failed run. The first interrupt ends the search and keeps what there is. The error is
/// the tool's. Blocks: for up to the time.
std::expected<run::Shrunk, std::string> shrink_failure(const Context& context,
                                                       const Interrupts& interrupts,
                                                       const ShrinkRequest& request);

/// One line about where a reduction stands, without a line feed.
std::string shrink_line(const run::ShrinkProgress& progress);

/// Tells on the failure screen what the run was made of and what its neighbour does.
void tell(const run::Shrunk& shrunk, reports::FailureContext& screen_context);

/// Writes a repro for each other failure that came up, and says so.
std::expected<void, std::string> write_findings(const Context& context, OutputDir& directory,
                                                const run::Scenario& scenario,
                                                const run::Shrunk& shrunk);

}  // namespace millrace::command
