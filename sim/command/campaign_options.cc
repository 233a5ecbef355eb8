#include "sim/command/campaign_options.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "sim/command/cpu_count.h"
#include "sim/command/overrides.h"
#include "sim/command/seeds.h"
#include "sim/command/select.h"

namespace millrace::command {
namespace {

constexpr std::uint64_t kJobsMax = 4'096;

using Mistakes = std::vector<std::string>;

/// Takes a value, or its mistake.
template <typename T>
T take(const Parsed<T>& parsed, std::string_view what, Mistakes& mistakes) {
  if (parsed.has_value()) return *parsed;
  mistakes.push_back(what.empty() ? parsed.error() : fmt::format("{}: {}", what, parsed.error()));
  return T{};
}

void read_seeds(const Options& options, const Settings& settings, run::CampaignOptions& campaign,
                Mistakes& mistakes) {
  SeedChoice choice;
  if (options.seeds.has_value()) {
    choice = take(parse_seeds(*options.seeds), "--seeds", mistakes);
  } else if (options.wall_time.has_value()) {
    choice.count = kSeedMax;  // The time is the only bound.
  } else if (settings.seeds.has_value()) {
    choice = take(parse_seeds(*settings.seeds), "seeds in millrace.toml", mistakes);
  }
  if (options.from.has_value()) {
    if (choice.has_first && options.seeds.has_value()) {
      mistakes.emplace_back("--from: --seeds names the seeds already; give it a number of seeds");
    }
    choice.chosen.clear();
    choice.first = take(parse_seed(*options.from), "--from", mistakes);
  }
  campaign.seed_first = choice.first;
  campaign.seeds_chosen = choice.chosen;
  const std::uint64_t room = kSeedMax - choice.first + 1;
  if (choice.count > room && !options.wall_time.has_value()) {
    mistakes.push_back(fmt::format("there are no {} seeds from {} on", choice.count, choice.first));
  }
  campaign.seeds = std::min(choice.count, room);
}

}  // namespace

std::expected<std::uint32_t, std::string> read_jobs(const Options& options,
                                                    const Settings& settings) {
  const auto& jobs = options.jobs.has_value() ? options.jobs : settings.jobs;
  if (!jobs.has_value()) return cpu_count();
  const std::string_view what = options.jobs.has_value() ? "--jobs" : "jobs of the settings";
  const Parsed<std::uint64_t> count = parse_count(what, *jobs, kJobsMax);
  if (!count.has_value()) return std::unexpected(count.error());
  return static_cast<std::uint32_t>(*count);
}

std::expected<CampaignInput, std::vector<std::string>> read_campaign_input(
    const Options& options, const Settings& settings, const run::Registry& registry) {
  CampaignInput input;
  Mistakes mistakes;
  read_seeds(options, settings, input.options, mistakes);
  if (options.wall_time.has_value()) {
    input.options.wall_time = take(parse_wall_time(*options.wall_time), "--for", mistakes);
  }
  input.options.jobs = take(read_jobs(options, settings), "", mistakes);
  if (options.shard.has_value()) {
    const Shard shard = take(parse_shard(*options.shard), "--shard", mistakes);
    input.options.shard = shard.index;
    input.options.shard_count = shard.count;
  }
  if (options.max_failures.has_value()) {
    input.options.failures_max =
        take(parse_count("--max-failures", *options.max_failures, kSeedMax), "", mistakes);
  }
  auto scenarios = select_scenarios(options.names, registry);
  if (scenarios.has_value()) {
    for (run::Scenario& scenario : *scenarios) {
      const auto changed = override_scenario(options.overrides, registry, scenario);
      if (changed.has_value()) continue;
      // A mistake in a flag is the same for every scenario.
      for (const std::string& mistake : changed.error()) {
        if (std::ranges::find(mistakes, mistake) == mistakes.end()) mistakes.push_back(mistake);
      }
    }
  } else {
    mistakes.insert(mistakes.end(), scenarios.error().begin(), scenarios.error().end());
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  input.scenarios = *std::move(scenarios);
  return input;
}

}  // namespace millrace::command
