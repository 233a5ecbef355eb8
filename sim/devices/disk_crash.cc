#include "sim/devices/disk_crash.h"

#include <algorithm>
#include <array>
#include <vector>

#include "sim/devices/disk_image.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

// Draws of one purpose and file are told apart by sector and by what is drawn.
constexpr std::uint32_t draw_index(std::uint64_t sector, std::uint32_t which) {
  return static_cast<std::uint32_t>(sector) * 4 + which;
}

std::size_t draw_below(Choices& choices, const EventIdentity& who, Purpose purpose,
                       std::size_t count, std::uint32_t index) {
  const auto highest = static_cast<std::int64_t>(count) - 1;
  return static_cast<std::size_t>(choices.one_of(who, purpose, 0, highest, index));
}

CrashShape draw_shape(Choices& choices, const EventIdentity& who, const Survival& survival) {
  std::array<CrashShape, kCrashShapeCount> allowed{};
  std::size_t count = 0;
  for (int shape = 0; shape < kCrashShapeCount; ++shape) {
    if ((survival.shapes >> shape & 1) != 0) allowed[count++] = static_cast<CrashShape>(shape);
  }
  CHECK(count > 0, "some shape is allowed");
  CHECK(allowed[0] == CrashShape::kAll, "that all survives is always possible");
  return allowed[draw_below(choices, who, Purpose::kCrashShape, count, 0)];
}

/// Decides sector by sector, in their order, whether anything unsynced of it survives.
class Keeper {
 public:
  Keeper(Choices& choices, const EventIdentity& who, CrashShape shape, std::size_t count)
      : choices_(choices), who_(who), shape_(shape) {
    const bool chooses_one = shape == CrashShape::kAllButOne || shape == CrashShape::kOnlyOne;
    if (!chooses_one && shape != CrashShape::kPrefix) return;
    // A prefix may be empty or everything; the chosen one is a sector.
    const std::size_t range = chooses_one ? count : count + 1;
    chosen_ = draw_below(choices, who, Purpose::kCrashShape, range, 1);
  }

  bool keeps_next(std::uint64_t sector) {
    const std::size_t position = position_++;
    switch (shape_) {
      case CrashShape::kAll:
        return true;
      case CrashShape::kNone:
        return false;
      case CrashShape::kPrefix:
        return position < chosen_;
      case CrashShape::kAllButOne:
        return position != chosen_;
      case CrashShape::kOnlyOne:
        return position == chosen_;
      case CrashShape::kFewIndependent:
        return !drops(sector, {7, 8});
      case CrashShape::kHalfIndependent:
        return !drops(sector, {1, 2});
      case CrashShape::kMostIndependent:
        return !drops(sector, {1, 8});
    }
    UNREACHABLE("every shape decides");
  }

 private:
  bool drops(std::uint64_t sector, Ratio ratio) {
    return choices_.hit(who_, Purpose::kCrashSector, ratio, draw_index(sector, 0));
  }

  Choices& choices_;
  const EventIdentity& who_;
  CrashShape shape_;
  std::size_t chosen_ = 0;
  std::size_t position_ = 0;
};

/// Which version of a sector survives, and which of its bytes.
Survivor draw_survivor(Choices& choices, const EventIdentity& who, const Survival& survival,
                       const DirtySector& dirty) {
  std::size_t age = 0;
  if (survival.versions) {
    age = draw_below(choices, who, Purpose::kCrashSector, dirty.version_count,
                     draw_index(dirty.sector, 1));
  }
  Survivor survivor{.version = dirty.version_count - age, .part = {}};
  const SectorRange written = dirty.versions[survivor.version - 1].range;
  survivor.part = written;
  if (written.to - written.from < 2) return survivor;
  if (!choices.hit(who, Purpose::kTear, survival.tear, draw_index(dirty.sector, 0))) {
    return survivor;
  }
  const auto cut = static_cast<std::uint16_t>(choices.one_of(
      who, Purpose::kTear, written.from + 1, written.to - 1, draw_index(dirty.sector, 1)));
  if (choices.hit(who, Purpose::kTear, {1, 2}, draw_index(dirty.sector, 2))) {
    survivor.part.from = cut;
  } else {
    survivor.part.to = cut;
  }
  return survivor;
}

}  // namespace

std::string_view to_text(CrashShape shape) {
  switch (shape) {
    case CrashShape::kAll:
      return "all";
    case CrashShape::kNone:
      return "none";
    case CrashShape::kPrefix:
      return "prefix";
    case CrashShape::kAllButOne:
      return "all_but_one";
    case CrashShape::kOnlyOne:
      return "only_one";
    case CrashShape::kFewIndependent:
      return "few_independent";
    case CrashShape::kHalfIndependent:
      return "half_independent";
    case CrashShape::kMostIndependent:
      return "most_independent";
  }
  UNREACHABLE("every shape has a name");
}

std::string_view to_text(NameOrder order) {
  return order == NameOrder::kOrdered ? "ordered" : "weak";
}

CrashReport& CrashReport::operator+=(const CrashReport& other) {
  sectors_lost += other.sectors_lost;
  sectors_torn += other.sectors_torn;
  sizes_lost += other.sizes_lost;
  names_lost += other.names_lost;
  return *this;
}

CrashReport lose_power(FileImage& image, Choices& choices, const EventIdentity& who,
                       const Survival& survival) {
  CrashReport report;
  const std::size_t count = image.dirty_count();
  if (count == 0) {
    // Lost pages of failed syncs need no draw: the medium never got them.
    const SettledSectors settled = image.settle([](const DirtySector&) { return Survivor{}; });
    report.sectors_lost = settled.lost;
    report.first_sector_lost = settled.first_lost;
    return report;
  }
  const CrashShape shape = draw_shape(choices, who, survival);
  Keeper keeper(choices, who, shape, count);
  const SettledSectors settled = image.settle([&](const DirtySector& dirty) {
    if (!keeper.keeps_next(dirty.sector)) return Survivor{};
    return draw_survivor(choices, who, survival, dirty);
  });
  report.sectors_lost = settled.lost;
  report.sectors_torn = settled.torn;
  report.first_sector_lost = settled.first_lost;
  return report;
}

std::uint64_t draw_lost_changes(Choices& choices, const EventIdentity& who,
                                const Survival& survival, std::uint64_t count) {
  if (count == 0 || !survival.metadata) return 0;
  // In half of the cases nothing is lost: only then can the data of the last write be missing under
  // a size that includes it.
  if (!choices.hit(who, Purpose::kCrashMetadata, {1, 2}, 0)) return 0;
  const auto highest = static_cast<std::int64_t>(count);
  return static_cast<std::uint64_t>(choices.one_of(who, Purpose::kCrashMetadata, 1, highest, 1));
}

}  // namespace millrace::sim
