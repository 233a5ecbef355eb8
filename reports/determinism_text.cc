#include "reports/determinism_text.h"

#include <fmt/format.h>

#include "reports/text.h"

namespace millrace::reports {
namespace {

std::string differing_seed(const run::DeterminismCheck& check, std::string_view noun) {
  std::string text =
      fmt::format("{} {} {} ran differently the second time", check.scenario, noun, check.seed);
  if (check.tool_error.has_value()) text += ": " + *check.tool_error;
  if (!check.difference.has_value()) return text;
  const run::FirstDifference& first = *check.difference;
  return text + fmt::format(", first at event {} ({}, {}, task {}): {}; then {}", first.event,
                            moment_text(first.time_ns), first.machine, first.task, first.first,
                            first.second);
}

}  // namespace

std::vector<std::string> differing_seeds(const run::DeterminismSummary& determinism,
                                         std::string_view noun) {
  std::vector<std::string> lines;
  for (const run::DeterminismCheck& check : determinism.examples) {
    lines.push_back(differing_seed(check, noun));
  }
  if (const std::uint64_t others = determinism.differing - lines.size(); others > 0) {
    lines.push_back(
        fmt::format("{} ran differently the second time",
                    counted(others, fmt::format("{}{}", lines.empty() ? "" : "more ", noun))));
  }
  return lines;
}

}  // namespace millrace::reports
