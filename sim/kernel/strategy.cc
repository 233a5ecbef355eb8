#include "sim/kernel/strategy.h"

#include <array>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

struct StrategyName {
  StrategyKind kind;
  std::string_view name;
};

constexpr std::array<StrategyName, 4> kNames{{{StrategyKind::kFifo, "fifo"},
                                              {StrategyKind::kRandom, "random"},
                                              {StrategyKind::kPos, "pos"},
                                              {StrategyKind::kPct, "pct"}}};

}  // namespace

std::string_view to_text(StrategyKind kind) {
  for (const StrategyName& row : kNames) {
    if (row.kind == kind) return row.name;
  }
  UNREACHABLE("a strategy outside its list");
}

std::optional<StrategyKind> strategy_from_text(std::string_view name) {
  for (const StrategyName& row : kNames) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

}  // namespace millrace::sim
