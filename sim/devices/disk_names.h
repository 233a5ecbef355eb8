#pragma once

// Names of files and directories in two layers, with the journal of changes between them.
//
// Processes see `now`; a power loss leaves what is durable and some of the pending changes. On an
// `ordered` disk that is a prefix of them; on a `weak` one each change decides for itself, but
// those of one name stay in order, and nothing is left in a directory that is not there. A rename
// is one change. Files are nodes without a name of their own: as long as an entry is left, so is
// its node.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/devices/disk_crash.h"
#include "sim/devices/disk_image.h"
#include "system/base/error.h"

namespace millrace::sim {

/// One file: its content, and what outlives its names.
struct FileNode {
  FileImage image;
  /// Where events and draws of this file happen: made of the name under which it was created.
  Where where;
  std::string first_name;
  /// Ordinal of its creation: the order among files.
  DiskOrdinal number = 0;
  /// Failed syncs so far. A handle that has seen fewer has an error to report.
  std::uint64_t sync_errors = 0;
  bool has_pending_size = false;  // In DiskFiles' list of those.
};

// Shared by both layers of names, the journal and open handles, which drop it in any order.
using FileRef = std::shared_ptr<FileNode>;

/// Whether `path` is made of parts separated by '/', none of them empty, "." or "..".
bool is_valid_path(std::string_view path);
/// The part before the last '/'; "" for a name in the root.
std::string_view parent_of(std::string_view path);

class DiskNames {
 public:
  /// Pending changes that are kept. Beyond it the oldest becomes durable, as file systems write
  /// back after a while without being asked.
  static constexpr std::size_t kPendingMax = 1024;

  explicit DiskNames(NameOrder order) : order_(order) {}

  /// The file of this name.
  /// Errors: kNotFound; kInvalid for a directory.
  std::expected<FileRef, Errc> find(std::string_view path) const;
  bool has_directory(std::string_view path) const;

  /// Adds a file. Errors: kNotFound (no parent), kAlreadyExists.
  std::expected<void, Errc> create(std::string_view path, FileRef file, DiskOrdinal ordinal);
  /// Errors: kNotFound (no parent), kAlreadyExists (a file). False where it is there already.
  std::expected<bool, Errc> make_directory(std::string_view path, DiskOrdinal ordinal);
  /// Errors: kNotFound; kInvalid where either is a directory.
  std::expected<void, Errc> rename(std::string_view from, std::string_view to, DiskOrdinal ordinal);
  /// Errors: kNotFound; kInvalid for a directory.
  std::expected<void, Errc> unlink(std::string_view path, DiskOrdinal ordinal);
  /// Names in a directory, sorted; they live until the next change. Errors: kNotFound.
  /// Cost: O(entries below the directory).
  std::expected<void, Errc> list(std::string_view path, std::vector<std::string_view>& names) const;

  /// Makes all changes up to `up_to` durable.
  void commit_all(DiskOrdinal up_to);
  /// Makes the changes of names in one directory up to `up_to` durable, and older changes of the
  /// same names wherever they are. A rename from or to another directory carries that directory's
  /// own creation, or it could not be there as a whole.
  void commit_directory(std::string_view path, DiskOrdinal up_to);

  // --- power loss ---
  std::size_t pending_count() const { return pending_.size(); }
  /// Calls `visit` with the ordinal of each pending change, in order.
  void for_each_pending(const std::function<void(DiskOrdinal)>& visit) const;
  /// Calls `visit` with the name by which each pending change is known, in order.
  void for_each_pending_name(const std::function<void(std::string_view path)>& visit) const;
  /// Ordered: what is up to `last` survives. Returns the number of lost changes.
  std::uint64_t lose_after(DiskOrdinal last);
  /// Weak: `is_lost` is asked, by name, for each change that could survive and was not synced.
  std::uint64_t lose_some(const std::function<bool(std::string_view path)>& is_lost);

  /// All files that some layer or pending change names, each once, by number. Cost: O(files).
  std::vector<FileRef> files() const;
  /// Files by their names as processes see them (null for a directory), and as they are durable.
  using Tree = std::map<std::string, FileRef, std::less<>>;
  const Tree& now() const { return now_; }
  const Tree& durable() const { return durable_; }
  /// Replaces everything, durably.
  void replace(Tree tree);

  /// Puts another file in the place of each.
  void exchange_files(const std::function<FileRef(const FileRef& file)>& other);

  /// CHECKs what must hold between calls.
  void check_invariants() const;

 private:
  enum class ChangeKind : std::uint8_t { kCreate, kMakeDirectory, kRename, kUnlink };
  struct Change {
    DiskOrdinal ordinal = 0;
    ChangeKind kind = ChangeKind::kCreate;
    bool is_synced = false;  // But a directory above it is not.
    std::string from;        // Empty where nothing goes away.
    std::string to;          // Empty where nothing comes.
    FileRef file;

    const std::string& name() const { return to.empty() ? from : to; }
  };

  void add(Change change);
  static void apply(Tree& tree, const Change& change);
  static bool has_parent(const Tree& tree, const Change& change);
  void commit_synced();

  NameOrder order_;
  Tree now_;
  Tree durable_;
  std::vector<Change> pending_;  // In order of their ordinals.
};

}  // namespace millrace::sim
