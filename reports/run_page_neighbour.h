#pragma once

// The part of a run's page that is the nearest run that passes: its rows from shortly before the
// two part, and where that is in either.

#include "reports/page_rows.h"
#include "reports/page_tables.h"
#include "reports/run_page.h"

namespace millrace::reports {

/// Both runs are traced; `rows` are those of the failing one. The other's texts go to the tables.
PageJson neighbour_json(const PageRows& rows, const run::RunRecord& failing,
                        const NeighbourRun& passing, PageTables& tables);

}  // namespace millrace::reports
