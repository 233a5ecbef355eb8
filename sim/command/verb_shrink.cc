// `millrace shrink`: a saved failure as small as it can be.

#include <chrono>
#include <fmt/format.h>
#include <optional>

#include "reports/failure_screen.h"
#include "sim/command/campaign_options.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/repro_input.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/run_pages.h"
#include "sim/command/seeds.h"
#include "sim/command/shrinking.h"
#include "sim/command/verbs.h"
#include "sim/run/writable.h"

namespace millrace::command {
namespace {

using Mistakes = std::vector<std::string>;

/// The repro that an argument means; of the latest ones the first by name.
std::expected<ReproText, Mistakes> find_one(const std::string& argument, Console& console) {
  const auto name = resolve_latest(argument);
  if (!name.has_value()) return std::unexpected(Mistakes{name.error()});
  if (*name == argument) {
    auto one = find_repro(argument);
    if (!one.has_value()) return std::unexpected(Mistakes{one.error()});
    return *std::move(one);
  }
  auto latest = find_repros(*name, console);
  if (!latest.has_value()) return std::unexpected(std::move(latest).error());
  if (latest->empty()) return std::unexpected(Mistakes{*name + ": there is no repro to shrink"});
  return std::move(latest->front());
}

struct ShrinkInput {
  /// As people are told.
  std::string name;
  run::Repro repro;
  run::Scenario scenario;
  std::chrono::nanoseconds wall_time = kShrinkTime;
  std::uint32_t jobs = 1;
};

std::expected<ShrinkInput, Mistakes> read_input(const Context& context) {
  const Options& options = context.options;
  ShrinkInput input;
  Mistakes mistakes;
  if (options.wall_time.has_value()) {
    const auto time = parse_wall_time(*options.wall_time);
    if (!time.has_value()) mistakes.push_back("--for: " + time.error());
    input.wall_time = time.value_or(input.wall_time);
  }
  const auto jobs = read_jobs(options, context.settings);
  if (!jobs.has_value()) mistakes.push_back(jobs.error());
  input.jobs = jobs.value_or(1);
  if (options.names.size() != 1) {
    mistakes.emplace_back("shrink takes one repro file, token or '-', or latest");
    return std::unexpected(std::move(mistakes));
  }
  const auto text = find_one(options.names.front(), context.console);
  if (!text.has_value()) return std::unexpected(text.error());
  input.name = text->shown_name;
  Result<run::Repro> repro = run::repro_from_json(text->json, context.registry);
  if (!repro.has_value()) {
    mistakes.push_back(fmt::format("{}: {}", input.name, repro.error().detail));
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  input.repro = *std::move(repro);
  input.scenario = scenario_of_repro(input.repro, context.registry);
  return input;
}

/// Where the small repro goes: -o, or a directory as any verb has one.
class Place {
 public:
  Place(const Context& context, const ShrinkInput& input)
      : output_(context.options.output),
        directory_(chosen_directory(context), "shrink", input.scenario.name,
                   std::chrono::system_clock::now()) {}

  std::expected<void, std::string> check() const {
    if (!output_.has_value()) return directory_.check();
    const Result<void> writable = run::check_writable(*output_, run::Wanted::kFile);
    if (!writable.has_value()) return std::unexpected(writable.error().detail);
    return {};
  }

  /// The path of the repro.
  std::expected<std::string, std::string> write(const run::Scenario& scenario,
                                                const run::Shrunk& shrunk) {
    if (!output_.has_value()) {
      auto files = write_repro(directory_, scenario, shrunk.plan, shrunk.record);
      if (!files.has_value()) return std::unexpected(files.error());
      files_ = *files;
      return files->repro;
    }
    const run::Repro repro = run::make_repro(scenario, shrunk.plan, shrunk.record);
    const auto written = write_file(*output_, run::repro_to_json(repro));
    if (!written.has_value()) return std::unexpected(written.error());
    return *output_;
  }

  /// The screen and the page, where the repro is in a directory of the verb.
  std::expected<void, std::string> write_beside(std::string_view screen, std::string_view page) {
    if (!files_.has_value()) return {};
    const auto written = write_screen(directory_, *files_, screen);
    return written.has_value() ? write_run_page(directory_, *files_, page) : written;
  }

  OutputDir& directory() { return directory_; }

 private:
  std::optional<std::string> output_;
  OutputDir directory_;
  std::optional<FailureFiles> files_;
};

}  // namespace

int verb_shrink(const Context& context) {
  auto input = read_input(context);
  if (!input.has_value()) return usage_error(context, input.error());
  Place place(context, *input);
  for (const auto& checked : {place.check(), check_places_of_files(context.options)}) {
    if (!checked.has_value()) return usage_error(context, checked.error());
  }
  const run::RunSource source{.registry = &context.registry, .scenarios = {input->scenario}};
  run::RunRequest request{.seed = input->repro.plan.seed};
  request.plan_json = run::plan_to_json(input->repro.plan);
  const Interrupts interrupts(Interrupts::First::kIsNoted);
  const run::RunReply original = run::run_alone(source, request, run::WorkerOptions{});
  if (original.tool_error.has_value()) return tool_error(context, *original.tool_error);
  if (!original.record.is_red()) {
    context.console.complain(
        fmt::format("{}: this build does not fail: there is nothing to make smaller", input->name));
    return number(ExitStatus::kInconclusive);
  }
  if (original.record.signature() != input->repro.signature) {
    context.console.complain(fmt::format("{}: fails as {} now, no longer as {}", input->name,
                                         original.record.signature(), input->repro.signature));
  }
  const auto shrunk = shrink_failure(context, interrupts,
                                     {.scenario = input->scenario,
                                      .plan = input->repro.plan,
                                      .record = original.record,
                                      .wall_time = input->wall_time,
                                      .jobs = input->jobs});
  if (!shrunk.has_value()) return tool_error(context, shrunk.error());
  const auto repro = place.write(input->scenario, *shrunk);
  if (!repro.has_value()) return tool_error(context, repro.error());
  const auto findings = write_findings(context, place.directory(), input->scenario, *shrunk);
  if (!findings.has_value()) return tool_error(context, findings.error());

  reports::FailureContext screen_context{.build = run::this_build()};
  tell(*shrunk, screen_context);
  screen_context.replay_command =
      fmt::format("{} replay {}", shell_word(context.options.program), shell_word(*repro));
  const std::string screen =
      reports::failure_screen(shrunk->record, screen_context, reports::ScreenOptions{});
  const RunExtras extras{.command = screen_context.replay_command,
                         .repro = *repro,
                         .overrides = override_words(shrunk->plan),
                         .shrunk = &*shrunk};
  const auto page = run_page(context, {.scenario = input->scenario,
                                       .plan = shrunk->plan,
                                       .record = shrunk->record,
                                       .screen = screen_context,
                                       .extras = extras});
  if (!page.has_value()) return tool_error(context, page.error());
  for (const auto& written : {place.write_beside(screen, *page), write_report(context, *page)}) {
    if (!written.has_value()) return tool_error(context, written.error());
  }
  if (context.options.is_json) {
    context.console.out(run_json(shrunk->record, extras));
  } else {
    context.console.out(
        reports::failure_screen(shrunk->record, screen_context, screen_options(context)));
  }
  return number(ExitStatus::kFailed);
}

}  // namespace millrace::command
