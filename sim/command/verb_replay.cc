// `millrace replay`: saved failures again, and whether they are still there.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <unistd.h>
#include <utility>

#include "reports/failure_screen.h"
#include "reports/text.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/overrides.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
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
constexpr std::string_view kReproSuffix = ".repro.json";

using Mistakes = std::vector<std::string>;

std::string read_stdin() {
  std::string text;
  std::array<char, 65'536> block{};
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

struct ReproFile {
  std::string name;
  run::Repro repro;
};

/// Collects the repros that the arguments mean, and their mistakes.
class ReproReader {
 public:
  explicit ReproReader(const Context& context) : context_(context) {}

  void add(const std::string& name) {
    std::error_code ignored;
    if (name == "-") {
      add_text(name, read_stdin());
    } else if (name.starts_with("mr1.")) {
      mistakes_.emplace_back("tokens are not read by this version; give the repro file");
    } else if (std::filesystem::is_directory(name, ignored)) {
      add_folder(name);
    } else if (const auto text = read_file(name)) {
      add_text(name, *text);
    } else {
      mistakes_.push_back(text.error());
    }
  }

  std::expected<std::vector<ReproFile>, Mistakes> result() {
    if (!mistakes_.empty()) return std::unexpected(std::move(mistakes_));
    return std::move(files_);
  }

 private:
  void add_folder(const std::string& folder) {
    std::vector<std::string> found;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
         !error && entry != end; entry.increment(error)) {
      const std::string path = entry->path().string();
      if (path.ends_with(kReproSuffix)) found.push_back(path);
    }
    if (error) mistakes_.push_back(fmt::format("{}: {}", folder, error.message()));
    std::ranges::sort(found);
    if (found.empty()) {
      context_.console.complain(fmt::format("{} holds no *{}", folder, kReproSuffix));
    }
    for (const std::string& path : found) add(path);
  }

  void add_text(const std::string& name, const std::string& text) {
    Result<run::Repro> repro = run::repro_from_json(text, context_.registry);
    if (!repro.has_value()) {
      mistakes_.push_back(fmt::format("{}: {}", name, repro.error().detail));
      return;
    }
    const auto changed = override_plan(context_.options.overrides, context_.registry, repro->plan);
    if (!changed.has_value()) {
      for (const std::string& mistake : changed.error()) mistakes_.push_back(mistake);
      return;
    }
    files_.push_back({.name = name, .repro = *std::move(repro)});
  }

  const Context& context_;
  std::vector<ReproFile> files_;
  Mistakes mistakes_;
};

/// The scenario that judges a repro: the one of its name, with the skips that it was found with.
run::Scenario scenario_of(const run::Repro& repro, const run::Registry& registry) {
  run::Scenario scenario = scenario_of_plan(repro.plan, registry);
  scenario.skips = repro.skips;
  // What a short, shrunk or edited plan does is no question of a floor.
  scenario.floors = {};
  return scenario;
}

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

std::string build_text(const run::BuildName& build) {
  return build.commit + (build.is_dirty ? " dirty" : "");
}

/// Where this execution left the one that the repro was written from; none where it did not, or
/// where nobody can tell: a process that died left no trail.
std::optional<run::FirstDifference> first_difference(const run::RunSource& source,
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
  const auto number = run::where_parted(repro.trail, trail);
  if (trail.empty() || !number.has_value()) return std::nullopt;
  return run::look_at(source, request, *number);
}

/// "at 0.812 s, store-1, task flusher: deliver 5314a076084aea18, ..."
std::string place_text(const run::FirstDifference& difference) {
  std::string text = "at " + reports::moment_text(difference.time_ns);
  if (!difference.machine.empty()) text += ", " + difference.machine;
  if (!difference.task.empty()) text += ", " + difference.task;
  return fmt::format("{} (record {}: {})", text, reports::thousands(difference.event),
                     difference.first);
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

/// What there is to know about the verdict, a paragraph each.
std::vector<std::string> notes_of(const ReproFile& file, const ReplayReport& report,
                                  std::uint32_t min_match) {
  const run::Repro& repro = file.repro;
  const run::Replay& replay = report.replay;
  std::vector<std::string> notes = override_lines(repro.plan, replay.record);
  for (std::string& line : notes) line.insert(0, "override: ");
  const std::string parts_at =
      report.difference.has_value() ? ", first difference: " + place_text(*report.difference) : "";
  notes.push_back(fmt::format("built from {}, found at {}: {} % matched{}; {}",
                              build_text(run::this_build()), build_text(repro.build),
                              replay.matched_percent, parts_at, run::to_text(replay.verdict)));
  if (replay.verdict == run::ReplayVerdict::kStale) {
    notes.push_back(fmt::format(
        "Less than {} % of its operations and anchored faults met their moment: it says nothing "
        "about this build. Replay it at {}, or lower --min-match.",
        min_match, repro.build.commit));
  }
  if (replay.is_edited) {
    notes.emplace_back("The plan was edited: signature and fingerprint are no longer expected.");
  }
  if (!report.difference.has_value() && !replay.is_same_execution && !replay.is_edited) {
    notes.emplace_back("Another execution: its fingerprint differs.");
  }
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
    line.add(1, "expected " + reports::printable(file.repro.signature), reports::Ink::kPlain);
  } else {
    line.add(2, reports::printable(file.repro.signature), reports::Ink::kBold);
  }
  line.add(3, reports::printable(file.name), reports::Ink::kPlain);
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
  return fmt::format("{} replay {}{}", shell_word(context.options.program), shell_word(file.name),
                     command_text(context.options.overrides));
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
                                                      const run::RunRecord& record) {
  if (!context.options.out.has_value()) return file.name;
  const auto files = write_repro(directory, scenario, file.repro.plan, record);
  if (!files.has_value()) return std::unexpected(files.error());
  const std::string screen =
      reports::failure_screen(record, screen_context_of(context, file), reports::ScreenOptions{});
  const auto written = write_screen(directory, *files, screen);
  if (!written.has_value()) return std::unexpected(written.error());
  return files->repro;
}

/// Replays all files and tells what came of each.
class Replayer {
 public:
  Replayer(const Context& context, std::uint32_t min_match)
      : context_(context),
        min_match_(min_match),
        directory_(chosen_directory(context), "replay", "", std::chrono::system_clock::now()) {}

  int replay(const std::vector<ReproFile>& files) {
    if (context_.options.out.has_value()) {
      const auto checked = directory_.check();
      if (!checked.has_value()) return usage_error(context_, checked.error());
    }
    const Interrupts interrupts(Interrupts::First::kLeaves);
    ExitStatus status = ExitStatus::kHeld;
    for (const ReproFile& file : files) {
      const auto done = replay(file);
      if (!done.has_value()) return tool_error(context_, done.error());
      status = combine(status, status_of_replay(reports_.back().replay.verdict));
    }
    if (context_.options.is_json) {
      context_.console.out(replay_json(reports_));
    } else if (reports_.size() > 1) {
      context_.console.out("\n" + counts_text(reports_));
    }
    return number(status);
  }

 private:
  std::expected<void, std::string> replay(const ReproFile& file) {
    const run::Scenario scenario = scenario_of(file.repro, context_.registry);
    const run::RunSource source{.registry = &context_.registry, .scenarios = {scenario}};
    run::RunRequest request{.scenario = 0, .seed = file.repro.plan.seed};
    request.plan_json = run::plan_to_json(file.repro.plan);
    auto record = run_once(source, request);
    if (!record.has_value()) return std::unexpected(file.name + ": " + record.error());
    ReplayReport report{.file = file.name,
                        .replay = run::judge_replay(file.repro, *std::move(record), min_match_),
                        .expected_signature = file.repro.signature,
                        .found_at = file.repro.build.commit,
                        .difference = {},
                        .extras = {.command = command_of(context_, file),
                                   .overrides = override_words(file.repro.plan)}};
    report.difference = first_difference(source, request, file.repro, report.replay.record);
    if (report.replay.record.is_red()) {
      auto repro = write_failure(context_, directory_, scenario, file, report.replay.record);
      if (!repro.has_value()) return std::unexpected(repro.error());
      report.extras.repro = *std::move(repro);
    }
    if (!context_.options.is_json) print(file, report);
    reports_.push_back(std::move(report));
    return {};
  }

  void print(const ReproFile& file, const ReplayReport& report) {
    if (!reports_.empty()) context_.console.out("\n");
    const reports::ScreenOptions options = screen_options(context_);
    if (report.replay.record.is_red()) {
      context_.console.out(reports::failure_screen(report.replay.record,
                                                   screen_context_of(context_, file), options) +
                           "\n");
    }
    context_.console.out(verdict_text(file, report, min_match_, options));
  }

  const Context& context_;
  std::uint32_t min_match_;
  OutputDir directory_;
  std::vector<ReplayReport> reports_;
};

}  // namespace

int verb_replay(const Context& context) {
  const Options& options = context.options;
  if (options.names.empty()) {
    return usage_error(context,
                       "replay needs a repro file, a folder, '-', or a scenario with --seed");
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
  return Replayer(context, static_cast<std::uint32_t>(*min_match)).replay(*files);
}

}  // namespace millrace::command
