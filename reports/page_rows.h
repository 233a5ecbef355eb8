#pragma once

// The rows of a run's page: the lines of its trace that the page holds (docs/formats/report.md).

#include <cstdint>
#include <memory>
#include <vector>

#include "reports/evidence.h"
#include "sim/run/run_record.h"

namespace millrace::reports {

/// Rows that a page holds at most: what a browser still opens at once.
inline constexpr std::size_t kPageRowsMax = 100'000;

/// The lines of a trace that fit: of more, frames and disk requests go first, the oldest ones, then
/// the oldest of the rest; evidence stays. The violation is a row even where it is no line.
class PageRows {
 public:
  /// The record outlives the rows. `evidence` has all related lines.
  PageRows(const run::RunRecord& record, const Evidence& evidence);

  std::size_t size() const { return rows_.size(); }
  const run::TraceLine& operator[](std::size_t row) const { return *rows_[row]; }
  /// The row of a line by its number; -1 where the page does not have it.
  std::int64_t row_of(std::uint64_t number) const;
  /// The row of a line, or of the first after it that the page has; -1 for none.
  std::int64_t row_from(std::uint64_t number) const;
  /// The first row at an event or after it; -1 for none.
  std::int64_t row_at(std::uint64_t ordinal) const;
  /// Of the violation; -1 for none.
  std::int64_t violation_row() const { return violation_row_; }
  std::uint64_t left_out() const { return left_out_; }

 private:
  std::vector<const run::TraceLine*> rows_;
  std::unique_ptr<run::TraceLine> end_;  // A violation that the trace does not show.
  std::int64_t violation_row_ = -1;
  std::uint64_t left_out_ = 0;
};

}  // namespace millrace::reports
