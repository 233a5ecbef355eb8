#include "reports/run_page_neighbour.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/run_page_trace.h"
#include "sim/run/trace_parting.h"

namespace millrace::reports {
namespace {

using run::TraceLine;

/// Of the passing run: what comes before the parting, and how much in all.
constexpr std::size_t kRowsBeforeParting = 200;
constexpr std::size_t kNeighbourRowsMax = 5'000;

}  // namespace

PageJson neighbour_json(const PageRows& rows, const run::RunRecord& failing,
                        const NeighbourRun& passing, PageTables& tables) {
  const std::vector<TraceLine>& ours = failing.trace;
  const std::vector<TraceLine>& theirs = passing.record.trace;
  const auto [here, there] = run::find_parting(ours, theirs);
  const std::size_t first = there > kRowsBeforeParting ? there - kRowsBeforeParting : 0;
  const std::size_t last = std::min(theirs.size(), first + kNeighbourRowsMax);
  EventColumns events(tables);
  for (std::size_t i = first; i < last; ++i) events.add(theirs[i]);
  return {{"change", passing.change},
          {"parts_at", passing.parts_at},
          {"row", here < ours.size() ? rows.row_from(ours[here].number) : -1},
          {"other_row", there < theirs.size() ? static_cast<std::int64_t>(there - first) : -1},
          {"events", events.take()}};
}

}  // namespace millrace::reports
