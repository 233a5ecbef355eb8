#pragma once

// A log in memory that a test makes durable record by record, and Tasks and Clock for code that
// never has to wait.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "system/base/check.h"
#include "system/env/clock.h"
#include "system/env/tasks.h"
#include "system/wal/log.h"

namespace millrace::segment_store {

/// One task; each wait times out at once.
class LoneTask final : public Tasks {
 public:
  TaskId spawn(std::string_view /*name*/, std::function<void()> /*body*/) override {
    UNREACHABLE("nothing here spawns");
  }
  TaskId current() override { return TaskId(1); }
  Wake park(Instant /*deadline*/) override {
    CHECK(no_block_depth_ == 0, "a wait in an atomic stretch");
    return Wake::kTimeout;
  }
  void unpark(TaskId /*task*/) override {}
  void cancel(TaskId /*task*/) override {}
  void no_block(int change) override { no_block_depth_ += change; }
  void shield(int /*change*/) override {}

 private:
  int no_block_depth_ = 0;
};

/// Stands still until it is moved.
class FakeClock final : public Clock {
 public:
  Instant now() override { return instant; }
  WallTime wall() override { return wall_time; }

  Instant instant;
  WallTime wall_time{1000};
};

/// See above. What is on "disk" is kept across crashes by passing it to the next log.
class FakeLog final : public wal::DurableLog {
 public:
  /// What survives a process.
  struct Disk {
    std::vector<Bytes> records;    // Record i has address i + 1.
    std::uint64_t start = 1;       // Records before it were let go.
    std::uint64_t shown_from = 1;  // And from here on they are still there.
    std::uint64_t epoch = 0;
  };

  explicit FakeLog(Disk& disk) : disk_(disk) {}

  Result<wal::RecoveredLog> recover(const wal::RecordVisitor& visit,
                                    wal::LogListener& listener) override {
    listener_ = &listener;
    durable_ = disk_.records.size();
    for (std::uint64_t address = disk_.shown_from; address <= durable_; ++address) {
      TRY(visit(wal::LogAddress(address), disk_.records[address - 1]));
    }
    return wal::RecoveredLog{.first = wal::LogAddress(disk_.shown_from),
                             .last = wal::LogAddress(durable_),
                             .epoch = ++disk_.epoch,
                             .torn_bytes = 0};
  }

  Result<wal::LogAddress> add(Bytes record) override {
    if (refuse_with.has_value()) return fail(*refuse_with);
    waiting_.push_back(std::move(record));
    return wal::LogAddress(disk_.records.size() + waiting_.size());
  }

  Result<void> wait_durable(wal::LogAddress address, Instant /*deadline*/) override {
    if (broken_) return fail(Errc::kIo);
    if (address.value() > durable_) return fail(Errc::kTimeout);
    return {};
  }

  wal::LogAddress durable() const override { return wal::LogAddress(durable_); }

  void truncate(wal::LogAddress address) override {
    CHECK(address.value() <= durable_ + 1, "only durable records are let go");
    disk_.start = std::max(disk_.start, address.value());
  }

  Result<void> close(Instant /*deadline*/) override { return {}; }

  /// Makes the next `count` records durable at once, or as many as there are.
  void make_durable(std::size_t count) {
    count = std::min(count, waiting_.size());
    if (count == 0) return;
    move_to_disk(count);
    durable_ = disk_.records.size();
    listener_->on_durable(durable());
  }

  /// The process dies; `count` of the records that wait are on the disk nevertheless.
  void crash(std::size_t count) {
    move_to_disk(std::min(count, waiting_.size()));
    waiting_.clear();
  }

  void break_now() {
    broken_ = true;
    refuse_with = Errc::kShuttingDown;
    listener_->on_broken({.code = Errc::kIo, .detail = "sync"});
  }

  std::size_t waiting_count() const { return waiting_.size(); }
  std::uint64_t last_address() const { return disk_.records.size() + waiting_.size(); }

  std::optional<Errc> refuse_with;

 private:
  void move_to_disk(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) disk_.records.push_back(waiting_[i]);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  Disk& disk_;
  wal::LogListener* listener_ = nullptr;
  std::vector<Bytes> waiting_;
  std::uint64_t durable_ = 0;
  bool broken_ = false;
};

}  // namespace millrace::segment_store
