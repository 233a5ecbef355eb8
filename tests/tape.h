#pragma once

// Numbers that a test's steps take one after the other, drawn before the first step.
//
// A model test decides at each step what to draw next. RapidCheck cannot shrink that: it keeps the
// later draws of a smaller case as they were, although they are asked for in another order, and
// stops the program where their types differ. So draw all numbers first and take them from here:
// any part of a tape is a tape, too, and behind its end everything is 0.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace {

class Tape {
 public:
  explicit Tape(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {}

  std::uint32_t next() { return at_ < numbers_.size() ? numbers_[at_++] : 0; }
  /// In [0, end).
  std::uint64_t below(std::uint64_t end) { return next() % end; }
  /// In [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  bool is_hit(std::uint32_t percent) { return below(100) + percent >= 100; }

 private:
  std::vector<std::uint32_t> numbers_;
  std::size_t at_ = 0;
};

}  // namespace millrace
