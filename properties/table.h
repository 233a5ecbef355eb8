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
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "system/base/check.h"
#include "system/types/segment_id.h"

namespace millrace::properties {

std::uint64_t hash_of(std::string_view text);
inline std::uint64_t hash_of(std::unsigned_integral auto number) { return number; }
inline std::uint64_t hash_of(const StreamName& stream) { return hash_of(stream.text()); }
inline std::uint64_t hash_of(const SegmentId& segment) {
  return hash_of(segment.stream) + segment.number;
}

/// A tuple may also be looked up by a tuple of views.
template <typename... Part>
std::uint64_t hash_of(const std::tuple<Part...>& parts) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;
  std::uint64_t hash = 0;
  std::apply([&](const auto&... part) { ((hash = (hash + hash_of(part)) * kOdd), ...); }, parts);
  return hash;
}

/// An array without an end: what was never set is a default value. Values stay where they are.
/// Cost: O(1); memory O(the largest index).
template <typename Value>
class Column {
 public:
  Value& operator[](std::size_t index) {
    while (index / kChunk >= chunks_.size()) chunks_.push_back(std::make_unique<Value[]>(kChunk));
    return chunks_[index / kChunk][index % kChunk];
  }

  /// The value of an index that was used before.
  const Value& at(std::size_t index) const { return chunks_[index / kChunk][index % kChunk]; }

 private:
  // Small, as some columns have a value a segment; large enough that memory is rarely asked for.
  static constexpr std::size_t kChunk = 64;

  std::vector<std::unique_ptr<Value[]>> chunks_;
};

/// Gives keys numbers from 1 on, in the order in which they came; hashes decide nothing that can be
/// seen. Cost: O(1), amortised.
template <typename Key>
class Numbers {
 public:
  /// The number of `key`; 0 where it has none.
  template <typename Look>
  std::uint32_t find(const Look& key) const {
    return count_ == 0 ? 0 : places_[place_of(key)];
  }

  /// The number of `key`; the next one where it is new.
  template <typename Look>
  std::uint32_t of(const Look& key) {
    // One record names a key to several properties, and the next one often names it again.
    if (last_ != 0 && keys_.at(last_) == key) return last_;
    if (2 * (std::size_t{count_} + 1) > places_.size()) grow();
    std::uint32_t& number = places_[place_of(key)];
    if (number == 0) {
      CHECK(count_ < UINT32_MAX, "a run has fewer names than that");
      number = ++count_;
      keys_[number] = Key(key);
    }
    return last_ = number;
  }

  const Key& key(std::uint32_t number) const { return keys_.at(number); }
  std::uint32_t count() const { return count_; }

 private:
  /// Where the number of this key is or belongs.
  template <typename Look>
  std::size_t place_of(const Look& key) const {
    const std::size_t mask = places_.size() - 1;
    // Source: Knuth, The Art of Computer Programming, 6.4: the golden ratio spreads near keys.
    auto place = static_cast<std::size_t>((hash_of(key) * 0x9E3779B97F4A7C15ULL) >> 32) & mask;
    while (places_[place] != 0 && keys_.at(places_[place]) != key) place = (place + 1) & mask;
    return place;
  }

  void grow() {
    places_.assign(std::max<std::size_t>(16, 2 * places_.size()), 0);
    for (std::uint32_t number = 1; number <= count_; ++number) {
      places_[place_of(keys_.at(number))] = number;
    }
  }

  Column<Key> keys_;
  std::vector<std::uint32_t> places_;  // A power of two, at most half in use: numbers.
  std::uint32_t count_ = 0;
  std::uint32_t last_ = 0;  // Was asked for last.
};

/// A map that keeps the order in which its keys came. What it gives stays valid. Cost: O(1),
/// amortised.
template <typename Key, typename Value>
class Table {
 public:
  struct Found {
    Value& value;
    bool is_new = false;
  };

  /// The value of `key`; null where there is none.
  template <typename Look>
  Value* find(const Look& key) {
    const std::uint32_t number = numbers_.find(key);
    return number == 0 ? nullptr : &values_[number];
  }

  /// The value of `key`; a default one where it is new.
  template <typename Look>
  Found at(const Look& key) {
    const std::uint32_t before = numbers_.count();
    const std::uint32_t number = numbers_.of(key);
    return {values_[number], number > before};
  }

  template <typename Look>
  Value& operator[](const Look& key) {
    return at(key).value;
  }

  /// Shows each key and its value, in the order of their first use.
  template <typename See>
  void each(See see) const {
    for (std::uint32_t number = 1; number <= numbers_.count(); ++number) {
      see(numbers_.key(number), values_.at(number));
    }
  }

 private:
  Numbers<Key> numbers_;
  Column<Value> values_;
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
