#pragma once

// One plan for each way in which a server can lose its power.
//
//   plan 0            the plan without a crash
//   plans 1 ... P     one for each (moment, shape) of it: power is lost at that moment, with that
//                     shape (crash_point.h, crash_shapes.h)
//   plans p*100000+k  for plan p, a second power loss at each moment of the recovery that follows,
//                     with each shape
//
// Not all of them are run. What a crash leaves is known before it comes (CrashPoint::images). Of
// the shapes of one moment that leave the same disk the first one stands for all: it is the same
// run. Of second crashes that leave the same disk, and of first ones that do, the last one stands
// for all, in the order of the run without a crash: it is the same recovery, and what was
// acknowledged before the others was acknowledged before that one, too. What a first crash broke is
// not broken again. A plan is the run's own plan with one or two faults, anchored at their moments,
// and rules for what they draw; it needs nothing else to be run again.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/run/plan_source.h"

namespace millrace::run {

struct CrashSweepOptions {
  /// 1-based: first crashes with number % shard_count == shard - 1, and what follows them.
  std::uint64_t shard = 1;
  std::uint64_t shard_count = 1;
};

class CrashSweep final : public PlanSource {
 public:
  /// First plans that can be numbered.
  static constexpr std::uint64_t kFirstPlansMax = 99'999;

  /// `run` is the base plan's, with CrashPointsKept::kAll.
  /// Errors: kInvalid: it has too many moments.
  static Result<CrashSweep> make(Plan base, const RunRecord& run, const CrashSweepOptions& options);

  std::vector<std::uint64_t> next(std::uint64_t count) override;
  Plan plan(std::uint64_t number) const override;
  CrashPointsKept crash_points(std::uint64_t number) const override;
  void take(std::uint64_t number, RunRecord& record) override;
  std::uint64_t planned() const override { return entries_.size(); }
  std::vector<std::string> shortfalls() const override;
  const SweepCoverage& coverage() const override { return coverage_; }

 private:
  /// A crash at a moment with one of its shapes.
  struct Crash {
    CrashPoint point;
    std::size_t shape = 0;
    std::string shape_name;

    /// Of the disk that it leaves; none where that is not known.
    std::optional<std::uint64_t> image() const;
  };
  struct Entry {
    std::vector<Crash> crashes;  // At most two.
  };
  /// A first crash that passed, as far as second ones need to know it.
  struct Survived {
    std::uint64_t number = 0;
    std::vector<CrashPoint> recovery;
  };
  /// Machine, whether it was being formatted, and the hash of its disk.
  using Image = std::tuple<std::string, bool, std::uint64_t>;

  explicit CrashSweep(Plan base, const CrashSweepOptions& options);
  void add_first(const std::vector<CrashPoint>& points);
  void add_second();
  void add_second_of(const Survived& survived, const std::map<Image, std::uint64_t>& firsts,
                     std::map<std::uint64_t, Entry>& chosen);
  void add(std::uint64_t number, Entry entry);
  std::uint64_t fault_id(std::size_t crash) const;
  static bool came_as_planned(const Entry& entry, const RunRecord& record);

  Plan base_;
  CrashSweepOptions options_;
  std::uint64_t first_fault_id_ = 1;
  std::map<std::uint64_t, Entry> entries_;  // By number.
  std::vector<std::uint64_t> order_;        // Numbers as they are given out.
  std::size_t given_ = 0;
  std::uint64_t taken_ = 0;
  bool has_second_ = false;
  std::map<Image, Survived> survived_;
  std::set<Image> second_images_;
  SweepCoverage coverage_;
};

}  // namespace millrace::run
