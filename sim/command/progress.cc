#include "sim/command/progress.h"

#include <filesystem>
#include <fmt/format.h>
#include <utility>

#include "reports/progress.h"
#include "sim/command/options.h"

namespace millrace::command {
namespace {

constexpr std::int64_t kTerminalEveryNs = 100'000'000;
constexpr std::int64_t kFileEveryNs = 60'000'000'000;

}  // namespace

CampaignScreen::CampaignScreen(Console& console, const Interrupts& interrupts,
                               CampaignScreenOptions options)
    : console_(console),
      interrupts_(interrupts),
      options_(std::move(options)),
      screen_({.has_color = uses_color(options_.color, read_terminal_environment(),
                                       console.is_err_terminal()),
               .columns = console.columns()}),
      shrink_screen_(console, options_.is_quiet) {}

bool CampaignScreen::on_progress(const run::CampaignProgress& progress) {
  if (!options_.is_quiet) {
    const bool is_terminal = console_.is_err_terminal();
    const bool is_due =
        progress.wall_ns - shown_ns_ >= (is_terminal ? kTerminalEveryNs : kFileEveryNs);
    const bool is_news = !is_terminal && progress.groups > shown_groups_;
    if (is_due || is_news) {
      shown_ns_ = progress.wall_ns;
      const std::string line = reports::progress_line(progress, screen_);
      if (is_terminal) {
        console_.err("\r\x1b[K" + line);
        has_line_ = true;
      } else {
        console_.err(line + "\n");
      }
    }
    shown_groups_ = progress.groups;
  }
  return !interrupts_.requested();
}

void CampaignScreen::on_new_group(const run::FailureGroup& group) {
  if (options_.is_quiet) return;
  clear();
  std::string command;
  if (!group.repro.empty()) {
    const std::string file = std::filesystem::path(group.repro).filename().string();
    command =
        fmt::format("{} replay {}", options_.program,
                    shell_word(fmt::format("{}/failures/{}", options_.shown_directory, file)));
  }
  console_.err(reports::new_group_lines(group, options_.noun, command, screen_));
}

bool CampaignScreen::on_shrink(const run::ShrinkProgress& progress) {
  clear();
  shrink_screen_.show(progress);
  return !interrupts_.requested();
}

void CampaignScreen::clear() {
  if (has_line_) console_.err("\r\x1b[K");
  has_line_ = false;
  shrink_screen_.clear();
}

}  // namespace millrace::command
