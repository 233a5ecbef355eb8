// `millrace run`: one seed of a scenario, or one plan.

#include <chrono>
#include <fmt/format.h>

#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/overrides.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/screens.h"
#include "sim/command/verbs.h"

namespace millrace::command {
namespace {

std::string command_of(const Context& context, const RunInput& input) {
  const Options& options = context.options;
  const std::string program = shell_word(options.program);
  if (input.plan_file.has_value()) {
    return fmt::format("{} run {} --plan {}{}", program, shell_word(input.shown_name),
                       shell_word(*input.plan_file), command_text(options.overrides));
  }
  return fmt::format("{} run {} --seed {}{}", program, shell_word(input.shown_name),
                     input.plan.seed, command_text(options.overrides));
}

/// Writes what a red run leaves, and gives the path of its repro.
std::expected<FailureFiles, std::string> write_failure(const Context& context, OutputDir& directory,
                                                       const RunInput& input,
                                                       const run::RunRecord& record,
                                                       ScreenCommands& commands) {
  auto files = write_repro(directory, input.scenario, input.plan, record);
  if (!files.has_value()) return files;
  commands.replay =
      fmt::format("{} replay {}", shell_word(context.options.program), shell_word(files->repro));
  const std::string screen = failure_screen(record, input.plan, commands, ScreenOptions{});
  const std::string json = run_json(record, {.command = commands.seed, .repro = files->repro});
  for (const auto& written :
       {write_screen(directory, *files, screen), directory.write("summary.txt", screen),
        directory.write("summary.json", json)}) {
    if (!written.has_value()) return std::unexpected(written.error());
  }
  return files;
}

}  // namespace

int verb_run(const Context& context) {
  const Options& options = context.options;
  auto input = read_run_input(options, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());

  const run::RunSource source{.registry = &context.registry, .scenarios = {input->scenario}};
  run::RunRequest request{.scenario = 0, .seed = input->plan.seed};
  if (input->plan_file.has_value()) request.plan_json = run::plan_to_json(input->plan);
  request.is_traced = options.trace.has_value();
  const Interrupts interrupts(Interrupts::First::kLeaves);
  const auto record = run_once(source, request);
  if (!record.has_value()) return tool_error(context, record.error());
  if (options.trace.has_value()) {
    const auto written = write_trace(*options.trace, *record);
    if (!written.has_value()) return tool_error(context, written.error());
  }

  ScreenCommands commands{.replay = {}, .seed = command_of(context, *input)};
  RunExtras extras{.command = commands.seed};
  OutputDir directory(chosen_directory(context), "run", input->scenario.name,
                      std::chrono::system_clock::now());
  if (record->is_red()) {
    const auto files = write_failure(context, directory, *input, *record, commands);
    if (!files.has_value()) return tool_error(context, files.error());
    extras.repro = files->repro;
  }
  if (options.is_json) {
    context.console.out(run_json(*record, extras));
  } else if (record->verdict == run::Verdict::kPass) {
    context.console.out(pass_line(*record));
  } else {
    context.console.out(failure_screen(*record, input->plan, commands,
                                       {.has_color = context.has_color,
                                        .is_verbose = options.is_verbose,
                                        .columns = context.console.columns()}));
  }
  return number(status_of(record->verdict));
}

}  // namespace millrace::command
