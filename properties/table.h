#pragma once

// Where properties keep what they know of events, passes and segments.
//
// A property keeps something of every event and looks it up at each record, so these look-ups are
// most of what properties cost. In a tree each is a dozen jumps through memory. Here entries lie
// side by side in the order in which they were first met, which is about the order in which
// readers meet them again, and a look-up is one step.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <tuple>
#include <vector>

#include "system/types/segment_id.h"

namespace millrace::properties {

std::uint64_t hash_of(std::string_view text);
inline std::uint64_t hash_of(std::unsigned_integral auto number) { return number; }
inline std::uint64_t hash_of(const SegmentId& segment) {
  return hash_of(std::string_view(segment.stream.text())) + segment.number;
}

/// A tuple may also be looked up by a tuple of views.
template <typename... Part>
std::uint64_t hash_of(const std::tuple<Part...>& parts) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = 0;
  std::apply([&](const auto&... part) { ((hash = (hash + hash_of(part)) * kOdd), ...); }, parts);
  return hash;
}

/// A map that keeps the order in which its keys came; hashes decide nothing that can be seen. What
/// it gives stays valid. Cost: O(1), amortised; entries never move.
template <typename Key, typename Value>
class Table {
 public:
  struct Entry {
    Key key;
    Value value = {};
  };
  struct Found {
    Value& value;
    bool is_new = false;
  };

  /// The value of `key`; null where there is none.
  template <typename Look>
  Value* find(const Look& key) {
    if (entries_.empty()) return nullptr;
    const std::uint32_t number = numbers_[place_of(key)];
    return number == kFree ? nullptr : &entries_[number - 1].value;
  }

  /// The value of `key`; a default one where it is new.
  template <typename Look>
  Found at(const Look& key) {
    if (2 * (entries_.size() + 1) > numbers_.size()) grow();
    std::uint32_t& number = numbers_[place_of(key)];
    if (number != kFree) return {entries_[number - 1].value};
    entries_.push_back({.key = Key(key)});
    number = static_cast<std::uint32_t>(entries_.size());
    return {entries_.back().value, true};
  }

  template <typename Look>
  Value& operator[](const Look& key) {
    return at(key).value;
  }

  /// In the order of their first use.
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  static constexpr std::uint32_t kFree = 0;

  /// Where the number of this key's entry is or belongs.
  template <typename Look>
  std::size_t place_of(const Look& key) const {
    const std::size_t mask = numbers_.size() - 1;
    // Source: Knuth, The Art of Computer Programming, 6.4: the golden ratio spreads near keys.
    auto place = static_cast<std::size_t>((hash_of(key) * 0x9E3779B97F4A7C15ULL) >> 32) & mask;
    while (numbers_[place] != kFree && entries_[numbers_[place] - 1].key != key) {
      place = (place + 1) & mask;
    }
    return place;
  }

  void grow() {
    numbers_.assign(std::max<std::size_t>(16, 2 * numbers_.size()), kFree);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      numbers_[place_of(entries_[i].key)] = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::deque<Entry> entries_;
  std::vector<std::uint32_t> numbers_;  // A power of two, at most half in use: index + 1.
};

/// What lies at the offsets of one segment, in their order. Writers append and readers go from one
/// place to the next: either is O(1); otherwise O(log n), and O(n) for a new place between others.
template <typename Value>
class OffsetTable {
 public:
  struct Entry {
    std::uint64_t offset = 0;
    Value value = {};
  };
  struct Found {
    std::size_t index = 0;
    bool is_new = false;
  };

  /// Where the entry of `offset` is; a default one where it is new.
  Found at(std::uint64_t offset) {
    const std::size_t index = index_of(offset);
    const bool is_new = index == entries_.size() || entries_[index].offset != offset;
    if (is_new) {
      entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(index), {.offset = offset});
    }
    next_ = index + 1;
    return {.index = index, .is_new = is_new};
  }

  Entry& operator[](std::size_t index) { return entries_[index]; }
  std::size_t size() const { return entries_.size(); }

 private:
  /// Of the first entry at or behind `offset`.
  std::size_t index_of(std::uint64_t offset) const {
    if (entries_.empty() || entries_.back().offset < offset) return entries_.size();
    if (next_ < entries_.size() && entries_[next_].offset == offset) return next_;
    const auto found = std::ranges::lower_bound(entries_, offset, {}, &Entry::offset);
    return static_cast<std::size_t>(found - entries_.begin());
  }

  std::vector<Entry> entries_;
  std::size_t next_ = 0;  // Behind the entry that was looked up last.
};

}  // namespace millrace::properties
