#include "reports/progress.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <string_view>

#include "reports/text.h"
#include "sim/run/signature.h"

namespace millrace::reports {
namespace {

constexpr std::size_t kIndent = 5;

/// Seeds a second; 0 where nothing was measured.
double seeds_per_second(const run::CampaignProgress& progress) {
  if (progress.wall_ns <= 0) return 0;
  return static_cast<double>(progress.done) * 1e9 / static_cast<double>(progress.wall_ns);
}

/// "29 s left", "1 m 09 s left": a guess, which needs no tenths, and is never nothing.
std::string left_text(double seconds) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  const std::int64_t whole = std::max<std::int64_t>(std::llround(seconds), 1);
  if (whole < 60) return fmt::format("{} s left", whole);
  return span_text(whole * kNsPerSecond) + " left";
}

std::string_view what_was_seen(const run::FailureGroup& group) {
  if (group.record.violation.has_value()) return group.record.violation->seen;
  if (group.record.breakdown.has_value()) return group.record.breakdown->what;
  return "";
}

}  // namespace

std::string progress_line(const run::CampaignProgress& progress, const ScreenOptions& options) {
  const double rate = seeds_per_second(progress);
  const bool is_sweep = !progress.sweep.empty();
  const std::string scenario = printable(progress.scenario);
  std::string line = is_sweep ? fmt::format("{} sweep {}", progress.sweep, scenario)
                              : fmt::format("{} {}/{}", scenario, progress.scenario_index,
                                            progress.scenario_count);
  line += "  " + thousands(progress.done);
  if (progress.planned > 0) line += "/" + thousands(progress.planned);
  line += is_sweep ? " plans" : " seeds";
  if (rate > 0) line += "  " + rate_text(rate) + "/s";
  if (progress.red > 0) {
    line += fmt::format("  {} failed ({} new)", thousands(progress.red),
                        counted(progress.groups - progress.groups_known, "group"));
  }
  if (rate > 0 && progress.planned > progress.done) {
    line += "  " + left_text(static_cast<double>(progress.planned - progress.done) / rate);
  }
  // The last column stays free: a terminal may wrap once it is written.
  return cut(line, std::max(options.columns, 20U) - 1);
}

std::string new_group_lines(const run::FailureGroup& group, std::string_view noun,
                            const std::string& replay_command, const ScreenOptions& options) {
  const std::size_t width = layout_width(options);
  Flow first(width, kIndent, options.has_color);
  const std::string_view word = group.is_known ? "KNOWN" : "NEW";
  const std::size_t lead = word.size() + 2;
  first.add(0, word, Ink::kBad);
  const std::string seed =
      fmt::format("{} {} {}", printable(group.scenario), noun, group.cheapest_seed);
  const std::string key = "group " + run::short_group_key(group.signature);
  // Three lines, whatever the width: the title gives way, then the key, which the command has, too.
  const std::size_t room = width - lead - std::min(width_of(seed), width / 2) - 3;
  const std::string title = cut_middle(printable(group_title(group)), room);
  first.add(2, title, Ink::kBold);
  first.add(3, cut_middle(seed, width / 2), Ink::kPlain);
  const std::size_t used = lead + width_of(title) + 3 + width_of(seed);
  if (used + 3 + key.size() <= width) first.add(3, key, Ink::kDim);
  const std::string seen = cut(printable(what_was_seen(group)), width - kIndent);
  std::string lines = first.text() + std::string(kIndent, ' ') + seen + '\n';
  if (replay_command.empty()) return lines;
  lines.append(kIndent, ' ');
  return lines + painted(printable(replay_command), Ink::kBold, options.has_color) + '\n';
}

std::string group_title(const run::FailureGroup& group) {
  if (group.name.empty()) return group.signature;
  const std::string_view signature = group.signature;
  const std::string_view sort = signature.substr(std::min(signature.find('/'), signature.size()));
  std::string title = group.property + " " + group.name;
  if (sort.size() > 1 && sort != "/violated") title += fmt::format(" ({})", sort.substr(1));
  return title;
}

}  // namespace millrace::reports
