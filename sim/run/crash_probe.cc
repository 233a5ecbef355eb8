#include "sim/run/crash_probe.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>

#include "sim/devices/disk_files.h"
#include "sim/run/crash_shapes.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

std::string_view words_of(sim::DiskPhase phase) {
  switch (phase) {
    case sim::DiskPhase::kBefore:
      return "begun";
    case sim::DiskPhase::kDuring:
      return "under way";
    case sim::DiskPhase::kAfter:
      return "done";
  }
  UNREACHABLE("a phase outside its list");
}

}  // namespace

std::string moment_text(const CrashPoint& point) {
  return fmt::format("{} {}", point.what, words_of(point.phase));
}

CrashProbe::CrashProbe(const Plan& plan, CrashPointsKept kept) : kept_(kept) {
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      operations_[sim::operation_root(planned.operation.id).value] = planned.operation.id;
    }
  }
}

bool CrashProbe::is_kept(const Watched& watched) const {
  switch (kept_) {
    case CrashPointsKept::kAll:
      return true;
    case CrashPointsKept::kRecovery:
      return watched.is_recovering && watched.kept < kRecoveryPointsMax;
    case CrashPointsKept::kNone:
    case CrashPointsKept::kLosses:
      return false;
  }
  UNREACHABLE("a choice outside its list");
}

void CrashProbe::on_disk(const std::string& machine, const sim::DiskMoment& moment,
                         const sim::DiskDevice& disk, bool is_formatting, std::uint64_t stamp) {
  if (!moment.is_change) return;
  Watched& watched = machines_[machine];
  CrashPoint point = point_of(machine, moment, disk);
  const std::uint32_t of_all = ++watched.counts[{0, moment.phase}];
  point.is_formatting = is_formatting;
  point.nth = of_all;
  if (point.operation != 0) point.nth = ++watched.counts[{point.operation, moment.phase}];
  const bool is_before = moment.phase == sim::DiskPhase::kBefore;
  point.is_repeated = is_before && watched.was_after && watched.last_stamp == stamp;
  watched.last = moment_text(point);
  watched.last_stamp = stamp;
  watched.was_after = moment.phase == sim::DiskPhase::kAfter;
  if (!is_kept(watched)) return;
  ++watched.kept;
  if (!point.is_repeated) point.images = images_of(point, disk);
  points_.push_back(std::move(point));
}

/// Loses the power of copies, with the rules that the plans will have. Which fault it is decides
/// nothing: all its draws are ruled.
std::vector<std::uint64_t> CrashProbe::images_of(const CrashPoint& point,
                                                 const sim::DiskDevice& disk) {
  constexpr std::uint64_t kFault = 1;
  std::vector<std::uint64_t> images;
  for (CrashShapeRules& shape : crash_shapes(point, kFault)) {
    const bool is_during = point.phase == sim::DiskPhase::kDuring;
    std::optional<sim::DiskFiles> files =
        is_during ? disk.files_with_cut(shape.cut) : disk.files_at_rest();
    if (!files.has_value()) return {};
    std::ranges::move(crash_defaults({kFault}), std::back_inserter(shape.rules));
    sim::Choices choices(0, std::move(shape.rules));
    const sim::EventIdentity who = sim::Choices::identify_counted(
        sim::fault_root(kFault), sim::EventKind::kFault, sim::where_of(point.machine), 0);
    files->lose_power(choices, {}, who, sim::Survival::untorn(), nullptr);
    images.push_back(files->content_hash());
  }
  return images;
}

CrashPoint CrashProbe::point_of(const std::string& machine, const sim::DiskMoment& moment,
                                const sim::DiskDevice& disk) const {
  CrashPoint point{.machine = machine, .what = fmt::format("{} {}", moment.what, moment.path)};
  point.phase = moment.phase;
  point.root = moment.root;
  point.offset = moment.offset;
  point.bytes = moment.bytes;
  const auto operation = operations_.find(moment.root.value);
  if (operation != operations_.end()) point.operation = operation->second;
  const sim::DiskPending pending = disk.files().pending();
  point.journal = pending.journal;
  point.names = pending.names;
  for (const sim::DiskPending::File& file : pending.files) {
    CrashPoint::File found{.where = file.where, .size_changes = file.size_changes, .sectors = {}};
    for (const sim::DiskPending::DirtyPart& part : file.sectors) {
      found.sectors.push_back({.sector = part.sector,
                               .versions = part.versions,
                               .from = part.newest.from,
                               .to = part.newest.to});
    }
    point.files.push_back(std::move(found));
  }
  return point;
}

void CrashProbe::on_power_loss(const std::string& machine, const sim::DiskDevice& disk,
                               bool is_formatting) {
  Watched& watched = machines_[machine];
  losses_.push_back({.machine = machine,
                     .at = watched.last,
                     .image = disk.files().content_hash(),
                     .is_formatting = is_formatting});
  watched = Watched{};
  watched.is_recovering = true;
}

void CrashProbe::on_recovered(const std::string& machine) {
  machines_[machine].is_recovering = false;
}

}  // namespace millrace::run
