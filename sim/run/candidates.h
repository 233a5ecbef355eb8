#pragma once

// Runs candidates of a reduction in workers, and finds the first that fails as the original did.
//
// Candidates run side by side, before it is known whether they will be needed; what counts is the
// first success in their order, so neither the result nor the number of runs tells how many workers
// there were. A plan runs once, however often it comes up. A candidate counts only with the
// signature and the verdict of the original; another failure on the way is kept as a finding.
// Candidates that run far longer than the original are stopped.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/plan.h"
#include "sim/run/run_record.h"
#include "sim/run/worker.h"

namespace millrace::run {

/// A failure with another signature that a candidate ran into.
struct Finding {
  Plan plan;
  RunRecord record;
};

struct CandidateOptions {
  /// Index of the scenario in the pool's source; its floors are of no concern here.
  std::uint32_t scenario = 0;
  std::uint32_t jobs = 1;
  /// When to stop looking, by the wall clock and by the number of runs.
  std::chrono::steady_clock::time_point deadline;
  std::uint64_t runs_max = 0;
  /// Called now and then; false stops.
  std::function<bool()> goes_on;
};

class Candidates {
 public:
  /// The original failure. The pool outlives the candidates.
  Candidates(WorkerPool& pool, const RunRecord& original, CandidateOptions options);

  /// The k-th candidate, which is asked for before those before it are known to have failed; none
  /// after the last. Called in the order of k, for some k more than once.
  using Supply = std::function<std::optional<Plan>(std::size_t k)>;
  struct Hit {
    std::size_t index = 0;
    Plan plan;
    RunRecord record;
  };
  struct Care {
    /// A success counts only if the candidate does not fail without its faults, too.
    bool checks_control = false;
    /// Other failures say nothing.
    bool ignores_findings = false;
  };
  /// The first candidate that fails like the original; none where there is none, or no time.
  /// A candidate that equals `current` does not count.
  std::optional<Hit> first_alike(const Plan& current, const Supply& supply, const Care& care);

  /// Whether the plan fails like the original without its faults; then nothing can be concluded
  /// from a control, and none is run.
  void try_control(const Plan& plan);

  /// Runs one plan alone, counted as a run, whatever the time; `request` says how.
  RunReply run_alone(const Plan& plan, RunRequest request);
  /// Runs all of these plans to their ends, `request` says how; in their order, empty where there
  /// was no time.
  std::vector<std::optional<RunRecord>> run_all(const std::vector<Plan>& plans, RunRequest request);

  /// From here on candidates are stopped when they are far longer than a run of so many events.
  void expect_events(std::uint64_t events);

  bool is_alike(const RunRecord& record) const;
  /// Whether the time, the runs or the caller's patience are at an end.
  bool is_over();
  std::uint64_t runs() const { return runs_; }
  void set_deadline(std::chrono::steady_clock::time_point deadline);
  /// By signature, the first of each.
  std::map<std::string, Finding, std::less<>> take_findings() { return std::move(findings_); }

 private:
  /// What is known of a plan that has run.
  struct Outcome {
    bool is_counted = false;
    /// Of a red run.
    std::shared_ptr<const RunRecord> record;
  };
  /// A candidate that was asked for, and of which the turn has not come.
  struct Waiting {
    Plan plan;
    std::uint64_t key = 0;
    bool is_known = false;
  };
  class Search;

  RunRequest request_for(std::string plan_json) const;
  RunReply run_one(RunRequest request);
  void remember(std::uint64_t key, const RunReply& reply);
  bool consume(const Waiting& candidate, const Care& care);
  bool fails_without_faults(const Plan& plan);

  WorkerPool& pool_;
  std::string signature_;
  Verdict verdict_;
  std::uint64_t until_event_ = 0;
  CandidateOptions options_;
  std::map<std::uint64_t, Outcome> outcomes_;  // By a hash of the plan's JSON.
  std::map<std::string, Finding, std::less<>> findings_;
  std::uint64_t runs_ = 0;
  bool is_over_ = false;
  bool has_control_ = false;
};

}  // namespace millrace::run
