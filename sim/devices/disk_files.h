#pragma once

// Everything that a disk stores: names and contents, without time and without a machine.
//
// Each change takes the next ordinal of the disk. A sync is told the ordinal at which it was issued
// and makes final what is not younger. On an ordered disk there is one journal of names and sizes:
// each sync carries all of it, and a power loss leaves a prefix. On a weak disk a file's sync makes
// its content and size final and nothing else.

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/devices/disk_crash.h"
#include "sim/devices/disk_names.h"
#include "sim/kernel/choices.h"
#include "system/base/bytes.h"
#include "system/base/error.h"
#include "system/env/disk.h"

namespace millrace::sim {

/// What no sync covers, by the places where a power loss draws what becomes of it.
struct DiskPending {
  struct DirtyPart {
    std::uint64_t sector = 0;
    std::size_t versions = 1;
    SectorRange newest;  ///< What the last write covered.

    friend bool operator==(const DirtyPart&, const DirtyPart&) = default;
  };
  struct File {
    std::string path;
    Where where;
    std::uint64_t size_changes = 0;
    std::vector<DirtyPart> sectors;
  };
  std::vector<File> files;  ///< In the order of their names.
  /// Weak disks: where the fate of each pending change of a name is drawn, in the order of changes.
  std::vector<Where> names;
  /// Ordered disks: changes of names and sizes in the journal.
  std::uint64_t journal = 0;
};

/// An image of a disk. Shares contents with it until they are overwritten.
class DiskSnapshot {
 private:
  friend class DiskFiles;
  std::map<std::string, std::optional<FileImage>, std::less<>> files_;  // None: a directory.
};

class DiskFiles {
 public:
  /// The largest file: bounds the table of pages that a write far behind the end needs.
  static constexpr std::uint64_t kFileBytesMax = 4ULL << 30;

  /// `name` names the disk in draws' keys.
  DiskFiles(std::string name, NameOrder order);

  NameOrder order() const { return order_; }
  /// The youngest change: a sync that is issued now covers up to it.
  DiskOrdinal ordinal() const { return ordinal_; }
  const DiskNames& names() const { return names_; }
  /// Sum of the sizes of all files that have a name.
  std::uint64_t used_bytes() const;
  /// Bytes of the sectors that a sync of every file would write. Cost: O(files).
  std::uint64_t unsynced_bytes() const;

  /// Errors: kNotFound, kAlreadyExists (see OpenMode); kInvalid for a directory or a bad path.
  std::expected<FileRef, Errc> open(std::string_view path, OpenMode mode);
  /// Errors of the following: as DiskNames, and kInvalid for a bad path.
  std::expected<void, Errc> make_directory(std::string_view path);
  std::expected<void, Errc> rename(std::string_view from, std::string_view to);
  std::expected<void, Errc> unlink(std::string_view path);
  std::expected<void, Errc> sync_directory(std::string_view path, DiskOrdinal up_to);

  /// The end of both lies within kFileBytesMax (checked).
  void write(const FileRef& file, std::uint64_t offset, ByteView bytes);
  void truncate(const FileRef& file, std::uint64_t size);
  void sync(const FileRef& file, DiskOrdinal up_to);
  /// As FileImage::fail_sync; sizes and names stay pending.
  std::uint64_t fail_sync(const FileRef& file, DiskOrdinal up_to,
                          const std::function<bool(std::uint64_t page)>& is_lost);
  void evict();

  /// Leaves what is durable and a drawn part of the rest. Draws are keyed by `who.root`, the disk
  /// and the names of files. With `notes`, adds lines for people. Cost: O(names + unsynced).
  CrashReport lose_power(Choices& choices, SimTime now, const EventIdentity& who,
                         const Survival& survival, std::vector<std::string>* notes);

  /// What a power loss would find unsynced. Cost: O(names + unsynced).
  DiskPending pending() const;
  /// A hash of all names and contents as processes see them. Cost: O(bytes).
  std::uint64_t content_hash() const;

  /// A disk of its own with the same names, contents and unsynced changes: what is tried on it
  /// leaves this one alone. Cost: O(names + unsynced).
  DiskFiles copy() const;

  /// What a power loss leaves if nothing unsynced survives.
  DiskSnapshot snapshot() const;
  /// Replaces everything by the image. Returns whether anything differs from before.
  bool restore(const DiskSnapshot& snapshot);

  /// CHECKs what must hold between calls. Cost: O(names + unsynced).
  void check_invariants() const;

 private:
  FileRef make_node(std::string_view path);
  void note_pending_size(const FileRef& file);
  void commit_journal(DiskOrdinal up_to);
  CrashReport lose_ordered(Choices& choices, SimTime now, const EventIdentity& who,
                           const Survival& survival);
  CrashReport lose_weak(Choices& choices, SimTime now, const EventIdentity& who,
                        const Survival& survival);
  EventIdentity part_of(Choices& choices, SimTime now, const EventIdentity& who,
                        std::string_view path) const;
  /// Where the fate of a change of this name is drawn, or, for none, of the journal.
  Where names_place(std::string_view path) const;

  std::string name_;
  NameOrder order_;
  DiskOrdinal ordinal_ = 0;
  DiskNames names_;
  // Ordered disks: files with size changes in the journal.
  std::vector<FileRef> pending_sizes_;
};

}  // namespace millrace::sim
