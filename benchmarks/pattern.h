#pragma once

// What a workload that also runs on a peer has in common on both: the figures, and the deadlines.

#include <cstdint>

namespace millrace::benchmarks {

inline constexpr std::uint32_t kMessageBytes = 64;
inline constexpr std::int64_t kLinkLatencyUs = 50;

inline constexpr std::uint32_t kTimerTasks = 1'000;
/// Deadlines are spread evenly over this: a task sleeps 50 ms in the mean, so that somebody wakes
/// every 50 us and a machine that spends up to 5 us on a wake is mostly free.
inline constexpr std::int64_t kSleepUsMax = 100'000;

/// How long task `task` sleeps the `nth` time: splitmix64, because any even spread will do and both
/// sides have to draw the same at the same price.
inline std::int64_t sleep_us(std::uint64_t task, std::uint64_t nth) {
  std::uint64_t x = (task << 32) + nth + 0x9E37'79B9'7F4A'7C15;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EB;
  return 1 + static_cast<std::int64_t>((x ^ (x >> 31)) % kSleepUsMax);
}

}  // namespace millrace::benchmarks
