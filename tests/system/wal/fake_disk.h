#pragma once

// A disk in memory for tests that need no tasks and no time: every call answers at once. It keeps
// what a power loss would leave apart from what reads see, byte by byte, at its strictest: nothing
// survives that was not synced, and a failed sync forgets what it should have written.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system/env/disk.h"

namespace millrace::wal {

/// See above. Files that are open keep working after their names are gone.
class FakeDisk final : public Disk {
 public:
  struct Node {
    Bytes cache;
    Bytes medium;
    std::vector<bool> is_dirty;
  };

  /// Counts down with each call of its kind; the call that finds 1 fails.
  struct Failures {
    int write = 0;
    int sync = 0;
    int sync_directory = 0;
    int unlink = 0;
  };

  Failures fail_next;

  /// Takes everything back that was not synced.
  void power_loss() {
    names_ = durable_names_;
    for (auto& [path, node] : names_) node->cache = node->medium;
    for (auto& [path, node] : names_) node->is_dirty.assign(node->cache.size(), false);
  }

  /// Decides what of the unsynced survives a power loss that is less strict.
  class Survival {
   public:
    virtual ~Survival() = default;
    /// Whether the entries of a directory are as programs saw them, not as they were last synced.
    virtual bool keeps_names() = 0;
    /// The size of a file, between its synced and its present one.
    virtual std::size_t size(std::size_t low, std::size_t high) = 0;
    /// Whether this many bytes that were written in a row are there.
    virtual bool keeps_sector() = 0;
  };
  static constexpr std::size_t kSectorBytes = 16;

  /// As above, but anything of what was not synced may survive, sector by sector.
  void power_loss(Survival& survival) {
    if (!survival.keeps_names()) names_ = durable_names_;
    for (auto& [path, node] : names_) {
      Bytes left(survival.size(std::min(node->cache.size(), node->medium.size()),
                               std::max(node->cache.size(), node->medium.size())));
      std::ranges::copy(ByteView(node->medium).first(std::min(left.size(), node->medium.size())),
                        left.begin());
      for (std::size_t at = 0; at < std::min(left.size(), node->cache.size()); at += kSectorBytes) {
        const std::size_t end = std::min({at + kSectorBytes, left.size(), node->cache.size()});
        const bool is_kept = survival.keeps_sector();
        for (std::size_t i = at; i < end; ++i) {
          if (is_kept && node->is_dirty[i]) left[i] = node->cache[i];
        }
      }
      node->is_dirty.assign(left.size(), false);
      node->medium = left;
      node->cache = std::move(left);
    }
    durable_names_ = names_;
  }

  /// What reads see; the path exists.
  Bytes& contents(const std::string& path) { return names_.at(path)->cache; }

  /// Changes a file as if its bytes had always been these.
  void set_contents(const std::string& path, Bytes bytes) {
    auto node = std::make_shared<Node>();
    node->is_dirty.assign(bytes.size(), false);
    node->medium = bytes;
    node->cache = std::move(bytes);
    names_[path] = node;
    durable_names_[path] = node;
  }

  void remove(const std::string& path) {
    names_.erase(path);
    durable_names_.erase(path);
  }

  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const auto& [path, node] : names_) all.push_back(path);
    return all;
  }

  /// A disk with copies of the files as reads see them, all of it durable.
  FakeDisk copy() const {
    FakeDisk other;
    other.directories_ = directories_;
    for (const auto& [path, node] : names_) other.set_contents(path, node->cache);
    return other;
  }

  Result<std::unique_ptr<File>> open(std::string_view path, OpenMode mode) override {
    const auto found = names_.find(std::string(path));
    const bool exists = found != names_.end();
    if (mode == OpenMode::kExisting && !exists) return fail(Errc::kNotFound, std::string(path));
    if (mode == OpenMode::kCreate && exists) return fail(Errc::kAlreadyExists, std::string(path));
    if (exists) return std::make_unique<FakeFile>(*this, found->second);
    auto node = std::make_shared<Node>();
    names_.emplace(path, node);
    return std::make_unique<FakeFile>(*this, node);
  }

  Result<void> make_directory(std::string_view path) override {
    directories_.insert(std::string(path));
    return {};
  }

  Result<void> rename(std::string_view from, std::string_view to) override {
    const auto found = names_.find(std::string(from));
    if (found == names_.end()) return fail(Errc::kNotFound);
    names_[std::string(to)] = found->second;
    names_.erase(found);
    return {};
  }

  Result<void> unlink(std::string_view path) override {
    if (is_due(fail_next.unlink)) return fail(Errc::kIo, "unlink");
    if (names_.erase(std::string(path)) == 0) return fail(Errc::kNotFound);
    return {};
  }

  Result<std::vector<std::string>> list(std::string_view path) override {
    if (!directories_.contains(std::string(path))) return fail(Errc::kNotFound);
    std::vector<std::string> inside;
    for (const auto& [name, node] : names_) {
      if (is_in(name, path)) inside.push_back(name.substr(path.size() + 1));
    }
    return inside;
  }

  Result<void> sync_directory(std::string_view path) override {
    if (is_due(fail_next.sync_directory)) return fail(Errc::kIo, "sync_directory");
    std::erase_if(durable_names_, [&](const auto& entry) { return is_in(entry.first, path); });
    for (const auto& [name, node] : names_) {
      if (is_in(name, path)) durable_names_[name] = node;
    }
    return {};
  }

 private:
  class FakeFile final : public File {
   public:
    FakeFile(FakeDisk& disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}

    Result<void> write(std::uint64_t offset, ByteView bytes) override {
      const bool fails = is_due(disk_.fail_next.write);
      if (fails) bytes = bytes.first(bytes.size() / 2);
      const std::size_t end = static_cast<std::size_t>(offset) + bytes.size();
      if (node_->cache.size() < end) resize(end);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        node_->cache[static_cast<std::size_t>(offset) + i] = bytes[i];
        node_->is_dirty[static_cast<std::size_t>(offset) + i] = true;
      }
      if (fails) return fail(Errc::kNoSpace, "write");
      return {};
    }

    Result<Bytes> read(std::uint64_t offset, std::size_t size) override {
      const std::size_t begin = std::min<std::size_t>(offset, node_->cache.size());
      const std::size_t count = std::min(size, node_->cache.size() - begin);
      return to_bytes(ByteView(node_->cache).subspan(begin, count));
    }

    Result<void> sync() override {
      const bool fails = is_due(disk_.fail_next.sync);
      if (!fails) {
        node_->medium.resize(node_->cache.size());
        for (std::size_t i = 0; i < node_->cache.size(); ++i) {
          if (node_->is_dirty[i]) node_->medium[i] = node_->cache[i];
        }
      }
      std::fill(node_->is_dirty.begin(), node_->is_dirty.end(), false);
      if (fails) return fail(Errc::kIo, "sync");
      return {};
    }

    Result<void> truncate(std::uint64_t size) override {
      resize(static_cast<std::size_t>(size));
      return {};
    }

    Result<std::uint64_t> size() override { return node_->cache.size(); }

   private:
    void resize(std::size_t size) {
      node_->cache.resize(size);
      node_->is_dirty.resize(size, true);
    }

    FakeDisk& disk_;
    std::shared_ptr<Node> node_;
  };

  static bool is_due(int& countdown) { return countdown > 0 && --countdown == 0; }

  static bool is_in(std::string_view name, std::string_view directory) {
    const std::size_t slash = name.rfind('/');
    const std::string_view parent =
        slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
    return parent == directory;
  }

  std::set<std::string> directories_{""};
  std::map<std::string, std::shared_ptr<Node>> names_;
  std::map<std::string, std::shared_ptr<Node>> durable_names_;
};

}  // namespace millrace::wal
