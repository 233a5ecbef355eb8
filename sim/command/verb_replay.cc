// `millrace replay`: saved failures again, and whether they are still there.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "reports/failure_screen.h"
#include "reports/junit.h"
#include "reports/text.h"
#include "sim/command/debugging.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/overrides.h"
#include "sim/command/repro_input.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/run_pages.h"
#include "sim/command/scenario_values.h"
#include "sim/command/seeds.h"
#include "sim/command/verbs.h"
#include "sim/run/determinism.h"
#include "sim/run/signature.h"
#include "sim/run/trail.h"
#include "system/base/check.h"

namespace millrace::command {
namespace {

constexpr std::uint64_t kMinMatchByDefault = 80;
/// By which `git bisect run` is told that a commit cannot be judged.
constexpr int kBisectSkips = 125;

using Mistakes = std::vector<std::string>;

/// A repro of the command line. Where this program lacks names that its plan needs, `unknown` says
/// which, and there is no repro to run.
struct ReproFile {
  ReproText text;
  run::ReproAbout about;
  std::string unknown = {};
  run::Repro repro = {};
};

/// Collects the repros that the arguments mean, and their mistakes.
class ReproReader {
 public:
  explicit ReproReader(const Context& context) : context_(context) {}

  void add(const std::string& name) {
    auto found = find_repros(name, context_.console);
    if (!found.has_value()) {
      mistakes_.insert(mistakes_.end(), found.error().begin(), found.error().end());
      return;
    }
    for (ReproText& text : *found) add_text(std::move(text));
  }

  std::expected<std::vector<ReproFile>, Mistakes> result() {
    if (!mistakes_.empty()) return std::unexpected(std::move(mistakes_));
    return std::move(files_);
  }

 private:
  void add_text(ReproText text) {
    Result<run::Repro> repro = run::repro_from_json(text.json, context_.registry);
    if (failed_with(repro, Errc::kNotFound)) {
      add_unknown(std::move(text), repro.error().detail);
      return;
    }
    if (!repro.has_value()) {
      mistakes_.push_back(fmt::format("{}: {}", text.shown_name, repro.error().detail));
      return;
    }
    run::ReproAbout about{.scenario = repro->plan.scenario,
                          .seed = repro->plan.seed,
                          .signature = repro->signature,
                          .build = repro->build};
    const auto changed = override_plan(context_.options.overrides, context_.registry, repro->plan);
    if (!changed.has_value()) {
      for (const std::string& mistake : changed.error()) mistakes_.push_back(mistake);
      return;
    }
    files_.push_back(
        {.text = std::move(text), .about = std::move(about), .repro = *std::move(repro)});
  }

  void add_unknown(ReproText text, const std::string& unknown) {
    Result<run::ReproAbout> about = run::repro_about_from_json(text.json);
    CHECK(about.has_value(), "what was read to its end says what it is");
    files_.push_back(
        {.text = std::move(text), .about = *std::move(about), .unknown = unknown, .repro = {}});
  }

  const Context& context_;
  std::vector<ReproFile> files_;
  Mistakes mistakes_;
};

ExitStatus status_of_replay(run::ReplayVerdict verdict) {
  switch (verdict) {
    case run::ReplayVerdict::kReproduced:
    case run::ReplayVerdict::kOther:
      return ExitStatus::kFailed;
    case run::ReplayVerdict::kGone:
      return ExitStatus::kHeld;
    case run::ReplayVerdict::kStale:
      return ExitStatus::kInconclusive;
  }
  return ExitStatus::kToolFailed;
}

/// Where this execution left the one that the repro was written from; none where it did not, or
/// where nobody can tell: a process that died left no trail.
std::optional<ReplayDifference> first_difference(const run::RunSource& source,
                                                 const run::RunRequest& request,
                                                 const run::Repro& repro,
                                                 const run::RunRecord& record) {
  if (record.fingerprint == repro.fingerprint || repro.trail.empty()) return std::nullopt;
  std::string trail = record.trail;
  if (trail.empty()) {
    run::RunRequest traced = request;
    traced.is_traced = true;
    const auto again = run_once(source, traced);
    if (again.has_value()) trail = again->trail;
  }
  const auto parting = run::where_parted(repro.trail, trail);
  if (trail.empty() || !parting.has_value()) return std::nullopt;
  return ReplayDifference{.parting = *parting,
                          .place = run::look_at(source, request, parting->record)};
}

/// "new send to store-1: keep_alive"
std::string change_text(const ReplayDifference& difference) {
  const std::string& what = difference.place.what;
  switch (difference.parting.kind) {
    case run::PartingKind::kNew:
      return "new " + what;
    case run::PartingKind::kMissing:
      return fmt::format("{} missing before {}",
                         reports::counted(difference.parting.count, "event"), what);
    case run::PartingKind::kChanged:
      return what;
  }
  UNREACHABLE("a kind of parting outside its list");
}

/// "new send to store-1: keep_alive, in reader-1, task reader, at 0.812 s (record 1,204)"
std::string difference_text(const ReplayDifference& difference) {
  const run::FirstDifference& place = difference.place;
  std::string text = change_text(difference);
  if (!place.machine.empty()) text += ", in " + place.machine;
  if (!place.task.empty()) text += ", task " + place.task;
  return fmt::format("{}, at {} (record {})", text, reports::moment_text(place.time_ns),
                     reports::thousands(place.event));
}

std::pair<std::string_view, reports::Ink> verdict_word(run::ReplayVerdict verdict) {
  switch (verdict) {
    case run::ReplayVerdict::kReproduced:
      return {"REPRODUCED", reports::Ink::kBad};
    case run::ReplayVerdict::kGone:
      return {"GONE", reports::Ink::kGood};
    case run::ReplayVerdict::kOther:
      return {"OTHER", reports::Ink::kBad};
    case run::ReplayVerdict::kStale:
      return {"STALE", reports::Ink::kWarning};
  }
  UNREACHABLE("a verdict of a replay outside its list");
}

/// "built from 9e1f03d, found at 4f2a91c: 96 % matched, first difference: ...; reproduced"
std::string match_text(const ReproFile& file, const ReplayReport& report) {
  const run::Replay& replay = report.replay;
  std::string text =
      fmt::format("built from {}, found at {}: ", run::commit_text(run::this_build()),
                  run::commit_text(file.about.build));
  if (!file.unknown.empty()) {
    text += file.unknown;
  } else if (replay.matched_percent.has_value()) {
    text += fmt::format("{} % matched", *replay.matched_percent);
  } else {
    text += "the process died, so nobody knows how much matched";
  }
  if (report.difference.has_value()) {
    text += ", first difference: " + difference_text(*report.difference);
  }
  return fmt::format("{}; {}", text, run::to_text(replay.verdict));
}

/// What there is to know about the verdict, a paragraph each.
std::vector<std::string> notes_of(const ReproFile& file, const ReplayReport& report,
                                  std::uint32_t min_match) {
  const run::Replay& replay = report.replay;
  std::vector<std::string> notes = override_lines(file.repro.plan, replay.record);
  for (std::string& line : notes) line.insert(0, "override: ");
  notes.push_back(match_text(file, report));
  if (!file.unknown.empty()) {
    notes.push_back(fmt::format(
        "It was not run: this build lacks what the plan asks for. Replay it at {}, or give the "
        "plan the new name.",
        file.about.build.commit));
    return notes;
  }
  if (replay.verdict == run::ReplayVerdict::kStale) {
    notes.push_back(fmt::format(
        "Less than {} % of the operations and anchored faults that met their moment then did so "
        "now: it says nothing about this build. Replay it at {}, or lower --min-match.",
        min_match, file.about.build.commit));
  }
  if (replay.is_edited) {
    notes.emplace_back("The plan was edited: signature and fingerprint are no longer expected.");
  }
  if (report.difference.has_value() || replay.is_same_execution || replay.is_edited) return notes;
  notes.emplace_back(
      file.text.is_token
          ? "Another execution: its fingerprint differs. A token has no trail to tell from where "
            "on; the repro file has one."
          : "Another execution: its fingerprint differs.");
  return notes;
}

/// The notes, then the verdict on the last line:
/// "REPRODUCED  DUR-1/lost   tests/repros/crash_storm/DUR-1-b71c09e2.repro.json"
std::string verdict_text(const ReproFile& file, const ReplayReport& report, std::uint32_t min_match,
                         const reports::ScreenOptions& options) {
  const std::size_t width = reports::layout_width(options);
  std::string text;
  for (const std::string& note : notes_of(file, report, min_match)) {
    for (const std::string& line : reports::wrapped(reports::printable(note), width)) {
      text += line + '\n';
    }
  }
  const auto [word, ink] = verdict_word(report.replay.verdict);
  reports::Flow line(width, 4, options.has_color);
  line.add(0, word, ink);
  if (report.replay.verdict == run::ReplayVerdict::kOther) {
    line.add(2, reports::printable(report.replay.record.signature()) + ",", reports::Ink::kBold);
    line.add(1, "expected " + reports::printable(file.about.signature), reports::Ink::kPlain);
  } else {
    line.add(2, reports::printable(file.about.signature), reports::Ink::kBold);
  }
  line.add(3, reports::printable(file.text.shown_name), reports::Ink::kPlain);
  return text + line.text();
}

/// "3 repros: 1 reproduced, 2 gone", the last line where there are several.
std::string counts_text(const std::vector<ReplayReport>& all) {
  std::string text = reports::counted(all.size(), "repro") + ":";
  std::string_view before = " ";
  for (const run::ReplayVerdict verdict :
       {run::ReplayVerdict::kReproduced, run::ReplayVerdict::kOther, run::ReplayVerdict::kStale,
        run::ReplayVerdict::kGone}) {
    const auto count = std::ranges::count_if(
        all, [&](const ReplayReport& report) { return report.replay.verdict == verdict; });
    if (count == 0) continue;
    text += fmt::format("{}{} {}", std::exchange(before, ", "), count, run::to_text(verdict));
  }
  return text + '\n';
}

std::string command_of(const Context& context, const ReproFile& file) {
  return fmt::format("{} replay {}{}", shell_word(context.options.program),
                     shell_word(file.text.name), command_text(context.options.overrides));
}

reports::FailureContext screen_context_of(const Context& context, const ReproFile& file) {
  reports::FailureContext screen_context{.build = run::this_build()};
  screen_context.replay_command = command_of(context, file);
  return screen_context;
}

/// Writes what a red replay leaves where --out or the settings name a place for it.
std::expected<std::string, std::string> write_failure(const Context& context, OutputDir& directory,
                                                      const run::Scenario& scenario,
                                                      const ReproFile& file,
                                                      const run::RunRecord& record,
                                                      const RunExtras& extras) {
  if (!context.options.out.has_value()) return file.text.name;
  const auto files = write_repro(directory, scenario, file.repro.plan, record);
  if (!files.has_value()) return std::unexpected(files.error());
  const reports::FailureContext screen_context = screen_context_of(context, file);
  const auto page = run_page(context, {.scenario = scenario,
                                       .plan = file.repro.plan,
                                       .record = record,
                                       .screen = screen_context,
                                       .extras = extras});
  if (!page.has_value()) return std::unexpected(page.error());
  const std::string screen =
      reports::failure_screen(record, screen_context, reports::ScreenOptions{});
  for (const auto& written :
       {write_screen(directory, *files, screen), write_run_page(directory, *files, *page)}) {
    if (!written.has_value()) return std::unexpected(written.error());
  }
  return files->repro;
}

/// Replays all files and tells what came of each.
class Replayer {
 public:
  /// `debugging` has what add_debugging() put there.
  Replayer(const Context& context, std::uint32_t min_match, run::RunRequest debugging)
      : context_(context),
        min_match_(min_match),
        debugging_(std::move(debugging)),
        directory_(chosen_directory(context), "replay", "", std::chrono::system_clock::now()) {}

  int replay(const std::vector<ReproFile>& files) {
    if (context_.options.out.has_value()) {
      const auto checked = directory_.check();
      if (!checked.has_value()) return usage_error(context_, checked.error());
    }
    if (context_.options.report.has_value() && files.size() != 1) {
      return usage_error(context_, fmt::format("--report shows one repro, and there are {}: "
                                               "millrace report makes a page of each",
                                               files.size()));
    }
    if (const auto checked = check_places_of_files(context_.options); !checked.has_value()) {
      return usage_error(context_, checked.error());
    }
    const Interrupts interrupts(Interrupts::First::kLeaves);
    ExitStatus status = ExitStatus::kHeld;
    for (const ReproFile& file : files) {
      const auto done = replay(file);
      if (!done.has_value()) return tool_error(context_, done.error());
      if (stopped_.has_value()) return show_stopped(file);
      status = combine(status, status_of_replay(reports_.back().replay.verdict));
    }
    const auto written = write_junit();
    if (context_.options.is_json) {
      context_.console.out(replay_json(reports_));
    } else if (reports_.size() > 1) {
      context_.console.out("\n" + counts_text(reports_));
    }
    if (!written.has_value()) return tool_error(context_, written.error());
    return context_.options.is_bisect ? bisect_status() : number(status);
  }

 private:
  int show_stopped(const ReproFile& file) {
    if (context_.options.is_json) {
      context_.console.out(run_json(*stopped_, {.command = command_of(context_, file)}));
    } else {
      const reports::ScreenOptions screen = screen_options(context_);
      context_.console.out(stopped_text(debugging_, *stopped_, screen));
      context_.console.out(
          reports::failure_screen(*stopped_, screen_context_of(context_, file), screen));
    }
    return number(status_of(stopped_->verdict));
  }

  /// Bad where one is reproduced, good where all are gone; of anything else nobody can tell.
  int bisect_status() const {
    const auto is = [](run::ReplayVerdict verdict) {
      return [verdict](const ReplayReport& report) { return report.replay.verdict == verdict; };
    };
    if (std::ranges::any_of(reports_, is(run::ReplayVerdict::kReproduced))) {
      return number(ExitStatus::kFailed);
    }
    const bool are_gone = std::ranges::all_of(reports_, is(run::ReplayVerdict::kGone));
    return are_gone && !reports_.empty() ? number(ExitStatus::kHeld) : kBisectSkips;
  }

  std::expected<void, std::string> write_junit() const {
    if (!context_.options.junit.has_value()) return {};
    std::int64_t wall_ns = 0;
    for (const ReplayReport& report : reports_) wall_ns += report.replay.record.wall_ns;
    return write_file(*context_.options.junit, reports::junit_xml(suites_, wall_ns));
  }

  /// A suite a scenario, a case a repro.
  void add_case(const ReproFile& file, const ReplayReport& report, const std::string& text) {
    const std::string& scenario = report.replay.record.scenario;
    auto suite = std::ranges::find(suites_, scenario, &reports::JunitSuite::name);
    if (suite == suites_.end()) {
      suite = suites_.insert(suite, {.name = scenario,
                                     .properties = {{"commit", run::commit_text(run::this_build())},
                                                    {"command", context_.options.command_line}},
                                     .cases = {}});
    }
    reports::JunitCase one{.name = file.text.shown_name};
    if (report.replay.verdict != run::ReplayVerdict::kGone) {
      const bool is_stale = report.replay.verdict == run::ReplayVerdict::kStale;
      one.outcome = is_stale ? reports::JunitOutcome::kError : reports::JunitOutcome::kFailed;
      one.type = is_stale ? "stale" : std::string(report.replay.record.signature());
      one.message = match_text(file, report);
      one.text = text;
    }
    suite->cases.push_back(std::move(one));
  }

  std::expected<void, std::string> replay(const ReproFile& file) {
    ReplayReport report{.file = file.text.shown_name,
                        .replay = {},
                        .expected_signature = file.about.signature,
                        .found_at = file.about.build.commit,
                        .difference = {},
                        .extras = {.command = command_of(context_, file)}};
    if (file.unknown.empty()) {
      const auto done = run_file(file, report);
      if (!done.has_value()) return std::unexpected(done.error());
      if (stopped_.has_value()) return {};
    } else {
      report.replay.verdict = run::ReplayVerdict::kStale;
      report.replay.matched_percent = 0;
      report.replay.record.scenario = file.about.scenario;
      report.replay.record.seed = file.about.seed;
      report.replay.record.verdict = run::Verdict::kInconclusive;
      report.replay.record.reason = file.unknown;
    }
    if (!context_.options.is_json) {
      if (!reports_.empty()) context_.console.out("\n");
      context_.console.out(text_of(file, report, screen_options(context_)));
    }
    add_case(file, report, text_of(file, report, reports::ScreenOptions{}));
    reports_.push_back(std::move(report));
    return {};
  }

  std::expected<void, std::string> run_file(const ReproFile& file, ReplayReport& report) {
    const run::Scenario scenario = scenario_of_repro(file.repro, context_.registry);
    const run::RunSource source{.registry = &context_.registry, .scenarios = {scenario}};
    run::RunRequest request{.scenario = 0, .seed = file.repro.plan.seed};
    request.plan_json = run::plan_to_json(file.repro.plan);
    run::RunRequest first = debugging_;
    first.seed = request.seed;
    first.plan_json = request.plan_json;
    auto record = run_once(source, first);
    if (!record.has_value()) return std::unexpected(file.text.shown_name + ": " + record.error());
    if (was_stopped(first, *record)) {
      stopped_ = *std::move(record);
      return {};
    }
    if (const auto missed = missed_event(first, *record)) context_.console.complain(*missed);
    report.replay = run::judge_replay(file.repro, *std::move(record), min_match_);
    report.extras.overrides = override_words(file.repro.plan);
    report.difference = first_difference(source, request, file.repro, report.replay.record);
    const auto page = write_report(scenario, file, report);
    if (!page.has_value()) return page;
    if (!report.replay.record.is_red()) return {};
    auto repro =
        write_failure(context_, directory_, scenario, file, report.replay.record, report.extras);
    if (!repro.has_value()) return std::unexpected(repro.error());
    report.extras.repro = *std::move(repro);
    return {};
  }

  std::expected<void, std::string> write_report(const run::Scenario& scenario,
                                                const ReproFile& file,
                                                const ReplayReport& report) const {
    if (!context_.options.report.has_value()) return {};
    const run::Plan& plan = file.repro.plan;
    run::RunRecord record = report.replay.record;
    if (record.trace.empty()) {
      auto traced = trace_run(context_, scenario, plan);
      if (!traced.has_value()) return std::unexpected(traced.error());
      record = *std::move(traced);
    }
    const auto page = run_page(context_, {.scenario = scenario,
                                          .plan = plan,
                                          .record = record,
                                          .screen = screen_context_of(context_, file),
                                          .extras = report.extras});
    if (!page.has_value()) return std::unexpected(page.error());
    return write_file(*context_.options.report, *page);
  }

  std::string text_of(const ReproFile& file, const ReplayReport& report,
                      const reports::ScreenOptions& options) const {
    std::string text;
    if (report.replay.record.is_red()) {
      text = reports::failure_screen(report.replay.record, screen_context_of(context_, file),
                                     options) +
             "\n";
    }
    return text + verdict_text(file, report, min_match_, options);
  }

  const Context& context_;
  std::uint32_t min_match_;
  run::RunRequest debugging_;
  /// The run that --until stopped: of a replay nothing can be said then.
  std::optional<run::RunRecord> stopped_;
  OutputDir directory_;
  std::vector<ReplayReport> reports_;
  std::vector<reports::JunitSuite> suites_;
};

int replay_all(const Context& context) {
  const Options& options = context.options;
  if (options.names.empty()) {
    return usage_error(
        context, "replay needs a repro file, a folder, a token, '-', or a scenario with --seed");
  }
  if (options.seed.has_value()) return verb_run(context);
  const Parsed<std::uint64_t> min_match = parse_count(
      "--min-match", options.min_match.value_or(std::to_string(kMinMatchByDefault)), 100);
  if (!min_match.has_value()) return usage_error(context, min_match.error());
  for (const std::string& name : options.names) {
    const std::vector<std::string> known = scenario_names(context.registry);
    if (std::ranges::find(known, name) == known.end()) continue;
    if (std::filesystem::exists(name)) continue;
    return usage_error(context, fmt::format("replay {0} needs a seed: replay {0} --seed N", name));
  }
  ReproReader reader(context);
  for (const std::string& name : options.names) reader.add(name);
  const auto files = reader.result();
  if (!files.has_value()) return usage_error(context, files.error());
  const bool needs_one = options.until.has_value() || options.break_at.has_value();
  if (needs_one && files->size() != 1) {
    return usage_error(context,
                       fmt::format("--until and --break take one repro, not {}", files->size()));
  }
  run::RunRequest debugging;
  if (const auto begun = begin_debugging(options, debugging); !begun.has_value()) {
    return usage_error(context, begun.error());
  }
  return Replayer(context, static_cast<std::uint32_t>(*min_match), debugging).replay(*files);
}

}  // namespace

int verb_replay(const Context& context) {
  const int status = replay_all(context);
  if (!context.options.is_bisect) return status;
  // For git, 2, 3 and 4 are bad commits, not ones of which nothing is known.
  const bool is_judged =
      status == number(ExitStatus::kHeld) || status == number(ExitStatus::kFailed);
  return is_judged ? status : kBisectSkips;
}

}  // namespace millrace::command
