#include "sim/run/crash_shapes.h"

#include <functional>
#include <optional>

#include "sim/devices/disk_crash.h"
#include "sim/devices/disk_damage.h"

namespace millrace::run {
namespace {

using sim::Override;
using sim::Purpose;

// Draws of one purpose and file are told apart by sector and by what is drawn: see disk_crash.cc.
constexpr std::uint32_t kDrawsOfSector = 4;
constexpr std::uint32_t kIsDropped = 0;
constexpr std::uint32_t kAge = 1;
constexpr std::uint32_t kIsTorn = 0;
constexpr std::uint32_t kTornAt = 1;
constexpr std::uint32_t kKeepsTail = 2;
// Of names and sizes, whether any and how many are lost; the device cuts the number to those there.
constexpr std::uint32_t kLosesAny = 0;
constexpr std::uint32_t kLostCount = 1;
constexpr std::int64_t kAllOfThem = sim::Override::kValueMax;

/// One unsynced sector of the point.
struct Place {
  sim::Where file;
  CrashPoint::DirtyPart part;
};

/// Lists the shapes of one moment.
class Shapes {
 public:
  Shapes(const CrashPoint& point, std::uint64_t fault) : point_(point), fault_(fault) {
    for (const CrashPoint::File& file : point.files) {
      size_changes_ += file.size_changes;
      for (const CrashPoint::DirtyPart& part : file.sectors) {
        places_.push_back({.file = file.where, .part = part});
      }
    }
  }

  std::vector<CrashShapeRules> list() {
    const bool is_write = point_.phase == sim::DiskPhase::kDuring && point_.bytes > 0;
    if (is_write) {
      add_cuts();
      return std::move(shapes_);
    }
    const bool has_names = has_metadata();
    if (places_.empty() && !has_names) {
      add("nothing", {});
      return std::move(shapes_);
    }
    add("nothing", {no_data(), loses_any(), loses(kAllOfThem)});
    add("everything", {});
    if (has_names && !places_.empty()) {
      add("data alone", {loses_any(), loses(kAllOfThem)});
      add("names alone", {no_data()});
    }
    add_names();
    add_subsets();
    add_versions();
    add_tears();
    return std::move(shapes_);
  }

 private:
  bool is_ordered() const { return point_.journal > 0; }
  bool has_metadata() const {
    return is_ordered() || !point_.names.empty() || (size_changes_ > 0 && point_.journal == 0);
  }

  Override rule(Purpose purpose, std::int64_t value) const {
    return {.purpose = purpose,
            .root = sim::fault_root(fault_),
            .kind = sim::EventKind::kFault,
            .where = {},
            .n = {},
            .value = value};
  }
  Override rule_of(Purpose purpose, sim::Where where, std::uint32_t index,
                   std::int64_t value) const {
    Override made = rule(purpose, value);
    made.where = where;
    made.index = index;
    return made;
  }
  Override no_data() const {
    Override made = rule(Purpose::kCrashShape, static_cast<int>(sim::CrashShape::kNone));
    made.index = 0;
    return made;
  }
  Override loses_any() const {
    Override made = rule(Purpose::kCrashMetadata, 1);
    made.index = kLosesAny;
    return made;
  }
  Override loses(std::int64_t count) const {
    Override made = rule(Purpose::kCrashMetadata, count);
    made.index = kLostCount;
    return made;
  }
  static std::uint32_t draw_of(const Place& place, std::uint32_t which) {
    return static_cast<std::uint32_t>(place.part.sector) * kDrawsOfSector + which;
  }

  void add(std::string name, std::vector<Override> rules) {
    if (point_.phase == sim::DiskPhase::kDuring) rules.push_back(under_way());
    shapes_.push_back({.name = std::move(name), .cut = cut_, .rules = std::move(rules)});
  }

  /// The request that is under way does not happen, or so many bytes of it do not.
  Override under_way() const {
    const bool is_write = point_.bytes > 0;
    return {.purpose = is_write ? Purpose::kCrashShape : Purpose::kCrashMetadata,
            .root = point_.root,
            .kind = sim::EventKind::kDisk,
            .where = {},
            .n = {},
            .value = is_write ? static_cast<std::int64_t>(cut_) : 1};
  }

  void add_cuts() {
    const std::uint64_t end = point_.offset + point_.bytes;
    const std::uint64_t middle = point_.offset + point_.bytes / 2;
    bool has_middle = point_.bytes < 2;
    const auto add_cut = [&](std::uint64_t at) {
      cut_ = end - at;
      add("cut write", {});
    };
    for (std::uint64_t at = (point_.offset / sim::kSectorBytes + 1) * sim::kSectorBytes; at < end;
         at += sim::kSectorBytes) {
      if (!has_middle && middle < at) add_cut(middle);
      has_middle = has_middle || middle <= at;
      add_cut(at);
    }
    if (!has_middle) add_cut(middle);
    // A single byte is there or not, as before and after it.
  }

  void add_names() {
    if (is_ordered()) {
      for (std::uint64_t lost = 1; lost < point_.journal; ++lost) {
        add("some of the names", {loses_any(), loses(static_cast<std::int64_t>(lost))});
      }
      return;
    }
    const std::uint64_t all = point_.names.size() + size_changes_;
    if (all < 2) return;
    for (const sim::Where name : point_.names) {
      const Override lost = rule_of(Purpose::kCrashMetadata, name, kLosesAny, 1);
      Override kept = lost;
      kept.value = 0;
      add("some of the names", {lost});
      add("some of the names", {kept, loses_any(), loses(kAllOfThem)});
    }
    for (const CrashPoint::File& file : point_.files) {
      for (std::uint64_t lost = 1; lost <= file.size_changes; ++lost) {
        add("some of the names", {rule_of(Purpose::kCrashMetadata, file.where, kLosesAny, 1),
                                  rule_of(Purpose::kCrashMetadata, file.where, kLostCount,
                                          static_cast<std::int64_t>(lost))});
      }
    }
  }

  void add_kept(const std::function<bool(std::size_t place)>& is_kept) {
    std::vector<Override> rules;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const bool is_new = i == 0 || !(places_[i].file == places_[i - 1].file);
      if (is_new) {
        rules.push_back(rule_of(Purpose::kCrashShape, places_[i].file, 0,
                                static_cast<int>(sim::CrashShape::kHalfIndependent)));
      }
      rules.push_back(rule_of(Purpose::kCrashSector, places_[i].file,
                              draw_of(places_[i], kIsDropped), is_kept(i) ? 0 : 1));
    }
    add("some sectors", std::move(rules));
  }

  void add_subsets() {
    const std::size_t count = places_.size();
    if (count < 2) return;
    if (count <= kSubsetSectorsMax) {
      for (std::uint32_t kept = 1; kept + 1 < 1U << count; ++kept) {
        add_kept([=](std::size_t place) { return (kept >> place & 1) != 0; });
      }
      return;
    }
    for (std::size_t at = 0; at < count; ++at) {
      // The prefix of one, and all but the last, are among the others.
      const bool is_prefix = at > 1 && at + 1 < count;
      if (is_prefix) add_kept([=](std::size_t place) { return place < at; });
      add_kept([=](std::size_t place) { return place == at; });
      add_kept([=](std::size_t place) { return place != at; });
    }
  }

  void add_versions() {
    for (const Place& place : places_) {
      for (std::uint64_t age = 1; age < place.part.versions; ++age) {
        add("older sector", {rule_of(Purpose::kCrashSector, place.file, draw_of(place, kAge),
                                     static_cast<std::int64_t>(age))});
      }
    }
  }

  void add_tears() {
    for (const Place& place : places_) {
      if (place.part.to - place.part.from < 2) continue;
      const std::int64_t middle = (place.part.from + place.part.to) / 2;
      for (const std::int64_t keeps_tail : {0, 1}) {
        add("torn sector",
            {rule_of(Purpose::kTear, place.file, draw_of(place, kIsTorn), 1),
             rule_of(Purpose::kTear, place.file, draw_of(place, kTornAt), middle),
             rule_of(Purpose::kTear, place.file, draw_of(place, kKeepsTail), keeps_tail)});
      }
    }
  }

  const CrashPoint& point_;
  std::uint64_t fault_;
  std::uint64_t size_changes_ = 0;
  std::uint64_t cut_ = 0;
  std::vector<Place> places_;
  std::vector<CrashShapeRules> shapes_;
};

}  // namespace

std::vector<CrashShapeRules> crash_shapes(const CrashPoint& point, std::uint64_t fault) {
  return Shapes(point, fault).list();
}

std::vector<Override> crash_defaults(const std::vector<std::uint64_t>& faults) {
  std::vector<Override> rules;
  for (const std::uint64_t fault : faults) {
    rules.push_back({.purpose = {},
                     .root = sim::fault_root(fault),
                     .kind = sim::EventKind::kFault,
                     .where = {},
                     .n = {}});
  }
  for (const Purpose purpose : {Purpose::kCrashShape, Purpose::kCrashMetadata}) {
    rules.push_back(
        {.purpose = purpose, .root = {}, .kind = sim::EventKind::kDisk, .where = {}, .n = {}});
  }
  return rules;
}

}  // namespace millrace::run
