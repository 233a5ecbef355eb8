#pragma once

// The parts of a run's page that are made of its plan: its operations and faults, every knob.

#include "reports/page_rows.h"
#include "reports/page_tables.h"
#include "sim/run/registry.h"
#include "sim/run/shrink.h"

namespace millrace::reports {

/// `shrunk` is null for a plan that was not reduced.
PageJson plan_json(const PageRows& rows, const run::RunRecord& record, const run::Plan& plan,
                   const run::Shrunk* shrunk);

/// [owner, name, value, default, about] of every knob, then what else the seed drew.
PageJson knobs_json(const run::Plan& plan, const run::Registry& registry);

}  // namespace millrace::reports
