#include "sim/command/campaign_call.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "reports/campaign_summary.h"
#include "reports/failure_screen.h"
#include "reports/junit.h"
#include "sim/command/campaign_pages.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/progress.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/run_pages.h"
#include "sim/command/shrinking.h"
#include "sim/run/campaign_schema.h"
#include "system/base/check.h"

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
                                          const run::FailureGroup& group,
                                          const OutputDir& directory) {
  const std::string program = shell_word(context.options.program);
  reports::FailureContext screen_context{.is_new = !group.is_known, .build = run::this_build()};
  if (group.is_known) {
    screen_context.known = {.utc = group.known_since, .commit = group.known_commit};
  }
  const auto count = group.scenarios.find(group.scenario);
  screen_context.group_seeds = count == group.scenarios.end() ? group.count : count->second;
  for (const run::ScenarioSummary& scenario : summary.scenarios) {
    if (scenario.name == group.scenario) screen_context.seeds = scenario.seeds;
  }
  screen_context.noun = summary.noun();
  // A plan of a sweep is no seed's own: its repro is all that runs it again.
  if (!summary.sweep.has_value()) {
    screen_context.seed_command =
        fmt::format("{} run {} --seed {}{}", program, shell_word(group.scenario),
                    group.cheapest_seed, command_text(context.options.overrides));
  }
  if (group.shrunk.has_value()) tell(*group.shrunk, screen_context);
  if (!group.repro.empty()) {
    screen_context.replay_command = fmt::format("{} replay {}", program, shell_word(group.repro));
    screen_context.keep_command = keep_command(
        program, directory, group.repro, summary.groups.size() == 1 && summary.findings.empty());
    screen_context.look_command = look_command(program, directory);
  }
  if (!group.token.empty()) {
    screen_context.token_command = fmt::format("{} replay {}", program, group.token);
  }
  return screen_context;
}

reports::CampaignContext summary_context_of(const Context& context, const OutputDir& directory,
                                            int status) {
  return {.program = shell_word(context.options.program),
          .directory = directory.path(),
          .status = status};
}

/// The plan of a group's cheapest failure.
run::Plan plan_as_found(const Context& context, const CampaignInput& input,
                        const run::Scenario& scenario, const run::FailureGroup& group) {
  if (input.options.plans != nullptr) return input.options.plans->plan(group.cheapest_seed);
  return run::draw_plan(context.registry, scenario, group.cheapest_seed);
}

/// The page of a group's failure: of the small run where it was reduced.
std::expected<std::string, std::string> group_page(const Context& context,
                                                   const CampaignInput& input,
                                                   const run::FailureGroup& group,
                                                   const reports::FailureContext& screen) {
  const auto scenario = std::ranges::find(input.scenarios, group.scenario, &run::Scenario::name);
  CHECK(scenario != input.scenarios.end(), "a group fails in a scenario of its campaign");
  const run::Shrunk* const shrunk = group.shrunk.has_value() ? &*group.shrunk : nullptr;
  const run::Plan plan =
      shrunk != nullptr ? shrunk->plan : plan_as_found(context, input, *scenario, group);
  RunExtras extras{.command = screen.seed_command,
                   .repro = group.repro,
                   .overrides = override_words(plan),
                   .shrunk = shrunk};
  if (!group.token.empty()) extras.token = group.token;
  return run_page(context, {.scenario = *scenario,
                            .plan = plan,
                            .record = group.record,
                            .screen = screen,
                            .extras = extras});
}

/// The screens and pages of all groups, and the summary as text and JSON.
std::expected<void, std::string> write_files(const Context& context, const CampaignInput& input,
                                             const run::CampaignSummary& summary, int status,
                                             OutputDir& directory) {
  reports::JunitContext junit{.command = context.options.command_line, .build = run::this_build()};
  for (const run::FailureGroup& group : summary.groups) {
    const reports::FailureContext screen_context =
        screen_context_of(context, summary, group, directory);
    const std::string screen =
        reports::failure_screen(group.record, screen_context, reports::ScreenOptions{});
    junit.screens[group.signature] = screen;
    if (group.repro.empty()) continue;
    const FailureFiles files{
        .repro = group.repro,
        .name = "failures/" + std::filesystem::path(group.repro).filename().string()};
    if (auto written = write_screen(directory, files, screen); !written.has_value()) {
      return written;
    }
    const auto page = group_page(context, input, group, screen_context);
    if (!page.has_value()) return std::unexpected(page.error());
    if (auto written = write_run_page(directory, files, *page); !written.has_value()) {
      return written;
    }
  }
  const std::string text = reports::campaign_summary(
      summary, summary_context_of(context, directory, status), reports::ScreenOptions{});
  if (auto written = directory.write("summary.txt", text); !written.has_value()) return written;
  const std::string xml =
      reports::junit_xml(reports::campaign_suites(summary, junit), summary.wall_ns);
  if (auto written = directory.write("junit.xml", xml); !written.has_value()) return written;
  const std::string json =
      campaign_json(summary, {.directory = directory.path(), .status = status});
  if (auto written = directory.write("summary.json", json); !written.has_value()) return written;
  if (!context.options.junit.has_value()) return {};
  return write_file(*context.options.junit, xml);
}

/// The campaign's page, from what is in its folder by now.
std::expected<void, std::string> write_report(const Options& options, const Context& context,
                                              const std::string& database,
                                              const OutputDir& directory) {
  if (!options.report.has_value()) return {};
  const auto page = campaign_page(
      context, {.database = database, .folder = directory.path(), .page = *options.report});
  if (!page.has_value()) return std::unexpected(page.error().detail);
  return write_file(*options.report, *page);
}

/// The interrupt's status where nothing failed, else the campaign's.
int status_of_campaign(const run::CampaignSummary& summary, const Interrupts& interrupts) {
  const int status = run::exit_status(summary);
  const bool is_red =
      status == number(ExitStatus::kFailed) || status == number(ExitStatus::kToolFailed);
  return interrupts.requested() && !is_red ? interrupts.status() : status;
}

}  // namespace

std::expected<void, std::string> check_place_of_runs(const std::string& database) {
  Result<void> checked = run::check_database(database);
  if (checked.has_value()) checked = run::check_whole(database);
  if (!checked.has_value()) return std::unexpected(checked.error().detail);
  return {};
}

int run_campaign_in(const Context& context, CampaignInput& input, OutputDir& directory) {
  run::CampaignOptions& options = input.options;
  options.directory = directory.path();
  if (!context.options.has_no_shrink) options.shrink_time = kShrinkTime;
  const run::RunSource source{.registry = &context.registry, .scenarios = input.scenarios};
  const Interrupts interrupts(Interrupts::First::kIsNoted);
  CampaignScreen screen(context.console, interrupts,
                        {.program = shell_word(context.options.program),
                         .shown_directory = directory.shown_path(),
                         .is_quiet = context.options.is_quiet,
                         .noun = options.plans != nullptr ? "plan" : "seed",
                         .color = context.options.color});
  run::CampaignSummary summary = run::run_campaign(source, options, screen);
  screen.clear();
  show_paths(summary, directory);

  int status = status_of_campaign(summary, interrupts);
  // What cannot be written costs nobody the verdict.
  for (const auto& written :
       {write_files(context, input, summary, status, directory),
        write_report(context.options, context, options.database, directory)}) {
    if (written.has_value()) continue;
    summary.tool_errors.push_back(written.error());
    status = number(ExitStatus::kToolFailed);
  }
  if (context.options.is_json) {
    context.console.out(campaign_json(summary, {.directory = directory.path(), .status = status}));
  } else {
    context.console.out(reports::campaign_summary(
        summary, summary_context_of(context, directory, status), screen_options(context)));
  }
  return status;
}

}  // namespace millrace::command
