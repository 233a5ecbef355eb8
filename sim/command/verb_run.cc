// `millrace run`: one seed of a scenario, or one plan.

#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "reports/failure_screen.h"
#include "reports/junit.h"
#include "sim/command/cpu_count.h"
#include "sim/command/debugging.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/overrides.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/run_pages.h"
#include "sim/command/shrinking.h"
#include "sim/command/verbs.h"

namespace millrace::command {
namespace {

std::string command_of(const Context& context, const RunInput& input) {
  const Options& options = context.options;
  const std::string program = shell_word(options.program);
  const std::string rest = command_text(options.overrides) + (options.goes_on ? " --go-on" : "");
  if (input.plan_file.has_value()) {
    return fmt::format("{} run {} --plan {}{}", program, shell_word(input.shown_name),
                       shell_word(*input.plan_file), rest);
  }
  return fmt::format("{} run {} --seed {}{}", program, shell_word(input.shown_name),
                     input.plan.seed, rest);
}

std::expected<void, std::string> write_junit(const Options& options, const run::RunRecord& record,
                                             const reports::FailureContext& screen_context) {
  if (!options.junit.has_value()) return {};
  reports::JunitContext junit{.command = options.command_line, .build = run::this_build()};
  if (record.is_red()) {
    junit.screens[std::string(record.signature())] =
        reports::failure_screen(record, screen_context, reports::ScreenOptions{});
  }
  return write_file(*options.junit,
                    reports::junit_xml(reports::run_suites(record, junit), record.wall_ns));
}

/// Writes what a red run leaves, and gives the path of its repro.
std::expected<FailureFiles, std::string> write_failure(const Context& context, OutputDir& directory,
                                                       const RunInput& input,
                                                       const run::RunRecord& record,
                                                       const RunExtras& extras,
                                                       reports::FailureContext& screen_context) {
  auto files = write_repro(directory, input.scenario, input.plan, record);
  if (!files.has_value()) return files;
  screen_context.replay_command =
      fmt::format("{} replay {}", shell_word(context.options.program), shell_word(files->repro));
  const std::string program = shell_word(context.options.program);
  if (files->token.has_value()) {
    screen_context.token_command = fmt::format("{} replay {}", program, *files->token);
  }
  // What a reduction found on its way lies there, too.
  const bool is_only_one = extras.shrunk == nullptr || extras.shrunk->findings.empty();
  screen_context.keep_command = keep_command(program, directory, files->repro, is_only_one);
  screen_context.look_command = look_command(program, directory);
  const std::string screen =
      reports::failure_screen(record, screen_context, reports::ScreenOptions{});
  RunExtras written_extras = extras;
  written_extras.repro = files->repro;
  written_extras.token = files->token;
  const std::string json = run_json(record, written_extras);
  const auto page = run_page(context, {.scenario = input.scenario,
                                       .plan = input.plan,
                                       .record = record,
                                       .screen = screen_context,
                                       .extras = written_extras});
  if (!page.has_value()) return std::unexpected(page.error());
  for (const auto& written :
       {write_screen(directory, *files, screen), write_run_page(directory, *files, *page),
        directory.write("summary.txt", screen), directory.write("summary.json", json)}) {
    if (!written.has_value()) return std::unexpected(written.error());
  }
  return files;
}

/// Reduces a failure; the plan and the record become the small ones.
std::expected<run::Shrunk, std::string> reduce(const Context& context, OutputDir& directory,
                                               RunInput& input, run::RunRecord& record) {
  const Interrupts interrupts(Interrupts::First::kIsNoted);
  auto shrunk = shrink_failure(
      context, interrupts,
      {.scenario = input.scenario, .plan = input.plan, .record = record, .jobs = cpu_count()});
  if (!shrunk.has_value()) return shrunk;
  const auto written = write_findings(context, directory, input.scenario, *shrunk);
  if (!written.has_value()) return std::unexpected(written.error());
  input.plan = shrunk->plan;
  record = shrunk->record;
  return shrunk;
}

/// The trace, and what another build asks for.
std::expected<void, std::string> write_record(const Options& options,
                                              const run::RunRecord& record) {
  if (options.trace.has_value()) {
    if (auto written = write_trace(*options.trace, record); !written.has_value()) return written;
  }
  if (!options.record.has_value()) return {};
  return write_file(*options.record, run::run_record_to_json(record));
}

/// The page that --report asks for.
std::expected<void, std::string> write_page(const Context& context, const RunInput& input,
                                            const run::RunRecord& record, const RunExtras& extras,
                                            const reports::FailureContext& screen_context) {
  if (!context.options.report.has_value()) return {};
  const auto page = run_page(context, {.scenario = input.scenario,
                                       .plan = input.plan,
                                       .record = record,
                                       .screen = screen_context,
                                       .extras = extras});
  if (!page.has_value()) return std::unexpected(page.error());
  return write_report(context, *page);
}

void print(const Context& context, const run::RunRequest& request, const run::RunRecord& record,
           const RunExtras& extras, const reports::FailureContext& screen_context) {
  if (context.options.is_json) {
    context.console.out(run_json(record, extras));
  } else if (record.verdict == run::Verdict::kPass) {
    for (const std::string& line : screen_context.overrides) {
      context.console.out(fmt::format("override  {}\n", line));
    }
    context.console.out(reports::pass_line(record, screen_options(context)));
  } else {
    if (was_stopped(request, record)) {
      context.console.out(stopped_text(request, record, screen_options(context)));
    }
    context.console.out(reports::failure_screen(record, screen_context, screen_options(context)));
  }
}

}  // namespace

int verb_run(const Context& context) {
  const Options& options = context.options;
  auto input = read_run_input(options, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());
  OutputDir directory(chosen_directory(context), "run", input->scenario.name,
                      std::chrono::system_clock::now());
  // Whether what the run may leave has a place is known before the run, not after it.
  for (const auto& checked : {directory.check(), check_places_of_files(options)}) {
    if (!checked.has_value()) return usage_error(context, checked.error());
  }

  const run::RunSource source{.registry = &context.registry, .scenarios = {input->scenario}};
  run::RunRequest request{.scenario = 0, .seed = input->plan.seed};
  if (input->plan_file.has_value()) request.plan_json = run::plan_to_json(input->plan);
  request.is_traced = options.trace.has_value() || options.report.has_value();
  request.keeps_block_hashes = options.record.has_value();
  if (options.block.has_value()) {
    request.keep_block_first = *options.block;
    request.keep_block_last = *options.block + 1;
  }
  request.runs_on_after_violation = options.goes_on;
  if (const auto begun = begin_debugging(options, request); !begun.has_value()) {
    return usage_error(context, begun.error());
  }
  // Before there is a failure to reduce there is nothing to keep.
  auto interrupts = std::make_unique<Interrupts>(Interrupts::First::kLeaves);
  auto record = run_once(source, request);
  if (!record.has_value()) return tool_error(context, record.error());
  // What cannot be written costs nobody the verdict, and a failure its repro.
  std::optional<std::string> trouble;
  const auto note = [&](const std::expected<void, std::string>& written) {
    if (!written.has_value() && !trouble.has_value()) trouble = written.error();
  };
  note(write_record(options, *record));

  reports::FailureContext screen_context{.is_new = record->is_red(), .build = run::this_build()};
  screen_context.seed_command = command_of(context, *input);
  std::optional<run::Shrunk> shrunk;
  if (options.has_shrink && record->is_red() && !options.goes_on) {
    interrupts.reset();
    auto reduced = reduce(context, directory, *input, *record);
    if (reduced.has_value()) {
      shrunk = *std::move(reduced);
      tell(*shrunk, screen_context);
    } else {
      note(std::unexpected(reduced.error()));
    }
  }
  screen_context.overrides = override_lines(input->plan, *record);
  RunExtras extras{.command = screen_context.seed_command,
                   .overrides = override_words(input->plan),
                   .shrunk = shrunk.has_value() ? &*shrunk : nullptr};
  // A run that went on has another end than the replay of its repro would have: it leaves none.
  if (record->is_red() && !options.goes_on) {
    const auto files = write_failure(context, directory, *input, *record, extras, screen_context);
    if (files.has_value()) {
      extras.repro = files->repro;
      extras.token = files->token;
    } else {
      note(std::unexpected(files.error()));
    }
  }
  note(write_junit(options, *record, screen_context));
  note(write_page(context, *input, *record, extras, screen_context));
  print(context, request, *record, extras, screen_context);
  if (const auto missed = missed_event(request, *record)) context.console.complain(*missed);
  return trouble.has_value() ? tool_error(context, *trouble) : number(status_of(record->verdict));
}

}  // namespace millrace::command
