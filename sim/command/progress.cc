#include "sim/command/progress.h"

#include <filesystem>
#include <fmt/format.h>
#include <utility>

#include "sim/command/options.h"
#include "sim/command/screens.h"

namespace millrace::command {
namespace {

constexpr std::int64_t kTerminalEveryNs = 100'000'000;
constexpr std::int64_t kFileEveryNs = 60'000'000'000;

}  // namespace

CampaignScreen::CampaignScreen(Console& console, const Interrupts& interrupts, std::string program,
                               std::string shown_directory, bool is_quiet)
    : console_(console),
      interrupts_(interrupts),
      program_(std::move(program)),
      shown_directory_(std::move(shown_directory)),
      is_quiet_(is_quiet) {}

bool CampaignScreen::on_progress(const run::CampaignProgress& progress) {
  if (!is_quiet_) {
    const bool is_terminal = console_.is_err_terminal();
    const bool is_due =
        progress.wall_ns - shown_ns_ >= (is_terminal ? kTerminalEveryNs : kFileEveryNs);
    const bool is_news = !is_terminal && progress.red > shown_red_;
    if (is_due || is_news) {
      shown_ns_ = progress.wall_ns;
      std::string line = progress_line(progress);
      if (is_terminal) {
        line.resize(std::min<std::size_t>(line.size(), console_.columns() - 1));
        console_.err("\r\x1b[K" + line);
        has_line_ = true;
      } else {
        console_.err(line + "\n");
      }
    }
    shown_red_ = progress.red;
  }
  return !interrupts_.requested();
}

void CampaignScreen::on_new_group(const run::FailureGroup& group) {
  if (is_quiet_) return;
  clear();
  std::string repro = group.repro;
  if (!repro.empty()) {
    repro = fmt::format("{}/failures/{}", shown_directory_,
                        std::filesystem::path(repro).filename().string());
  }
  console_.err(new_group_lines(
      group,
      repro.empty() ? std::string() : fmt::format("{} replay {}", program_, shell_word(repro))));
}

void CampaignScreen::clear() {
  if (has_line_) console_.err("\r\x1b[K");
  has_line_ = false;
}

}  // namespace millrace::command
