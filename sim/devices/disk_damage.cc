#include "sim/devices/disk_damage.h"

#include <algorithm>
#include <iterator>

#include "system/base/check.h"

namespace millrace::sim {

SectorRange hull(SectorRange a, SectorRange b) {
  return {std::min(a.from, b.from), std::max(a.to, b.to)};
}

const DamageMap::Entry* DamageMap::find(std::uint64_t sector) const {
  const auto found = entries_.find(sector);
  return found == entries_.end() ? nullptr : &found->second;
}

void DamageMap::make_unreadable(std::uint64_t sector, FaultKind kind) {
  Entry& entry = entries_[sector];
  entry.is_unreadable = true;
  entry.kind = kind;
}

std::size_t DamageMap::show(std::uint64_t sector, const Sector& pristine, const Sector& shown,
                            FaultKind kind) {
  Entry entry = entries_.contains(sector) ? entries_[sector] : Entry{};
  entry.shown = shown;
  entry.kind = kind;
  for (std::size_t byte = 0; byte < kSectorBytes; ++byte) {
    entry.damaged[byte] = shown[byte] != pristine[byte];
  }
  const std::size_t count = entry.damaged.count();
  if (count == 0 && !entry.is_unreadable) {
    entries_.erase(sector);
  } else {
    entries_[sector] = entry;
  }
  return count;
}

void DamageMap::repair(std::uint64_t sector, SectorRange range) {
  CHECK(range.from <= range.to, "a range has its ends in order");
  const auto found = entries_.find(sector);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  // The device writes whole sectors, so a sector that could not be read can be read again.
  entry.is_unreadable = false;
  for (std::size_t byte = range.from; byte < range.to; ++byte) entry.damaged.reset(byte);
  if (entry.damaged.none()) entries_.erase(found);
}

DamageMap DamageMap::take_from(std::uint64_t sector) {
  DamageMap taken;
  const auto first = entries_.lower_bound(sector);
  taken.entries_.insert(std::make_move_iterator(first), std::make_move_iterator(entries_.end()));
  entries_.erase(first, entries_.end());
  return taken;
}

void DamageMap::merge(DamageMap&& other) { entries_.merge(other.entries_); }

std::vector<DamageMap::Range> DamageMap::ranges(std::uint64_t size) const {
  std::vector<Range> result;
  const auto add = [&](std::uint64_t begin, std::uint64_t end, FaultKind kind) {
    end = std::min(end, size);
    if (begin >= end) return;
    if (!result.empty() && result.back().end == begin && result.back().kind == kind) {
      result.back().end = end;
    } else {
      result.push_back({begin, end, kind});
    }
  };
  for (const auto& [sector, entry] : entries_) {
    const std::uint64_t start = sector * kSectorBytes;
    if (entry.is_unreadable) {
      add(start, start + kSectorBytes, entry.kind);
      continue;
    }
    for (std::size_t byte = 0; byte < kSectorBytes; ++byte) {
      if (entry.damaged[byte]) add(start + byte, start + byte + 1, entry.kind);
    }
  }
  return result;
}

}  // namespace millrace::sim
