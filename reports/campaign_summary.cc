#include "reports/campaign_summary.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/determinism_text.h"
#include "reports/failure_screen.h"
#include "reports/progress.h"
#include "reports/text.h"
#include "sim/kernel/meters.h"

namespace millrace::reports {
namespace {

constexpr std::size_t kScenarioColumns = 24;
/// Names in a list, in the short form.
constexpr std::size_t kNamesShown = 6;
/// Where lists of things that never happened begin.
constexpr std::size_t kListColumn = 21;

constexpr int kHeld = 0;
constexpr int kFailed = 1;
constexpr int kToolFailed = 3;
constexpr int kInconclusive = 4;

class Summary {
 public:
  Summary(const run::CampaignSummary& summary, const CampaignContext& context,
          const ScreenOptions& options)
      : summary_(summary), context_(context), options_(options), width_(layout_width(options)) {}

  std::string text() {
    add_table();
    if (summary_.sweep.has_value()) add_sweep(*summary_.sweep);
    text_ += '\n';
    for (const run::FailureGroup& group : summary_.groups) add_group(group);
    for (const run::CampaignFinding& finding : summary_.findings) add_finding(finding);
    for (const run::GoneFailure& gone : summary_.gone) add_gone(gone);
    add_complaints();
    add_what_it_did();
    add_speed();
    add_verdict();
    return std::move(text_);
  }

 private:
  Flow flow(std::size_t indent) const { return {width_, indent, options_.has_color}; }

  // --- the table ---

  /// A column as wide as its widest cell, at the end of each row but for the names.
  struct Column {
    std::string_view head;
    Ink ink = Ink::kPlain;
    std::vector<std::string> cells = {};

    std::size_t width() const {
      std::size_t widest = head.size();
      for (const std::string& cell : cells) widest = std::max(widest, width_of(cell));
      return widest;
    }
  };

  std::vector<Column> columns() const {
    std::vector<Column> all{
        {plural()},    {"pass"},   {"fail", Ink::kBad}, {"inconcl", Ink::kWarning},
        {"acked ops"}, {"faults"}, {"virtual"}};
    for (const run::ScenarioSummary& scenario : summary_.scenarios) {
      const std::uint64_t counts[] = {
          scenario.seeds,        scenario.passed,           scenario.failed,
          scenario.inconclusive, scenario.acked_operations, scenario.faults_fired};
      for (std::size_t i = 0; i < std::size(counts); ++i) {
        all[i].cells.push_back(count_cell(counts[i]));
      }
      all.back().cells.push_back(span_text(scenario.virtual_ns));
    }
    return all;
  }

  void add_table() {
    std::size_t names = std::string_view("scenario").size();
    for (const run::ScenarioSummary& scenario : summary_.scenarios) {
      names = std::max(names, width_of(printable(scenario.name)));
    }
    names = std::min(names, kScenarioColumns);
    const std::vector<Column> all = columns();
    std::size_t used = 2 + names;
    for (const Column& column : all) used += column.width();
    const std::size_t gap = used + 3 * all.size() <= width_ ? 3 : 2;

    std::string head = "  " + padded("scenario", names);
    for (const Column& column : all) head += right_aligned(column.head, column.width() + gap);
    text_ += painted(head, Ink::kDim, options_.has_color) + '\n';
    for (std::size_t row = 0; row < summary_.scenarios.size(); ++row) {
      text_ += "  " + padded(cut_middle(printable(summary_.scenarios[row].name), names), names);
      for (const Column& column : all) {
        const std::string& cell = column.cells[row];
        text_ += painted(right_aligned(cell, column.width() + gap),
                         cell == "." ? Ink::kPlain : column.ink, options_.has_color);
      }
      text_ += '\n';
    }
  }

  std::string_view plural() const { return summary_.sweep.has_value() ? "plans" : "seeds"; }

  /// "3,904 plans", or "12 of 3,904 plans".
  static std::string plans_text(std::uint64_t run, std::uint64_t planned) {
    if (run == planned) return counted(planned, "plan");
    return fmt::format("{} of {}", thousands(run), counted(planned, "plan"));
  }

  static void add_same(Flow& line, std::uint64_t same) {
    if (same > 0)
      line.add(1, fmt::format("({} more leave the same disks)", thousands(same)), Ink::kDim);
  }

  /// What a sweep went through, in two lines and the shapes.
  void add_sweep(const run::SweepCoverage& sweep) {
    text_ += '\n';
    Flow first = flow(7);
    first.add(0, sweep.kind + " sweep", Ink::kBold);
    first.add(2, fmt::format("seed {}:", sweep.seed), Ink::kPlain);
    first.add(1, counted(sweep.changes, "disk change") + ",", Ink::kPlain);
    first.add(1, counted(sweep.moments, "moment") + ":", Ink::kPlain);
    first.add(1, plans_text(sweep.first_run, sweep.first_planned), Ink::kPlain);
    add_same(first, sweep.first_same);
    text_ += first.text();
    Flow second = flow(7);
    second.add(7, "during recovery:", Ink::kPlain);
    second.add(1, counted(sweep.images, "disk") + ",", Ink::kPlain);
    second.add(1, counted(sweep.recovery_moments, "moment") + ":", Ink::kPlain);
    second.add(1, plans_text(sweep.second_run, sweep.second_planned), Ink::kPlain);
    add_same(second, sweep.second_same);
    if (sweep.recoveries_cut > 0) {
      const std::string_view noun = sweep.recoveries_cut == 1 ? "recovery" : "recoveries";
      second.add(
          1, fmt::format("(of {} {} only the beginning)", thousands(sweep.recoveries_cut), noun),
          Ink::kDim);
    }
    text_ += second.text();
    Flow shapes = flow(7);
    shapes.add(7, "shapes:", Ink::kPlain);
    std::size_t left = sweep.shapes.size();
    for (const auto& [name, count] : sweep.shapes) {
      shapes.add(1, fmt::format("{} {}{}", name, thousands(count), --left == 0 ? "" : ","),
                 Ink::kPlain);
    }
    if (!sweep.shapes.empty()) text_ += shapes.text();
    if (sweep.idle_properties.empty()) return;
    Flow idle = flow(7);
    idle.add(7, "its plan has nothing for", Ink::kDim);
    idle.add(1, printable(fmt::format("{}", fmt::join(sweep.idle_properties, ", "))), Ink::kDim);
    text_ += idle.text();
  }

  // --- what went wrong ---

  void add_group(const run::FailureGroup& group) {
    Flow line = flow(7);
    line.add(0, padded(group.is_known ? "KNOWN" : "NEW", 5), Ink::kBad);
    line.add(2, cut_middle(printable(group_title(group)), width_ - 7), Ink::kBold);
    line.add(3, printable(group.scenario), Ink::kPlain);
    std::string seeds = counted(group.count, summary_.noun());
    std::string_view before = ", ";
    for (const auto& [strategy, count] : group.strategies) {
      seeds +=
          fmt::format("{}{} {}", std::exchange(before, " "), printable(strategy), thousands(count));
    }
    line.add(2, seeds, Ink::kPlain);
    const run::PlanSize size = group.shrunk.has_value() ? group.shrunk->to : group.size;
    line.add(3, counted(size.operations, "operation") + ",", Ink::kPlain);
    line.add(1, counted(size.faults, "fault"), Ink::kPlain);
    if (group.is_known) {
      line.add(3, since_text({.utc = group.known_since, .commit = group.known_commit}), Ink::kDim);
    }
    text_ += line.text();
    if (!group.repro.empty()) {
      add_command(fmt::format("replay {}", group.repro));
    } else if (!summary_.sweep.has_value()) {
      add_command(fmt::format("run {} --seed {}", group.scenario, group.cheapest_seed));
    }
    // A token outlives the folder of this campaign: it is copied out of a log.
    if (!group.token.empty()) add_command(fmt::format("replay {}", group.token));
  }

  /// What no seed had: a plan that is smaller than theirs fails like that.
  void add_finding(const run::CampaignFinding& finding) {
    Flow line = flow(7);
    line.add(0, "ALSO", Ink::kBad);
    line.add(3, cut_middle(printable(finding.signature), width_ - 7), Ink::kBold);
    line.add(3, printable(finding.scenario), Ink::kPlain);
    line.add(2, "while others were made smaller", Ink::kPlain);
    text_ += line.text();
    if (!finding.repro.empty()) add_command(fmt::format("replay {}", finding.repro));
  }

  /// How sure it is that a failure is gone: how unlikely so many runs without it were if it still
  /// came as often as before. Not seen in n runs bounds its rate by 3/n with 95 %.
  void add_gone(const run::GoneFailure& gone) {
    const double rate = static_cast<double>(gone.failed_runs) / static_cast<double>(gone.runs);
    const double missed = std::pow(1.0 - rate, static_cast<double>(gone.runs_since));
    const double sure = std::min(100.0 * (1.0 - missed), 99.9);
    Flow line = flow(7);
    line.add(0, "GONE?", Ink::kGood);
    line.add(2, cut_middle(printable(gone.signature), width_ - 7), Ink::kBold);
    line.add(3, printable(gone.scenario) + ":", Ink::kPlain);
    line.add(1, fmt::format("0 in {},", counted(gone.runs_since, "seed")), Ink::kPlain);
    line.add(1, fmt::format("was {} in {}:", thousands(gone.failed_runs), thousands(gone.runs)),
             Ink::kPlain);
    line.add(1, fmt::format("gone with {:.1f} %,", sure), Ink::kPlain);
    line.add(1,
             fmt::format("or rarer than 1 in {}",
                         thousands(std::max<std::uint64_t>(gone.runs_since / 3, 1))),
             Ink::kPlain);
    text_ += line.text();
  }

  /// As far to the left as it has to be to stand whole on its line.
  void add_command(std::string_view words) {
    const std::string command = printable(fmt::format("{} {}", context_.program, words));
    text_ += std::string(width_of(command) + 7 <= width_ ? 7 : 2, ' ') +
             painted(command, Ink::kBold, options_.has_color) + '\n';
  }

  void add_complaint(std::string_view title, Ink ink, std::string_view text) {
    const std::size_t column = title.size() + 2;
    std::string start = painted(title, ink, options_.has_color) + "  ";
    for (const std::string& line : wrapped(printable(text), width_ - column)) {
      text_ += start + line + '\n';
      start.assign(column, ' ');
    }
  }

  void add_complaints() {
    for (const std::string& error : summary_.tool_errors) {
      add_complaint("TOOL FAILED", Ink::kBad, error);
    }
    for (const std::string& line : differing_seeds(summary_.determinism, summary_.noun())) {
      add_complaint("TOOL FAILED", Ink::kBad, line);
    }
    const std::vector<std::string>& known = summary_.inconclusive_reasons;
    for (const run::ScenarioSummary& scenario : summary_.scenarios) {
      for (const std::string& reason : scenario.reasons) {
        // "slow_everything --seed 131: ..." can be typed.
        const bool is_run = reason.starts_with("--") || reason.starts_with("plan ");
        const std::string text = scenario.name + (is_run ? " " : ": ") + reason;
        // What is too little over a scenario's runs is a reason of the campaign, too.
        const bool is_repeated = std::ranges::find(known, text) != known.end();
        if (!is_repeated) add_complaint("INCONCLUSIVE", Ink::kWarning, text);
      }
    }
    for (const std::string& reason : known) {
      add_complaint("INCONCLUSIVE", Ink::kWarning, reason);
    }
  }

  // --- did it do anything? ---

  void add_what_it_did() {
    Flow line = flow(kListColumn);
    line.add(0, "did it do anything?", Ink::kBold);
    add_reached(line, 2, properties_text(), properties_never());
    add_reached(line, 3, faults_text(), faults_never());
    text_ += line.text();
    std::uint64_t passed = 0;
    for (const auto& [mark, count] : summary_.marks) passed += count > 0 ? 1 : 0;
    Flow marks = flow(kListColumn);
    const std::vector<std::string> never = marks_never();
    add_reached(marks, kListColumn, fmt::format("marks {}/{}", passed, summary_.marks.size()),
                never);
    add_situations(marks);
    if (summary_.determinism.checks > 0) {
      marks.add(3,
                fmt::format("determinism {}/{}",
                            summary_.determinism.checks - summary_.determinism.differing,
                            summary_.determinism.checks),
                Ink::kPlain);
    }
    if (summary_.canary.has_run) {
      marks.add(3, fmt::format("canary {}/{}", summary_.canary.caught, summary_.canary.tried),
                Ink::kPlain);
    }
    if (!never.empty()) {
      marks.add(3, printable(context_.program) + " explain ID says how to reach one", Ink::kDim);
    }
    text_ += marks.text();
  }

  std::string properties_text() const {
    std::uint64_t judged = 0;
    std::uint64_t evaluated = 0;
    const run::PropertySummary* rarest = nullptr;
    for (const run::PropertySummary& property : summary_.properties) {
      if (property.is_skipped) continue;
      ++judged;
      if (property.evaluated == 0) continue;
      ++evaluated;
      // These two count runs, not comparisons within one.
      if (property.id == "DET-1" || property.id == "COV-1") continue;
      if (rarest == nullptr || property.evaluated < rarest->evaluated) rarest = &property;
    }
    std::string text = fmt::format("properties {}/{} evaluated", evaluated, judged);
    if (rarest != nullptr) {
      text += fmt::format(" (rarest {}, {})", printable(rarest->id), thousands(rarest->evaluated));
    }
    return text;
  }

  std::vector<std::string> properties_never() const {
    std::vector<std::string> names;
    for (const run::PropertySummary& property : summary_.properties) {
      if (!property.is_skipped && property.evaluated == 0) names.push_back(property.id);
    }
    return names;
  }

  std::string faults_text() const {
    std::uint64_t effective = 0;
    for (const run::FaultCount& fault : summary_.faults) effective += fault.took_effect > 0 ? 1 : 0;
    return fmt::format("faults {}/{} took effect", effective, summary_.faults.size());
  }

  std::vector<std::string> faults_never() const {
    std::vector<std::string> names;
    for (const run::FaultCount& fault : summary_.faults) {
      if (fault.took_effect > 0) continue;
      names.push_back(fmt::format("{} (planned {})", fault.kind, thousands(fault.planned)));
    }
    return names;
  }

  std::vector<std::string> marks_never() const {
    std::vector<std::string> names;
    for (const auto& [mark, count] : summary_.marks) {
      if (count == 0) names.push_back(mark);
    }
    return names;
  }

  void add_situations(Flow& line) const {
    std::size_t met = 0;
    std::vector<std::string> never;
    for (std::size_t i = 0; i < sim::kSituationCount; ++i) {
      const std::string_view name = sim::to_text(static_cast<sim::Situation>(i));
      const auto found = summary_.situations.find(name);
      if (found != summary_.situations.end() && found->second > 0) {
        ++met;
      } else {
        never.emplace_back(name);
      }
    }
    add_reached(line, 3, fmt::format("situations {}/{}", met, sim::kSituationCount), never);
  }

  /// "marks 64/66, NEVER: a, b"
  void add_reached(Flow& line, std::size_t gap, const std::string& reached,
                   const std::vector<std::string>& never) const {
    line.add(gap, never.empty() ? reached : reached + ",", Ink::kPlain);
    if (never.empty()) return;
    line.add(1, "NEVER:", Ink::kWarning);
    const std::size_t shown =
        options_.is_verbose ? never.size() : std::min(never.size(), kNamesShown);
    for (std::size_t i = 0; i < shown; ++i) {
      const bool is_last = i + 1 == never.size();
      line.add(1, printable(never[i]) + (is_last ? "" : ","), Ink::kWarning);
    }
    if (shown < never.size()) {
      line.add(1, fmt::format("{} more (-v)", never.size() - shown), Ink::kPlain);
    }
  }

  // --- speed and verdict ---

  void add_speed() {
    Flow line = flow(0);
    if (summary_.wall_ns > 0) {
      const auto rate = [&](double amount) {
        return rate_text(amount * 1e9 / static_cast<double>(summary_.wall_ns));
      };
      line.add(0, rate(static_cast<double>(summary_.seeds)) + fmt::format(" {}/s", plural()),
               Ink::kPlain);
      line.add(2, rate(static_cast<double>(summary_.events)) + " events/s", Ink::kPlain);
      line.add(2, rate(static_cast<double>(summary_.virtual_ns) / 1e9) + " virtual s/s",
               Ink::kPlain);
      // A database does not say how large the workers were.
      if (summary_.peak_rss_kib > 0) {
        line.add(2,
                 fmt::format("{} MiB a worker", thousands((summary_.peak_rss_kib + 512) / 1'024)),
                 Ink::kPlain);
      }
    }
    if (!context_.directory.empty()) line.add(8, printable(context_.directory), Ink::kPlain);
    if (line.text() != "\n") text_ += line.text();
  }

  /// One line, whatever its width: the last line of the output is the verdict.
  void add_verdict() {
    const auto [word, ink] = verdict();
    const std::string counts = "  " + fmt::format("{}", fmt::join(verdict_counts(), "; "));
    const std::string end =
        fmt::format("{}, exit {}", span_text(summary_.wall_ns), context_.status);
    const bool has_room = word.size() + counts.size() + 8 + end.size() <= width_;
    text_ +=
        painted(word, ink, options_.has_color) + counts + (has_room ? "        " : "   ") + end;
    text_ += '\n';
  }

  std::vector<std::string> verdict_counts() const {
    std::vector<std::string> counts;
    const std::uint64_t red = summary_.failed + summary_.crashed + summary_.hung + summary_.limited;
    const std::string all = counted(summary_.seeds, summary_.noun());
    if (red == 0) {
      counts.push_back(fmt::format("{} of {} passed", thousands(summary_.passed), all));
    } else {
      const auto known = std::ranges::count(summary_.groups, true, &run::FailureGroup::is_known);
      const std::size_t fresh = summary_.groups.size() - static_cast<std::size_t>(known);
      counts.push_back(fmt::format("{} of {} failed in {}{}", thousands(red), all,
                                   counted(summary_.groups.size(), "group"),
                                   known == 0 ? "" : fmt::format(", {} new", thousands(fresh))));
    }
    if (summary_.inconclusive > 0) {
      counts.push_back(fmt::format("{} inconclusive", thousands(summary_.inconclusive)));
    }
    const std::size_t errors = summary_.tool_errors.size() + summary_.determinism.differing;
    if (errors > 0) counts.push_back(counted(errors, "failure") + " of the tool");
    if (summary_.resumed_seeds > 0) {
      counts.push_back(fmt::format("{} from before", thousands(summary_.resumed_seeds)));
    }
    if (summary_.is_interrupted) counts.emplace_back("interrupted");
    return counts;
  }

  std::pair<std::string_view, Ink> verdict() const {
    switch (context_.status) {
      case kHeld:
        return {"PASS", Ink::kGood};
      case kFailed:
        return {"FAIL", Ink::kBad};
      case kToolFailed:
        return {"TOOL FAILED", Ink::kBad};
      case kInconclusive:
        return {"INCONCLUSIVE", Ink::kWarning};
      default:
        return {"INTERRUPTED", Ink::kWarning};
    }
  }

  const run::CampaignSummary& summary_;
  const CampaignContext& context_;
  const ScreenOptions& options_;
  std::size_t width_;
  std::string text_;
};

}  // namespace

std::string campaign_summary(const run::CampaignSummary& summary, const CampaignContext& context,
                             const ScreenOptions& options) {
  return Summary(summary, context, options).text();
}

}  // namespace millrace::reports
