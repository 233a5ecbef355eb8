#include "reports/page_rows.h"

#include <algorithm>
#include <set>

namespace millrace::reports {
namespace {

using run::TraceLine;

bool is_traffic(const TraceLine& line) {
  using sim::NoteKind;
  return line.kind != NoteKind::kHistory && line.kind != NoteKind::kFault &&
         line.kind != NoteKind::kMachine;
}

}  // namespace

PageRows::PageRows(const run::RunRecord& record, const Evidence& evidence) {
  std::set<std::uint64_t> kept;
  std::uint64_t violation = 0;
  for (const EvidenceLine& line : evidence.lines) {
    if (line.role == EvidenceRole::kViolation && line.line.number == 0) {
      end_ = std::make_unique<TraceLine>(line.line);
      end_->kind = sim::NoteKind::kHistory;
    } else if (line.role == EvidenceRole::kViolation) {
      violation = line.line.number;
    }
    kept.insert(line.line.number);
  }
  std::size_t extra = record.trace.size() + 1;
  extra = extra > kPageRowsMax ? extra - kPageRowsMax : 0;
  const auto traffic =
      static_cast<std::size_t>(std::ranges::count_if(record.trace, [&](const TraceLine& line) {
        return is_traffic(line) && !kept.contains(line.number);
      }));
  std::size_t traffic_dropped = std::min(extra, traffic);
  std::size_t story_dropped = extra - traffic_dropped;
  left_out_ = record.trace_facts.lines_left_out + extra;
  bool is_end_placed = end_ == nullptr;
  for (const TraceLine& line : record.trace) {
    if (!is_end_placed && line.ordinal > end_->ordinal) {
      violation_row_ = static_cast<std::int64_t>(rows_.size());
      rows_.push_back(end_.get());
      is_end_placed = true;
    }
    std::size_t& dropped = is_traffic(line) ? traffic_dropped : story_dropped;
    if (dropped > 0 && !kept.contains(line.number)) {
      --dropped;
      continue;
    }
    if (violation != 0 && line.number == violation) {
      violation_row_ = static_cast<std::int64_t>(rows_.size());
    }
    rows_.push_back(&line);
  }
  if (is_end_placed) return;
  violation_row_ = static_cast<std::int64_t>(rows_.size());
  rows_.push_back(end_.get());
}

std::int64_t PageRows::row_of(std::uint64_t number) const {
  if (number == 0) return -1;
  const std::int64_t row = row_from(number);
  return row >= 0 && (*this)[static_cast<std::size_t>(row)].number == number ? row : -1;
}

std::int64_t PageRows::row_from(std::uint64_t number) const {
  // The violation's own row has no number and stands among the others in its place.
  std::size_t low = 0;
  std::size_t high = rows_.size();
  const auto own = static_cast<std::size_t>(violation_row_);
  const bool has_own = end_ != nullptr;
  const auto number_at = [&](std::size_t row) {
    if (!has_own || row != own) return rows_[row]->number;
    return row == 0 ? std::uint64_t{0} : rows_[row - 1]->number;
  };
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (number_at(middle) < number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < rows_.size() ? static_cast<std::int64_t>(low) : -1;
}

std::int64_t PageRows::row_at(std::uint64_t ordinal) const {
  const auto found = std::ranges::lower_bound(rows_, ordinal, {},
                                              [](const TraceLine* line) { return line->ordinal; });
  return found == rows_.end() ? -1 : found - rows_.begin();
}

}  // namespace millrace::reports
