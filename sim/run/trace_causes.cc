#include "sim/run/trace_causes.h"

#include <algorithm>

namespace millrace::run {
namespace {

constexpr std::size_t kEntries = std::size_t{1} << 16;

std::size_t place_of(std::uint64_t key) {
  return static_cast<std::size_t>(sim::mix(key, 0x7461'626C'65) % kEntries);
}

}  // namespace

LineTable::LineTable() : entries_(kEntries) {}

void LineTable::set(std::uint64_t key, std::uint64_t line) {
  entries_[place_of(key)] = {.key = key, .line = line};
}

std::uint64_t LineTable::find(std::uint64_t key) const {
  const Entry& entry = entries_[place_of(key)];
  return entry.key == key ? entry.line : 0;
}

std::uint64_t TraceCauses::task_key() const {
  const sim::Task* const task = world_.current();
  if (task == nullptr) return 0;
  return sim::mix(task->process().id().value(), task->id().value());
}

/// The fault in whose name this happens, or that struck in this very step.
std::uint64_t TraceCauses::fault_line() const {
  if (strike_ != 0 && strike_step_ == world_.current_cause().id.value) return strike_;
  const auto strike = strikes_.find(world_.current_root().value);
  return strike == strikes_.end() ? 0 : strike->second;
}

/// What stands for what happens now.
std::uint64_t TraceCauses::current_line() const {
  const sim::EventIdentity& cause = world_.current_cause();
  if (const std::uint64_t line = of_event_.find(cause.id.value); line != 0) return line;
  if (cause.kind == sim::EventKind::kTimer) return of_task_.find(task_key());
  return fault_line();
}

void TraceCauses::queued(const sim::EventIdentity& who) {
  if (const std::uint64_t line = current_line(); line != 0) of_event_.set(who.id.value, line);
}

void TraceCauses::taken(std::uint64_t message) {
  const std::uint64_t line = delivered_.find(message);
  if (line != 0) of_event_.set(world_.current_cause().id.value, line);
}

std::vector<std::uint64_t> TraceCauses::add(std::uint64_t line, const sim::Note& note) {
  using sim::NoteKind;
  std::vector<std::uint64_t> causes;
  const auto add_cause = [&](std::uint64_t cause) {
    if (cause != 0 && cause != line) causes.push_back(cause);
  };
  switch (note.kind) {
    case NoteKind::kDeliver:
      add_cause(sent_.find(note.message));
      break;
    case NoteKind::kDrop:
    case NoteKind::kLate:
      add_cause(sent_.find(note.message));
      add_cause(fault_line());
      break;
    case NoteKind::kMachine: {
      const std::uint64_t fault = fault_line();
      add_cause(fault != 0 ? fault : current_line());
      break;
    }
    case NoteKind::kSend:
    case NoteKind::kDisk:
    case NoteKind::kFault:
    case NoteKind::kHistory:
      add_cause(current_line());
      break;
  }
  std::ranges::sort(causes);
  const auto repeated = std::ranges::unique(causes);
  causes.erase(repeated.begin(), repeated.end());
  remember(line, note);
  return causes;
}

void TraceCauses::remember(std::uint64_t line, const sim::Note& note) {
  using sim::NoteKind;
  const std::uint64_t step = world_.current_cause().id.value;
  // An event's own line stands for it. So does the first line of a step that nothing stands for.
  const bool is_own = world_.current() == nullptr &&
                      (note.kind == NoteKind::kDeliver || note.kind == NoteKind::kDisk);
  const bool is_first = of_event_.find(step) == 0;
  if (is_own || is_first) of_event_.set(step, line);
  if (const std::uint64_t task = task_key(); task != 0) of_task_.set(task, line);
  if (note.kind == NoteKind::kSend) sent_.set(note.message, line);
  if (note.kind == NoteKind::kDeliver) delivered_.set(note.message, line);
  if (note.kind != NoteKind::kFault || note.fault == 0 || note.is_end) return;
  strikes_[sim::fault_root(note.fault).value] = line;
  strike_ = line;
  strike_step_ = step;
}

}  // namespace millrace::run
