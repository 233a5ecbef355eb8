#pragma once

// Where a campaign's plans come from that are no seeds' own: a list that may grow while it runs.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/run/crash_point.h"
#include "sim/run/plan.h"
#include "sim/run/run_record.h"

namespace millrace::run {

/// What a sweep went through. Every count is of the whole sweep, or of the shard that was run.
struct SweepCoverage {
  /// What is swept: "crash".
  std::string kind;
  std::string scenario;
  std::uint64_t seed = 0;
  /// Requests of the run without a crash that change a disk of a server, and the moments before, in
  /// the midst of and after them that are not the same moment.
  std::uint64_t changes = 0;
  std::uint64_t moments = 0;
  /// Plans with one crash: planned, and run so far.
  std::uint64_t first_planned = 0;
  std::uint64_t first_run = 0;
  /// Shapes of a moment that leave the same disk as another one of it, and are not run.
  std::uint64_t first_same = 0;
  /// Disks that differ among those that a first crash left, and moments of their recoveries.
  std::uint64_t images = 0;
  std::uint64_t recovery_moments = 0;
  /// Recoveries of which only the first moments are swept: they went on, or have too many crashes.
  std::uint64_t recoveries_cut = 0;
  /// Plans with a second crash, during recovery.
  std::uint64_t second_planned = 0;
  std::uint64_t second_run = 0;
  /// Second crashes that leave the same disk as a later crash does, and are not run.
  std::uint64_t second_same = 0;
  /// Runs whose crash came at another moment than it was planned for, or left another disk than it
  /// was to leave, or did not come at all.
  std::uint64_t missed = 0;
  /// Properties for which the plan without a crash has nothing either: one plan is no campaign, so
  /// that they are not evaluated says nothing of the sweep.
  std::vector<std::string> idle_properties;
  /// Shapes by name, with the number of runs that had them at the last of their crashes.
  std::map<std::string, std::uint64_t, std::less<>> shapes;
};

/// Plans by numbers, which stand where a campaign has seeds. All calls are the campaign's parent's.
class PlanSource {
 public:
  virtual ~PlanSource() = default;
  /// The numbers of the next plans, at most `count`; empty when there are none, or none before more
  /// records were taken.
  virtual std::vector<std::uint64_t> next(std::uint64_t count) = 0;
  /// The plan of a number that next() gave.
  virtual Plan plan(std::uint64_t number) const = 0;
  /// What a run of that plan keeps.
  virtual CrashPointsKept crash_points(std::uint64_t number) const = 0;
  /// The run of a plan, once each; takes what only the source needs out of the record.
  virtual void take(std::uint64_t number, RunRecord& record) = 0;
  /// Plans known so far.
  virtual std::uint64_t planned() const = 0;
  /// What is too little about the sweep as a whole; empty where it is complete.
  virtual std::vector<std::string> shortfalls() const = 0;
  virtual const SweepCoverage& coverage() const = 0;
};

}  // namespace millrace::run
