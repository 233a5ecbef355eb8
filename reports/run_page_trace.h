#pragma once

// The parts of a run's page that are made of its trace: events and their causes, messages, the
// clients' operations, faults and machines over time, and the rows that show the failure.

#include "reports/page_rows.h"
#include "reports/page_tables.h"

namespace millrace::reports {

/// Columns of lines; the tables get their texts.
class EventColumns {
 public:
  explicit EventColumns(PageTables& tables);
  ~EventColumns();
  EventColumns(const EventColumns&) = delete;
  EventColumns& operator=(const EventColumns&) = delete;

  void add(const run::TraceLine& line);
  PageJson take();

 private:
  PageTables& tables_;
  std::unique_ptr<PageJson> columns_;
};

/// [row, row of its cause, ...], by rows.
PageJson causes_json(const PageRows& rows);
/// What became of a frame is told by the whole trace, whether the page has the row or not.
PageJson messages_json(const PageRows& rows, const run::RunRecord& record);
PageJson operations_json(const PageRows& rows, const run::RunRecord& record, const run::Plan& plan,
                         PageTables& tables);
/// Faults while they were in effect.
PageJson bands_json(const PageRows& rows, const run::RunRecord& record, const run::Plan& plan,
                    const PageTables& tables);
/// When a machine was not simply up.
PageJson spans_json(const PageRows& rows, const run::RunRecord& record, const PageTables& tables);
/// [row, role, ...]; `shown` are the lines of the failure screen.
PageJson evidence_json(const PageRows& rows, const Evidence& all, const Evidence& shown);

}  // namespace millrace::reports
