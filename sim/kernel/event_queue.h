#pragma once

// The pending events, ordered by (time, tie).
//
// A wheel of 2,048 buckets of about a microsecond with a bitmap of the occupied ones; a heap behind
// the wheel's horizon; a heap for what arrives in the bucket that is being emptied. Entries have 16
// bytes. Times only grow: nothing is pushed before the last popped time.
// Source: measured against 4-ary, binary and radix heaps over 10 to 100,000 pending events.
// Cost: O(1) amortised within the horizon (about 2 ms), O(log n) beyond.

#include <array>
#include <cstdint>
#include <vector>

#include "system/base/check.h"

namespace millrace::sim {

/// A pending event: its time in ns and 64 bits of which the high 40 order events of one time and
/// the low 24 name the slot that holds the event itself.
struct QueueEntry {
  std::uint64_t time = 0;
  std::uint64_t tie = 0;

  std::uint32_t slot() const { return static_cast<std::uint32_t>(tie & 0xFFFFFF); }

  friend bool operator<(const QueueEntry& a, const QueueEntry& b) {
    __extension__ using Wide = unsigned __int128;
    return ((static_cast<Wide>(a.time) << 64) | a.tie) <
           ((static_cast<Wide>(b.time) << 64) | b.tie);
  }
};

/// A 4-ary min-heap of entries.
class EntryHeap {
 public:
  bool empty() const { return entries_.empty(); }
  const QueueEntry& top() const { return entries_.front(); }
  void push(QueueEntry entry);
  QueueEntry pop();
  void clear() { entries_.clear(); }

 private:
  std::vector<QueueEntry> entries_;
};

class EventQueue {
 public:
  EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  /// `entry.time` is not before the last popped time (checked by the caller's clock).
  void push(QueueEntry entry) {
    const std::uint64_t bucket = entry.time >> kBucketShift;
    ++size_;
    if (bucket <= open_bucket_) {
      late_.push(entry);
    } else if (bucket - open_bucket_ < kBucketCount) {
      put(bucket, entry);
    } else {
      beyond_.push(entry);
    }
  }

  /// The earliest entry. The queue is not empty.
  QueueEntry pop() {
    CHECK(size_ > 0, "an empty queue has nothing to pop");
    while (next_ == open_.size() && late_.empty()) open_next_bucket();
    --size_;
    if (!late_.empty() && (next_ == open_.size() || late_.top() < open_[next_])) {
      return late_.pop();
    }
    return open_[next_++];
  }

  /// Earliest time without popping; the queue is not empty. Opens buckets, changes no order.
  std::uint64_t next_time() {
    while (next_ == open_.size() && late_.empty()) open_next_bucket();
    if (late_.empty()) return open_[next_].time;
    if (next_ == open_.size()) return late_.top().time;
    return late_.top() < open_[next_] ? late_.top().time : open_[next_].time;
  }

  /// An entry that will be popped soon, for prefetching; null where none is known.
  const QueueEntry* glance() const { return next_ < open_.size() ? &open_[next_] : nullptr; }

  /// Removes everything and starts again at time 0.
  void clear();

 private:
  static constexpr int kBucketShift = 10;
  static constexpr std::uint64_t kBucketCount = 2048;

  void put(std::uint64_t bucket, QueueEntry entry) {
    buckets_[bucket % kBucketCount].push_back(entry);
    occupied_[bucket % kBucketCount / 64] |= 1ULL << (bucket % 64);
    ++in_wheel_;
  }
  void open_next_bucket();
  std::uint64_t next_occupied_bucket() const;

  std::vector<std::vector<QueueEntry>> buckets_;
  std::array<std::uint64_t, kBucketCount / 64> occupied_{};
  std::vector<QueueEntry> open_;  // Sorted; entries before next_ are gone.
  std::size_t next_ = 0;
  EntryHeap late_;
  EntryHeap beyond_;
  std::uint64_t open_bucket_ = 0;
  std::size_t size_ = 0;
  std::size_t in_wheel_ = 0;
};

}  // namespace millrace::sim
