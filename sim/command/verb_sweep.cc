// `millrace sweep crash`: one plan for each way in which a server can lose its power.

#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "sim/command/campaign_call.h"
#include "sim/command/campaign_options.h"
#include "sim/command/output_dir.h"
#include "sim/command/resume.h"
#include "sim/command/run_pages.h"
#include "sim/command/scenario_values.h"
#include "sim/command/seeds.h"
#include "sim/command/verbs.h"
#include "sim/run/crash_sweep.h"
#include "sim/run/draw_plan.h"
#include "sim/run/worker.h"

namespace millrace::command {
namespace {

using Mistakes = std::vector<std::string>;

struct SweepInput {
  CampaignInput campaign;
  std::uint64_t seed = 1;
};

std::expected<SweepInput, Mistakes> read_input(const Context& context) {
  const std::vector<std::string>& names = context.options.names;
  if (names.empty()) return std::unexpected(Mistakes{"sweep needs what is swept: crash SCENARIO"});
  if (names.front() != "crash") {
    return std::unexpected(Mistakes{unknown_name("sweep", names.front(), {"crash"})});
  }
  if (names.size() != 2) return std::unexpected(Mistakes{"sweep crash takes one scenario"});
  Mistakes mistakes;
  SweepInput input;
  const Parsed<std::uint64_t> seed = parse_seed(context.options.seed.value_or("1"));
  if (seed.has_value()) {
    input.seed = *seed;
  } else {
    mistakes.push_back("--seed: " + seed.error());
  }
  // Power losses are the only faults: the others are what campaigns draw.
  Options options = context.options;
  options.names = {names.back()};
  options.overrides.faults = "none";
  auto campaign = read_campaign_input(options, context.settings, context.registry);
  if (!campaign.has_value()) {
    mistakes.insert(mistakes.end(), campaign.error().begin(), campaign.error().end());
  } else if (campaign->scenarios.size() != 1) {
    mistakes.push_back(fmt::format("'{}' means {} scenarios, one is expected", names.back(),
                                   campaign->scenarios.size()));
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  input.campaign = *std::move(campaign);
  return input;
}

/// Runs the plan without a crash, and lists the plans with one.
Result<run::CrashSweep> enumerate(const run::RunSource& source, const SweepInput& input) {
  const run::RunReply base = run::run_alone(
      source, {.scenario = 0, .seed = input.seed, .crash_points = run::CrashPointsKept::kAll},
      input.campaign.options.worker);
  if (base.tool_error.has_value()) return fail(Errc::kIo, *base.tool_error);
  return run::CrashSweep::make(
      run::draw_plan(*source.registry, source.scenarios.front(), input.seed), base.record,
      {.shard = input.campaign.options.shard, .shard_count = input.campaign.options.shard_count});
}

}  // namespace

int verb_sweep(const Context& context) {
  if (const auto checked = check_places_of_files(context.options); !checked.has_value()) {
    return usage_error(context, checked.error());
  }
  auto input = read_input(context);
  if (!input.has_value()) return usage_error(context, input.error());
  const std::vector<run::Scenario>& scenarios = input->campaign.scenarios;
  const auto now = std::chrono::system_clock::now();
  OutputDir directory(chosen_directory(context), "sweep", scenarios.front().name, now);
  if (const auto checked = directory.check(); !checked.has_value()) {
    return usage_error(context, checked.error());
  }
  const run::RunSource source{.registry = &context.registry, .scenarios = scenarios};
  Result<run::CrashSweep> sweep = enumerate(source, *input);
  if (!sweep.has_value() && sweep.error().code == Errc::kInvalid) {
    return usage_error(context, sweep.error().detail);
  }
  if (!sweep.has_value()) return tool_error(context, sweep.error().detail);
  if (const auto made = directory.create(); !made.has_value()) {
    return tool_error(context, made.error());
  }
  run::CampaignOptions& options = input->campaign.options;
  options.plans = &*sweep;
  options.database = fmt::format("{}/{}", directory.path(), kDatabaseName);
  // One that an earlier sweep left there is appended to; anything else stays.
  if (const auto usable = check_place_of_runs(options.database); !usable.has_value()) {
    return usage_error(context, usable.error());
  }
  options.started_utc =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  return run_campaign_in(context, input->campaign, directory);
}

}  // namespace millrace::command
