#include "sim/command/campaign_pages.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <tuple>

#include "reports/campaign_page.h"
#include "reports/campaign_summary.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/resume.h"
#include "sim/command/run_once.h"
#include "sim/command/select.h"
#include "sim/run/campaign_db.h"
#include "sim/run/campaign_tally.h"
#include "sim/run/merge.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What a page says of a campaign as a whole, or of several.
struct Told {
  /// What `campaign --json` prints of it.
  std::string object;
  /// The summary as text.
  std::string text;
};

/// The runs of some campaigns.
struct StoredRuns {
  /// In the order in which they came, each seed of one build once.
  std::vector<reports::PageRun> runs;
  /// What was seen where one failed, by scenario and seed.
  std::map<std::pair<std::string, std::uint64_t>, std::string> seen;
};

std::string what_was_seen(const run::RunRecord& record) {
  if (record.violation.has_value()) return record.violation->seen;
  return record.breakdown.has_value() ? record.breakdown->what : std::string();
}

Result<StoredRuns> read_runs(const Context& context, const std::string& path,
                             std::span<const run::StoredCampaign> campaigns) {
  using RunKey = std::tuple<std::string, std::uint64_t, std::uint64_t, std::string>;
  StoredRuns stored;
  std::set<RunKey> known;
  for (const run::StoredCampaign& campaign : campaigns) {
    const std::string build = run::build_text(campaign.build);
    const auto add = [&](const run::RunRecord& record) {
      if (!known.insert({record.scenario, record.seed, record.plan, build}).second) return;
      stored.runs.push_back({.scenario = record.scenario,
                             .seed = record.seed,
                             .verdict = record.verdict,
                             .strategy = record.strategy,
                             .signature = std::string(record.signature()),
                             .events = record.events,
                             .virtual_ns = record.virtual_ns,
                             .wall_ns = record.wall_ns,
                             .digest = run::digest_of(record)});
      if (record.is_red()) stored.seen[{record.scenario, record.seed}] = what_was_seen(record);
    };
    TRY(run::each_stored_run(path, campaign.id, context.registry, add));
  }
  return stored;
}

// --- a campaign as it ended ---

bool has_all(const json& object, std::initializer_list<const char*> names, json::value_t type) {
  return object.is_object() && std::ranges::all_of(names, [&](const char* name) {
           const auto member = object.find(name);
           return member != object.end() && member->type() == type;
         });
}

/// The members that a page cannot do without.
bool is_campaign(const json& object) {
  using Type = json::value_t;
  const bool has_members =
      has_all(object,
              {"scenarios", "groups", "properties", "faults", "findings", "gone", "tool_errors",
               "inconclusive_reasons", "determinism_differences"},
              Type::array) &&
      has_all(object, {"build", "marks", "runs_with_mark", "situations", "canary"}, Type::object) &&
      has_all(object, {"seeds", "events", "virtual_ns", "status"}, Type::number_unsigned);
  return has_members &&
         std::ranges::all_of(object.at("groups"),
                             [](const json& group) {
                               return has_all(group, {"signature", "scenario"}, Type::string) &&
                                      has_all(group, {"cheapest_seed"}, Type::number_unsigned);
                             }) &&
         std::ranges::all_of(object.at("scenarios"), [](const json& scenario) {
           return has_all(scenario, {"name"}, Type::string);
         });
}

/// Whether a summary is of these runs: a folder may have that of another campaign, too.
bool is_summary_of(const json& object, const StoredRuns& stored) {
  std::uint64_t events = 0;
  std::uint64_t virtual_ns = 0;
  for (const reports::PageRun& run : stored.runs) {
    events += run.events;
    virtual_ns += static_cast<std::uint64_t>(run.virtual_ns);
  }
  return object.at("seeds") == stored.runs.size() && object.at("events") == events &&
         object.at("virtual_ns") == virtual_ns;
}

/// What the campaign that ran these said at its end; none where that is not in the folder.
std::optional<Told> told_in(const std::string& folder, const StoredRuns& stored) {
  auto object = read_file(folder + "/summary.json");
  if (!object.has_value()) return std::nullopt;
  const json parsed = json::parse(*object, nullptr, false);
  if (!is_campaign(parsed) || !is_summary_of(parsed, stored)) return std::nullopt;
  return Told{.object = *std::move(object),
              .text = read_file(folder + "/summary.txt").value_or("")};
}

// --- all of a database ---

Result<Told> add_up(const Context& context, const CampaignPageRequest& request,
                    std::span<const run::StoredCampaign> campaigns) {
  const std::vector<std::string> names = TRY(run::scenarios_in(request.database));
  const run::RunSource source{.registry = &context.registry,
                              .scenarios = known_scenarios(names, context.registry)};
  run::CampaignSummary summary = TRY(run::summary_of_database(request.database, source));
  if (!campaigns.empty()) {
    const std::vector<run::CampaignDb::Seen> before =
        TRY(run::seen_before(request.database, campaigns.back().id));
    for (run::FailureGroup& group : summary.groups) run::note_known(group, before);
  }
  const int status = run::exit_status(summary);
  return Told{.object = campaign_json(summary, {.directory = request.folder, .status = status}),
              .text = reports::campaign_summary(summary,
                                                {.program = shell_word(context.options.program),
                                                 .directory = request.folder,
                                                 .status = status},
                                                reports::ScreenOptions{})};
}

// --- the page ---

/// A path as a page at `page` has to name it.
std::string path_from(const std::string& page, const std::string& path) {
  std::error_code ignored;
  const fs::path from = fs::absolute(page, ignored).parent_path();
  return fs::absolute(path, ignored).lexically_relative(from).generic_string();
}

reports::PageGroup group_of(const Context& context, const CampaignPageRequest& request,
                            const StoredRuns& stored, const json& group) {
  const auto signature = group.at("signature").get<std::string>();
  reports::PageGroup more;
  const std::string repro = request.folder + "/failures/" + run::repro_file_name(signature);
  const std::string html = beside_repro(repro, ".html");
  std::error_code ignored;
  if (fs::exists(html, ignored)) more.page = path_from(request.page, html);
  if (fs::exists(repro, ignored)) {
    more.replay =
        fmt::format("{} replay {}", shell_word(context.options.program), shell_word(repro));
  }
  const auto* const property =
      context.registry.find_property(signature.substr(0, signature.find('/')));
  if (property != nullptr) more.claim = property->claim.sentence;
  const auto seen = stored.seen.find(
      {group.at("scenario").get<std::string>(), group.at("cheapest_seed").get<std::uint64_t>()});
  if (seen != stored.seen.end()) more.seen = seen->second;
  return more;
}

/// What one campaign was called with, as one types it; empty where nobody knows.
std::string command_of(const Context& context, const run::StoredCampaign& campaign) {
  const auto words = stored_words(campaign);
  if (!words.has_value()) return {};
  std::string command = shell_word(context.options.program) + " campaign";
  for (const std::string& word : *words) command += " " + shell_word(word);
  return command;
}

}  // namespace

Result<std::string> campaign_page(const Context& context, const CampaignPageRequest& request) {
  const std::vector<run::StoredCampaign> all = TRY(run::stored_campaigns(request.database));
  std::span<const run::StoredCampaign> shown(all);
  if (!all.empty()) shown = shown.last(1);
  StoredRuns stored = TRY(read_runs(context, request.database, shown));
  std::optional<Told> told = told_in(request.folder, stored);
  if (!told.has_value()) {
    if (all.size() > 1) {
      shown = all;
      stored = TRY(read_runs(context, request.database, shown));
    }
    told = TRY(add_up(context, request, shown));
  }
  reports::CampaignPage page{.registry = context.registry,
                             .campaign_json = told->object,
                             .program = shell_word(context.options.program),
                             .build_text = fmt::format("{}", fmt::join(builds_of(shown), "; ")),
                             .text = told->text};
  if (shown.size() == 1) {
    page.state = shown.front().state;
    page.started_utc = shown.front().started_utc;
    page.command = command_of(context, shown.front());
  }
  const json object = json::parse(told->object);
  for (const json& group : object.at("groups")) {
    page.groups.emplace(group.at("signature").get<std::string>(),
                        group_of(context, request, stored, group));
  }
  std::vector<std::string> names;
  for (const json& scenario : object.at("scenarios")) names.push_back(scenario.at("name"));
  for (const run::Scenario& scenario : known_scenarios(names, context.registry)) {
    page.stories.emplace(scenario.name, scenario.story);
  }
  page.runs = std::move(stored.runs);
  return reports::campaign_page_html(page);
}

}  // namespace millrace::command
