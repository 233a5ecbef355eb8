// `millrace campaign`: many seeds of some scenarios, and what they say together.

#include <algorithm>
#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "sim/command/campaign_call.h"
#include "sim/command/campaign_options.h"
#include "sim/command/output_dir.h"
#include "sim/command/resume.h"
#include "sim/command/run_pages.h"
#include "sim/command/verbs.h"
#include "sim/run/campaign_db.h"

namespace millrace::command {
namespace {

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
      const auto usable = check_place_of_runs(*options.database);
      if (!usable.has_value()) return usage_error(context_, usable.error());
    }
    if (const auto made = directory.create(); !made.has_value()) {
      return tool_error(context_, made.error());
    }
    input_.options.database =
        options.database.value_or(fmt::format("{}/{}", directory.path(), kDatabaseName));
    // One that an earlier campaign left there is appended to; anything else stays.
    if (!options.database.has_value()) {
      const auto usable = check_place_of_runs(input_.options.database);
      if (!usable.has_value()) return usage_error(context_, usable.error());
    }
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
  int run(OutputDir& directory) { return run_campaign_in(context_, input_, directory); }

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
  if (const auto checked = check_places_of_files(options); !checked.has_value()) {
    return usage_error(context, checked.error());
  }
  if (options.resume.has_value()) return resume_campaign(context);
  if (options.rerun.has_value()) return rerun_failures(context);
  auto input = read_campaign_input(options, context.settings, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());
  return CampaignCall(context, *input).start();
}

}  // namespace millrace::command
