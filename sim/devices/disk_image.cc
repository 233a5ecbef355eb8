#include "sim/devices/disk_image.h"

#include <algorithm>
#include <utility>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

// Overwritten sectors that a stale read can still show.
constexpr std::size_t kPreviousMax = 8;
// A pool that held more than this is given back to the allocator when nothing is in use.
constexpr std::size_t kIdlePoolMax = 64;

const Sector kZeroSector{};

SectorRange range_within(std::uint64_t sector, std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t start = sector * kSectorBytes;
  const std::uint64_t from = std::max(begin, start) - start;
  const std::uint64_t to = std::min(end, start + kSectorBytes) - start;
  return {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)};
}

SectorRange written_hull(std::span<const SectorVersion> versions) {
  CHECK(!versions.empty(), "a record has a write");
  SectorRange covered = versions.front().range;
  for (const SectorVersion& version : versions) covered = hull(covered, version.range);
  return covered;
}

std::uint64_t sectors_of(std::uint64_t size) { return (size + kSectorBytes - 1) / kSectorBytes; }

}  // namespace

std::uint32_t SectorPool::add(const Sector& content) {
  if (content == kZeroSector) return kZeros;
  if (free_.empty()) {
    sectors_.push_back(content);
    return static_cast<std::uint32_t>(sectors_.size() - 1);
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  sectors_[slot] = content;
  return slot;
}

Sector SectorPool::get(std::uint32_t slot) const {
  if (slot == kZeros) return kZeroSector;
  CHECK(slot < sectors_.size(), "a slot was handed out");
  return sectors_[slot];
}

void SectorPool::set(std::uint32_t& slot, const Sector& content) {
  free(slot);
  slot = add(content);
}

void SectorPool::free(std::uint32_t slot) {
  if (slot != kZeros) free_.push_back(slot);
}

void SectorPool::release_if_unused() {
  if (used() != 0 || sectors_.size() <= kIdlePoolMax) return;
  sectors_ = {};
  free_ = {};
}

// --- reading and writing ---

void FileImage::read(std::uint64_t offset, std::span<std::byte> target) const {
  CHECK(offset + target.size() <= size_, "a read lies within the file");
  pages_.read(offset, target);
}

void FileImage::write(std::uint64_t offset, ByteView bytes, DiskOrdinal ordinal) {
  if (bytes.empty()) return;
  if (!size_changes_.empty()) CHECK(ordinal >= size_changes_.back().ordinal);
  const std::uint64_t end = offset + bytes.size();
  if (lost_count_ != 0) {
    for (std::uint64_t page = offset / kPageBytes; page * kPageBytes < end; ++page) {
      redirty_page(page);
    }
  }
  for (std::uint64_t at = offset / kSectorBytes; at * kSectorBytes < end; ++at) {
    touch(at, range_within(at, offset, end), ordinal);
  }
  pages_.write(offset, bytes);
  if (end > size_) {
    size_changes_.push_back({.ordinal = ordinal, .size_before = size_});
    size_ = end;
  }
}

std::vector<DirtySector>::iterator FileImage::find_dirty(std::uint64_t sector) {
  if (dirty_.empty() || dirty_.back().sector < sector) return dirty_.end();
  return std::ranges::lower_bound(dirty_, sector, {}, &DirtySector::sector);
}

std::vector<DirtySector>::const_iterator FileImage::find_dirty(std::uint64_t sector) const {
  return std::ranges::lower_bound(dirty_, sector, {}, &DirtySector::sector);
}

void FileImage::touch(std::uint64_t sector, SectorRange range, DiskOrdinal ordinal) {
  auto at = find_dirty(sector);
  Sector before{};
  if (at == dirty_.end() || at->sector != sector) {
    DirtySector fresh;
    fresh.sector = sector;
    if (pages_.has_page(sector * kSectorBytes)) {
      pages_.read_sector(sector, before);
      fresh.medium = pool_.add(before);
    }
    at = dirty_.insert(at, fresh);
  } else {
    CHECK(!at->is_lost, "the page is dirty again before it is written to");
    pages_.read_sector(sector, before);
    at->versions[at->version_count - 1U].content = pool_.add(before);
  }
  DirtySector& dirty = *at;
  if (dirty.version_count == DirtySector::kVersionsMax) {
    // The oldest becomes part of the next: a sync that was to cover it covers that one.
    pool_.free(dirty.versions[0].content);
    dirty.versions[1].first = dirty.versions[0].first;
    dirty.versions[1].range = hull(dirty.versions[0].range, dirty.versions[1].range);
    std::shift_left(dirty.versions.begin(), dirty.versions.end(), 1);
    --dirty.version_count;
  }
  dirty.versions[dirty.version_count] = {.first = ordinal, .last = ordinal, .range = range};
  ++dirty.version_count;
}

void FileImage::redirty_page(std::uint64_t page) {
  auto at = find_dirty(page * kPageSectors);
  for (; at != dirty_.end() && at->sector < (page + 1) * kPageSectors; ++at) {
    if (!at->is_lost) continue;
    at->is_lost = false;
    --lost_count_;
  }
}

// --- sizes ---

void FileImage::truncate(std::uint64_t size, DiskOrdinal ordinal) {
  if (!size_changes_.empty()) CHECK(ordinal >= size_changes_.back().ordinal);
  if (size == size_) return;
  SizeChange change{.ordinal = ordinal, .size_before = size_, .is_truncation = size < size_};
  if (change.is_truncation) {
    const std::uint64_t first = size / kSectorBytes;
    const std::size_t within = size % kSectorBytes;
    Tail tail{.first_sector = first, .pages = pages_, .dirty = {}, .damage = {}};
    tail.damage = damage_.take_from(first);
    const auto cut = find_dirty(first);
    tail.dirty.assign(cut, dirty_.end());
    for (const DirtySector& dirty : tail.dirty) lost_count_ -= dirty.is_lost ? 1U : 0U;
    dirty_.erase(cut, dirty_.end());
    pages_.cut(size);
    if (within != 0 && !tail.dirty.empty() && tail.dirty.front().sector == first) {
      dirty_.push_back(clone(tail.dirty.front()));
      lost_count_ += dirty_.back().is_lost ? 1U : 0U;
      zero_behind(dirty_.back(), within);
    }
    if (const DamageMap::Entry* entry = tail.damage.find(first); within != 0 && entry != nullptr) {
      Sector shown = entry->shown;
      std::fill(shown.begin() + static_cast<std::ptrdiff_t>(within), shown.end(), std::byte{0});
      if (entry->is_unreadable) damage_.make_unreadable(first, entry->kind);
      if (entry->damaged.any()) damage_.show(first, sector(first), shown, entry->kind);
    }
    tails_.push_back(std::move(tail));
  }
  size_changes_.push_back(change);
  size_ = size;
}

DirtySector FileImage::clone(const DirtySector& dirty) {
  DirtySector copy = dirty;
  if (copy.medium != SectorPool::kZeros) copy.medium = pool_.add(pool_.get(copy.medium));
  for (std::size_t i = 0; i + 1 < copy.version_count; ++i) {
    copy.versions[i].content = pool_.add(pool_.get(copy.versions[i].content));
  }
  return copy;
}

void FileImage::zero_behind(DirtySector& dirty, std::size_t byte) {
  const auto zeroed = [&](std::uint32_t& slot) {
    if (slot == SectorPool::kZeros) return;
    Sector content = pool_.get(slot);
    std::fill(content.begin() + static_cast<std::ptrdiff_t>(byte), content.end(), std::byte{0});
    pool_.set(slot, content);
  };
  zeroed(dirty.medium);
  for (std::size_t i = 0; i + 1 < dirty.version_count; ++i) zeroed(dirty.versions[i].content);
}

void FileImage::commit_sizes(DiskOrdinal up_to) {
  const auto last = std::ranges::find_if(
      size_changes_, [&](const SizeChange& change) { return change.ordinal > up_to; });
  const auto truncations = std::count_if(
      size_changes_.begin(), last, [](const SizeChange& change) { return change.is_truncation; });
  size_changes_.erase(size_changes_.begin(), last);
  for (auto tail = tails_.begin(); tail != tails_.begin() + truncations; ++tail) {
    for (DirtySector& dirty : tail->dirty) free_contents(dirty);
  }
  tails_.erase(tails_.begin(), tails_.begin() + truncations);
}

// --- syncs ---

void FileImage::sync(DiskOrdinal up_to) {
  commit_sizes(up_to);
  CHECK(tails_.empty(), "a sync takes effect before a younger truncation");
  std::erase_if(dirty_, [&](DirtySector& dirty) { return !dirty.is_lost && commit(dirty, up_to); });
  pool_.release_if_unused();
}

bool FileImage::commit(DirtySector& dirty, DiskOrdinal up_to) {
  std::size_t count = 0;
  while (count < dirty.version_count && dirty.versions[count].first <= up_to) ++count;
  if (count == 0) return false;
  damage_.repair(dirty.sector, written_hull(dirty.written().first(count)));
  remember_previous(dirty);
  if (count == dirty.version_count) {
    free_contents(dirty);
    return true;
  }
  pool_.free(dirty.medium);
  for (std::size_t i = 0; i + 1 < count; ++i) pool_.free(dirty.versions[i].content);
  dirty.medium = dirty.versions[count - 1].content;
  std::shift_left(dirty.versions.begin(), dirty.versions.end(), static_cast<std::ptrdiff_t>(count));
  dirty.version_count = static_cast<std::uint8_t>(dirty.version_count - count);
  return false;
}

void FileImage::remember_previous(const DirtySector& dirty) {
  if (dirty.medium == SectorPool::kZeros) return;
  const auto known = std::ranges::find(previous_, dirty.sector, &Previous::sector);
  if (known != previous_.end()) {
    known->content = pool_.get(dirty.medium);
    return;
  }
  const Previous fresh{.sector = dirty.sector, .content = pool_.get(dirty.medium)};
  if (previous_.size() < kPreviousMax) {
    previous_.push_back(fresh);
    return;
  }
  previous_[previous_next_] = fresh;
  previous_next_ = (previous_next_ + 1) % kPreviousMax;
}

void FileImage::free_contents(DirtySector& dirty) {
  pool_.free(dirty.medium);
  for (std::size_t i = 0; i + 1 < dirty.version_count; ++i) pool_.free(dirty.versions[i].content);
}

std::uint64_t FileImage::fail_sync(DiskOrdinal up_to,
                                   const std::function<bool(std::uint64_t page)>& is_lost) {
  std::uint64_t lost = 0;
  const auto is_in = [](std::uint64_t page) {
    return [page](const DirtySector& dirty) { return dirty.sector / kPageSectors == page; };
  };
  for (auto first = dirty_.begin(); first != dirty_.end();) {
    const std::uint64_t page = first->sector / kPageSectors;
    const auto last = std::find_if_not(first, dirty_.end(), is_in(page));
    const bool is_newer = std::any_of(
        first, last, [&](const DirtySector& dirty) { return dirty.newest().last > up_to; });
    const bool is_dirty =
        std::any_of(first, last, [](const DirtySector& dirty) { return !dirty.is_lost; });
    if (is_dirty && !is_newer && is_lost(page)) {
      for (auto at = first; at != last; ++at) {
        lost += at->is_lost ? 0U : 1U;
        at->is_lost = true;
      }
    }
    first = last;
  }
  lost_count_ += lost;
  std::erase_if(dirty_, [&](DirtySector& dirty) {
    const bool is_written = !dirty.is_lost && dirty.newest().last <= up_to;
    return is_written && commit(dirty, up_to);
  });
  return lost;
}

void FileImage::evict() {
  std::erase_if(dirty_, [&](DirtySector& dirty) {
    if (!dirty.is_lost) return false;
    pages_.write_sector(dirty.sector, pool_.get(dirty.medium));
    free_contents(dirty);
    return true;
  });
  lost_count_ = 0;
}

// --- power loss ---

void FileImage::undo_size_changes(std::uint64_t count) {
  CHECK(count <= size_changes_.size(), "only pending changes are undone");
  for (; count > 0; --count) {
    const SizeChange change = size_changes_.back();
    size_changes_.pop_back();
    if (change.is_truncation) {
      Tail tail = std::move(tails_.back());
      tails_.pop_back();
      undo_truncation(std::move(tail));
    } else {
      undo_growth(change.size_before);
    }
    size_ = change.size_before;
  }
}

void FileImage::drop_from(std::uint64_t sector) {
  const auto first = find_dirty(sector);
  for (auto at = first; at != dirty_.end(); ++at) {
    lost_count_ -= at->is_lost ? 1U : 0U;
    free_contents(*at);
  }
  dirty_.erase(first, dirty_.end());
}

void FileImage::undo_growth(std::uint64_t size) {
  drop_from(sectors_of(size));
  damage_.take_from(sectors_of(size));
  pages_.cut(size);
  if (const std::size_t within = size % kSectorBytes; within != 0) {
    const auto at = find_dirty(size / kSectorBytes);
    if (at != dirty_.end()) zero_behind(*at, within);
  }
}

void FileImage::undo_truncation(Tail tail) {
  drop_from(tail.first_sector);
  damage_.take_from(tail.first_sector);
  pages_.take_tail(tail.pages, tail.first_sector * kSectorBytes);
  dirty_.insert(dirty_.end(), tail.dirty.begin(), tail.dirty.end());
  for (const DirtySector& dirty : tail.dirty) lost_count_ += dirty.is_lost ? 1U : 0U;
  damage_.merge(std::move(tail.damage));
}

Sector FileImage::content(const DirtySector& dirty, std::size_t version) const {
  CHECK(version <= dirty.version_count, "a version that was written");
  if (version == 0) return pool_.get(dirty.medium);
  if (version < dirty.version_count) return pool_.get(dirty.versions[version - 1].content);
  Sector newest{};
  pages_.read_sector(dirty.sector, newest);
  return newest;
}

SettledSectors FileImage::settle(const std::function<Survivor(const DirtySector&)>& survivor) {
  SettledSectors counts;
  for (const DirtySector& dirty : dirty_) {
    const Survivor left = dirty.is_lost ? Survivor{} : survivor(dirty);
    const Sector newest = content(dirty, dirty.version_count);
    Sector result = content(dirty, left.version == 0 ? 0 : left.version - 1);
    if (left.version != 0) {
      const SectorVersion& version = dirty.versions[left.version - 1];
      CHECK(version.range.from <= left.part.from, "a tear lies inside the written range");
      CHECK(left.part.to <= version.range.to, "a tear lies inside the written range");
      const Sector older = result;
      const Sector younger = content(dirty, left.version);
      for (std::size_t i = left.part.from; i < left.part.to; ++i) result[i] = younger[i];
      if (result != older && result != younger) ++counts.torn;
      if (left.version > 1) {
        damage_.repair(dirty.sector, written_hull(dirty.written().first(left.version - 1)));
      }
      damage_.repair(dirty.sector, left.part);
    }
    if (result == newest) continue;
    if (counts.lost == 0) counts.first_lost = dirty.sector;
    ++counts.lost;
    pages_.write_sector(dirty.sector, result);
  }
  commit_sizes(UINT64_MAX);
  for (DirtySector& dirty : dirty_) free_contents(dirty);
  dirty_.clear();
  lost_count_ = 0;
  // What did not outlive a sync is no older state that the device could show again.
  pages_.cut(size_);
  pool_.release_if_unused();
  return counts;
}

FileImage FileImage::durable() const {
  FileImage image = *this;
  image.undo_size_changes(image.size_changes_.size());
  image.settle([](const DirtySector&) { return Survivor{}; });
  return image;
}

// --- damage ---

bool FileImage::is_clean(std::uint64_t sector) const {
  if (sector >= sectors_of(size_)) return false;
  const auto at = find_dirty(sector);
  return at == dirty_.end() || at->sector != sector;
}

Sector FileImage::sector(std::uint64_t sector) const {
  Sector content{};
  pages_.read_sector(sector, content);
  return content;
}

std::optional<std::uint64_t> FileImage::first_unreadable(std::uint64_t offset,
                                                         std::uint64_t size) const {
  if (damage_.empty() || size == 0) return std::nullopt;
  for (std::uint64_t at = offset / kSectorBytes; at * kSectorBytes < offset + size; ++at) {
    const DamageMap::Entry* entry = damage_.find(at);
    if (entry != nullptr && entry->is_unreadable && is_clean(at)) return at;
  }
  return std::nullopt;
}

void FileImage::show_damage(std::uint64_t offset, std::span<std::byte> target,
                            const std::function<void(FaultKind)>& seen) const {
  if (damage_.empty() || target.empty()) return;
  const std::uint64_t end = offset + target.size();
  for (std::uint64_t at = offset / kSectorBytes; at * kSectorBytes < end; ++at) {
    const DamageMap::Entry* entry = damage_.find(at);
    if (entry == nullptr) continue;
    const auto dirty = find_dirty(at);
    const bool is_dirty = dirty != dirty_.end() && dirty->sector == at;
    const SectorRange hidden = is_dirty ? written_hull(dirty->written()) : SectorRange{};
    const SectorRange range = range_within(at, offset, end);
    bool is_seen = false;
    for (std::size_t byte = range.from; byte < range.to; ++byte) {
      if (!entry->damaged[byte] || hidden.contains(byte)) continue;
      std::byte& shown = target[at * kSectorBytes + byte - offset];
      is_seen = is_seen || shown != entry->shown[byte];
      shown = entry->shown[byte];
    }
    if (is_seen) seen(entry->kind);
  }
}

Sector FileImage::previous(std::uint64_t sector) const {
  const auto known = std::ranges::find(previous_, sector, &Previous::sector);
  return known == previous_.end() ? kZeroSector : known->content;
}

bool FileImage::same_content(const FileImage& other) const {
  return size_ == other.size_ && pages_.same_bytes(other.pages_);
}

std::uint64_t FileImage::live_bytes() const {
  std::uint64_t bytes = pages_.live_bytes() + pool_.used() * kSectorBytes;
  bytes += dirty_.size() * sizeof(DirtySector) + size_changes_.size() * sizeof(SizeChange);
  for (const Tail& tail : tails_) bytes += tail.pages.live_bytes();
  return bytes;
}

void FileImage::check_invariants() const {
  std::size_t lost = 0;
  const DirtySector* before = nullptr;
  for (const DirtySector& dirty : dirty_) {
    if (before != nullptr) CHECK(before->sector < dirty.sector, "records are sorted");
    CHECK(dirty.version_count > 0, "a record has a write");
    CHECK(dirty.sector < sectors_of(size_), "nothing is unsynced behind the end");
    lost += dirty.is_lost ? 1U : 0U;
    for (std::size_t i = 1; i < dirty.version_count; ++i) {
      CHECK(dirty.versions[i - 1].last < dirty.versions[i].first, "versions are in order");
    }
    before = &dirty;
  }
  CHECK(lost == lost_count_, "lost records are counted");
  const auto truncations = std::ranges::count_if(size_changes_, &SizeChange::is_truncation);
  CHECK(static_cast<std::size_t>(truncations) == tails_.size(), "each truncation has its tail");
  if (const std::size_t within = size_ % kSectorBytes; within != 0) {
    const Sector last = sector(size_ / kSectorBytes);
    const auto end = last.begin() + static_cast<std::ptrdiff_t>(within);
    CHECK(std::all_of(end, last.end(), [](std::byte byte) { return byte == std::byte{0}; }),
          "bytes behind the end are zero");
  }
}

}  // namespace millrace::sim
