// `millrace replay`: saved failures again, and whether they are still there.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

#include "reports/failure_screen.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/overrides.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/scenario_values.h"
#include "sim/command/seeds.h"
#include "sim/command/verbs.h"
#include "sim/run/signature.h"

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

/// "F: reproduced DUR-1/lost; built from 9e1f03d, found at 4f2a91c, 96 % matched"
std::string verdict_line(const ReproFile& file, const run::Replay& replay) {
  const run::Repro& repro = file.repro;
  std::string line = fmt::format("{}: {}", file.name, run::to_text(replay.verdict));
  if (replay.verdict == run::ReplayVerdict::kOther) {
    line += fmt::format(" {}, expected {}", replay.record.signature(), repro.signature);
  } else {
    line += fmt::format(" {}", repro.signature);
  }
  line += fmt::format("; built from {}, found at {}: {} % matched", build_text(run::this_build()),
                      build_text(repro.build), replay.matched_percent);
  if (replay.is_edited) {
    line += "; the plan was edited, so signature and fingerprint are no longer expected";
  } else if (!replay.is_same_execution) {
    line += "; another execution (its fingerprint differs)";
  }
  return line + "\n";
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
int replay_files(const Context& context, const std::vector<ReproFile>& files,
                 std::uint32_t min_match) {
  OutputDir directory(chosen_directory(context), "replay", "", std::chrono::system_clock::now());
  const Interrupts interrupts(Interrupts::First::kLeaves);
  std::vector<ReplayReport> reports;
  ExitStatus status = ExitStatus::kHeld;
  for (const ReproFile& file : files) {
    const run::Scenario scenario = scenario_of(file.repro, context.registry);
    const run::RunSource source{.registry = &context.registry, .scenarios = {scenario}};
    run::RunRequest request{.scenario = 0, .seed = file.repro.plan.seed};
    request.plan_json = run::plan_to_json(file.repro.plan);
    auto record = run_once(source, request);
    if (!record.has_value()) return tool_error(context, file.name + ": " + record.error());
    const run::Replay replay = run::judge_replay(file.repro, *std::move(record), min_match);
    status = combine(status, status_of_replay(replay.verdict));
    RunExtras extras{.command = command_of(context, file)};
    if (replay.record.is_red()) {
      const auto repro = write_failure(context, directory, scenario, file, replay.record);
      if (!repro.has_value()) return tool_error(context, repro.error());
      extras.repro = *repro;
      if (!context.options.is_json) {
        context.console.out(reports::failure_screen(replay.record, screen_context_of(context, file),
                                                    screen_options(context)));
      }
    }
    if (!context.options.is_json) context.console.out(verdict_line(file, replay));
    reports.push_back({.file = file.name,
                       .replay = replay,
                       .expected_signature = file.repro.signature,
                       .built_from = file.repro.build.commit,
                       .extras = std::move(extras)});
  }
  if (context.options.is_json) context.console.out(replay_json(reports));
  return number(status);
}

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
  return replay_files(context, *files, static_cast<std::uint32_t>(*min_match));
}

}  // namespace millrace::command
