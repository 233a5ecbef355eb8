#include "sim/kernel/event_queue.h"

#include <algorithm>
#include <bit>

namespace millrace::sim {
namespace {

// Below this size an insertion sort beats std::sort. Measured with the queue model.
constexpr std::size_t kInsertionSortMax = 24;

void sort_entries(std::vector<QueueEntry>& entries) {
  if (entries.size() > kInsertionSortMax) {
    std::sort(entries.begin(), entries.end());
    return;
  }
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const QueueEntry entry = entries[i];
    std::size_t j = i;
    for (; j > 0 && entry < entries[j - 1]; --j) entries[j] = entries[j - 1];
    entries[j] = entry;
  }
}

}  // namespace

void EntryHeap::push(QueueEntry entry) {
  std::size_t hole = entries_.size();
  entries_.push_back(entry);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / 4;
    if (!(entry < entries_[parent])) break;
    entries_[hole] = entries_[parent];
    hole = parent;
  }
  entries_[hole] = entry;
}

QueueEntry EntryHeap::pop() {
  const QueueEntry top = entries_.front();
  const QueueEntry last = entries_.back();
  entries_.pop_back();
  const std::size_t size = entries_.size();
  if (size == 0) return top;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t first = hole * 4 + 1;
    if (first >= size) break;
    std::size_t smallest = first;
    const std::size_t end = std::min(first + 4, size);
    for (std::size_t child = first + 1; child < end; ++child) {
      if (entries_[child] < entries_[smallest]) smallest = child;
    }
    if (!(entries_[smallest] < last)) break;
    entries_[hole] = entries_[smallest];
    hole = smallest;
  }
  entries_[hole] = last;
  return top;
}

EventQueue::EventQueue() : buckets_(kBucketCount) {}

void EventQueue::clear() {
  for (auto& bucket : buckets_) bucket.clear();
  occupied_.fill(0);
  open_.clear();
  next_ = 0;
  late_.clear();
  beyond_.clear();
  open_bucket_ = 0;
  size_ = 0;
  in_wheel_ = 0;
}

std::uint64_t EventQueue::next_occupied_bucket() const {
  const std::uint64_t start = (open_bucket_ + 1) % kBucketCount;
  for (std::uint64_t distance = 0;;) {
    const std::uint64_t at = (start + distance) % kBucketCount;
    const std::uint64_t word = occupied_[at / 64] >> (at % 64);
    if (word != 0) {
      return open_bucket_ + 1 + distance + static_cast<std::uint64_t>(std::countr_zero(word));
    }
    distance += 64 - at % 64;
  }
}

void EventQueue::open_next_bucket() {
  CHECK((in_wheel_ > 0 || !beyond_.empty()), "a queue that is not empty has an entry somewhere");
  std::uint64_t next = in_wheel_ > 0 ? next_occupied_bucket() : ~std::uint64_t{0};
  if (!beyond_.empty()) next = std::min(next, beyond_.top().time >> kBucketShift);
  open_bucket_ = next;
  while (!beyond_.empty() && (beyond_.top().time >> kBucketShift) < next + kBucketCount) {
    const QueueEntry entry = beyond_.pop();
    put(entry.time >> kBucketShift, entry);
  }
  std::vector<QueueEntry>& bucket = buckets_[next % kBucketCount];
  in_wheel_ -= bucket.size();
  open_.swap(bucket);
  bucket.clear();
  next_ = 0;
  occupied_[next % kBucketCount / 64] &= ~(1ULL << (next % 64));
  sort_entries(open_);
}

}  // namespace millrace::sim
