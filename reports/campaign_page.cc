#include "reports/campaign_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "reports/page_file.h"
#include "sim/kernel/meters.h"
#include "sim/run/signature.h"

namespace millrace::reports {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& object, const char* name, std::string_view text) {
  if (!text.empty()) object[name] = text;
}

/// Places of names in a list of objects, by one of their members.
std::map<std::string, int> places_in(const Json& list, const char* member) {
  std::map<std::string, int> places;
  for (const Json& one : list) {
    places.try_emplace(one.value(member, ""), static_cast<int>(places.size()));
  }
  return places;
}

int place_of(const std::map<std::string, int>& places, const std::string& name) {
  const auto found = places.find(name);
  return found == places.end() ? -1 : found->second;
}

class CampaignPageObject {
 public:
  explicit CampaignPageObject(const CampaignPage& page)
      : page_(page), object_(Json::parse(page.campaign_json)) {}

  Json make() {
    Json object{{"page", "campaign"}};
    object.update(object_);
    object["program"] = page_.program;
    put(object["build"], "text", page_.build_text);
    put(object, "state", page_.state);
    put(object, "started_utc", page_.started_utc);
    put(object, "command", page_.command);
    put(object, "text", page_.text);
    for (Json& group : object["groups"]) add_to_group(group);
    for (Json& scenario : object["scenarios"]) add_to_scenario(scenario);
    for (Json& fault : object["faults"]) add_to_fault(fault);
    for (Json& property : object["properties"]) add_to_property(property);
    object["strategies"] = strategies_json();
    object["runs"] = runs_json();
    object["runs_left_out"] = left_out_;
    return object;
  }

 private:
  void add_to_group(Json& group) const {
    const auto more = page_.groups.find(group.value("signature", ""));
    if (more == page_.groups.end()) return;
    put(group, "page", more->second.page);
    put(group, "claim", more->second.claim);
    put(group, "seen", more->second.seen);
    put(group, "replay", more->second.replay);
  }

  void add_to_scenario(Json& scenario) const {
    const auto story = page_.stories.find(scenario.value("name", ""));
    if (story != page_.stories.end()) put(scenario, "story", story->second);
  }

  static void add_to_fault(Json& fault) {
    const std::string name = fault.value("kind", "");
    for (const sim::FaultKindInfo& info : sim::fault_kinds()) {
      if (info.name == name) fault["text"] = info.about;
    }
  }

  void add_to_property(Json& property) const {
    const auto* const known = page_.registry.find_property(property.value("id", ""));
    if (known != nullptr) property["claim"] = known->claim.sentence;
  }

  /// What each strategy ran, and what it found.
  Json strategies_json() {
    struct Strategy {
      std::uint64_t seeds = 0;
      std::uint64_t failed = 0;
      std::int64_t wall_ns = 0;
      std::set<std::string> groups;
      std::set<std::uint64_t> digests;
    };
    std::map<std::string, Strategy> all;
    for (const PageRun& run : page_.runs) {
      Strategy& strategy = all[run.strategy];
      ++strategy.seeds;
      strategy.wall_ns += run.wall_ns;
      strategy.digests.insert(run.digest);
      if (run.signature.empty()) continue;
      ++strategy.failed;
      strategy.groups.insert(run::short_group_key(run.signature));
    }
    Json list = Json::array();
    for (const auto& [name, strategy] : all) {
      strategies_.emplace(name, static_cast<int>(list.size()));
      list.push_back({{"name", name},
                      {"seeds", strategy.seeds},
                      {"failed", strategy.failed},
                      {"groups", strategy.groups},
                      {"digests", strategy.digests.size()},
                      {"wall_ns", strategy.wall_ns}});
    }
    return list;
  }

  Json runs_json() {
    const std::map<std::string, int> scenarios = places_in(object_["scenarios"], "name");
    const std::map<std::string, int> groups = places_in(object_["groups"], "signature");
    Json to = Json::object();
    for (const char* const name : {"scenario", "seed", "verdict", "strategy", "group", "events",
                                   "virtual_ns", "wall_ns", "digest"}) {
      to[name] = Json::array();
    }
    std::map<std::uint64_t, int> digests;
    const std::size_t every = page_.runs.size() / kPageRunsMax + 1;
    for (std::size_t i = 0; i < page_.runs.size(); ++i) {
      const PageRun& run = page_.runs[i];
      const auto digest = digests.try_emplace(run.digest, static_cast<int>(digests.size())).first;
      if (run.verdict == run::Verdict::kPass && i % every != 0) {
        ++left_out_;
        continue;
      }
      to["scenario"].push_back(place_of(scenarios, run.scenario));
      to["seed"].push_back(run.seed);
      to["verdict"].push_back(static_cast<int>(run.verdict));
      to["strategy"].push_back(place_of(strategies_, run.strategy));
      to["group"].push_back(place_of(groups, run.signature));
      to["events"].push_back(run.events);
      to["virtual_ns"].push_back(run.virtual_ns);
      to["wall_ns"].push_back(run.wall_ns);
      to["digest"].push_back(digest->second);
    }
    return to;
  }

  const CampaignPage& page_;
  Json object_;
  std::map<std::string, int> strategies_;
  std::uint64_t left_out_ = 0;
};

}  // namespace

std::string campaign_page_json(const CampaignPage& page) {
  return CampaignPageObject(page).make().dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string campaign_page_html(const CampaignPage& page) {
  return page_with("campaign.html", campaign_page_json(page));
}

}  // namespace millrace::reports
