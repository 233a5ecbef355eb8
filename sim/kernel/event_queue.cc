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

void EntryHeap::pop() {
  const QueueEntry last = entries_.back();
  entries_.pop_back();
  const std::size_t size = entries_.size();
  if (size == 0) return;
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
}

std::uint32_t BucketWheel::distance(std::uint32_t from) const {
  const std::uint32_t here = from / 64;
  const std::uint64_t rest = occupied_[here] >> (from % 64);
  if (rest != 0) return static_cast<std::uint32_t>(std::countr_zero(rest));
  // Words after this one; or, once round, from the first, which may lead to this one's low bits.
  const std::uint32_t after = words_ & ~((2U << here) - 1);
  const auto word = static_cast<std::uint32_t>(std::countr_zero(after != 0 ? after : words_));
  const auto bit = static_cast<std::uint32_t>(std::countr_zero(occupied_[word]));
  return (word * 64 + bit - from) % kBuckets;
}

const QueueEntry* EventQueue::glance_at_wheels() const {
  if (!fine_.empty()) {
    const auto after = static_cast<std::uint32_t>(open_bucket_ + 1) & kBucketMask;
    return &nodes_[fine_.head(after + fine_.distance(after))].entry;
  }
  if (!coarse_.empty()) {
    const auto after = static_cast<std::uint32_t>(turn_ + 1) & kBucketMask;
    return &nodes_[coarse_.head((after + coarse_.distance(after)) & kBucketMask)].entry;
  }
  return beyond_.empty() ? nullptr : &beyond_.top();
}

void EventQueue::clear() {
  open_.clear();
  next_ = 0;
  size_ = 0;
  open_bucket_ = 0;
  turn_ = 0;
  nodes_.clear();
  free_node_ = BucketWheel::kNone;
  late_.clear();
  beyond_.clear();
  fine_ = {};
  coarse_ = {};
}

void EventQueue::add_free_node() {
  free_node_ = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back();
}

void EventQueue::open_next_turn() {
  CHECK((!coarse_.empty() || !beyond_.empty()), "a queue that is not empty has an entry somewhere");
  std::uint64_t next = ~std::uint64_t{0};
  if (!coarse_.empty()) {
    next = turn_ + 1 + coarse_.distance(static_cast<std::uint32_t>(turn_ + 1) & kBucketMask);
  }
  if (!beyond_.empty()) next = std::min(next, beyond_.top().time >> kTurnShift);
  turn_ = next;
  while (!beyond_.empty() && beyond_.top().time >> kTurnShift < turn_ + BucketWheel::kBuckets) {
    put(add_node(beyond_.top()));
    beyond_.pop();
  }
  std::uint32_t index = coarse_.take(static_cast<std::uint32_t>(turn_) & kBucketMask);
  while (index != BucketWheel::kNone) {
    const std::uint32_t after = nodes_[index].next;
    put(index);
    index = after;
  }
}

void EventQueue::open_next_bucket() {
  std::uint32_t from = 0;
  if (fine_.empty()) {
    open_next_turn();
  } else {
    from = static_cast<std::uint32_t>(open_bucket_ + 1) & kBucketMask;
  }
  const std::uint32_t bucket = from + fine_.distance(from);
  open_bucket_ = (turn_ << (kTurnShift - kBucketShift)) + bucket;
  open_.clear();
  next_ = 0;
  std::uint32_t index = fine_.take(bucket);
  while (index != BucketWheel::kNone) {
    Node& node = nodes_[index];
    open_.push_back(node.entry);
    const std::uint32_t after = node.next;
    node.next = free_node_;
    free_node_ = index;
    index = after;
  }
  if (open_.size() > 1) sort_entries(open_);
}

}  // namespace millrace::sim
