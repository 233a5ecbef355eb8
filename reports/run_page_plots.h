#pragma once

// What a run's page filters by, and the plots that it cannot make of its rows alone.
//
// Both are made of the fields of history records by their names, whatever system recorded them:
// a record whose type's name ends with "acked" and has a `uid` says that this is in the system, one
// that ends with "read" that a reader has it. Where a record has a `segment`, too, a reader lags
// only behind the segments that it reads. Facts whose name ends with "Load" are numbers to plot.

#include "reports/page_rows.h"
#include "reports/page_tables.h"

namespace millrace::reports {

PageJson facets_json(const PageRows& rows);
PageJson series_json(const PageRows& rows, const run::RunRecord& record);

}  // namespace millrace::reports
