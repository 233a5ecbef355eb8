#pragma once

// A process's own stream of random numbers.

#include <cstdint>

namespace millrace {

/// Uniform draws. base/draws.h makes ranges and choices of them.
class Random {
 public:
  virtual ~Random() = default;

  /// 64 uniform bits. Never gives way.
  virtual std::uint64_t next() = 0;
};

}  // namespace millrace
