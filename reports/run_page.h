#pragma once

// The page of one run: one HTML file that works offline and shows what happened.
//
// It is a template (reports/page/run.html) with one JSON object in it, which holds everything: the
// failure, the plan, the trace with causes, messages and operations, faults and machines over time,
// the passing neighbour, every knob, and how to get there again. docs/formats/report.md is its
// format. Whatever the system under test wrote stands in it as text that cannot end the object.

#include <string>
#include <string_view>

#include "reports/failure_screen.h"
#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/run_record.h"
#include "sim/run/shrink.h"

namespace millrace::reports {

/// The passing neighbour's run.
struct NeighbourRun {
  /// Traced.
  run::RunRecord record;
  /// "fault 1 comes 4 events earlier"
  std::string change;
  /// The first event of the failing run that it does not have.
  std::uint64_t parts_at = 0;
};

struct RunPage {
  const run::Registry& registry;
  const run::Plan& plan;
  /// Of the plan's run, traced.
  const run::RunRecord& record;
  /// What `run --json` prints of it.
  std::string_view run_json;
  /// What the failure screen says beyond the record.
  const FailureContext& screen;
  /// The failure screen; empty for a run that passed.
  std::string screen_text = {};
  /// Of the scenario; empty where it is not known.
  std::string story = {};
  std::string token = {};
  /// How the plan was reduced; null for one that was not.
  const run::Shrunk* shrunk = nullptr;
  /// Null where none is known.
  const NeighbourRun* neighbour = nullptr;
};

/// The object of the page. The caller sees to it that `run_json` is the object of `record`.
std::string run_page_json(const RunPage& page);
/// The page.
std::string run_page_html(const RunPage& page);

}  // namespace millrace::reports
