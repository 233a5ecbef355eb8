#pragma once

// The content of one file in two layers: what reads see (the cache) and what a power loss would
// leave for certain (the medium).
//
// The pages hold the cache. For each sector that was written since the last sync, a record holds
// what the medium has and every version in between, so a sync only drops records and a power loss
// only touches unsynced sectors. Changes of the size are kept in program order, and a truncation
// keeps what it cut off, until a sync makes them final.
//
//   medium --write 1--> version 1 --write 2--> version 2 = the pages' content
//
// Operations carry ordinals that grow over the whole disk. A sync makes final what was written up
// to the ordinal at which it was issued: a write that overtook it while it ran is not covered.
//
// A failed sync leaves `lost` records: clean for every later sync, new for reads, old after an
// eviction or a power loss, and dirty again with the rest of their page once somebody writes there.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sim/devices/disk_damage.h"
#include "sim/devices/disk_pages.h"
#include "system/base/bytes.h"

namespace millrace::sim {

/// Position of an operation in the order of everything that a disk did. 0 is before the first.
using DiskOrdinal = std::uint64_t;

/// Contents of sectors that are not in the pages, in slots that are used again.
class SectorPool {
 public:
  /// Names zeros, which take no slot.
  static constexpr std::uint32_t kZeros = UINT32_MAX;

  std::uint32_t add(const Sector& content);
  Sector get(std::uint32_t slot) const;
  void set(std::uint32_t& slot, const Sector& content);
  void free(std::uint32_t slot);
  /// Gives memory back where nothing is in use.
  void release_if_unused();
  std::size_t used() const { return sectors_.size() - free_.size(); }

 private:
  std::vector<Sector> sectors_;
  std::vector<std::uint32_t> free_;
};

/// A sector's content after one write, and what that write covered.
struct SectorVersion {
  DiskOrdinal first = 0;  ///< The write, or the oldest one that this version stands for.
  DiskOrdinal last = 0;
  SectorRange range;
  std::uint32_t content =
      SectorPool::kZeros;  ///< Unused in the newest version: it is in the pages.
};

/// A sector whose newest content the medium does not have.
struct DirtySector {
  /// Versions kept of a sector. Beyond it the oldest goes into the next one.
  static constexpr std::size_t kVersionsMax = 8;

  std::uint64_t sector = 0;
  std::uint32_t medium = SectorPool::kZeros;
  bool is_lost = false;
  std::uint8_t version_count = 0;
  std::array<SectorVersion, kVersionsMax> versions;

  std::span<const SectorVersion> written() const { return {versions.data(), version_count}; }
  const SectorVersion& newest() const { return versions[version_count - 1]; }
};

/// What of a dirty sector reaches the medium in a power loss.
struct Survivor {
  /// 0 for what the medium had, else 1 + the index of a version.
  std::size_t version = 0;
  /// The bytes of that version; all others are of the version before it. Within its range.
  SectorRange part;
};

/// How a power loss ended for the dirty sectors of a file.
struct SettledSectors {
  std::uint64_t lost = 0;  ///< Not as the cache had them.
  std::uint64_t torn = 0;  ///< Neither of the two versions that met.
  std::uint64_t first_lost = 0;
};

/// Content, size and damage of one file. A copy shares pages with the original.
class FileImage {
 public:
  /// What the cache shows.
  std::uint64_t size() const { return size_; }

  /// What was written, without damage; [offset, offset + target) lies within the size (checked).
  void read(std::uint64_t offset, std::span<std::byte> target) const;

  /// Ordinals of writes and truncations do not fall (checked). An empty write does nothing.
  void write(std::uint64_t offset, ByteView bytes, DiskOrdinal ordinal);
  void truncate(std::uint64_t size, DiskOrdinal ordinal);

  /// Makes contents and sizes of ordinals up to `up_to` final. No truncation after `up_to` may have
  /// happened (checked): the caller lets the sync take effect first.
  /// Cost: O(unsynced sectors).
  void sync(DiskOrdinal up_to);

  /// Makes only sizes final: another file's sync carried the journal.
  void commit_sizes(DiskOrdinal up_to);

  /// The sync that fails: each dirty page for which `is_lost` says so is marked clean without
  /// having been written, the others are written. A page that was written to after `up_to` stays
  /// dirty. Returns how many sectors were lost.
  std::uint64_t fail_sync(DiskOrdinal up_to,
                          const std::function<bool(std::uint64_t page)>& is_lost);

  /// Lost sectors leave the cache: reads show what the medium has.
  void evict();

  /// Sectors that a sync would write.
  std::uint64_t dirty_count() const { return dirty_.size() - lost_count_; }
  bool has_unsynced_size() const { return !size_changes_.empty(); }
  bool has_lost() const { return lost_count_ != 0; }

  // --- power loss ---
  std::uint64_t size_change_count() const { return size_changes_.size(); }
  DiskOrdinal size_change_ordinal(std::size_t index) const { return size_changes_[index].ordinal; }
  /// Takes back the youngest changes of the size, with all data that they made room for.
  void undo_size_changes(std::uint64_t count);
  /// Dirty and lost sectors, by their numbers.
  std::span<const DirtySector> dirty() const { return dirty_; }
  /// Content of a dirty sector; `version` as in Survivor.
  Sector content(const DirtySector& dirty, std::size_t version) const;
  /// Ends the power loss: `survivor` is asked for each dirty sector in order, lost ones fall back
  /// to the medium. All that is left is clean and final.
  SettledSectors settle(const std::function<Survivor(const DirtySector&)>& survivor);
  /// The image that a power loss leaves if nothing unsynced survives.
  FileImage durable() const;

  // --- damage ---
  const DamageMap& damage() const { return damage_; }
  DamageMap& damage() { return damage_; }
  /// Whether the sector is stored and the cache has nothing newer: only such sectors are damaged.
  bool is_clean(std::uint64_t sector) const;
  /// Content of a sector as it was written, zeros behind the end of the file.
  Sector sector(std::uint64_t sector) const;
  /// The first unreadable sector in the span that the cache does not hide.
  std::optional<std::uint64_t> first_unreadable(std::uint64_t offset, std::uint64_t size) const;
  /// Puts damaged bytes over `target`, which holds what was written at `offset`. Calls `seen` for
  /// each damaged sector that changed something.
  void show_damage(std::uint64_t offset, std::span<std::byte> target,
                   const std::function<void(FaultKind)>& seen) const;
  /// What a clean sector held before its last synced write; zeros if that is not remembered, as
  /// before the first.
  Sector previous(std::uint64_t sector) const;

  /// Whether both have the same size and were written the same, whatever is damaged or unsynced.
  bool same_content(const FileImage& other) const;

  /// Bytes of contents and versions in memory.
  std::uint64_t live_bytes() const;
  /// CHECKs what must hold between calls.
  void check_invariants() const;

 private:
  /// What a truncation cut off, as long as it may be undone.
  struct Tail {
    std::uint64_t first_sector = 0;
    PageTable pages;
    std::vector<DirtySector> dirty;
    DamageMap damage;
  };
  struct SizeChange {
    DiskOrdinal ordinal = 0;
    std::uint64_t size_before = 0;
    bool is_truncation = false;  // Then the next of tails_ belongs to it.
  };
  struct Previous {
    std::uint64_t sector = 0;
    Sector content{};
  };

  std::vector<DirtySector>::iterator find_dirty(std::uint64_t sector);
  std::vector<DirtySector>::const_iterator find_dirty(std::uint64_t sector) const;
  void touch(std::uint64_t sector, SectorRange range, DiskOrdinal ordinal);
  void redirty_page(std::uint64_t page);
  /// Makes the newest version with `first` up to `up_to` the medium's; true where none is left.
  bool commit(DirtySector& dirty, DiskOrdinal up_to);
  void remember_previous(const DirtySector& dirty);
  void free_contents(DirtySector& dirty);
  void drop_from(std::uint64_t sector);
  void zero_behind(DirtySector& dirty, std::size_t byte);
  DirtySector clone(const DirtySector& dirty);
  void undo_growth(std::uint64_t size);
  void undo_truncation(Tail tail);

  PageTable pages_;
  std::uint64_t size_ = 0;
  // Sorted by sector. Sectors without a record are on the medium as the pages have them.
  std::vector<DirtySector> dirty_;
  std::size_t lost_count_ = 0;
  SectorPool pool_;
  // In order of their ordinals; tails_ has the tails of the truncations among them.
  std::vector<SizeChange> size_changes_;
  std::vector<Tail> tails_;
  DamageMap damage_;
  // The last few overwritten contents, in a ring.
  std::vector<Previous> previous_;
  std::size_t previous_next_ = 0;
};

}  // namespace millrace::sim
