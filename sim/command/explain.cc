#include "sim/command/explain.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/text.h"
#include "sim/command/scenario_file.h"
#include "sim/command/scenario_values.h"
#include "sim/kernel/meters.h"

namespace millrace::command {
namespace {

using run::Registry;
using run::Scenario;

constexpr std::size_t kLineMax = 100;

/// The library's scenarios that can be read.
std::vector<Scenario> all_scenarios(const Registry& registry) {
  std::vector<Scenario> scenarios;
  for (const run::ScenarioSource& source : registry.scenario_sources()) {
    ScenarioResult loaded = load_scenario(source, registry);
    if (loaded.has_value()) scenarios.push_back(*std::move(loaded));
  }
  return scenarios;
}

/// Names of the scenarios for which `holds` is true.
template <typename Holds>
std::vector<std::string> scenarios_where(const Registry& registry, const Holds& holds) {
  std::vector<std::string> names;
  for (const Scenario& scenario : all_scenarios(registry)) {
    if (holds(scenario)) names.push_back(scenario.name);
  }
  return names;
}

/// A title and, on one long line, its sentences.
std::string paragraph(std::string_view title, std::vector<std::string> sentences) {
  std::erase(sentences, std::string());
  return fmt::format("{}\n{}", title, fmt::join(sentences, " "));
}

/// A paragraph for a terminal.
std::string wrapped(std::string_view paragraph, std::size_t columns) {
  const std::size_t title_end = paragraph.find('\n');
  std::string text(paragraph.substr(0, title_end + 1));
  for (const std::string& line :
       reports::wrapped_whole(paragraph.substr(title_end + 1), columns - 2)) {
    text += "  " + line + "\n";
  }
  return text;
}

std::string explain_property(const run::PropertyType& property, const Registry& registry) {
  const run::Claim& claim = property.claim;
  std::vector<std::string> seen;
  for (const auto& subscription : property.sees) seen.emplace_back(subscription.type->name);
  std::vector<std::string> text{std::string(claim.sentence)};
  text.push_back(fmt::format("It sees the records {}; its failures are of the class {}.",
                             fmt::join(seen, ", "), fmt::join(property.classes, ", ")));
  for (const run::Assumption need : property.needs) {
    text.push_back(fmt::format("It is not judged in a run that breaks the assumption {}.",
                               sim::to_text(need)));
  }
  const auto skipped = scenarios_where(registry, [&](const Scenario& scenario) {
    return std::ranges::find(scenario.skips, claim.id, &run::ScenarioSkip::id) !=
           scenario.skips.end();
  });
  if (!skipped.empty()) text.push_back(fmt::format("Skipped in {}.", fmt::join(skipped, ", ")));
  text.push_back(
      "How to reach it: every other scenario judges it in every run; evaluated, in "
      "`campaign --json`, counts its comparisons.");
  return paragraph(fmt::format("{} {}: a property that holds {}", claim.id, claim.name,
                               run::to_text(claim.kind)),
                   text);
}

std::string explain_fault(const sim::FaultKindInfo& info, const Registry& registry,
                          std::string_view program) {
  std::vector<std::string> text{std::string(info.about),
                                fmt::format("It took effect when: {}", info.meter)};
  if (!text.back().ends_with('.')) text.back() += '.';
  switch (info.claim) {
    case sim::Claim::kNothing:
      break;
    case sim::Claim::kDisk:
      text.emplace_back(
          "It takes one of the disks that its group can lose, and is refused beyond "
          "that.");
      break;
    case sim::Claim::kClockRate:
      text.emplace_back("It stays within the clock error that its group allows for.");
      break;
  }
  const std::string kind(info.name);
  const auto named = scenarios_where(registry, [&](const Scenario& scenario) {
    const auto found = scenario.faults.kinds.find(kind);
    return found != scenario.faults.kinds.end() && found->second != "none";
  });
  text.emplace_back(info.is_beyond_budget ? "No profile draws it; a scenario has to name it."
                                          : "The profiles mild and harsh draw it.");
  text.push_back(fmt::format("How to reach it: `{} run SCENARIO --faults {}`", program, kind));
  text.back() += named.empty() ? "." : fmt::format(", or {}.", fmt::join(named, ", "));
  return paragraph(fmt::format("{}: a fault", info.name), text);
}

std::string explain_mark(const std::string& mark, const Registry& registry,
                         std::string_view program) {
  std::vector<std::string> text{
      fmt::format("A place in the code, journal.mark(\"{}\"), that a run counts when a task passes "
                  "it; faults may be anchored there.",
                  mark)};
  std::vector<std::string> wanted;
  for (const Scenario& scenario : all_scenarios(registry)) {
    const auto found = scenario.floors.must_reach.find(mark);
    if (found == scenario.floors.must_reach.end()) continue;
    wanted.push_back(fmt::format("{} (in {}/{} of its runs)", scenario.name,
                                 found->second.numerator, found->second.denominator));
  }
  if (wanted.empty()) {
    text.push_back(fmt::format(
        "How to reach it: no scenario promises it; search the code for the mark, and see what has "
        "to happen before it; `{} campaign --json` counts it under marks.",
        program));
  } else {
    text.push_back(fmt::format("How to reach it: {} must reach it.", fmt::join(wanted, ", ")));
  }
  return paragraph(fmt::format("{}: a mark", mark), text);
}

std::string explain_knob(std::string_view path, const KnobView& knob, std::string_view sort,
                         std::string_view reach) {
  std::vector<std::string> text{knob.about};
  text.push_back(fmt::format("It is a value of the kind {}, {}, by default {}.",
                             millrace::to_text(knob.kind), knob.range_text(),
                             knob.text(knob.default_value)));
  if (knob.is_drawn) {
    text.push_back(
        fmt::format("Where a scenario does not set it, each seed draws it from {} to {}.",
                    knob.text(knob.drawn_low), knob.text(knob.drawn_high)));
  }
  text.emplace_back(reach);
  return paragraph(fmt::format("{}: {}", path, sort), text);
}

std::string explain_scenario(const run::ScenarioSource& source, const Registry& registry,
                             std::string_view program) {
  const ScenarioResult loaded = load_scenario(source, registry);
  const std::string title = fmt::format("{}: a scenario", source.name);
  if (!loaded.has_value()) return paragraph(title, {to_text(loaded.error().front())});
  std::vector<std::string> text{loaded->story};
  text.push_back(fmt::format("Faults for {}, then {} to finish.", to_text(loaded->run_for),
                             to_text(loaded->settle_for)));
  std::vector<std::string> workloads;
  for (const auto& workload : loaded->workloads) workloads.push_back(workload.name);
  text.push_back(fmt::format("Workloads: {}. Fault profile: {}.", fmt::join(workloads, ", "),
                             loaded->faults.profile));
  if (!loaded->tags.empty()) {
    text.push_back(fmt::format("Tags: @{}.", fmt::join(loaded->tags, ", @")));
  }
  text.push_back(
      fmt::format("How to reach it: `{1} run {0} --seed 1`, `{1} campaign {0}`; `{1} list --show "
                  "{0}` prints the file.",
                  source.name, program));
  return paragraph(title, text);
}

void add_knobs(std::string_view name, const Registry& registry, std::vector<std::string>& found) {
  for (const run::RoleType& role : registry.roles()) {
    for (const KnobView& knob : role.knobs) {
      const std::string path = role.name + "." + knob.name;
      if (path != name && knob.name != name) continue;
      found.push_back(
          explain_knob(path, knob, "a knob of the role " + role.name,
                       fmt::format("How to set it: `--set {}=VALUE`, or [knobs.{}] in a "
                                   "scenario.",
                                   path, role.name)));
    }
  }
  for (const run::WorkloadType& workload : registry.workloads()) {
    for (const KnobView& knob : workload.knobs) {
      const std::string path = workload.name + "." + knob.name;
      if (path != name && knob.name != name) continue;
      found.push_back(explain_knob(
          path, knob, "a knob of the workload " + workload.name,
          fmt::format("How to set it: `{} = VALUE` in [workloads.{}] of a scenario, or `--set "
                      "workloads.{}.{}=VALUE`.",
                      knob.name, workload.name, workload.name, knob.name)));
    }
  }
  for (const run::SettingGroup& group : registry.setting_groups()) {
    for (const KnobView& knob : group.knobs) {
      const std::string path = group.pattern + "." + knob.name;
      const bool is_meant =
          path == name || knob.name == name || registry.find_setting(name) == &knob;
      if (!is_meant) continue;
      found.push_back(explain_knob(path, knob, "a setting of scenarios",
                                   "How to set it: by its path in a scenario, or by --set, with a "
                                   "name in the place of '*'."));
    }
  }
}

/// What a campaign's summary names and no run has.
struct CampaignWord {
  std::string_view name;
  std::string_view other_name;  // Empty where there is none.
  std::string_view sort;
  std::string_view sentences;
};

constexpr std::string_view kSituation = "a situation that several kinds of faults bring about";
constexpr CampaignWord kCampaignWords[]{
    {"DET-1", "determinism", "a property of a campaign",
     "The same seed is the same execution. One seed in 100, and at least one, runs once more, with "
     "what it must not depend on changed. A difference is the tool's failure, exit 3. How to reach "
     "it: every campaign judges it; `verify-determinism SCENARIO` names the first event that "
     "differs."},
    {"COV-1", "did_enough", "a property of a campaign",
     "A campaign did what it is for: each run had its floor of acknowledged operations; and, from "
     "200 seeds on, each scenario reached the marks that it promises, each kind of fault that was "
     "planned often enough took effect, each property was evaluated. Less is inconclusive, exit 4. "
     "How to reach it: every campaign judges it."},
    {"canary", "", "a check of a campaign",
     "A passing run is judged again ten times, each time with one record of its history left "
     "out, doubled or exchanged with another, and some property has to object. Where none ever "
     "does, the properties are blind, and the campaign is inconclusive, exit 4. How to reach it: "
     "a campaign of 200 seeds, of which one passed, has one."},
    {"unsynced_data_lost", "", kSituation,
     "A power loss dropped bytes that were written and not yet synced. How to reach it: faults "
     "like machine.power_loss while there are appends."},
    {"frame_on_old_connection", "", kSituation,
     "A frame was delivered after its sender had opened a newer connection. How to reach it: "
     "faults like net.slow or net.partition that last longer than a client waits."},
    {"reply_lost", "", kSituation,
     "A request was taken, and its connection lost what was sent back, so that its client cannot "
     "know what became of it. How to reach it: faults like net.break or machine.kill while there "
     "are appends."},
    {"accepted_never_served", "", kSituation,
     "A machine accepted a connection that no process took in time. How to reach it: faults like "
     "machine.pause while clients connect."},
};

}  // namespace

std::optional<std::string> explain(std::string_view name, const Registry& registry,
                                   std::string_view program, std::size_t columns) {
  std::vector<std::string> found;
  if (const run::PropertyType* const property = registry.find_property(name)) {
    found.push_back(explain_property(*property, registry));
  }
  if (const auto kind = sim::fault_kind_from_text(name)) {
    found.push_back(explain_fault(sim::info(*kind), registry, program));
  }
  const auto mark = std::ranges::find(registry.marks(), name);
  if (mark != registry.marks().end()) found.push_back(explain_mark(*mark, registry, program));
  add_knobs(name, registry, found);
  for (const run::ScenarioSource& source : registry.scenario_sources()) {
    if (source.name == name) found.push_back(explain_scenario(source, registry, program));
  }
  if (const run::WorkloadType* const workload = registry.find_workload(name)) {
    found.push_back(
        paragraph(fmt::format("{}: a workload", name),
                  {workload->options.about,
                   fmt::format("Its clients start with the phase '{}'.",
                               run::to_text(workload->options.start)),
                   fmt::format("Its knobs are {}.", fmt::join(knob_names(workload->knobs), ", ")),
                   fmt::format("How to reach it: a table [workloads.{}] in a scenario.", name)}));
  }
  if (const run::RoleType* const role = registry.find_role(name)) {
    found.push_back(paragraph(
        fmt::format("{}: a role", name),
        {role->options.about,
         fmt::format("Its machines are {}-1 and so on.", role->options.machine_prefix),
         fmt::format("Its knobs are {}.", fmt::join(knob_names(role->knobs), ", ")),
         fmt::format("How to reach it: cluster.{} in a scenario says how many there are.", name)}));
  }
  for (const CampaignWord& word : kCampaignWords) {
    if (name != word.name && (word.other_name.empty() || name != word.other_name)) continue;
    found.push_back(
        paragraph(fmt::format("{}{}{}: {}", word.name, word.other_name.empty() ? "" : " ",
                              word.other_name, word.sort),
                  {std::string(word.sentences)}));
  }
  if (found.empty()) return std::nullopt;
  for (std::string& one : found) one = wrapped(one, std::min(columns, kLineMax));
  return fmt::format("{}", fmt::join(found, "\n"));
}

std::vector<std::string> explained_names(const Registry& registry) {
  std::vector<std::string> names = property_names(registry);
  for (const sim::FaultKindInfo& info : sim::fault_kinds()) names.emplace_back(info.name);
  for (const std::string& mark : registry.marks()) names.push_back(mark);
  for (const run::RoleType& role : registry.roles()) {
    names.push_back(role.name);
    for (const KnobView& knob : role.knobs) names.push_back(role.name + "." + knob.name);
  }
  for (const run::WorkloadType& workload : registry.workloads()) {
    names.push_back(workload.name);
    for (const KnobView& knob : workload.knobs) names.push_back(workload.name + "." + knob.name);
  }
  for (const run::SettingGroup& group : registry.setting_groups()) {
    for (const KnobView& knob : group.knobs) names.push_back(group.pattern + "." + knob.name);
  }
  for (const run::ScenarioSource& source : registry.scenario_sources()) {
    names.push_back(source.name);
  }
  for (const CampaignWord& word : kCampaignWords) {
    names.emplace_back(word.name);
    if (!word.other_name.empty()) names.emplace_back(word.other_name);
  }
  return names;
}

}  // namespace millrace::command
