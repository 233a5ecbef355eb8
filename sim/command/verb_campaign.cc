// `millrace campaign`: many seeds of some scenarios, and what they say together.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "reports/campaign_summary.h"
#include "reports/failure_screen.h"
#include "reports/junit.h"
#include "sim/command/campaign_options.h"
#include "sim/command/campaign_pages.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/progress.h"
#include "sim/command/resume.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/run_pages.h"
#include "sim/command/shrinking.h"
#include "sim/command/verbs.h"
#include "sim/run/campaign_db.h"
#include "sim/run/campaign_schema.h"
#include "sim/run/writable.h"
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

/// The page of a group's failure: of the small run where it was reduced.
std::expected<std::string, std::string> group_page(const Context& context,
                                                   const CampaignInput& input,
                                                   const run::FailureGroup& group,
                                                   const reports::FailureContext& screen) {
  const auto scenario = std::ranges::find(input.scenarios, group.scenario, &run::Scenario::name);
  CHECK(scenario != input.scenarios.end(), "a group fails in a scenario of its campaign");
  const run::Shrunk* const shrunk = group.shrunk.has_value() ? &*group.shrunk : nullptr;
  const run::Plan plan = shrunk != nullptr
                             ? shrunk->plan
                             : run::draw_plan(context.registry, *scenario, group.cheapest_seed);
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
  if (context.options.junit.has_value()) {
    if (auto written = write_file(*context.options.junit, xml); !written.has_value()) {
      return written;
    }
  }
  return directory.write("summary.json", campaign_json(summary, directory.path()));
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

/// A campaign with what it was asked for.
class CampaignCall {
 public:
  /// All outlive the call.
  CampaignCall(const Context& context, CampaignInput& input) : context_(context), input_(input) {}

  /// A new campaign.
  int start() {
    const auto now = std::chrono::system_clock::now();
    const std::string one_scenario =
        input_.scenarios.size() == 1 ? input_.scenarios.front().name : std::string();
    OutputDir directory(chosen_directory(context_), "campaign", one_scenario, now);
    if (const auto checked = directory.check(); !checked.has_value()) {
      return usage_error(context_, checked.error());
    }
    const Options& options = context_.options;
    if (options.database.has_value()) {
      const Result<void> usable = run::check_database(*options.database);
      if (!usable.has_value()) return usage_error(context_, usable.error().detail);
    }
    if (const auto made = directory.create(); !made.has_value()) {
      return tool_error(context_, made.error());
    }
    input_.options.database =
        options.database.value_or(fmt::format("{}/{}", directory.path(), kDatabaseName));
    // One that an earlier campaign left there is appended to; anything else stays.
    const Result<void> usable = run::check_database(input_.options.database);
    if (!usable.has_value()) return usage_error(context_, usable.error().detail);
    input_.options.started_utc = fmt::format(
        "{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    // Lists of seeds are no words of a command line: such a campaign is begun again, not resumed.
    if (input_.options.seeds_by_scenario.empty()) {
      input_.options.arguments = arguments_text(options, input_.options);
    }
    return run(directory);
  }

  /// Goes on with one.
  int resume(const StoredCall& call) {
    OutputDir directory(call.options.out, "campaign", "", std::chrono::system_clock::now());
    if (const auto made = directory.create(); !made.has_value()) {
      return usage_error(context_, made.error());
    }
    input_.options.database = call.database;
    input_.options.resumes = call.campaign.id;
    return run(directory);
  }

 private:
  int run(OutputDir& directory) {
    const Options& options = context_.options;
    input_.options.directory = directory.path();
    if (!options.has_no_shrink) input_.options.shrink_time = kShrinkTime;
    const run::RunSource source{.registry = &context_.registry, .scenarios = input_.scenarios};
    const Interrupts interrupts(Interrupts::First::kIsNoted);
    CampaignScreen screen(context_.console, interrupts,
                          {.program = shell_word(options.program),
                           .shown_directory = directory.shown_path(),
                           .is_quiet = options.is_quiet,
                           .color = options.color});
    run::CampaignSummary summary = run::run_campaign(source, input_.options, screen);
    screen.clear();
    show_paths(summary, directory);

    const int status = status_of_campaign(summary, interrupts);
    for (const auto& written :
         {write_files(context_, input_, summary, status, directory),
          write_report(options, context_, input_.options.database, directory)}) {
      if (!written.has_value()) return tool_error(context_, written.error());
    }
    if (options.is_json) {
      context_.console.out(campaign_json(summary, directory.path()));
    } else {
      context_.console.out(reports::campaign_summary(
          summary, summary_context_of(context_, directory, status), screen_options(context_)));
    }
    return status;
  }

  const Context& context_;
  CampaignInput& input_;
};

Context with_options(const Context& context, const Options& options) {
  return {.options = options,
          .settings = context.settings,
          .registry = context.registry,
          .console = context.console,
          .has_color = context.has_color};
}

int resume_campaign(const Context& context) {
  const auto call = read_stored_call(context.options, "--resume", *context.options.resume, true);
  if (!call.has_value()) return usage_error(context, call.error());
  auto input = read_campaign_input(call->options, context.settings, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());
  const run::RunSource source{.registry = &context.registry, .scenarios = input->scenarios};
  const Result<void> same = run::check_plans(call->database, call->campaign.id, source);
  if (!same.has_value()) return usage_error(context, "--resume: " + same.error().detail);
  const Context again = with_options(context, call->options);
  return CampaignCall(again, *input).resume(*call);
}

/// The failed seeds of the last campaign, as a new one.
int rerun_failures(const Context& context) {
  auto call = read_stored_call(context.options, "--rerun", *context.options.rerun, false);
  if (!call.has_value()) return usage_error(context, call.error());
  call->options.out = context.options.out;
  auto input = read_campaign_input(call->options, context.settings, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());
  const auto failed = run::failed_seeds(call->database, call->campaign.id);
  if (!failed.has_value()) return usage_error(context, "--rerun: " + failed.error().detail);
  if (failed->empty()) {
    context.console.complain(*context.options.rerun + " has no failed seed");
    return number(ExitStatus::kHeld);
  }
  for (const auto& [name, seeds] : *failed) {
    const auto found = std::ranges::find(input->scenarios, name, &run::Scenario::name);
    if (found != input->scenarios.end()) continue;
    return usage_error(context, "--rerun: the campaign ran " + name + ", which is not there now");
  }
  std::erase_if(input->scenarios,
                [&](const run::Scenario& scenario) { return !failed->contains(scenario.name); });
  for (const run::Scenario& scenario : input->scenarios) {
    input->options.seeds_by_scenario.push_back(failed->at(scenario.name));
  }
  const Context again = with_options(context, call->options);
  return CampaignCall(again, *input).start();
}

}  // namespace

int verb_campaign(const Context& context) {
  const Options& options = context.options;
  if (options.resume.has_value() && options.rerun.has_value()) {
    return usage_error(context, "--resume goes on with a campaign, --rerun begins one: not both");
  }
  if (options.junit.has_value()) {
    const Result<void> writable = run::check_writable(*options.junit, run::Wanted::kFile);
    if (!writable.has_value()) return usage_error(context, writable.error().detail);
  }
  if (const auto checked = check_report_place(options); !checked.has_value()) {
    return usage_error(context, checked.error());
  }
  if (options.resume.has_value()) return resume_campaign(context);
  if (options.rerun.has_value()) return rerun_failures(context);
  auto input = read_campaign_input(options, context.settings, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());
  return CampaignCall(context, *input).start();
}

}  // namespace millrace::command
