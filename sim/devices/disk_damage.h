#pragma once

// Damage of stored bytes, kept beside what was really written.
//
// The file's image goes on holding what should be there; the damage says which bytes of which
// sectors a read does not get as they were written, and what it gets instead. So a checker can tell
// damage from a bug, and a sector that is written again is whole again.

#include <bitset>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/devices/disk_pages.h"
#include "sim/kernel/meters.h"

namespace millrace::sim {

/// Bytes [from, to) of a sector.
struct SectorRange {
  std::uint16_t from = 0;
  std::uint16_t to = 0;

  static constexpr SectorRange whole() { return {0, kSectorBytes}; }
  bool contains(std::size_t byte) const { return from <= byte && byte < to; }
  friend bool operator==(const SectorRange&, const SectorRange&) = default;
};

/// The smallest range that covers both.
SectorRange hull(SectorRange a, SectorRange b);

/// The damage of one file's sectors. Ordered by sector.
class DamageMap {
 public:
  /// What is wrong with one sector.
  struct Entry {
    bool is_unreadable = false;
    std::bitset<kSectorBytes> damaged;  ///< Bytes that read as in `shown`.
    Sector shown{};
    FaultKind kind = FaultKind::kDiskBitRot;
  };

  /// A span of damaged bytes of the file.
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    FaultKind kind = FaultKind::kDiskBitRot;
  };

  bool empty() const { return entries_.empty(); }
  const Entry* find(std::uint64_t sector) const;

  void make_unreadable(std::uint64_t sector, FaultKind kind);

  /// Lets reads of `sector` see `shown` where it differs from what they would see of `pristine`.
  /// Returns how many bytes differ from `pristine` now.
  std::size_t show(std::uint64_t sector, const Sector& pristine, const Sector& shown,
                   FaultKind kind);

  /// The bytes of `range` were written to the medium anew.
  void repair(std::uint64_t sector, SectorRange range);

  /// Moves what concerns `sector` and later ones into the result.
  DamageMap take_from(std::uint64_t sector);
  /// Adds entries of sectors that have none here.
  void merge(DamageMap&& other);

  /// Damaged spans below `size`, in order, neighbours of one kind joined.
  std::vector<Range> ranges(std::uint64_t size) const;

 private:
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace millrace::sim
