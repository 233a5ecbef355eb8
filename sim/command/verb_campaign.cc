// `millrace campaign`: many seeds of some scenarios, and what they say together.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>

#include "reports/campaign_summary.h"
#include "reports/failure_screen.h"
#include "sim/command/campaign_options.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/progress.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/shrinking.h"
#include "sim/command/verbs.h"
#include "sim/run/campaign_db.h"

namespace millrace::command {
namespace {

std::string shown_repro(const std::string& path, const OutputDir& directory) {
  return fmt::format("{}/failures/{}", directory.shown_path(),
                     std::filesystem::path(path).filename().string());
}

/// Repro files under the name by which printed commands find them.
void show_paths(run::CampaignSummary& summary, const OutputDir& directory) {
  for (run::FailureGroup& group : summary.groups) {
    if (group.repro.empty()) continue;
    group.repro = shown_repro(group.repro, directory);
  }
  for (run::CampaignFinding& finding : summary.findings) {
    if (!finding.repro.empty()) finding.repro = shown_repro(finding.repro, directory);
  }
}

/// What the failure screen of a group says beyond its record.
reports::FailureContext screen_context_of(const Context& context,
                                          const run::CampaignSummary& summary,
                                          const run::FailureGroup& group) {
  const std::string program = shell_word(context.options.program);
  reports::FailureContext screen_context{.is_new = true, .build = run::this_build()};
  const auto count = group.scenarios.find(group.scenario);
  screen_context.group_seeds = count == group.scenarios.end() ? group.count : count->second;
  for (const run::ScenarioSummary& scenario : summary.scenarios) {
    if (scenario.name == group.scenario) screen_context.seeds = scenario.seeds;
  }
  screen_context.seed_command =
      fmt::format("{} run {} --seed {}{}", program, shell_word(group.scenario), group.cheapest_seed,
                  command_text(context.options.overrides));
  if (group.shrunk.has_value()) tell(*group.shrunk, screen_context);
  if (!group.repro.empty()) {
    screen_context.replay_command = fmt::format("{} replay {}", program, shell_word(group.repro));
  }
  return screen_context;
}

reports::CampaignContext summary_context_of(const Context& context, const OutputDir& directory,
                                            int status) {
  return {.program = shell_word(context.options.program),
          .directory = directory.path(),
          .status = status};
}

/// The screens of all groups, and the summary as text and JSON.
std::expected<void, std::string> write_files(const Context& context,
                                             const run::CampaignSummary& summary, int status,
                                             OutputDir& directory) {
  for (const run::FailureGroup& group : summary.groups) {
    if (group.repro.empty()) continue;
    const std::string screen = reports::failure_screen(
        group.record, screen_context_of(context, summary, group), reports::ScreenOptions{});
    const FailureFiles files{
        .repro = group.repro,
        .name = "failures/" + std::filesystem::path(group.repro).filename().string()};
    if (auto written = write_screen(directory, files, screen); !written.has_value()) {
      return written;
    }
  }
  const std::string text = reports::campaign_summary(
      summary, summary_context_of(context, directory, status), reports::ScreenOptions{});
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
  if (const auto checked = directory.check(); !checked.has_value()) {
    return usage_error(context, checked.error());
  }
  if (options.database.has_value()) {
    const Result<void> usable = run::check_database(*options.database);
    if (!usable.has_value()) return usage_error(context, usable.error().detail);
  }
  if (const auto made = directory.create(); !made.has_value()) {
    return tool_error(context, made.error());
  }
  input->options.directory = directory.path();
  if (!options.has_no_shrink) input->options.shrink_time = kShrinkTime;
  input->options.database = options.database.value_or(directory.path() + "/campaign.db");
  // One that an earlier campaign left there is appended to; anything else stays.
  const Result<void> usable = run::check_database(input->options.database);
  if (!usable.has_value()) return usage_error(context, usable.error().detail);

  const run::RunSource source{.registry = &context.registry, .scenarios = input->scenarios};
  const Interrupts interrupts(Interrupts::First::kIsNoted);
  CampaignScreen screen(context.console, interrupts,
                        {.program = shell_word(options.program),
                         .shown_directory = directory.shown_path(),
                         .is_quiet = options.is_quiet,
                         .color = options.color});
  run::CampaignSummary summary = run::run_campaign(source, input->options, screen);
  screen.clear();
  show_paths(summary, directory);

  const int status = status_of_campaign(summary, interrupts);
  if (const auto written = write_files(context, summary, status, directory); !written.has_value()) {
    return tool_error(context, written.error());
  }
  if (options.is_json) {
    context.console.out(campaign_json(summary, directory.path()));
  } else {
    context.console.out(reports::campaign_summary(
        summary, summary_context_of(context, directory, status), screen_options(context)));
  }
  return status;
}

}  // namespace millrace::command
