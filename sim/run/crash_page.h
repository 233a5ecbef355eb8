#pragma once

// What a dying worker leaves behind for its parent, in a page that both share.
//
// Written by signal handlers: plain stores of fixed-size data, nothing that allocates. The frames
// are addresses; the parent is a fork of the same program and gives them names (symbols.h).

#include <cstddef>
#include <cstdint>

#include "system/base/time.h"

namespace millrace::run {

/// Why a worker died.
enum class DeathKind : std::uint32_t { kNone, kSignal, kHang, kSanitizer };

struct CrashPage {
  static constexpr std::size_t kNameBytes = 96;
  static constexpr std::size_t kFramesMax = 64;

  /// Where the run stands: refreshed from time to time, and at a death.
  std::uint64_t ordinal = 0;
  std::int64_t time_ns = 0;
  char machine[kNameBytes] = {};
  char role[kNameBytes] = {};
  char task[kNameBytes] = {};

  DeathKind kind = DeathKind::kNone;
  std::int32_t signal = 0;
  std::uint64_t address = 0;
  bool is_stack_overflow = false;
  /// The sanitizer's word for it: "heap-use-after-free".
  char what[kNameBytes] = {};
  std::uint32_t frame_count = 0;
  std::uint64_t frames[kFramesMax] = {};
};

/// Takes over the fatal signals of this process, and counts CPU time without virtual progress.
/// `page` outlives the process. `hang_cpu` of CPU time at one virtual instant is a hang.
void install_crash_handlers(CrashPage& page, Duration hang_cpu);

}  // namespace millrace::run
