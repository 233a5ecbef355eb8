#pragma once

// What `campaign` is asked for, checked: scenarios with their overrides, seeds, workers and bounds.

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "sim/command/options.h"
#include "sim/command/settings.h"
#include "sim/run/campaign.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::command {

struct CampaignInput {
  std::vector<run::Scenario> scenarios;
  /// All but `database` and `directory`, which are known once something is written.
  run::CampaignOptions options;
};

/// Workers: what --jobs says, else the settings, else the CPUs there are.
std::expected<std::uint32_t, std::string> read_jobs(const Options& options,
                                                    const Settings& settings);

/// Reads the scenarios, --seeds, --from, --for, --jobs, --shard, --max-failures and the overrides,
/// and from the settings `seeds` and `jobs`. Errors: every mistake.
std::expected<CampaignInput, std::vector<std::string>> read_campaign_input(
    const Options& options, const Settings& settings, const run::Registry& registry);

}  // namespace millrace::command
