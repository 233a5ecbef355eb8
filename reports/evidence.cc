#include "reports/evidence.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "system/base/check.h"

namespace millrace::reports {
namespace {

using run::TraceLine;
using sim::NoteKind;

/// A subject that more lines than this name is the run's, not the failure's.
constexpr std::size_t kSubjectLinesMax = 64;
/// How many of a machine's last lines, and of the last faults, are related to a breakdown.
constexpr std::size_t kLastLines = 64;
constexpr std::size_t kLastFaults = 8;
/// How near to the evidence the work of a disk that took part is related to it.
constexpr std::size_t kNearDiskLines = 16;

/// How close a line is to the failure, closest first.
enum class Rank : std::uint8_t {
  kViolation,
  kEvidence,
  kFaultNearby,  ///< On a machine that took part.
  kCause,        ///< In the name of an operation of the evidence.
  kSubject,      ///< Names a subject of the evidence.
  kFaultElsewhere,
  kMachine,  ///< A machine that took part started or stopped.
  kEcho,     ///< The arrival of what was sent, disk work: seldom news.
  kUnrelated,
};

/// "uid=7" and "segment=orders/0" of a line, as its subjects; plain numbers of other fields are not
/// subjects, since equal numbers mostly mean different things.
template <typename Visit>
void for_each_subject(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    const std::string_view value = word.substr(equals + 1);
    const bool is_number = value.find_first_not_of("0123456789.-") == std::string_view::npos;
    const bool is_truth = value == "true" || value == "false";
    if (is_truth || (is_number && !word.substr(0, equals).ends_with("id"))) continue;
    visit(word);
  }
}

class Chooser {
 public:
  explicit Chooser(const run::RunRecord& record) : record_(record) {
    if (record.violation.has_value()) {
      end_ = record.violation->at;
    } else if (record.breakdown.has_value()) {
      end_ = record.breakdown->at;
    }
    const auto past = std::ranges::find_if(
        record.trace, [&](const TraceLine& line) { return line.ordinal > end_.ordinal; });
    count_ = static_cast<std::size_t>(past - record.trace.begin());
    ranks_.assign(count_, Rank::kUnrelated);
  }

  Evidence choose(std::size_t lines_max) {
    if (record_.violation.has_value()) {
      find_evidence();
      find_causes();
      find_subjects();
      find_faults();
      find_disk_work();
    } else {
      find_last_lines();
    }
    return take(lines_max);
  }

 private:
  const TraceLine& line(std::size_t i) const { return record_.trace[i]; }

  void raise(std::size_t i, Rank rank) { ranks_[i] = std::min(ranks_[i], rank); }

  void find_evidence() {
    std::map<std::uint64_t, std::uint64_t> unseen;  // Ordinal by record.
    for (const run::At& at : record_.violation->evidence) unseen[at.record] = at.ordinal;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint64_t number = line(i).record;
      if (number == 0) continue;
      const bool is_evidence = unseen.erase(number) > 0;
      if (number == end_.record) {
        has_violation_ = true;
        add_anchor(i, Rank::kViolation);
      } else if (is_evidence) {
        add_anchor(i, Rank::kEvidence);
      }
    }
    // The trace does not show what the run itself records: what happened in the same step stands
    // in.
    std::set<std::uint64_t> steps;
    for (const auto& [number, ordinal] : unseen) steps.insert(ordinal);
    for (std::size_t i = 0; i < count_ && !steps.empty(); ++i) {
      if (steps.contains(line(i).ordinal)) add_anchor(i, Rank::kEvidence);
    }
    std::ranges::sort(anchors_);
  }

  void add_anchor(std::size_t i, Rank rank) {
    raise(i, rank);
    anchors_.push_back(i);
    if (line(i).operation != 0) operations_.insert(line(i).operation);
    take_part(line(i));
  }

  void take_part(const TraceLine& line) {
    if (!line.machine.empty()) machines_.insert(line.machine);
    if (!line.peer.empty()) machines_.insert(line.peer);
  }

  void find_causes() {
    for (std::size_t i = 0; i < count_; ++i) {
      const TraceLine& cause = line(i);
      if (cause.operation == 0 || !operations_.contains(cause.operation)) continue;
      // Facts that others judge by are seldom news here.
      const bool is_foreign = cause.record != 0 && !cause.is_judged;
      const bool is_echo = is_foreign || cause.kind == NoteKind::kDeliver ||
                           cause.kind == NoteKind::kLate || cause.kind == NoteKind::kDisk;
      raise(i, is_echo ? Rank::kEcho : Rank::kCause);
      take_part(cause);
    }
  }

  void find_subjects() {
    std::map<std::string_view, std::size_t> subjects;
    for (const std::size_t i : anchors_) {
      for_each_subject(line(i).text, [&](std::string_view word) { subjects[word] = 0; });
    }
    if (subjects.empty()) return;
    std::vector<std::pair<std::string_view, std::size_t>> named;
    for (std::size_t i = 0; i < count_; ++i) {
      for_each_subject(line(i).text, [&](std::string_view word) {
        const auto subject = subjects.find(word);
        if (subject == subjects.end()) return;
        ++subject->second;
        named.emplace_back(word, i);
      });
    }
    for (const auto& [word, i] : named) {
      if (subjects.find(word)->second <= kSubjectLinesMax) raise(i, Rank::kSubject);
    }
  }

  void find_faults() {
    const std::uint64_t first = anchors_.empty() ? 0 : line(anchors_.front()).ordinal;
    for (std::size_t i = 0; i < count_; ++i) {
      if (line(i).ordinal < first) continue;
      const bool is_nearby = machines_.contains(line(i).machine);
      if (line(i).kind == NoteKind::kFault) {
        raise(i, is_nearby ? Rank::kFaultNearby : Rank::kFaultElsewhere);
      } else if (line(i).kind == NoteKind::kMachine && is_nearby) {
        raise(i, Rank::kMachine);
      }
    }
  }

  /// What was written and synced is in nobody's name where a log gathers the writes of many.
  void find_disk_work() {
    for (std::size_t i = 0; i < count_; ++i) {
      if (line(i).kind != NoteKind::kDisk || !machines_.contains(line(i).machine)) continue;
      if (distance(i) <= kNearDiskLines) raise(i, Rank::kEcho);
    }
  }

  void find_last_lines() {
    if (!record_.breakdown.has_value()) return;
    std::size_t lines = 0;
    std::size_t faults = 0;
    for (std::size_t i = count_; i-- > 0;) {
      const bool is_own = line(i).machine == record_.breakdown->machine;
      if (line(i).kind == NoteKind::kFault) {
        if (faults++ < kLastFaults) raise(i, is_own ? Rank::kFaultNearby : Rank::kFaultElsewhere);
      } else if (is_own && lines++ < kLastLines) {
        raise(i, Rank::kCause);
      }
    }
  }

  /// Lines between this one and the nearest line of the evidence, or the end.
  std::size_t distance(std::size_t i) const {
    std::size_t least = count_ - i;
    for (const std::size_t anchor : anchors_) {
      least = std::min(least, anchor > i ? anchor - i : i - anchor);
    }
    return least;
  }

  /// Related lines, the best ones first.
  std::vector<std::size_t> by_closeness() const {
    std::vector<std::tuple<Rank, std::size_t, std::size_t>> order;
    for (std::size_t i = 0; i < count_; ++i) {
      if (ranks_[i] != Rank::kUnrelated) order.emplace_back(ranks_[i], distance(i), i);
    }
    std::ranges::sort(order);
    std::vector<std::size_t> lines;
    for (const auto& entry : order) lines.push_back(std::get<2>(entry));
    return lines;
  }

  /// Adds the best lines; at first no more than a part of them evidence and faults, so that there
  /// is room for what lies between.
  void add_best(const std::vector<std::size_t>& order, std::size_t room) {
    std::size_t evidence = 0;
    std::size_t faults = 0;
    for (const std::size_t i : order) {
      if (chosen_.size() >= room) return;
      if (ranks_[i] == Rank::kEvidence && evidence++ >= room / 2) continue;
      if (line(i).kind == NoteKind::kFault && faults++ >= room / 4) continue;
      chosen_.insert(i);
    }
    for (const std::size_t i : order) {
      if (chosen_.size() >= room) return;
      chosen_.insert(i);
    }
  }

  Evidence take(std::size_t lines_max) {
    const std::vector<std::size_t> order = by_closeness();
    Evidence evidence;
    if (record_.trace.empty()) return evidence;
    const std::size_t extra = has_violation_ ? 0 : 1;
    evidence.related_count = order.size() + extra;
    add_best(order, std::min(lines_max - extra, order.size()));
    for (const std::size_t i : chosen_) {
      EvidenceRole role = EvidenceRole::kContext;
      if (ranks_[i] == Rank::kViolation) role = EvidenceRole::kViolation;
      if (line(i).kind == NoteKind::kFault) role = EvidenceRole::kFault;
      evidence.lines.push_back({.line = line(i), .role = role});
    }
    if (!has_violation_) evidence.lines.push_back(end_line());
    return evidence;
  }

  /// Stands for a violation at something that the trace does not show: the end of the run, a task.
  EvidenceLine end_line() const {
    TraceLine end;
    end.ordinal = end_.ordinal;
    end.time_ns = end_.time.ns;
    if (record_.violation.has_value()) {
      end.text = record_.violation->property + " objects";
    } else if (record_.breakdown.has_value()) {
      end.machine = record_.breakdown->machine;
      end.text = record_.breakdown->signature;
    }
    return {.line = std::move(end), .role = EvidenceRole::kViolation};
  }

  const run::RunRecord& record_;
  run::At end_;
  std::size_t count_ = 0;  // Lines up to the violation.
  std::vector<Rank> ranks_;
  std::vector<std::size_t> anchors_;  // The evidence and the violation.
  std::set<std::uint64_t> operations_;
  std::set<std::string_view> machines_;  // That took part.
  bool has_violation_ = false;
  std::set<std::size_t> chosen_;
};

}  // namespace

Evidence choose_evidence(const run::RunRecord& record, std::size_t lines_max) {
  CHECK(lines_max >= 2, "the violation and at least one cause");
  if (!record.violation.has_value() && !record.breakdown.has_value()) return {};
  return Chooser(record).choose(lines_max);
}

}  // namespace millrace::reports
