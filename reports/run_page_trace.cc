#include "reports/run_page_trace.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "reports/plan_text.h"
#include "sim/faults/fault_effects.h"
#include "system/base/check.h"

namespace millrace::reports {
namespace {

using run::TraceLine;
using sim::NoteKind;

/// As the page numbers them.
int page_kind(NoteKind kind) {
  switch (kind) {
    case NoteKind::kSend:
      return 0;
    case NoteKind::kDeliver:
      return 1;
    case NoteKind::kDrop:
      return 2;
    case NoteKind::kDisk:
      return 3;
    case NoteKind::kFault:
      return 4;
    case NoteKind::kMachine:
      return 5;
    case NoteKind::kHistory:
      return 6;
    case NoteKind::kLate:
      return 7;
  }
  UNREACHABLE("a note of a kind outside its list");
}

/// Empty columns of these names.
PageJson columns(std::initializer_list<const char*> names) {
  PageJson object = PageJson::object();
  for (const char* const name : names) object[name] = PageJson::array();
  return object;
}

enum class Fate : int { kDelivered, kLost, kUnderWay };

/// A frame as its lines tell it.
struct Message {
  std::int64_t send = -1;
  std::int64_t deliver = -1;
  std::int64_t drop = -1;
  bool is_late = false;
  Fate fate = Fate::kUnderWay;
};

}  // namespace

// --- events ---

EventColumns::EventColumns(PageTables& tables)
    : tables_(tables),
      columns_(std::make_unique<PageJson>(columns(
          {"ordinal", "t", "kind", "machine", "peer", "text", "words", "record", "operation"}))) {}

EventColumns::~EventColumns() = default;

void EventColumns::add(const TraceLine& line) {
  PageJson& to = *columns_;
  to["ordinal"].push_back(line.ordinal);
  to["t"].push_back(line.time_ns);
  to["kind"].push_back(page_kind(line.kind));
  to["machine"].push_back(tables_.machine(line.machine));
  to["peer"].push_back(tables_.machine(line.peer));
  to["text"].push_back(tables_.text(line.text));
  to["words"].push_back(tables_.text(line.words));
  to["record"].push_back(line.record);
  to["operation"].push_back(line.operation);
}

PageJson EventColumns::take() { return std::move(*columns_); }

PageJson causes_json(const PageRows& rows) {
  PageJson pairs = PageJson::array();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const std::uint64_t cause : rows[row].causes) {
      const std::int64_t from = rows.row_of(cause);
      if (from < 0) continue;
      pairs.push_back(row);
      pairs.push_back(from);
    }
  }
  return pairs;
}

PageJson messages_json(const PageRows& rows, const run::RunRecord& record) {
  std::map<std::uint64_t, Message> messages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].message == 0) continue;
    Message& message = messages[rows[i].message];
    const auto row = static_cast<std::int64_t>(i);
    if (rows[i].kind == NoteKind::kSend) message.send = row;
    if (rows[i].kind == NoteKind::kDeliver) message.deliver = row;
    if (rows[i].kind == NoteKind::kDrop) message.drop = row;
    if (rows[i].kind == NoteKind::kLate) message.is_late = true;
  }
  for (const TraceLine& line : record.trace) {
    const auto message = messages.find(line.message);
    if (message == messages.end()) continue;
    if (line.kind == NoteKind::kDeliver) message->second.fate = Fate::kDelivered;
    if (line.kind == NoteKind::kDrop) message->second.fate = Fate::kLost;
  }
  PageJson to = columns({"send", "deliver", "fate", "late", "drop"});
  for (const auto& [number, message] : messages) {
    to["send"].push_back(message.send);
    to["deliver"].push_back(message.deliver);
    to["fate"].push_back(static_cast<int>(message.fate));
    to["late"].push_back(message.is_late ? 1 : 0);
    to["drop"].push_back(message.drop);
  }
  return to;
}

// --- operations ---

PageJson operations_json(const PageRows& rows, const run::RunRecord& record, const run::Plan& plan,
                         PageTables& tables) {
  struct Planned {
    const run::PlanClient* client = nullptr;
    const run::Operation* operation = nullptr;
  };
  std::map<std::uint64_t, Planned> planned;
  for (const run::PlanClient& client : plan.clients) {
    for (const run::PlanOperation& one : client.operations) {
      planned[one.operation.id] = {.client = &client, .operation = &one.operation};
    }
  }
  struct Ends {
    std::int64_t first = -1;
    std::int64_t last = -1;
  };
  std::map<std::uint64_t, Ends> ends;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].operation == 0) continue;
    Ends& its = ends[rows[row].operation];
    if (its.first < 0) its.first = static_cast<std::int64_t>(row);
    its.last = static_cast<std::int64_t>(row);
  }
  PageJson to =
      columns({"id", "machine", "kind", "from", "to", "outcome", "row", "row_end", "text"});
  constexpr int kNeverEnded = 3;
  for (const run::TracedOperation& traced : record.trace_facts.operations) {
    const auto known = planned.find(traced.id);
    if (known == planned.end()) continue;
    const bool has_ended = traced.ended.time_ns >= 0;
    to["id"].push_back(traced.id);
    to["machine"].push_back(tables.machine(known->second.client->name));
    to["kind"].push_back(tables.text(known->second.operation->kind));
    to["from"].push_back(traced.taken.time_ns);
    to["to"].push_back(traced.ended.time_ns);
    to["outcome"].push_back(has_ended ? static_cast<int>(traced.outcome) : kNeverEnded);
    // What happens after a timer is in nobody's name, so it may have no row of its own.
    const Ends& its = ends[traced.id];
    to["row"].push_back(its.first >= 0 ? its.first : rows.row_at(traced.taken.ordinal));
    to["row_end"].push_back(its.last >= 0 || !has_ended ? its.last
                                                        : rows.row_at(traced.ended.ordinal));
    to["text"].push_back(tables.text(arguments_text(*known->second.operation)));
  }
  return to;
}

// --- faults and machines ---

namespace {

PageJson machines_of(const std::vector<std::string>& names, const PageTables& tables) {
  PageJson list = PageJson::array();
  for (const std::string& name : names) list.push_back(tables.machine(name));
  return list;
}

/// When what struck at `from` was over; -1 for the end of the run.
std::int64_t end_of_band(const sim::FaultAction& action, std::int64_t from, std::int64_t settle) {
  const bool has_span = sim::lasts(action.kind) || sim::ends_processes(action.kind);
  if (!has_span) return from;
  const std::int64_t healed = settle >= from ? settle : -1;
  if (action.duration.ns == 0) return healed;
  const std::int64_t planned = from + action.duration.ns;
  return healed >= 0 ? std::min(planned, healed) : planned;
}

}  // namespace

PageJson bands_json(const PageRows& rows, const run::RunRecord& record, const run::Plan& plan,
                    const PageTables& tables) {
  PageJson bands = PageJson::array();
  std::map<std::uint64_t, std::size_t> open;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const TraceLine& line = rows[row];
    if (line.kind != NoteKind::kFault || line.fault == 0) continue;
    if (line.is_end) {
      const auto begun = open.find(line.fault);
      if (begun != open.end()) bands[begun->second]["to"] = line.time_ns;
      continue;
    }
    const auto action = std::ranges::find(plan.faults.actions, line.fault, &sim::FaultAction::id);
    const bool is_refused = line.text.starts_with("refused");
    if (action == plan.faults.actions.end() || is_refused) continue;
    open[line.fault] = bands.size();
    PageJson band{{"id", line.fault},
                  {"kind", sim::to_text(action->kind)},
                  {"text", line.text.substr(0, line.text.find(" (fault "))},
                  {"machines", machines_of(line.struck, tables)}};
    if (!line.others.empty()) band["peers"] = machines_of(line.others, tables);
    band["from"] = line.time_ns;
    band["to"] = end_of_band(*action, line.time_ns, record.trace_facts.settle_ns);
    band["row"] = row;
    bands.push_back(std::move(band));
  }
  return bands;
}

namespace {

/// What a page draws over a machine's lane.
enum class SpanState : int { kDown, kPaused, kRecovering };

class Spans {
 public:
  Spans(const PageRows& rows, const PageTables& tables)
      : rows_(rows),
        tables_(tables),
        columns_(columns({"machine", "state", "from", "to", "row"})) {}

  void add(const run::MachineChange& change) {
    const std::int64_t machine = tables_.machine(change.machine);
    if (machine < 0) return;
    const auto open = open_.find(machine);
    if (open != open_.end()) {
      const bool is_down = columns_["state"][open->second] == static_cast<int>(SpanState::kDown);
      const bool stays_down = is_down && change.life != run::MachineLife::kUp;
      if (stays_down) return;
      columns_["to"][open->second] = change.at.time_ns;
      open_.erase(open);
    }
    switch (change.life) {
      case run::MachineLife::kUp:
        return;
      case run::MachineLife::kEnded:
      case run::MachineLife::kOff:
        return begin(machine, SpanState::kDown, change.at);
      case run::MachineLife::kStopped:
        return begin(machine, SpanState::kPaused, change.at);
    }
    UNREACHABLE("a machine's life outside its list");
  }

  void add_recovery(std::int64_t machine, const run::TraceMoment& from, std::int64_t to) {
    begin(machine, SpanState::kRecovering, from);
    columns_["to"][open_[machine]] = to;
    open_.erase(machine);
  }

  PageJson take() { return std::move(columns_); }

 private:
  void begin(std::int64_t machine, SpanState state, const run::TraceMoment& at) {
    open_[machine] = columns_["machine"].size();
    columns_["machine"].push_back(machine);
    columns_["state"].push_back(static_cast<int>(state));
    columns_["from"].push_back(at.time_ns);
    columns_["to"].push_back(-1);
    columns_["row"].push_back(rows_.row_at(at.ordinal));
  }

  const PageRows& rows_;
  const PageTables& tables_;
  PageJson columns_;
  std::map<std::int64_t, std::size_t> open_;
};

/// Processes that end for good because their work is done are no machines that are down.
bool is_over(const run::RunRecord& record, std::size_t place) {
  const std::vector<run::MachineChange>& changes = record.trace_facts.machines;
  if (changes[place].life != run::MachineLife::kEnded) return false;
  const auto next = std::find_if(
      changes.begin() + static_cast<std::ptrdiff_t>(place) + 1, changes.end(),
      [&](const run::MachineChange& later) { return later.machine == changes[place].machine; });
  return next == changes.end();
}

}  // namespace

PageJson spans_json(const PageRows& rows, const run::RunRecord& record, const PageTables& tables) {
  Spans spans(rows, tables);
  const std::vector<run::MachineChange>& changes = record.trace_facts.machines;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!is_over(record, i)) spans.add(changes[i]);
  }
  // A fact that says so ends a recovery.
  std::map<std::string, run::TraceMoment, std::less<>> booted;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const TraceLine& line = rows[row];
    if (line.kind == NoteKind::kMachine && line.text.starts_with("boots as")) {
      booted[line.machine] = {.ordinal = line.ordinal, .time_ns = line.time_ns};
    }
    const auto boot = booted.find(line.machine);
    const bool is_recovered = line.kind == NoteKind::kHistory && line.type.ends_with("Recovered");
    if (!is_recovered || boot == booted.end()) continue;
    spans.add_recovery(tables.machine(line.machine), boot->second, line.time_ns);
    booted.erase(boot);
  }
  return spans.take();
}

// --- evidence ---

PageJson evidence_json(const PageRows& rows, const Evidence& all, const Evidence& shown) {
  constexpr int kOnScreen = 4;
  std::set<std::uint64_t> on_screen;
  for (const EvidenceLine& line : shown.lines) on_screen.insert(line.line.number);
  PageJson pairs = PageJson::array();
  for (const EvidenceLine& line : all.lines) {
    const bool is_violation = line.role == EvidenceRole::kViolation;
    const std::int64_t row = is_violation ? rows.violation_row() : rows.row_of(line.line.number);
    if (row < 0) continue;
    const int role = is_violation ? 2 : line.role == EvidenceRole::kFault ? 1 : 0;
    pairs.push_back(row);
    pairs.push_back(role + (on_screen.contains(line.line.number) ? kOnScreen : 0));
  }
  return pairs;
}

}  // namespace millrace::reports
