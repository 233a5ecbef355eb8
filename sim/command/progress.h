#pragma once

// Progress of a campaign on stderr: on a terminal one line that is redrawn; elsewhere a line on
// each new group of failures and at most one a minute, which counts the failures. A new group
// prints at once.

#include <cstdint>
#include <string>
#include <string_view>

#include "reports/screen_options.h"
#include "sim/command/console.h"
#include "sim/command/interrupt.h"
#include "sim/command/shrinking.h"
#include "sim/run/campaign.h"

namespace millrace::command {

struct CampaignScreenOptions {
  /// As printed commands call it, quoted for a shell.
  std::string program;
  /// Where printed commands find what is written.
  std::string shown_directory;
  /// Prints nothing.
  bool is_quiet = false;
  /// What a run is called: "seed" or "plan".
  std::string_view noun = "seed";
  ColorChoice color = ColorChoice::kAuto;
};

class CampaignScreen final : public run::CampaignListener {
 public:
  /// Both outlive the screen.
  CampaignScreen(Console& console, const Interrupts& interrupts, CampaignScreenOptions options);

  bool on_progress(const run::CampaignProgress& progress) override;
  void on_new_group(const run::FailureGroup& group) override;
  bool on_shrink(const run::ShrinkProgress& progress) override;

  /// Takes the redrawn line away.
  void clear();

 private:
  Console& console_;
  const Interrupts& interrupts_;
  CampaignScreenOptions options_;
  reports::ScreenOptions screen_;
  bool has_line_ = false;
  std::int64_t shown_ns_ = 0;
  std::uint64_t shown_groups_ = 0;
  ShrinkScreen shrink_screen_;
};

}  // namespace millrace::command
