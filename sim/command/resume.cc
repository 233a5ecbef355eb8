#include "sim/command/resume.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "sim/run/campaign_schema.h"
#include "sim/run/repro.h"

namespace millrace::command {
namespace {

using Mistakes = std::vector<std::string>;

/// A path means the same from any folder; a name stays.
std::string from_anywhere(const std::string& name) {
  const bool is_path = name.find('/') != std::string::npos || name.ends_with(".toml");
  std::error_code unknown;
  const std::filesystem::path whole = std::filesystem::absolute(name, unknown);
  return is_path && !unknown ? whole.lexically_normal().string() : name;
}

/// Flags that choose what runs: the stored campaign has chosen.
Mistakes refused_flags(const Options& options, const std::string& flag) {
  const std::pair<bool, std::string_view> given[] = {
      {!options.names.empty(), "scenarios"},
      {options.seeds.has_value(), "--seeds"},
      {options.from.has_value(), "--from"},
      {options.wall_time.has_value(), "--for"},
      {options.shard.has_value(), "--shard"},
      {options.max_failures.has_value(), "--max-failures"},
      {options.database.has_value(), "--db"},
      {options.out.has_value() && flag == "--resume", "--out"},
      {!options.overrides.sets.empty(), "--set"},
      {options.overrides.faults.has_value(), "--faults"},
      {options.overrides.strategy.has_value(), "--strategy"}};
  Mistakes mistakes;
  for (const auto& [is_given, name] : given) {
    if (!is_given) continue;
    mistakes.push_back(
        fmt::format("{}: the campaign that is there says what runs; leave out {}", flag, name));
  }
  return mistakes;
}

}  // namespace

std::string database_path(const std::string& name) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(name, ignored)) return name;
  return fmt::format("{}/{}", name, kDatabaseName);
}

std::vector<std::string> builds_of(std::span<const run::StoredCampaign> campaigns) {
  std::vector<std::string> builds;
  for (const run::StoredCampaign& campaign : campaigns) {
    const std::string build = run::build_text(campaign.build);
    if (std::ranges::find(builds, build) == builds.end()) builds.push_back(build);
  }
  return builds;
}

std::optional<std::vector<std::string>> stored_words(const run::StoredCampaign& campaign) {
  const nlohmann::json parsed = nlohmann::json::parse(campaign.arguments, nullptr, false);
  if (!parsed.is_array()) return std::nullopt;
  std::vector<std::string> words;
  for (const nlohmann::json& word : parsed) {
    if (!word.is_string()) return std::nullopt;
    words.push_back(word.get<std::string>());
  }
  return words;
}

std::string arguments_text(const Options& options, const run::CampaignOptions& campaign) {
  std::vector<std::string> words;
  const auto add = [&](const std::string& flag, const std::optional<std::string>& value) {
    if (!value.has_value()) return;
    words.push_back(flag);
    words.push_back(*value);
  };
  for (const std::string& name : options.names) words.push_back(from_anywhere(name));
  if (!campaign.seeds_chosen.empty()) {
    add("--seeds", fmt::format("{}", fmt::join(campaign.seeds_chosen, ",")));
  } else if (options.wall_time.has_value() && !options.seeds.has_value()) {
    add("--from", std::to_string(campaign.seed_first));
  } else {
    add("--seeds",
        fmt::format("{}..{}", campaign.seed_first, campaign.seed_first + campaign.seeds - 1));
  }
  add("--for", options.wall_time);
  add("--shard", options.shard);
  add("--max-failures", options.max_failures);
  const std::vector<std::string> overrides = command_words(options.overrides);
  words.insert(words.end(), overrides.begin(), overrides.end());
  if (options.has_no_shrink) words.emplace_back("--no-shrink");
  return nlohmann::json(words).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::expected<StoredCall, std::vector<std::string>> read_stored_call(const Options& options,
                                                                     const std::string& flag,
                                                                     const std::string& path,
                                                                     bool needs_same_build) {
  Mistakes mistakes = refused_flags(options, flag);
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  StoredCall call;
  call.database = database_path(path);
  const auto mistake = [&](const std::string& what) {
    return std::unexpected(Mistakes{fmt::format("{}: {}", flag, what)});
  };
  Result<void> usable = run::check_stored_database(call.database);
  if (usable.has_value()) usable = run::check_whole(call.database);
  if (!usable.has_value()) return mistake(usable.error().detail);
  const auto stored = run::stored_campaigns(call.database);
  if (!stored.has_value()) return mistake(stored.error().detail);
  if (stored->empty()) return mistake(call.database + " has no campaign");
  call.campaign = stored->back();
  if (call.campaign.arguments.empty()) {
    return mistake(call.database + " does not say what its last campaign was asked for");
  }
  if (needs_same_build && call.campaign.build != run::this_build()) {
    return mistake(fmt::format("{} is of {}, and this is {}: their seeds do not add up",
                               call.database, run::build_text(call.campaign.build),
                               run::build_text(run::this_build())));
  }
  auto words = stored_words(call.campaign);
  if (!words.has_value()) return mistake(call.database + ": its arguments are damaged");
  words->insert(words->begin(), "campaign");
  auto parsed = parse_command_line(options.program, *words);
  if (!parsed.has_value()) return mistake(call.database + ": " + parsed.error().err);
  call.options = *std::move(parsed);
  call.options.is_json = options.is_json;
  call.options.is_quiet = options.is_quiet;
  call.options.is_verbose = options.is_verbose;
  call.options.color = options.color;
  call.options.jobs = options.jobs;
  call.options.junit = options.junit;
  call.options.report = options.report;
  call.options.has_no_shrink = call.options.has_no_shrink || options.has_no_shrink;
  const bool is_folder = call.database != path;
  call.options.out = is_folder ? path : call.campaign.directory;
  return call;
}

}  // namespace millrace::command
