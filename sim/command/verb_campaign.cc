// `millrace campaign`: many seeds of some scenarios, and what they say together.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>

#include "sim/command/campaign_options.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/progress.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/screens.h"
#include "sim/command/verbs.h"

namespace millrace::command {
namespace {

/// Repro files under the name by which printed commands find them.
void show_paths(run::CampaignSummary& summary, const OutputDir& directory) {
  for (run::FailureGroup& group : summary.groups) {
    if (group.repro.empty()) continue;
    group.repro = fmt::format("{}/failures/{}", directory.shown_path(),
                              std::filesystem::path(group.repro).filename().string());
  }
}

ScreenCommands commands_of(const Context& context, const run::FailureGroup& group) {
  const std::string program = shell_word(context.options.program);
  ScreenCommands commands{
      .replay = {},
      .seed = fmt::format("{} run {} --seed {}{}", program, shell_word(group.scenario),
                          group.cheapest_seed, command_text(context.options.overrides))};
  if (!group.repro.empty()) {
    commands.replay = fmt::format("{} replay {}", program, shell_word(group.repro));
  }
  return commands;
}

/// The screens of all groups, and the summary as text and JSON.
std::expected<void, std::string> write_files(const Context& context,
                                             const run::CampaignSummary& summary,
                                             const CampaignInput& input, int status,
                                             OutputDir& directory) {
  for (const run::FailureGroup& group : summary.groups) {
    if (group.repro.empty()) continue;
    const auto scenario = std::ranges::find(input.scenarios, group.scenario, &run::Scenario::name);
    if (scenario == input.scenarios.end()) continue;
    const run::Plan plan = run::draw_plan(context.registry, *scenario, group.cheapest_seed);
    const std::string screen =
        failure_screen(group.record, plan, commands_of(context, group), ScreenOptions{});
    const FailureFiles files{
        .repro = group.repro,
        .name = "failures/" + std::filesystem::path(group.repro).filename().string()};
    if (auto written = write_screen(directory, files, screen); !written.has_value()) {
      return written;
    }
  }
  const std::string text =
      campaign_summary(summary, directory.path(), context.options.program, status, ScreenOptions{});
  if (auto written = directory.write("summary.txt", text); !written.has_value()) return written;
  return directory.write("summary.json", campaign_json(summary, directory.path()));
}

/// The interrupt's status where nothing failed, else the campaign's.
int status_of_campaign(const run::CampaignSummary& summary, const Interrupts& interrupts) {
  const int status = run::exit_status(summary);
  const bool is_red =
      status == number(ExitStatus::kFailed) || status == number(ExitStatus::kToolFailed);
  return interrupts.requested() && !is_red ? interrupts.status() : status;
}

}  // namespace

int verb_campaign(const Context& context) {
  const Options& options = context.options;
  auto input = read_campaign_input(options, context.settings, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());

  const std::string one_scenario =
      input->scenarios.size() == 1 ? input->scenarios.front().name : std::string();
  OutputDir directory(chosen_directory(context), "campaign", one_scenario,
                      std::chrono::system_clock::now());
  if (const auto made = directory.create(); !made.has_value()) {
    return tool_error(context, made.error());
  }
  input->options.directory = directory.path();
  input->options.database = options.database.value_or(directory.path() + "/campaign.db");

  const run::RunSource source{.registry = &context.registry, .scenarios = input->scenarios};
  const Interrupts interrupts(Interrupts::First::kIsNoted);
  CampaignScreen screen(context.console, interrupts, shell_word(options.program),
                        directory.shown_path(), options.is_quiet);
  run::CampaignSummary summary = run::run_campaign(source, input->options, screen);
  screen.clear();
  show_paths(summary, directory);

  const int status = status_of_campaign(summary, interrupts);
  if (const auto written = write_files(context, summary, *input, status, directory);
      !written.has_value()) {
    return tool_error(context, written.error());
  }
  if (options.is_json) {
    context.console.out(campaign_json(summary, directory.path()));
  } else {
    context.console.out(campaign_summary(summary, directory.path(), options.program, status,
                                         {.has_color = context.has_color,
                                          .is_verbose = options.is_verbose,
                                          .columns = context.console.columns()}));
  }
  return status;
}

}  // namespace millrace::command
