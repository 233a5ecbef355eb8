#pragma once

// Adds up the runs of a campaign. The sums do not depend on the order in which runs complete.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/run/campaign.h"
#include "sim/run/campaign_db.h"

namespace millrace::run {

class CampaignTally {
 public:
  /// The source outlives the tally.
  explicit CampaignTally(const RunSource& source);

  /// Counts a run. Returns its group when its signature is new.
  FailureGroup* add(std::uint32_t scenario, const RunRecord& record);

  std::uint64_t seeds() const { return summary_.seeds; }
  std::uint64_t seeds_of(std::size_t scenario) const { return summary_.scenarios[scenario].seeds; }
  std::uint64_t red() const { return red_; }
  std::uint64_t groups() const { return groups_.size(); }
  std::uint64_t groups_known() const;

  /// The groups so far, by signature.
  std::map<std::string, FailureGroup, std::less<>>& all_groups() { return groups_; }

  /// A passing run for the canary, among those with client records: of the runs in which most
  /// properties held, the first scenario's first seed. A property that was not judged in a run, for
  /// an assumption that it broke, would not object to a changed history of it either.
  struct Passing {
    std::uint64_t held = 0;
    std::uint32_t scenario = 0;
    std::uint64_t seed = 0;
    std::uint64_t client_records = 0;
  };
  const std::optional<Passing>& passing() const { return passing_; }

  /// Makes the campaign inconclusive.
  void add_reason(std::string reason) {
    summary_.inconclusive_reasons.push_back(std::move(reason));
  }

  /// Says that plans of a sweep are counted, and what it went through.
  void set_sweep(const SweepCoverage& coverage) { summary_.sweep = coverage; }

  /// The summary, with what is too little about the campaign (COV-1) and its determinism (DET-1).
  CampaignSummary finish(CanarySummary canary, DeterminismSummary determinism);

 private:
  void add_verdict(std::uint32_t scenario, const RunRecord& record);
  void add_properties(ScenarioSummary& scenario, const RunRecord& record);
  static void add_property(ScenarioSummary& scenario, const PropertyResult& result);
  void consider_for_canary(std::uint32_t scenario, const RunRecord& record);
  void name_reasons();
  void judge_floors();
  void judge_must_reach();
  void judge_properties();
  bool is_idle_in_sweep(const std::string& property) const;

  const RunSource& source_;
  CampaignSummary summary_;
  std::uint64_t red_ = 0;
  std::map<std::string, FailureGroup, std::less<>> groups_;
  std::map<std::string, FaultCount, std::less<>> faults_;
  std::map<std::string, std::uint64_t, std::less<>> skipped_runs_;  // By property.
  std::set<std::string, std::less<>> witnessed_;                    // `sometimes` that were seen.
  // By scenario, of its first inconclusive seeds: their reasons, kept few whatever the campaign's
  // length.
  std::vector<std::map<std::uint64_t, std::string>> reasons_;
  std::vector<std::map<std::string, std::uint64_t, std::less<>>> runs_with_mark_;  // By scenario.
  std::optional<Passing> passing_;
};

/// Says of a group whether an earlier campaign saw its failure, and which was the first.
void note_known(FailureGroup& group, std::span<const CampaignDb::Seen> before);

}  // namespace millrace::run
