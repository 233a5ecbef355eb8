#pragma once

// Progress of a campaign on stderr: on a terminal one line that is redrawn; elsewhere a line on
// each new failure and at most one a minute. A new group prints at once.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/command/console.h"
#include "sim/command/interrupt.h"
#include "sim/run/campaign.h"

namespace millrace::command {

class CampaignScreen final : public run::CampaignListener {
 public:
  /// Both outlive the screen. `program` is for printed commands. Quiet prints nothing.
  CampaignScreen(Console& console, const Interrupts& interrupts, std::string program,
                 std::string shown_directory, bool is_quiet);

  bool on_progress(const run::CampaignProgress& progress) override;
  void on_new_group(const run::FailureGroup& group) override;

  /// Takes the redrawn line away.
  void clear();

 private:
  Console& console_;
  const Interrupts& interrupts_;
  std::string program_;
  std::string shown_directory_;
  bool is_quiet_;
  bool has_line_ = false;
  std::int64_t shown_ns_ = 0;
  std::uint64_t shown_red_ = 0;
};

}  // namespace millrace::command
