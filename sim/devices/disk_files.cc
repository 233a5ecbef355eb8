#include "sim/devices/disk_files.h"

#include <algorithm>
#include <string>
#include <utility>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

std::uint64_t undo_sizes_after(FileImage& image, DiskOrdinal last) {
  std::uint64_t count = image.size_change_count();
  std::uint64_t younger = 0;
  while (count > 0 && image.size_change_ordinal(count - 1) > last) {
    --count;
    ++younger;
  }
  image.undo_size_changes(younger);
  return younger;
}

void describe(std::string_view path, const CrashReport& report, std::vector<std::string>& notes) {
  std::string text(path);
  if (report.sectors_lost == 1) {
    text += " sector " + std::to_string(report.first_sector_lost);
    text += report.sectors_torn == 0 ? " dropped, never synced" : " torn, never synced";
  } else if (report.sectors_lost > 1) {
    text += ' ' + std::to_string(report.sectors_lost) + " sectors from " +
            std::to_string(report.first_sector_lost) + " on dropped or torn, never synced";
  } else if (report.sizes_lost > 0) {
    text += " lost " + std::to_string(report.sizes_lost) + " changes of its size, never synced";
  } else {
    return;
  }
  notes.push_back(std::move(text));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The place of a file for its identities: a number in its own name counts what came before (a log
// calls a file after the first record in it), so each number stands as one '#'. Numbers of
// directories are names.
std::string place_of(std::string_view path) {
  const std::size_t name_at = path.rfind('/') + 1;
  std::string place(path.substr(0, name_at));
  for (const char c : path.substr(name_at)) {
    const bool follows_digit = place.size() > name_at && place.back() == '#';
    if (is_digit(c) && follows_digit) continue;
    place += is_digit(c) ? '#' : c;
  }
  return place;
}

}  // namespace

DiskFiles::DiskFiles(std::string name, NameOrder order)
    : name_(std::move(name)), order_(order), names_(order) {}

std::uint64_t DiskFiles::used_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, file] : names_.now()) {
    if (file != nullptr) bytes += file->image.size();
  }
  return bytes;
}

std::uint64_t DiskFiles::unsynced_bytes() const {
  std::uint64_t sectors = 0;
  for (const auto& [path, file] : names_.now()) {
    if (file != nullptr) sectors += file->image.dirty_count();
  }
  return sectors * kSectorBytes;
}

FileRef DiskFiles::make_node(std::string_view path) {
  auto node = std::make_shared<FileNode>();
  node->where = where_of(name_, place_of(path));
  node->first_name = path;
  node->number = ++ordinal_;
  return node;
}

std::expected<FileRef, Errc> DiskFiles::open(std::string_view path, OpenMode mode) {
  if (!is_valid_path(path)) return std::unexpected(Errc::kInvalid);
  std::expected<FileRef, Errc> found = names_.find(path);
  const bool is_missing = !found.has_value() && found.error() == Errc::kNotFound;
  if (found.has_value() && mode == OpenMode::kCreate) return std::unexpected(Errc::kAlreadyExists);
  if (!is_missing || mode == OpenMode::kExisting) return found;
  FileRef node = make_node(path);
  const std::expected<void, Errc> made = names_.create(path, node, node->number);
  if (!made.has_value()) return std::unexpected(made.error());
  return node;
}

std::expected<void, Errc> DiskFiles::make_directory(std::string_view path) {
  if (!path.empty() && !is_valid_path(path)) return std::unexpected(Errc::kInvalid);
  const std::expected<bool, Errc> made = names_.make_directory(path, ++ordinal_);
  if (!made.has_value()) return std::unexpected(made.error());
  return {};
}

std::expected<void, Errc> DiskFiles::rename(std::string_view from, std::string_view to) {
  if (!is_valid_path(from) || !is_valid_path(to)) return std::unexpected(Errc::kInvalid);
  return names_.rename(from, to, ++ordinal_);
}

std::expected<void, Errc> DiskFiles::unlink(std::string_view path) {
  if (!is_valid_path(path)) return std::unexpected(Errc::kInvalid);
  return names_.unlink(path, ++ordinal_);
}

// --- contents ---

void DiskFiles::write(const FileRef& file, std::uint64_t offset, ByteView bytes) {
  CHECK(offset <= kFileBytesMax, "the device refuses what no file can hold");
  CHECK(bytes.size() <= kFileBytesMax - offset, "the device refuses what no file can hold");
  file->image.write(offset, bytes, ++ordinal_);
  note_pending_size(file);
}

void DiskFiles::truncate(const FileRef& file, std::uint64_t size) {
  CHECK(size <= kFileBytesMax, "the device refuses what no file can hold");
  file->image.truncate(size, ++ordinal_);
  note_pending_size(file);
}

void DiskFiles::note_pending_size(const FileRef& file) {
  if (order_ == NameOrder::kWeak) return;  // Each file is its own journal.
  if (file->has_pending_size || !file->image.has_unsynced_size()) return;
  file->has_pending_size = true;
  pending_sizes_.push_back(file);
}

// --- syncs ---

void DiskFiles::sync(const FileRef& file, DiskOrdinal up_to) {
  CHECK(up_to <= ordinal_, "a sync covers what happened");
  if (order_ == NameOrder::kOrdered) commit_journal(up_to);
  file->image.sync(up_to);
}

std::expected<void, Errc> DiskFiles::sync_directory(std::string_view path, DiskOrdinal up_to) {
  CHECK(up_to <= ordinal_, "a sync covers what happened");
  if (!names_.has_directory(path)) return std::unexpected(Errc::kNotFound);
  if (order_ == NameOrder::kOrdered) {
    commit_journal(up_to);
  } else {
    names_.commit_directory(path, up_to);
  }
  return {};
}

void DiskFiles::commit_journal(DiskOrdinal up_to) {
  names_.commit_all(up_to);
  std::erase_if(pending_sizes_, [&](const FileRef& file) {
    file->image.commit_sizes(up_to);
    file->has_pending_size = file->image.has_unsynced_size();
    return !file->has_pending_size;
  });
}

std::uint64_t DiskFiles::fail_sync(const FileRef& file, DiskOrdinal up_to,
                                   const std::function<bool(std::uint64_t page)>& is_lost) {
  ++file->sync_errors;
  return file->image.fail_sync(up_to, is_lost);
}

void DiskFiles::evict() {
  for (const auto& [path, file] : names_.now()) {
    if (file != nullptr) file->image.evict();
  }
}

// --- power loss and images ---

EventIdentity DiskFiles::part_of(Choices& choices, SimTime now, const EventIdentity& who,
                                 std::string_view path) const {
  return choices.identify(who.root, EventKind::kFault, names_place(path), now);
}

Where DiskFiles::names_place(std::string_view path) const {
  return where_of(name_, place_of(path), "names");
}

DiskPending DiskFiles::pending() const {
  DiskPending pending;
  for (const auto& [path, file] : names_.now()) {
    if (file == nullptr) continue;
    const FileImage& image = file->image;
    DiskPending::File found{.path = path,
                            .where = file->where,
                            .size_changes = image.size_change_count(),
                            .sectors = {}};
    for (const DirtySector& dirty : image.dirty()) {
      if (dirty.is_lost) continue;
      found.sectors.push_back({.sector = dirty.sector,
                               .versions = dirty.version_count,
                               .newest = dirty.newest().range});
    }
    const bool is_untouched = found.size_changes == 0 && found.sectors.empty();
    if (!is_untouched) pending.files.push_back(std::move(found));
  }
  if (order_ == NameOrder::kWeak) {
    names_.for_each_pending_name(
        [&](std::string_view path) { pending.names.push_back(names_place(path)); });
    return pending;
  }
  pending.journal = names_.pending_count();
  for (const FileRef& file : pending_sizes_) pending.journal += file->image.size_change_count();
  return pending;
}

std::uint64_t DiskFiles::content_hash() const {
  std::uint64_t hash = 0;
  for (const auto& [path, file] : names_.now()) {
    hash = mix(hash, hash_name(path));
    if (file == nullptr) continue;
    const FileImage& image = file->image;
    hash = mix(hash, image.size());
    for (std::uint64_t at = 0; at < image.size(); at += kSectorBytes) {
      hash = mix(hash, hash_name(as_text(image.sector(at / kSectorBytes))));
    }
  }
  return hash;
}

CrashReport DiskFiles::lose_ordered(Choices& choices, SimTime now, const EventIdentity& who,
                                    const Survival& survival) {
  std::vector<DiskOrdinal> journal;
  names_.for_each_pending([&](DiskOrdinal ordinal) { journal.push_back(ordinal); });
  for (const FileRef& file : pending_sizes_) {
    for (std::size_t i = 0; i < file->image.size_change_count(); ++i) {
      journal.push_back(file->image.size_change_ordinal(i));
    }
  }
  if (journal.empty()) return {};
  std::ranges::sort(journal);
  const EventIdentity part = part_of(choices, now, who, {});
  const std::uint64_t lost = draw_lost_changes(choices, part, survival, journal.size());
  CHECK(lost <= journal.size(), "only what is pending is lost");
  const std::uint64_t kept = journal.size() - lost;
  const DiskOrdinal last = kept == 0 ? 0 : journal[kept - 1];
  CrashReport report;
  report.names_lost = names_.lose_after(last);
  for (const FileRef& file : pending_sizes_) {
    report.sizes_lost += undo_sizes_after(file->image, last);
  }
  return report;
}

CrashReport DiskFiles::lose_weak(Choices& choices, SimTime now, const EventIdentity& who,
                                 const Survival& survival) {
  CrashReport report;
  report.names_lost = names_.lose_some([&](std::string_view path) {
    if (!survival.metadata) return false;
    const EventIdentity part = part_of(choices, now, who, path);
    return choices.hit(part, Purpose::kCrashMetadata, {1, 2});
  });
  return report;
}

CrashReport DiskFiles::lose_power(Choices& choices, SimTime now, const EventIdentity& who,
                                  const Survival& survival, std::vector<std::string>* notes) {
  const bool is_ordered = order_ == NameOrder::kOrdered;
  CrashReport total = is_ordered ? lose_ordered(choices, now, who, survival)
                                 : lose_weak(choices, now, who, survival);
  for (const auto& [path, file] : names_.now()) {
    if (file == nullptr) continue;
    FileImage& image = file->image;
    const bool is_untouched = image.dirty().empty() && !image.has_unsynced_size();
    if (is_untouched) continue;
    const EventIdentity part = choices.identify(who.root, EventKind::kFault, file->where, now);
    std::uint64_t sizes_lost = 0;
    if (!is_ordered) {
      sizes_lost = draw_lost_changes(choices, part, survival, image.size_change_count());
      image.undo_size_changes(sizes_lost);
    }
    CrashReport report = sim::lose_power(image, choices, part, survival);
    report.sizes_lost = sizes_lost;
    if (notes != nullptr) describe(path, report, *notes);
    total += report;
  }
  if (notes != nullptr && total.names_lost != 0) {
    notes->push_back(std::to_string(total.names_lost) + " changes of names dropped, never synced");
  }
  for (const FileRef& file : pending_sizes_) file->has_pending_size = false;
  pending_sizes_.clear();
  return total;
}

DiskFiles DiskFiles::copy() const {
  DiskFiles copied = *this;
  std::map<DiskOrdinal, FileRef> nodes;  // By number, which no two files share.
  const auto copy_of = [&nodes](const FileRef& file) {
    FileRef& node = nodes[file->number];
    if (node == nullptr) node = std::make_shared<FileNode>(*file);
    return node;
  };
  copied.names_.exchange_files(copy_of);
  for (FileRef& file : copied.pending_sizes_) file = copy_of(file);
  return copied;
}

DiskSnapshot DiskFiles::snapshot() const {
  DiskSnapshot snapshot;
  for (const auto& [path, file] : names_.durable()) {
    std::optional<FileImage>& image = snapshot.files_[path];
    if (file != nullptr) image = file->image.durable();
  }
  return snapshot;
}

bool DiskFiles::restore(const DiskSnapshot& snapshot) {
  bool differs = names_.now().size() != snapshot.files_.size();
  DiskNames::Tree tree;
  for (const auto& [path, image] : snapshot.files_) {
    const auto before = names_.now().find(path);
    if (before == names_.now().end() || (before->second == nullptr) != !image.has_value()) {
      differs = true;
    } else if (image.has_value() && !before->second->image.same_content(*image)) {
      differs = true;
    }
    FileRef& file = tree[path];
    if (!image.has_value()) continue;
    file = make_node(path);
    file->image = *image;
  }
  for (const FileRef& file : pending_sizes_) file->has_pending_size = false;
  pending_sizes_.clear();
  names_.replace(std::move(tree));
  return differs;
}

void DiskFiles::check_invariants() const {
  names_.check_invariants();
  for (const FileRef& file : names_.files()) file->image.check_invariants();
  for (const FileRef& file : pending_sizes_) {
    CHECK(file->has_pending_size, "files with pending sizes know it");
  }
}

}  // namespace millrace::sim
