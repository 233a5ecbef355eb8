#include "sim/command/campaign_pages.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/campaign_summary.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/run_once.h"
#include "sim/command/scenario_values.h"
#include "sim/command/select.h"
#include "sim/run/campaign_db.h"
#include "sim/run/merge.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The members that a page cannot do without.
bool is_campaign(const json& object) {
  if (!object.is_object()) return false;
  const bool has_lists = std::ranges::all_of(
      std::array{"scenarios", "groups", "properties", "faults"},
      [&](const char* name) { return object.contains(name) && object.at(name).is_array(); });
  return has_lists && object.contains("build") && object.at("build").is_object();
}

/// What a campaign said at its end; empty where it did not come so far.
std::string summary_beside(const std::string& folder) {
  auto text = read_file(folder + "/summary.json");
  if (!text.has_value()) return {};
  return is_campaign(json::parse(*text, nullptr, false)) ? *text : std::string();
}

/// A path as a page at `page` has to name it.
std::string href_of(const std::string& path, const std::string& page) {
  std::error_code ignored;
  const fs::path from = fs::absolute(page, ignored).parent_path();
  return fs::absolute(path, ignored).lexically_relative(from).generic_string();
}

void add_groups(const Context& context, const CampaignPageRequest& request,
                const std::string& campaign, reports::CampaignPage& page) {
  const json object = json::parse(campaign, nullptr, false);
  std::error_code ignored;
  for (const json& group : object.at("groups")) {
    if (!group.contains("signature") || !group.at("signature").is_string()) continue;
    const auto signature = group.at("signature").get<std::string>();
    reports::PageGroup more;
    const std::string repro = request.folder + "/failures/" + run::repro_file_name(signature);
    const std::string html = beside_repro(repro, ".html");
    if (fs::exists(html, ignored)) more.page = href_of(html, request.page);
    if (fs::exists(repro, ignored)) {
      more.replay = fmt::format("{} replay {}", page.program, shell_word(repro));
    }
    const auto* const property =
        context.registry.find_property(signature.substr(0, signature.find('/')));
    if (property != nullptr) more.claim = property->claim.sentence;
    page.groups.emplace(signature, std::move(more));
  }
}

Result<void> add_runs(const Context& context, const CampaignPageRequest& request,
                      reports::CampaignPage& page) {
  const std::vector<run::StoredCampaign> campaigns = TRY(run::stored_campaigns(request.database));
  for (const run::StoredCampaign& campaign : campaigns) {
    const auto add = [&](const run::RunRecord& record) {
      page.runs.push_back({.scenario = record.scenario,
                           .seed = record.seed,
                           .verdict = record.verdict,
                           .strategy = record.strategy,
                           .signature = std::string(record.signature()),
                           .events = record.events,
                           .virtual_ns = record.virtual_ns,
                           .wall_ns = record.wall_ns,
                           .digest = run::digest_of(record)});
    };
    TRY(run::each_stored_run(request.database, campaign.id, context.registry, add));
    page.state = campaign.state;
    page.started_utc = campaign.started_utc;
    page.arguments = campaign.arguments;
    page.build_text = run::build_text(campaign.build);
  }
  return {};
}

}  // namespace

std::vector<run::Scenario> known_scenarios(const std::vector<std::string>& names,
                                           const run::Registry& registry) {
  const std::vector<std::string> known = scenario_names(registry);
  std::vector<run::Scenario> scenarios;
  for (const std::string& name : names) {
    run::Scenario scenario;
    scenario.name = name;
    if (std::ranges::find(known, name) != known.end()) {
      auto found = select_scenarios({name}, registry);
      if (found.has_value() && found->size() == 1) scenario = std::move(found->front());
    }
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

Result<std::string> campaign_page(const Context& context, const CampaignPageRequest& request) {
  const std::vector<std::string> names = TRY(run::scenarios_in(request.database));
  const run::RunSource source{.registry = &context.registry,
                              .scenarios = known_scenarios(names, context.registry)};
  const run::CampaignSummary summary = TRY(run::summary_of_database(request.database, source));
  std::string campaign = summary_beside(request.folder);
  if (campaign.empty()) campaign = campaign_json(summary, request.folder);

  const int status = run::exit_status(summary);
  const std::string program = shell_word(context.options.program);
  reports::CampaignPage page{.registry = context.registry,
                             .campaign_json = campaign,
                             .program = program,
                             .status = status};
  page.text = reports::campaign_summary(
      summary, {.program = program, .directory = request.folder, .status = status},
      reports::ScreenOptions{});
  for (const run::Scenario& scenario : source.scenarios) {
    page.stories.emplace(scenario.name, scenario.story);
  }
  TRY(add_runs(context, request, page));
  add_groups(context, request, campaign, page);
  return reports::campaign_page_html(page);
}

}  // namespace millrace::command
