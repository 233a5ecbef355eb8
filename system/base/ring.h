#pragma once

// A first-in first-out queue with a bound that is set once.
//
// A full queue refuses: what then happens (wait, refuse the caller, drop) is for its owner to say.

#include <cstddef>
#include <deque>
#include <utility>

#include "system/base/check.h"

namespace millrace {

/// Holds at most `capacity()` elements. Memory follows the elements, not the bound.
template <typename T>
class Ring {
 public:
  /// `capacity` is at least 1 (checked).
  explicit Ring(std::size_t capacity) : capacity_(capacity) {
    CHECK(capacity > 0, "a queue without room never gives anything");
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }
  bool full() const { return elements_.size() == capacity_; }

  /// Appends an element; not to a full queue (checked).
  void push(T element) {
    CHECK(!full(), "the owner of a bounded queue decides what happens at its bound");
    elements_.push_back(std::move(element));
  }

  /// The oldest element; not of an empty queue (checked).
  const T& front() const {
    CHECK(!empty(), "an empty queue has no front");
    return elements_.front();
  }

  /// Removes and returns the oldest element; not of an empty queue (checked).
  T pop() {
    CHECK(!empty(), "an empty queue has no front");
    T element = std::move(elements_.front());
    elements_.pop_front();
    return element;
  }

  void clear() { elements_.clear(); }

  /// From the oldest to the youngest.
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }

 private:
  std::size_t capacity_;
  std::deque<T> elements_;
};

}  // namespace millrace
