// The part of the disk device that the fault engine calls: crashes, conditions and damage.

#include <algorithm>
#include <utility>

#include "sim/devices/disk_device.h"
#include "sim/devices/disk_files.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

constexpr std::uint64_t kFlipsMax = 8;
constexpr std::uint64_t kUnreadableMax = 8;

// Draws of one damage (Purpose::kDamage) by what they decide.
enum DamageDraw : std::uint32_t { kDrawFile, kDrawSector, kDrawCount, kDrawOther, kDrawBits };

std::uint64_t sector_count(const FileImage& image) {
  return (image.size() + kSectorBytes - 1) / kSectorBytes;
}

/// The first clean sector from `start` on, around the end of the file; none where all are dirty.
std::optional<std::uint64_t> clean_sector(const FileImage& image, std::uint64_t start,
                                          std::optional<std::uint64_t> except) {
  const std::uint64_t count = sector_count(image);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t sector = (start + i) % count;
    if (sector != except && image.is_clean(sector)) return sector;
  }
  return std::nullopt;
}

/// Bytes of a sector that lie within the file.
std::size_t valid_bytes(const FileImage& image, std::uint64_t sector) {
  const std::uint64_t start = sector * kSectorBytes;
  return static_cast<std::size_t>(std::min(kSectorBytes, image.size() - start));
}

}  // namespace

// --- crashes ---

void DiskDevice::power_loss(const EventIdentity& who, const Survival& survival) {
  end_requests(std::nullopt);
  std::vector<std::string> notes;
  const CrashReport report = files_->lose_power(world_.choices(), world_.now(), who, survival,
                                                world_.is_traced() ? &notes : nullptr);
  for (std::uint64_t i = 0; i < report.sectors_torn; ++i) {
    meters_.took_effect(FaultKind::kDiskTornWrite);
  }
  if (report.lost_anything()) meters_.met(Situation::kUnsyncedDataLost);
  for (std::string& text : notes) note(NoteKind::kFault, std::move(text));
  cache_busy_until_ = world_.now();
  medium_busy_until_ = world_.now();
}

std::unique_ptr<DiskSnapshot> DiskDevice::snapshot() const {
  return std::make_unique<DiskSnapshot>(files_->snapshot());
}

bool DiskDevice::restore(const DiskSnapshot& snapshot) {
  CHECK(machine_.process() == nullptr, "disks are exchanged between lives");
  return files_->restore(snapshot);
}

bool DiskDevice::lose() {
  CHECK(machine_.process() == nullptr, "disks are exchanged between lives");
  return files_->restore(DiskSnapshot());
}

// --- conditions ---

void DiskDevice::fail_next(DiskFailure failure) {
  CHECK((failure.code == Errc::kIo || failure.code == Errc::kNoSpace),
        "a disk fails with an I/O error or for want of room");
  failures_.push_back(std::move(failure));
}

void DiskDevice::stall(Duration duration) {
  CHECK(duration.ns >= 0, "a stall lasts");
  const SimTime now = world_.now();
  const SimTime before = std::max(now, stalled_until_);
  stalled_until_ = std::max(before, now + duration);
  if (stalled_until_ > before) shift_requests(stalled_until_ - before);
}

void DiskDevice::shift_requests(Duration by) {
  const SimTime now = world_.now();
  cache_busy_until_ = std::max(now, std::max(now, cache_busy_until_) + by);
  medium_busy_until_ = std::max(now, std::max(now, medium_busy_until_) + by);
  for (Request& request : requests_) {
    if (!request.is_queued || request.is_done) continue;
    request.due = std::max(now, std::max(now, request.due) + by);
    const bool is_moved = world_.move(request.event, request.due);
    if (is_moved && by.ns > 0) meters_.took_effect(FaultKind::kDiskStall);
  }
}

void DiskDevice::set_slowness(std::uint32_t multiplier) {
  CHECK(multiplier >= 1, "a slow disk is not a fast one");
  slowness_ = multiplier;
}

void DiskDevice::set_room(std::optional<std::uint64_t> bytes_left) {
  if (!bytes_left.has_value()) {
    capacity_.reset();
    return;
  }
  const std::uint64_t capacity = files_->used_bytes() + *bytes_left;
  capacity_ = std::min(capacity_.value_or(capacity), capacity);
}

void DiskDevice::heal() {
  failures_.clear();
  slowness_ = 1;
  capacity_.reset();
  astray_write_.reset();
  astray_read_.reset();
  stale_read_.reset();
  const SimTime now = world_.now();
  if (stalled_until_ > now) shift_requests(now - stalled_until_);
  stalled_until_ = std::min(stalled_until_, now);
}

bool DiskDevice::has_condition() const {
  const bool is_armed =
      astray_write_.has_value() || astray_read_.has_value() || stale_read_.has_value();
  return is_armed || !failures_.empty() || slowness_ > 1 || capacity_.has_value();
}

// --- damage ---

std::uint64_t DiskDevice::draw_index(const EventIdentity& who, std::uint64_t count,
                                     std::uint32_t index) const {
  CHECK(count > 0, "there is something to choose from");
  const auto highest = static_cast<std::int64_t>(count) - 1;
  return static_cast<std::uint64_t>(
      world_.choices().one_of(who, Purpose::kDamage, 0, highest, index));
}

std::optional<DiskDevice::Target> DiskDevice::draw_target(const EventIdentity& who,
                                                          std::string_view path) const {
  std::vector<const DiskNames::Tree::value_type*> candidates;
  for (const auto& entry : files_->names().now()) {
    if (entry.second == nullptr || (!path.empty() && entry.first != path)) continue;
    if (clean_sector(entry.second->image, 0, std::nullopt).has_value()) {
      candidates.push_back(&entry);
    }
  }
  if (candidates.empty()) return std::nullopt;
  const auto& [name, node] = *candidates[draw_index(who, candidates.size(), kDrawFile)];
  const std::uint64_t start = draw_index(who, sector_count(node->image), kDrawSector);
  const std::optional<std::uint64_t> sector = clean_sector(node->image, start, std::nullopt);
  return Target{.path = name, .node = node, .sector = sector.value()};
}

std::optional<DamagedRange> DiskDevice::rot(const EventIdentity& who, std::string_view path) {
  const std::optional<Target> target = draw_target(who, path);
  if (!target.has_value()) return std::nullopt;
  FileImage& image = target->node->image;
  const std::size_t bytes = valid_bytes(image, target->sector);
  const Sector pristine = image.sector(target->sector);
  const DamageMap::Entry* before = image.damage().find(target->sector);
  Sector shown = pristine;
  if (before != nullptr && before->damaged.any()) shown = before->shown;
  const std::uint64_t flips = 1 + draw_index(who, kFlipsMax, kDrawCount);
  std::size_t first = kSectorBytes;
  std::size_t last = 0;
  for (std::uint64_t i = 0; i < flips; ++i) {
    const std::uint64_t bit = draw_index(who, bytes * 8, kDrawBits + static_cast<std::uint32_t>(i));
    const auto byte = static_cast<std::size_t>(bit / 8);
    // Against what was written, so that no two flips cancel each other.
    shown[byte] = pristine[byte] ^ static_cast<std::byte>(1U << bit % 8);
    first = std::min(first, byte);
    last = std::max(last, byte);
  }
  const std::size_t damaged =
      image.damage().show(target->sector, pristine, shown, FaultKind::kDiskBitRot);
  CHECK(damaged > 0, "flipped bits differ");
  const std::uint64_t start = target->sector * kSectorBytes;
  if (world_.is_traced()) {
    note(NoteKind::kFault, target->path + " sector " + std::to_string(target->sector) + ": " +
                               std::to_string(flips) + " bits flipped");
  }
  return DamagedRange{.path = target->path,
                      .begin = start + first,
                      .end = start + last + 1,
                      .kind = FaultKind::kDiskBitRot};
}

std::optional<DamagedRange> DiskDevice::make_unreadable(const EventIdentity& who,
                                                        std::string_view path) {
  const std::optional<Target> target = draw_target(who, path);
  if (!target.has_value()) return std::nullopt;
  FileImage& image = target->node->image;
  const std::uint64_t wanted = 1 + draw_index(who, kUnreadableMax, kDrawCount);
  std::uint64_t end = target->sector;
  while (end < target->sector + wanted && image.is_clean(end)) {
    image.damage().make_unreadable(end, FaultKind::kDiskReadError);
    ++end;
  }
  if (world_.is_traced()) {
    note(NoteKind::kFault, target->path + " sector " + std::to_string(target->sector) + ": " +
                               std::to_string(end - target->sector) + " sectors unreadable");
  }
  return DamagedRange{.path = target->path,
                      .begin = target->sector * kSectorBytes,
                      .end = std::min(end * kSectorBytes, image.size()),
                      .kind = FaultKind::kDiskReadError};
}

void DiskDevice::misdirect_next_write(const EventIdentity& who, std::string_view path) {
  astray_write_ = Armed{.who = who, .path = std::string(path)};
}

void DiskDevice::misdirect_next_read(const EventIdentity& who, std::string_view path) {
  astray_read_ = Armed{.who = who, .path = std::string(path)};
}

void DiskDevice::stale_next_read(const EventIdentity& who, std::string_view path) {
  stale_read_ = Armed{.who = who, .path = std::string(path)};
}

void DiskDevice::evict() { files_->evict(); }

bool DiskDevice::is_armed_for(const std::optional<Armed>& armed, const FileNode& node) const {
  if (!armed.has_value()) return false;
  if (armed->path.empty()) return true;
  const std::expected<FileRef, Errc> named = files_->names().find(armed->path);
  return named.has_value() && named->get() == &node;
}

void DiskDevice::sync_astray(Request& request) {
  FileImage& image = request.node->image;
  std::vector<std::uint64_t> dirty;
  if (is_armed_for(astray_write_, *request.node)) {
    for (const DirtySector& sector : image.dirty()) {
      const bool is_written = !sector.is_lost && sector.newest().last <= request.up_to;
      if (is_written) dirty.push_back(sector.sector);
    }
  }
  if (dirty.empty()) {
    files_->sync(request.node, request.up_to);
    return;
  }
  const EventIdentity who = astray_write_->who;
  const std::uint64_t own = dirty[draw_index(who, dirty.size(), kDrawSector)];
  const auto record = std::ranges::find(image.dirty(), own, &DirtySector::sector);
  const Sector before = image.content(*record, 0);
  const std::uint64_t start = draw_index(who, sector_count(image), kDrawOther);
  const std::optional<std::uint64_t> other = clean_sector(image, start, own);
  files_->sync(request.node, request.up_to);

  const Sector written = image.sector(own);
  DamageMap& damage = image.damage();
  constexpr FaultKind kKind = FaultKind::kDiskMisdirectedWrite;
  std::size_t damaged = damage.show(own, written, before, kKind);
  if (other.has_value()) damaged += damage.show(*other, image.sector(*other), written, kKind);
  if (damaged == 0) return;  // The bytes are the same everywhere: wait for another write.
  astray_write_.reset();
  meters_.took_effect(kKind);
  if (world_.is_traced()) {
    note(NoteKind::kFault, std::string(path_of(request)) + " sector " + std::to_string(own) +
                               (other.has_value() ? " written over sector " + std::to_string(*other)
                                                  : std::string(" never written")));
  }
}

void DiskDevice::disturb_read(FileNode& node, std::uint64_t offset, std::span<std::byte> target) {
  if (target.empty()) return;
  if (is_armed_for(astray_read_, node)) {
    show_other(astray_read_, node, offset, target, FaultKind::kDiskMisdirectedRead);
  }
  if (is_armed_for(stale_read_, node)) {
    show_other(stale_read_, node, offset, target, FaultKind::kDiskStaleRead);
  }
}

void DiskDevice::show_other(std::optional<Armed>& armed, const FileNode& node, std::uint64_t offset,
                            std::span<std::byte> target, FaultKind kind) {
  const FileImage& image = node.image;
  const std::uint64_t end = offset + target.size();
  const std::uint64_t first = offset / kSectorBytes;
  const std::uint64_t count = (end - 1) / kSectorBytes - first + 1;
  const std::uint32_t index = kDrawBits + armed->tries++ * 2;
  const std::uint64_t sector = first + draw_index(armed->who, count, index);
  if (!image.is_clean(sector)) return;
  Sector shown = image.previous(sector);
  if (kind == FaultKind::kDiskMisdirectedRead) {
    const std::uint64_t start = draw_index(armed->who, sector_count(image), index + 1);
    const std::optional<std::uint64_t> other = clean_sector(image, start, sector);
    if (!other.has_value()) return;
    shown = image.sector(*other);
  }
  bool differs = false;
  const std::uint64_t sector_start = sector * kSectorBytes;
  for (std::uint64_t at = std::max(offset, sector_start);
       at < std::min(end, sector_start + kSectorBytes); ++at) {
    std::byte& byte = target[static_cast<std::size_t>(at - offset)];
    const std::byte other = shown[static_cast<std::size_t>(at - sector_start)];
    differs = differs || byte != other;
    byte = other;
  }
  if (!differs) return;  // Waits for a read that shows a difference.
  armed.reset();
  meters_.took_effect(kind);
  if (world_.is_traced()) {
    note(NoteKind::kFault, node.first_name + " sector " + std::to_string(sector) +
                               (kind == FaultKind::kDiskStaleRead ? " read as it was before"
                                                                  : " read from elsewhere"));
  }
}

// --- what checkers may ask ---

std::vector<const DiskDevice::Request*> DiskDevice::under_way() const {
  std::vector<const Request*> requests;
  for (const Request& request : requests_) {
    if (request.is_queued && !request.is_done) requests.push_back(&request);
  }
  return requests;
}

std::optional<DiskFiles> DiskDevice::files_at_rest() const {
  if (!under_way().empty()) return std::nullopt;
  return files_->copy();
}

std::optional<DiskFiles> DiskDevice::files_with_cut(std::uint64_t lost) const {
  const std::vector<const Request*> requests = under_way();
  if (requests.size() != 1) return std::nullopt;
  const Request& only = *requests.front();
  DiskFiles copied = files_->copy();
  if (only.kind != RequestKind::kWrite) return copied;
  CHECK(lost <= only.bytes.size(), "a write loses what it has");
  const std::size_t kept = only.bytes.size() - static_cast<std::size_t>(lost);
  for (const FileRef& file : copied.names().files()) {
    if (file->number != only.node->number || kept == 0) continue;
    copied.write(file, only.offset, only.bytes.first(kept));
  }
  return copied;
}

std::vector<DamagedRange> DiskDevice::damaged_ranges(std::string_view path) const {
  std::vector<DamagedRange> result;
  const std::expected<FileRef, Errc> file = files_->names().find(path);
  if (!file.has_value()) return result;
  const FileImage& image = (*file)->image;
  for (const DamageMap::Range& range : image.damage().ranges(image.size())) {
    result.push_back({std::string(path), range.begin, range.end, range.kind});
  }
  return result;
}

bool DiskDevice::is_damaged(std::string_view path) const { return !damaged_ranges(path).empty(); }

bool DiskDevice::is_damaged() const {
  return std::ranges::any_of(files_->names().now(), [&](const auto& entry) {
    return entry.second != nullptr && is_damaged(entry.first);
  });
}

}  // namespace millrace::sim
