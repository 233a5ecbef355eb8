#pragma once

// The page of a campaign: verdicts, groups of failures with links to their pages, properties with
// their evaluated counts, effects of faults, marks, strategies and what each found, and the runs
// over time. Its object is that of `campaign --json` with more beside it (docs/formats/report.md).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/registry.h"
#include "sim/run/run_record.h"

namespace millrace::reports {

/// Runs that a page shows one by one: of more, those that passed are thinned out.
inline constexpr std::size_t kPageRunsMax = 20'000;

/// A run, as a database keeps it.
struct PageRun {
  std::string scenario;
  std::uint64_t seed = 0;
  run::Verdict verdict = run::Verdict::kPass;
  std::string strategy;
  std::string signature;
  std::uint64_t events = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;
  std::uint64_t digest = 0;  ///< run::digest_of().
};

/// What the page says of a group beyond the campaign's object; empty texts are left out.
struct PageGroup {
  std::string page = {};  ///< Path of the failure's page, from the campaign's.
  std::string claim = {};
  std::string seen = {};    ///< Of the cheapest failure, as it was found.
  std::string replay = {};  ///< Command.
};

struct CampaignPage {
  const run::Registry& registry;
  /// What `campaign --json` prints of it.
  std::string_view campaign_json;
  std::string program = {};
  /// The build that ran it.
  std::string build_text = {};
  /// Of its row in the database; empty where the page is of several, or where nobody knows.
  std::string state = {};
  std::string started_utc = {};
  /// What it was called with, as one types it.
  std::string command = {};
  /// The summary as text.
  std::string text = {};
  std::vector<PageRun> runs = {};  ///< In the order in which they came to their ends.
  std::map<std::string, PageGroup, std::less<>> groups = {};     ///< By signature.
  std::map<std::string, std::string, std::less<>> stories = {};  ///< By scenario.
};

/// The object of the page. `campaign_json` is an object of that form (checked by the caller).
std::string campaign_page_json(const CampaignPage& page);
/// The page.
std::string campaign_page_html(const CampaignPage& page);

}  // namespace millrace::reports
