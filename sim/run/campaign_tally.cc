#include "sim/run/campaign_tally.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>

#include "sim/run/signature.h"

namespace millrace::run {
namespace {

/// A scenario's first reasons: more would hide them.
constexpr std::size_t kReasonsMax = 3;
/// Faults of a kind, those not counted that the budget refused, from which on it is no accident
/// that none of them did anything. Guess: a fault in ten misses its moment or finds nothing to
/// disturb.
constexpr std::uint64_t kFaultChancesMin = 10;

}  // namespace

CampaignTally::CampaignTally(const RunSource& source)
    : source_(source), reasons_(source.scenarios.size()), runs_with_mark_(source.scenarios.size()) {
  for (const Scenario& scenario : source.scenarios) {
    ScenarioSummary summary;
    summary.name = scenario.name;
    for (const PropertyType& type : source.registry->properties()) {
      ScenarioProperty property;
      property.id = type.claim.id;
      property.name = type.claim.name;
      summary.properties.push_back(std::move(property));
    }
    summary_.scenarios.push_back(std::move(summary));
  }
  for (const PropertyType& type : source.registry->properties()) {
    PropertySummary property;
    property.id = type.claim.id;
    property.name = type.claim.name;
    property.kind = type.claim.kind;
    summary_.properties.push_back(std::move(property));
  }
  for (const std::string& mark : source.registry->marks()) summary_.marks[mark] = 0;
}

FailureGroup* CampaignTally::add(std::uint32_t scenario_index, const RunRecord& record) {
  ScenarioSummary& scenario = summary_.scenarios[scenario_index];
  summary_.seed_first =
      summary_.seeds == 0 ? record.seed : std::min(summary_.seed_first, record.seed);
  summary_.seed_last = std::max(summary_.seed_last, record.seed);
  ++summary_.seeds;
  ++scenario.seeds;
  scenario.acked_operations += record.acked_operations;
  scenario.virtual_ns += record.virtual_ns;
  summary_.acked_operations += record.acked_operations;
  summary_.virtual_ns += record.virtual_ns;
  summary_.events += record.events;
  for (const auto& [mark, count] : record.marks) {
    summary_.marks[mark] += count;
    ++summary_.runs_with_mark[mark];
    ++runs_with_mark_[scenario_index][mark];
  }
  for (const auto& [situation, count] : record.situations) summary_.situations[situation] += count;
  for (const FaultCount& count : record.faults) {
    FaultCount& sum = faults_[count.kind];
    sum.kind = count.kind;
    sum.planned += count.planned;
    sum.fired += count.fired;
    sum.refused += count.refused;
    sum.took_effect += count.took_effect;
    scenario.faults_fired += count.fired;
  }
  add_properties(scenario, record);
  add_verdict(scenario_index, record);
  consider_for_canary(scenario_index, record);
  if (!record.is_red()) return nullptr;

  ++red_;
  const bool is_new = !groups_.contains(record.signature());
  FailureGroup& group = groups_[std::string(record.signature())];
  ++group.count;
  ++group.scenarios[record.scenario];
  ++group.strategies[record.strategy];
  const bool is_cheaper =
      is_new || std::tuple(record.events, record.scenario, record.seed) <
                    std::tuple(group.cheapest_events, group.scenario, group.cheapest_seed);
  if (is_cheaper) {
    group.signature = record.signature();
    group.property = signature_stem(group.signature);
    if (record.violation.has_value()) group.name = record.violation->name;
    group.scenario = record.scenario;
    group.cheapest_seed = record.seed;
    group.cheapest_events = record.events;
    group.record = record;
  }
  return is_new ? &group : nullptr;
}

std::uint64_t CampaignTally::groups_known() const {
  const auto is_known = [](const auto& one) { return one.second.is_known; };
  return static_cast<std::uint64_t>(std::ranges::count_if(groups_, is_known));
}

void CampaignTally::add_verdict(std::uint32_t scenario_index, const RunRecord& record) {
  ScenarioSummary& scenario = summary_.scenarios[scenario_index];
  std::map<std::uint64_t, std::string>& reasons = reasons_[scenario_index];
  switch (record.verdict) {
    case Verdict::kPass:
      ++summary_.passed;
      ++scenario.passed;
      return;
    case Verdict::kInconclusive:
      ++summary_.inconclusive;
      ++scenario.inconclusive;
      reasons.emplace(record.seed, record.reason);
      if (reasons.size() > kReasonsMax) reasons.erase(std::prev(reasons.end()));
      return;
    case Verdict::kFail:
      ++summary_.failed;
      break;
    case Verdict::kCrash:
      ++summary_.crashed;
      break;
    case Verdict::kHang:
      ++summary_.hung;
      break;
    case Verdict::kLimit:
      ++summary_.limited;
      break;
  }
  ++scenario.failed;
}

void CampaignTally::add_properties(ScenarioSummary& scenario, const RunRecord& record) {
  for (const PropertyResult& result : record.properties) {
    add_property(scenario, result);
    const auto found = std::ranges::find(summary_.properties, result.id, &PropertySummary::id);
    if (found == summary_.properties.end()) continue;
    found->evaluated += result.evaluated;
    if (result.verdict == PropertyVerdict::kFailed) ++found->failed_seeds;
    if (result.verdict == PropertyVerdict::kNotJudged) ++found->not_judged_seeds;
    if (result.verdict == PropertyVerdict::kSkipped) ++skipped_runs_[result.id];
    const bool is_seen =
        result.kind == PropertyKind::kSometimes && result.verdict == PropertyVerdict::kHeld;
    if (is_seen) witnessed_.insert(result.id);
  }
}

void CampaignTally::add_property(ScenarioSummary& scenario, const PropertyResult& result) {
  const auto found = std::ranges::find(scenario.properties, result.id, &ScenarioProperty::id);
  if (found == scenario.properties.end()) return;
  found->evaluated += result.evaluated;
  if (result.verdict == PropertyVerdict::kFailed) ++found->failed_seeds;
  if (result.verdict == PropertyVerdict::kNotJudged) ++found->not_judged_seeds;
  if (result.verdict == PropertyVerdict::kSkipped) ++found->skipped_seeds;
  // Workers finish in any order: the least reason is the same whatever the order.
  const bool is_first = found->reason.empty() || result.reason < found->reason;
  if (!result.reason.empty() && is_first) found->reason = result.reason;
}

CampaignSummary CampaignTally::finish(CanarySummary canary, DeterminismSummary determinism) {
  for (auto& [kind, count] : faults_) summary_.faults.push_back(count);
  for (auto& [signature, group] : groups_) summary_.groups.push_back(std::move(group));
  for (PropertySummary& property : summary_.properties) {
    const auto skipped = skipped_runs_.find(property.id);
    property.is_skipped = skipped != skipped_runs_.end() && skipped->second == summary_.seeds;
  }
  name_reasons();
  summary_.canary = std::move(canary);
  summary_.determinism = std::move(determinism);
  judge_must_reach();
  judge_floors();

  PropertySummary same;
  same.id = "DET-1";
  same.name = "determinism";
  same.evaluated = summary_.determinism.checks;
  same.failed_seeds = summary_.determinism.differing;
  summary_.properties.push_back(std::move(same));
  PropertySummary coverage;
  coverage.id = "COV-1";
  coverage.name = "did_enough";
  coverage.evaluated = summary_.seeds;
  coverage.failed_seeds = summary_.inconclusive_reasons.empty() ? 0 : 1;
  summary_.properties.push_back(std::move(coverage));
  return std::move(summary_);
}

void CampaignTally::consider_for_canary(std::uint32_t scenario, const RunRecord& record) {
  if (record.verdict != Verdict::kPass || record.client_records == 0) return;
  const auto held =
      std::ranges::count(record.properties, PropertyVerdict::kHeld, &PropertyResult::verdict);
  const Passing run{.held = static_cast<std::uint64_t>(held),
                    .scenario = scenario,
                    .seed = record.seed,
                    .client_records = record.client_records};
  const bool is_better =
      !passing_.has_value() || run.held > passing_->held ||
      (run.held == passing_->held &&
       std::pair(scenario, run.seed) < std::pair(passing_->scenario, passing_->seed));
  if (is_better) passing_ = run;
}

void CampaignTally::name_reasons() {
  for (std::size_t i = 0; i < reasons_.size(); ++i) {
    ScenarioSummary& scenario = summary_.scenarios[i];
    for (const auto& [seed, reason] : reasons_[i]) {
      // A seed can be typed.
      const std::string_view what = summary_.sweep.has_value() ? "plan" : "--seed";
      scenario.reasons.push_back(fmt::format("{} {}: {}", what, seed, reason));
    }
    const std::uint64_t named = reasons_[i].size();
    if (scenario.inconclusive <= named) continue;
    scenario.reasons.push_back(
        fmt::format("and {} more {}s", scenario.inconclusive - named, summary_.noun()));
  }
}

void CampaignTally::judge_must_reach() {
  for (std::size_t i = 0; i < source_.scenarios.size(); ++i) {
    ScenarioSummary& scenario = summary_.scenarios[i];
    if (scenario.seeds < kFloorSeeds) continue;
    for (const auto& [mark, share] : source_.scenarios[i].floors.must_reach) {
      const auto found = runs_with_mark_[i].find(mark);
      const std::uint64_t runs = found == runs_with_mark_[i].end() ? 0 : found->second;
      const bool is_enough = runs * share.denominator >= scenario.seeds * share.numerator;
      if (is_enough) continue;
      std::string reason = fmt::format("{} reached in {} of {} runs, floor {}/{}", mark, runs,
                                       scenario.seeds, share.numerator, share.denominator);
      summary_.inconclusive_reasons.push_back(fmt::format("{}: {}", scenario.name, reason));
      scenario.reasons.push_back(std::move(reason));
    }
  }
}

void CampaignTally::judge_floors() {
  if (summary_.seeds < kFloorSeeds) return;
  judge_properties();
  for (const FaultCount& fault : summary_.faults) {
    const bool had_chances = fault.planned >= fault.refused + kFaultChancesMin;
    if (!had_chances || fault.took_effect > 0) continue;
    summary_.inconclusive_reasons.push_back(
        fmt::format("{} never took effect (planned {})", fault.kind, fault.planned));
  }
  const CanarySummary& canary = summary_.canary;
  if (canary.has_run && canary.caught == 0) {
    summary_.inconclusive_reasons.push_back(
        fmt::format("canary: no property objected to any of {} changed histories of {} seed {}",
                    canary.tried, canary.scenario, canary.seed));
  }
  // With such a run, the canary is missing only where the campaign was interrupted before it.
  if (!passing_.has_value() && summary_.passed > 0) {
    summary_.inconclusive_reasons.push_back(
        "canary: no passing run has a record that a property sees");
  }
}

bool CampaignTally::is_idle_in_sweep(const std::string& property) const {
  if (!summary_.sweep.has_value()) return false;
  const std::vector<std::string>& idle = summary_.sweep->idle_properties;
  return std::ranges::find(idle, property) != idle.end();
}

void CampaignTally::judge_properties() {
  for (const PropertySummary& property : summary_.properties) {
    if (property.is_skipped || is_idle_in_sweep(property.id)) continue;
    if (property.kind == PropertyKind::kSometimes) {
      if (witnessed_.contains(property.id)) continue;
      summary_.inconclusive_reasons.push_back(
          fmt::format("{} {} was never seen", property.id, property.name));
    } else if (property.evaluated == 0) {
      summary_.inconclusive_reasons.push_back(
          fmt::format("{} {} was never evaluated", property.id, property.name));
    }
  }
}

void note_known(FailureGroup& group, std::span<const CampaignDb::Seen> before) {
  for (const CampaignDb::Seen& seen : before) {
    if (seen.signature != group.signature) continue;
    const bool is_earlier = !group.is_known || seen.first_utc < group.known_since;
    if (!is_earlier) continue;
    group.is_known = true;
    group.known_since = seen.first_utc;
    group.known_commit = seen.first_commit;
  }
}

int exit_status(const CampaignSummary& summary) {
  if (!summary.tool_errors.empty() || summary.determinism.differing > 0) return 3;
  if (summary.failed + summary.crashed + summary.hung + summary.limited > 0) return 1;
  const bool is_inconclusive = summary.inconclusive > 0 || !summary.inconclusive_reasons.empty();
  return is_inconclusive ? 4 : 0;
}

}  // namespace millrace::run
