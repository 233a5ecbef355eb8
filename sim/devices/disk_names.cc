#include "sim/devices/disk_names.h"

#include <algorithm>
#include <set>
#include <utility>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

using NameSet = std::set<std::string, std::less<>>;

bool is_directory_in(const DiskNames::Tree& tree, std::string_view path) {
  if (path.empty()) return true;
  const auto found = tree.find(path);
  return found != tree.end() && found->second == nullptr;
}

}  // namespace

bool is_valid_path(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

// --- what processes see and do ---

std::expected<FileRef, Errc> DiskNames::find(std::string_view path) const {
  const auto found = now_.find(path);
  if (found == now_.end()) return std::unexpected(Errc::kNotFound);
  if (found->second == nullptr) return std::unexpected(Errc::kInvalid);
  return found->second;
}

bool DiskNames::has_directory(std::string_view path) const { return is_directory_in(now_, path); }

std::expected<void, Errc> DiskNames::create(std::string_view path, FileRef file,
                                            DiskOrdinal ordinal) {
  CHECK(file != nullptr, "a file has a node");
  if (now_.contains(path)) return std::unexpected(Errc::kAlreadyExists);
  if (!has_directory(parent_of(path))) return std::unexpected(Errc::kNotFound);
  add({.ordinal = ordinal,
       .kind = ChangeKind::kCreate,
       .from = {},
       .to = std::string(path),
       .file = std::move(file)});
  return {};
}

std::expected<bool, Errc> DiskNames::make_directory(std::string_view path, DiskOrdinal ordinal) {
  if (has_directory(path)) return false;
  if (now_.contains(path)) return std::unexpected(Errc::kAlreadyExists);
  if (!has_directory(parent_of(path))) return std::unexpected(Errc::kNotFound);
  add({.ordinal = ordinal,
       .kind = ChangeKind::kMakeDirectory,
       .from = {},
       .to = std::string(path),
       .file = nullptr});
  return true;
}

std::expected<void, Errc> DiskNames::rename(std::string_view from, std::string_view to,
                                            DiskOrdinal ordinal) {
  const std::expected<FileRef, Errc> file = find(from);
  if (!file.has_value()) return std::unexpected(file.error());
  if (has_directory(to)) return std::unexpected(Errc::kInvalid);
  if (!has_directory(parent_of(to))) return std::unexpected(Errc::kNotFound);
  if (from == to) return {};
  add({.ordinal = ordinal,
       .kind = ChangeKind::kRename,
       .from = std::string(from),
       .to = std::string(to),
       .file = *file});
  return {};
}

std::expected<void, Errc> DiskNames::unlink(std::string_view path, DiskOrdinal ordinal) {
  const std::expected<FileRef, Errc> file = find(path);
  if (!file.has_value()) return std::unexpected(file.error());
  add({.ordinal = ordinal,
       .kind = ChangeKind::kUnlink,
       .from = std::string(path),
       .to = {},
       .file = *file});
  return {};
}

std::expected<void, Errc> DiskNames::list(std::string_view path,
                                          std::vector<std::string_view>& names) const {
  if (!has_directory(path)) return std::unexpected(Errc::kNotFound);
  const std::string prefix = path.empty() ? std::string() : std::string(path) + '/';
  for (auto at = now_.lower_bound(prefix); at != now_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    const std::string_view name = std::string_view(at->first).substr(prefix.size());
    if (!name.contains('/')) names.push_back(name);
  }
  return {};
}

void DiskNames::add(Change change) {
  if (!pending_.empty()) CHECK(pending_.back().ordinal <= change.ordinal);
  apply(now_, change);
  pending_.push_back(std::move(change));
  if (pending_.size() > kPendingMax) commit_all(pending_.front().ordinal);
}

void DiskNames::apply(Tree& tree, const Change& change) {
  if (!change.from.empty()) {
    const std::size_t erased = tree.erase(change.from);
    CHECK(erased == 1, "what goes away was there: changes of one name stay in order");
  }
  if (!change.to.empty()) tree.insert_or_assign(change.to, change.file);
}

bool DiskNames::has_parent(const Tree& tree, const Change& change) {
  return change.to.empty() || is_directory_in(tree, parent_of(change.to));
}

// --- syncs ---

void DiskNames::commit_all(DiskOrdinal up_to) {
  const auto last =
      std::ranges::find_if(pending_, [&](const Change& change) { return change.ordinal > up_to; });
  for (auto at = pending_.begin(); at != last; ++at) apply(durable_, *at);
  pending_.erase(pending_.begin(), last);
}

void DiskNames::commit_directory(std::string_view path, DiskOrdinal up_to) {
  NameSet covered;
  const auto is_covered = [&](std::string_view name) {
    return !name.empty() && (parent_of(name) == path || covered.contains(name));
  };
  for (auto at = pending_.rbegin(); at != pending_.rend(); ++at) {
    if (at->ordinal > up_to) continue;
    if (!is_covered(at->from) && !is_covered(at->to)) continue;
    at->is_synced = true;
    covered.insert(at->from);
    covered.insert(at->to);
    if (at->kind != ChangeKind::kRename) continue;
    // The other end of a rename is as certain as this one, with the directories it needs.
    for (const std::string_view name : {std::string_view(at->from), std::string_view(at->to)}) {
      if (parent_of(name) == path) continue;
      for (std::string_view above = parent_of(name); !above.empty(); above = parent_of(above)) {
        covered.emplace(above);
      }
    }
  }
  commit_synced();
}

void DiskNames::commit_synced() {
  NameSet waiting;
  std::erase_if(pending_, [&](const Change& change) {
    const bool is_free = !waiting.contains(change.from) && !waiting.contains(change.to);
    if (change.is_synced && is_free && has_parent(durable_, change)) {
      apply(durable_, change);
      return true;
    }
    if (!change.from.empty()) waiting.insert(change.from);
    if (!change.to.empty()) waiting.insert(change.to);
    return false;
  });
}

// --- power loss ---

void DiskNames::for_each_pending(const std::function<void(DiskOrdinal)>& visit) const {
  for (const Change& change : pending_) visit(change.ordinal);
}

void DiskNames::for_each_pending_name(
    const std::function<void(std::string_view path)>& visit) const {
  for (const Change& change : pending_) {
    if (!change.is_synced) visit(change.name());
  }
}

std::uint64_t DiskNames::lose_after(DiskOrdinal last) {
  CHECK(order_ == NameOrder::kOrdered, "only one journal has a prefix");
  commit_all(last);
  const std::uint64_t lost = pending_.size();
  pending_.clear();
  now_ = durable_;
  return lost;
}

std::uint64_t DiskNames::lose_some(const std::function<bool(std::string_view path)>& is_lost) {
  CHECK(order_ == NameOrder::kWeak, "a journal loses changes from its end");
  NameSet blocked;
  std::uint64_t lost = 0;
  for (const Change& change : pending_) {
    const bool is_free = !blocked.contains(change.from) && !blocked.contains(change.to);
    if (is_free && has_parent(durable_, change) && (change.is_synced || !is_lost(change.name()))) {
      apply(durable_, change);
      continue;
    }
    ++lost;
    if (!change.from.empty()) blocked.insert(change.from);
    if (!change.to.empty()) blocked.insert(change.to);
  }
  pending_.clear();
  now_ = durable_;
  return lost;
}

std::vector<FileRef> DiskNames::files() const {
  std::vector<FileRef> files;
  for (const auto& [name, file] : now_) files.push_back(file);
  for (const auto& [name, file] : durable_) files.push_back(file);
  for (const Change& change : pending_) files.push_back(change.file);
  std::erase(files, nullptr);
  // Equal numbers are the same file.
  std::ranges::sort(files, {}, [](const FileRef& file) { return file->number; });
  const auto rest = std::ranges::unique(files);
  files.erase(rest.begin(), rest.end());
  return files;
}

void DiskNames::replace(Tree tree) {
  pending_.clear();
  now_ = tree;
  durable_ = std::move(tree);
}

void DiskNames::exchange_files(const std::function<FileRef(const FileRef& file)>& other) {
  for (Tree* const tree : {&now_, &durable_}) {
    for (auto& [name, file] : *tree) {
      if (file != nullptr) file = other(file);
    }
  }
  for (Change& change : pending_) {
    if (change.file != nullptr) change.file = other(change.file);
  }
}

void DiskNames::check_invariants() const {
  for (const Tree* tree : {&now_, &durable_}) {
    for (const auto& [name, file] : *tree) {
      CHECK(is_valid_path(name), "only valid names are made");
      CHECK(is_directory_in(*tree, parent_of(name)), "an entry's directory is there");
    }
  }
  Tree all = durable_;
  for (const Change& change : pending_) apply(all, change);
  CHECK(all == now_, "pending changes lead from the durable names to the visible ones");
}

}  // namespace millrace::sim
