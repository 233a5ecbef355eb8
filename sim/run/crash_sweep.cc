#include "sim/run/crash_sweep.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <utility>

#include "sim/run/crash_probe.h"
#include "sim/run/crash_shapes.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

/// Second crashes of one first crash have numbers of their own below this.
constexpr std::uint64_t kNumbersOfOne = 100'000;
static_assert(CrashSweep::kFirstPlansMax < kNumbersOfOne, "no number means two plans");

/// How long a machine is without power. Guess: long enough that connections break, and shorter than
/// what clients wait before they give up.
constexpr Duration kDown = milliseconds(100);

sim::FaultAction power_loss(std::uint64_t id, const CrashPoint& point, std::uint64_t after) {
  sim::Anchor anchor;
  anchor.kind = sim::AnchorKind::kDiskChange;
  anchor.machine = point.machine;
  anchor.phase = point.phase;
  anchor.operation = point.operation;
  anchor.nth = point.nth;
  sim::FaultAction action;
  action.id = id;
  action.kind = sim::FaultKind::kMachinePowerLoss;
  action.anchor = std::move(anchor);
  action.after = after;
  action.targets = {point.machine};
  action.duration = kDown;
  return action;
}

/// Whether an earlier shape of the moment leaves the same disk.
bool is_same_as_before(const CrashPoint& point, std::size_t shape) {
  if (point.images.empty()) return false;
  const auto here = point.images.begin() + static_cast<std::ptrdiff_t>(shape);
  return std::find(point.images.begin(), here, *here) != here;
}

}  // namespace

Result<CrashSweep> CrashSweep::make(Plan base, const RunRecord& run,
                                    const CrashSweepOptions& options) {
  CHECK(options.shard >= 1, "shards are counted from 1");
  CHECK(options.shard <= options.shard_count, "a shard is one of those that there are");
  std::uint64_t count = 0;
  for (const CrashPoint& point : run.crash_points) {
    if (!point.is_repeated) count += crash_shapes(point, 1).size();
  }
  if (count > kFirstPlansMax) {
    return fail(Errc::kInvalid,
                fmt::format("{} crashes to sweep, of at most {}: make the workload smaller", count,
                            kFirstPlansMax));
  }
  CrashSweep sweep(std::move(base), options);
  sweep.add_first(run.crash_points);
  for (const PropertyResult& property : run.properties) {
    if (property.evaluated == 0) sweep.coverage_.idle_properties.push_back(property.id);
  }
  return sweep;
}

CrashSweep::CrashSweep(Plan base, const CrashSweepOptions& options)
    : base_(std::move(base)), options_(options) {
  for (const sim::FaultAction& action : base_.faults.actions) {
    first_fault_id_ = std::max(first_fault_id_, action.id + 1);
  }
  coverage_.kind = "crash";
  coverage_.scenario = base_.scenario;
  coverage_.seed = base_.seed;
}

std::uint64_t CrashSweep::fault_id(std::size_t crash) const { return first_fault_id_ + crash; }

void CrashSweep::add(std::uint64_t number, Entry entry) {
  entries_.emplace(number, std::move(entry));
  order_.push_back(number);
}

void CrashSweep::add_first(const std::vector<CrashPoint>& points) {
  std::uint64_t number = 0;
  const auto is_mine = [&] { return number % options_.shard_count == options_.shard - 1; };
  if (is_mine()) add(number, {});
  for (const CrashPoint& point : points) {
    if (point.phase == sim::DiskPhase::kBefore) ++coverage_.changes;
    if (point.is_repeated) continue;
    ++coverage_.moments;
    const std::vector<CrashShapeRules> shapes = crash_shapes(point, fault_id(0));
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      ++number;
      if (!is_mine()) continue;
      if (is_same_as_before(point, i)) {
        ++coverage_.first_same;
        continue;
      }
      ++coverage_.first_planned;
      add(number, {.crashes = {{.point = point, .shape = i, .shape_name = shapes[i].name}}});
    }
  }
}

void CrashSweep::add_second() {
  has_second_ = true;
  coverage_.images = survived_.size();
  std::map<Image, std::uint64_t> firsts;
  std::vector<const Survived*> latest_first;
  for (const auto& [image, survived] : survived_) {
    firsts[image] = survived.number;
    latest_first.push_back(&survived);
  }
  std::ranges::sort(latest_first, std::greater<>{}, &Survived::number);
  std::map<std::uint64_t, Entry> chosen;
  for (const Survived* const survived : latest_first) add_second_of(*survived, firsts, chosen);
  for (auto& [number, entry] : chosen) add(number, std::move(entry));
  coverage_.second_planned = chosen.size();
  survived_.clear();
  second_images_.clear();
}

/// Chooses of the second crashes after this first one those that leave a disk of their own.
void CrashSweep::add_second_of(const Survived& survived,
                               const std::map<Image, std::uint64_t>& firsts,
                               std::map<std::uint64_t, Entry>& chosen) {
  const Crash first = entries_.at(survived.number).crashes.front();
  std::uint64_t number = survived.number * kNumbersOfOne;
  bool is_cut = survived.recovery.size() >= CrashProbe::kRecoveryPointsMax;
  for (const CrashPoint& point : survived.recovery) {
    if (point.is_repeated) continue;
    const std::vector<CrashShapeRules> shapes = crash_shapes(point, fault_id(1));
    // What the system leaves unsynced is its own business: with very much of it there are more
    // crashes than numbers.
    if (number % kNumbersOfOne + shapes.size() >= kNumbersOfOne) {
      is_cut = true;
      break;
    }
    ++coverage_.recovery_moments;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      ++number;
      Crash second{.point = point, .shape = i, .shape_name = shapes[i].name};
      if (const std::optional<std::uint64_t> left = second.image(); left.has_value()) {
        const Image image{point.machine, point.is_formatting, *left};
        const auto by_first = firsts.find(image);
        const bool is_left_later = by_first != firsts.end() && by_first->second >= survived.number;
        if (is_left_later || !second_images_.insert(image).second) {
          ++coverage_.second_same;
          continue;
        }
      }
      chosen.emplace(number, Entry{.crashes = {first, std::move(second)}});
    }
  }
  if (is_cut) ++coverage_.recoveries_cut;
}

std::optional<std::uint64_t> CrashSweep::Crash::image() const {
  if (point.images.empty()) return std::nullopt;
  return point.images[shape];
}

std::vector<std::uint64_t> CrashSweep::next(std::uint64_t count) {
  const bool is_first_done = given_ == order_.size() && taken_ == order_.size();
  if (is_first_done && !has_second_) add_second();
  std::vector<std::uint64_t> numbers;
  for (; given_ < order_.size() && numbers.size() < count; ++given_) {
    numbers.push_back(order_[given_]);
  }
  return numbers;
}

Plan CrashSweep::plan(std::uint64_t number) const {
  const auto found = entries_.find(number);
  CHECK(found != entries_.end(), "a number that was given out");
  Plan plan = base_;
  std::vector<std::uint64_t> faults;
  for (std::size_t i = 0; i < found->second.crashes.size(); ++i) {
    const Crash& crash = found->second.crashes[i];
    const std::uint64_t after = faults.empty() ? 0 : faults.back();
    faults.push_back(fault_id(i));
    plan.faults.actions.push_back(power_loss(fault_id(i), crash.point, after));
    std::vector<CrashShapeRules> shapes = crash_shapes(crash.point, fault_id(i));
    std::ranges::move(shapes[crash.shape].rules, std::back_inserter(plan.overrides));
  }
  if (!faults.empty())
    std::ranges::move(crash_defaults(faults), std::back_inserter(plan.overrides));
  return plan;
}

CrashPointsKept CrashSweep::crash_points(std::uint64_t number) const {
  return number < kNumbersOfOne ? CrashPointsKept::kRecovery : CrashPointsKept::kLosses;
}

bool CrashSweep::came_as_planned(const Entry& entry, const RunRecord& record) {
  if (record.power_losses.size() != entry.crashes.size()) return false;
  return std::ranges::equal(
      entry.crashes, record.power_losses, [](const Crash& crash, const PowerLoss& loss) {
        return crash.point.machine == loss.machine && moment_text(crash.point) == loss.at &&
               crash.image().value_or(loss.image) == loss.image;
      });
}

void CrashSweep::take(std::uint64_t number, RunRecord& record) {
  const auto found = entries_.find(number);
  CHECK(found != entries_.end(), "a number that was given out");
  const Entry& entry = found->second;
  ++taken_;
  const std::vector<CrashPoint> recovery = std::exchange(record.crash_points, {});
  // A failure may end a run before its crash.
  const bool is_as_planned = record.is_red() || came_as_planned(entry, record);
  if (!is_as_planned) ++coverage_.missed;
  const std::vector<PowerLoss> losses = std::exchange(record.power_losses, {});
  if (entry.crashes.empty()) return;
  ++coverage_.shapes[entry.crashes.back().shape_name];
  if (entry.crashes.size() == 2) {
    ++coverage_.second_run;
    return;
  }
  ++coverage_.first_run;
  if (record.is_red() || !is_as_planned) return;
  const PowerLoss& loss = losses.front();
  Survived& survived = survived_[{loss.machine, loss.is_formatting, loss.image}];
  if (survived.number < number) survived = {.number = number, .recovery = recovery};
}

std::vector<std::string> CrashSweep::shortfalls() const {
  std::vector<std::string> reasons;
  if (coverage_.changes == 0) {
    reasons.push_back(fmt::format("no server of {} changed its disk: there is nothing to sweep",
                                  coverage_.scenario));
  }
  if (taken_ < order_.size()) {
    reasons.push_back(
        fmt::format("the sweep is not complete: {} of {} plans were run", taken_, order_.size()));
  }
  if (!has_second_) reasons.emplace_back("no recovery was swept: the sweep ended before");
  if (coverage_.missed > 0) {
    reasons.push_back(fmt::format(
        "{} planned crashes did not come at their moments, or left other disks", coverage_.missed));
  }
  return reasons;
}

}  // namespace millrace::run
