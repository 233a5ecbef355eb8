// `millrace merge`: the databases of several campaigns as one, and their sum.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "reports/campaign_summary.h"
#include "sim/command/json_output.h"
#include "sim/command/resume.h"
#include "sim/command/select.h"
#include "sim/command/verbs.h"
#include "sim/run/campaign_db.h"
#include "sim/run/merge.h"
#include "sim/run/repro.h"

namespace millrace::command {
namespace {

/// The builds that ran the campaigns, where one is another than this program: it may find what they
/// found no more, and several builds are no single campaign.
std::optional<std::string> foreign_builds(const std::vector<run::StoredCampaign>& campaigns) {
  const std::vector<std::string> builds = builds_of(campaigns);
  const std::string own = run::build_text(run::this_build());
  if (builds.empty() || builds == std::vector{own}) return std::nullopt;
  return fmt::format("the runs are of {}; this program is {}, and may find other things",
                     fmt::join(builds, " and of "), own);
}

}  // namespace

int verb_merge(const Context& context) {
  const Options& options = context.options;
  if (options.names.empty()) return usage_error(context, "merge needs databases of campaigns");
  if (!options.output.has_value()) {
    return usage_error(context, "merge needs a place for the new database: -o C.db");
  }
  std::vector<std::string> files;
  for (const std::string& name : options.names) files.push_back(database_path(name));
  const std::string& merged = *options.output;
  if (const Result<void> done = run::merge_databases(files, merged); !done.has_value()) {
    const bool is_input = done.error().code == Errc::kInvalid;
    return is_input ? usage_error(context, done.error().detail)
                    : tool_error(context, done.error().detail);
  }
  const auto names = run::scenarios_in(merged);
  if (!names.has_value()) return tool_error(context, names.error().detail);
  const run::RunSource source{.registry = &context.registry,
                              .scenarios = known_scenarios(*names, context.registry)};
  const auto summary = run::summary_of_database(merged, source);
  if (!summary.has_value()) return tool_error(context, summary.error().detail);

  const auto campaigns = run::stored_campaigns(merged);
  if (!campaigns.has_value()) return tool_error(context, campaigns.error().detail);
  if (const auto foreign = foreign_builds(*campaigns)) context.console.complain(*foreign);

  const int status = run::exit_status(*summary);
  if (options.is_json) {
    context.console.out(campaign_json(*summary, {.directory = "", .status = status}));
  } else {
    context.console.out(reports::campaign_summary(
        *summary, {.program = shell_word(options.program), .directory = merged, .status = status},
        screen_options(context)));
  }
  return status;
}

}  // namespace millrace::command
