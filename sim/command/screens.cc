#include "sim/command/screens.h"

#include <fmt/format.h>

#include "sim/run/signature.h"
#include "system/base/time.h"

namespace millrace::command {
namespace {

std::string seconds_text(std::int64_t ns) {
  return fmt::format("{}.{:03} s", ns / 1'000'000'000, ns / 1'000'000 % 1'000);
}

/// "FAIL", "CRASH", ...
std::string_view headline(run::Verdict verdict) {
  switch (verdict) {
    case run::Verdict::kPass:
      return "PASS";
    case run::Verdict::kFail:
      return "FAIL";
    case run::Verdict::kCrash:
      return "CRASH";
    case run::Verdict::kHang:
      return "HANG";
    case run::Verdict::kLimit:
      return "LIMIT";
    case run::Verdict::kInconclusive:
      return "INCONCLUSIVE";
  }
  return "";
}

}  // namespace

std::string failure_screen(const run::RunRecord& record, const run::Plan& plan,
                           const ScreenCommands& commands, const ScreenOptions& /*options*/) {
  std::string text =
      fmt::format("{}  {}  seed {}", headline(record.verdict), record.scenario, record.seed);
  if (record.violation.has_value()) {
    const run::Objection& objection = *record.violation;
    text +=
        fmt::format("   {} {}   group {}\n\n  {}\n  seen      {}\n  expected  {}\n\n",
                    objection.property, objection.name, run::short_group_key(objection.signature),
                    objection.claim, objection.seen, objection.expected);
  } else if (record.breakdown.has_value()) {
    const run::Breakdown& breakdown = *record.breakdown;
    text += fmt::format("   {}   group {}\n\n  seen      {}\n  at        event {}, {}, {} {}\n",
                        breakdown.signature, run::short_group_key(breakdown.signature),
                        breakdown.what, breakdown.at.ordinal, seconds_text(breakdown.at.time.ns),
                        breakdown.machine, breakdown.task);
    for (const std::string& frame : breakdown.frames) text += fmt::format("    {}\n", frame);
    text += '\n';
  } else {
    text += fmt::format("\n  {}\n\n", record.reason);
  }
  for (const run::TraceLine& line : record.trace) {
    if (line.record == 0) continue;
    text += fmt::format("  {:>8}  {:>10}  {:<12} {}\n", line.ordinal, seconds_text(line.time_ns),
                        line.machine, line.text);
  }
  text += fmt::format("  plan {}   fingerprint {}   {} operations, {} faults\n",
                      run::hex16(record.plan), run::hex16(record.fingerprint),
                      run::operation_count(plan), plan.faults.actions.size());
  if (!commands.replay.empty()) text += fmt::format("  replay      {}\n", commands.replay);
  return text + fmt::format("  seed        {}\n", commands.seed);
}

std::string pass_line(const run::RunRecord& record) {
  std::uint64_t evaluated = 0;
  for (const run::PropertyResult& property : record.properties) {
    evaluated += property.evaluated > 0 ? 1 : 0;
  }
  return fmt::format(
      "PASS  {}  seed {}   {} acknowledged operations, {} of {} properties evaluated, {} events, "
      "{} "
      "virtual   fingerprint {}\n",
      record.scenario, record.seed, record.acked_operations, evaluated, record.properties.size(),
      record.events, seconds_text(record.virtual_ns), run::hex16(record.fingerprint));
}

std::string new_group_lines(const run::FailureGroup& group, std::string_view replay_command) {
  return fmt::format("NEW    {}   {} seed {}   group {}\n       {}\n       {}\n", group.signature,
                     group.scenario, group.cheapest_seed, run::short_group_key(group.signature),
                     group.record.violation.has_value()   ? group.record.violation->seen
                     : group.record.breakdown.has_value() ? group.record.breakdown->what
                                                          : std::string(),
                     replay_command);
}

std::string campaign_summary(const run::CampaignSummary& summary, std::string_view directory,
                             std::string_view program, int status,
                             const ScreenOptions& /*options*/) {
  std::string text;
  for (const run::ScenarioSummary& scenario : summary.scenarios) {
    text += fmt::format("  {:<22} {:>7} seeds {:>7} pass {:>5} fail {:>5} inconclusive\n",
                        scenario.name, scenario.seeds, scenario.passed, scenario.failed,
                        scenario.inconclusive);
  }
  for (const run::FailureGroup& group : summary.groups) {
    text += fmt::format("NEW    {}   {}  {} seeds   {} replay {}\n", group.signature,
                        group.scenario, group.count, program, group.repro);
  }
  for (const std::string& reason : summary.inconclusive_reasons) {
    text += fmt::format("INCONCLUSIVE  {}\n", reason);
  }
  for (const std::string& error : summary.tool_errors) text += fmt::format("TOOL  {}\n", error);
  if (!directory.empty()) text += fmt::format("  {}/\n", directory);
  const std::uint64_t red = summary.failed + summary.crashed + summary.hung + summary.limited;
  return text + fmt::format("{}  {} of {} seeds failed in {} groups; {} inconclusive   exit {}\n",
                            status == 0 ? "PASS" : "FAIL", red, summary.seeds,
                            summary.groups.size(), summary.inconclusive, status);
}

std::string progress_line(const run::CampaignProgress& progress) {
  return fmt::format("{} {}/{}  {}/{} seeds  {} failed ({} groups)", progress.scenario,
                     progress.scenario_index + 1, progress.scenario_count, progress.done,
                     progress.planned, progress.red, progress.groups);
}

}  // namespace millrace::command
