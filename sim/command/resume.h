#pragma once

// Going on with a campaign that was stopped, and running its failures again: what the command line
// of the first call asked for is kept in the campaign's database.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/campaign_options.h"
#include "sim/command/options.h"
#include "sim/run/campaign_db.h"

namespace millrace::command {

/// A campaign's database, in the folder that it writes to.
inline constexpr std::string_view kDatabaseName = "campaign.db";

/// The database that is meant by the folder of a campaign, or by the name of the database itself.
std::string database_path(const std::string& name);

/// The words that ask for the same scenarios, seeds and bounds once more, as a JSON array: for the
/// database. Paths are absolute, and what the settings said is spelt out.
std::string arguments_text(const Options& options, const run::CampaignOptions& campaign);

/// The words that arguments_text() wrote for a campaign; none where it says nothing, or no array of
/// texts.
std::optional<std::vector<std::string>> stored_words(const run::StoredCampaign& campaign);

/// The builds that ran these campaigns, each once, in the order in which they came.
std::vector<std::string> builds_of(std::span<const run::StoredCampaign> campaigns);

/// A campaign of a database, and what it was asked for.
struct StoredCall {
  Options options;
  std::string database;
  run::StoredCampaign campaign;
};

/// The last campaign of a folder's campaign.db, or of a database file. `flag` names the flag for
/// messages; other flags of `options` that choose what runs are refused beside it. The result takes
/// its --jobs, --json, --quiet and the like.
/// Errors: every mistake; a campaign of another build, where `needs_same_build`.
std::expected<StoredCall, std::vector<std::string>> read_stored_call(const Options& options,
                                                                     const std::string& flag,
                                                                     const std::string& path,
                                                                     bool needs_same_build);

}  // namespace millrace::command
