#pragma once

// Scheduling strategies: how late each event runs.
//
// A strategy maps an event to a lateness in [0, W], fixed when the event is queued. Nothing is
// early, nothing later than due + W, so nothing starves. `fifo` gives 0; `random` H(id) mod (W +
// 1); `pos` as random, but when an event runs, the pending ones on the same object draw again,
// within their own due + W; `pct` gives each entity a level of 16 and at d - 1 points (an entity,
// its k-th event) sets that entity's level to W.

#include <cstdint>
#include <optional>
#include <string_view>

#include "system/base/time.h"

namespace millrace::sim {

enum class StrategyKind : std::uint8_t { kFifo, kRandom, kPos, kPct };

std::string_view to_text(StrategyKind kind);
std::optional<StrategyKind> strategy_from_text(std::string_view name);

/// A strategy with its parameters, as a plan holds it.
struct StrategySpec {
  StrategyKind kind = StrategyKind::kFifo;
  /// W. Below 4.29 s, so that a lateness fits 32 bits of nanoseconds.
  Duration window;
  /// d of pct: number of change points plus one.
  std::uint32_t pct_depth = 3;
  /// How many entities a run is expected to have: pct spreads its points over them.
  std::uint32_t pct_entities = 64;
  /// Largest k of a change point.
  std::uint32_t pct_events = 1024;
  /// Decides the draws that are timing (choices.h) in the place of the run's seed: another schedule
  /// of what is otherwise the same. None stands for the run's seed.
  std::optional<std::uint64_t> seed = {};

  friend bool operator==(const StrategySpec&, const StrategySpec&) = default;
};

}  // namespace millrace::sim
