#include "sim/command/select.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>
#include <set>

#include "sim/command/scenario_file.h"
#include "sim/command/scenario_values.h"

namespace millrace::command {
namespace {

using run::Registry;
using run::Scenario;
using run::ScenarioSource;

class Selection {
 public:
  explicit Selection(const Registry& registry) : registry_(registry) {}

  void add(const std::string& name) {
    if (name.starts_with('@')) {
      add_tag(name.substr(1));
    } else if (name.find_first_of("*?[") != std::string::npos) {
      add_pattern(name);
    } else if (const auto source = find_scenario(name, registry_)) {
      add_source(*source);
    } else {
      errors_.push_back(name.find('/') == std::string::npos && !name.ends_with(".toml")
                            ? source.error().what
                            : to_text(source.error()));
    }
  }

  std::expected<std::vector<Scenario>, std::vector<std::string>> result() {
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    return std::move(scenarios_);
  }

 private:
  void add_tag(const std::string& tag) {
    std::vector<std::string> tags;
    const std::size_t before = scenarios_.size() + known_.size() + errors_.size();
    for (const ScenarioSource& source : registry_.scenario_sources()) {
      ScenarioResult loaded = load_scenario(source, registry_);
      if (!loaded.has_value()) {
        // Its tags are unknown, so it may be meant.
        add_errors(loaded.error());
        continue;
      }
      for (const std::string& one : loaded->tags) tags.push_back("@" + one);
      if (std::ranges::find(loaded->tags, tag) != loaded->tags.end()) take(source, *loaded);
    }
    if (scenarios_.size() + known_.size() + errors_.size() > before) return;
    if (std::ranges::find(tags, "@" + tag) != tags.end()) return;
    std::ranges::sort(tags);
    const auto repeated = std::ranges::unique(tags);
    tags.erase(repeated.begin(), repeated.end());
    errors_.push_back(unknown_name("tag", "@" + tag, tags));
  }

  void add_pattern(const std::string& pattern) {
    bool is_met = false;
    for (const ScenarioSource& source : registry_.scenario_sources()) {
      if (fnmatch(pattern.c_str(), source.name.c_str(), 0) != 0) continue;
      is_met = true;
      add_source(source);
    }
    if (is_met) return;
    errors_.push_back(fmt::format("no scenario matches '{}'; there are {}", pattern,
                                  fmt::join(scenario_names(registry_), ", ")));
  }

  void add_source(const ScenarioSource& source) {
    if (known_.contains({source.path, source.name})) return;
    ScenarioResult loaded = load_scenario(source, registry_);
    if (loaded.has_value()) {
      take(source, *loaded);
    } else {
      add_errors(loaded.error());
    }
  }

  void take(const ScenarioSource& source, const Scenario& scenario) {
    if (known_.insert({source.path, source.name}).second) scenarios_.push_back(scenario);
  }

  void add_errors(const std::vector<FileError>& errors) {
    for (const FileError& error : errors) errors_.push_back(to_text(error));
  }

  const Registry& registry_;
  std::set<std::pair<std::string, std::string>> known_;  // Path and name.
  std::vector<Scenario> scenarios_;
  std::vector<std::string> errors_;
};

}  // namespace

std::expected<std::vector<Scenario>, std::vector<std::string>> select_scenarios(
    const std::vector<std::string>& names, const Registry& registry) {
  if (!registry.scenario_errors().empty()) return std::unexpected(registry.scenario_errors());
  Selection selection(registry);
  for (const std::string& name : names) selection.add(name);
  if (names.empty()) selection.add(std::string(kDefaultTag));
  return selection.result();
}

std::vector<Scenario> known_scenarios(const std::vector<std::string>& names,
                                      const Registry& registry) {
  const std::vector<std::string> known = scenario_names(registry);
  std::vector<Scenario> scenarios;
  for (const std::string& name : names) {
    Scenario scenario;
    scenario.name = name;
    if (std::ranges::find(known, name) != known.end()) {
      auto found = select_scenarios({name}, registry);
      if (found.has_value() && found->size() == 1) scenario = std::move(found->front());
    }
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

}  // namespace millrace::command
