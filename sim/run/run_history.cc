#include "sim/run/run_history.h"

#include "sim/kernel/arena.h"
#include "sim/run/record_words.h"
#include "sim/run/run_records.h"
#include "sim/run/trace_log.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

// Bounds of a trace: what a screen, a report and a pipe can still take.
constexpr std::size_t kStoryLinesMax = 100'000;
constexpr std::size_t kTrafficLinesMax = 20'000;
constexpr std::size_t kOperationsMax = 100'000;
constexpr std::size_t kMachineChangesMax = 10'000;

/// Mixes a record's fields into one word: what two runs that differ in a record differ in.
struct FieldHash {
  std::uint64_t value = 0;

  static void add(void* context, std::string_view /*name*/, const FieldValue& field) {
    auto& hash = static_cast<FieldHash*>(context)->value;
    struct Word {
      std::uint64_t operator()(std::int64_t number) const {
        return static_cast<std::uint64_t>(number);
      }
      std::uint64_t operator()(std::uint64_t number) const { return number; }
      std::uint64_t operator()(bool truth) const { return truth ? 1 : 0; }
      std::uint64_t operator()(std::string_view text) const { return sim::hash_name(text); }
      std::uint64_t operator()(const std::string& text) const { return sim::hash_name(text); }
    };
    hash = sim::mix(hash, std::visit(Word{}, field));
  }
};

/// The fields of a record, and those of a fact in a line.
struct FieldTexts {
  std::string line = {};
  std::vector<TraceField> fields = {};

  static void add(void* context, std::string_view name, const FieldValue& field) {
    auto& texts = *static_cast<FieldTexts*>(context);
    texts.fields.push_back({.name = std::string(name), .value = millrace::to_text(field)});
    texts.line.append(" ").append(name).append("=").append(texts.fields.back().value);
  }
};

std::string words_of(const RecordType& type, const void* record) {
  std::string own = type.words(record);
  if (!own.empty()) return own;
  RecordWords words(type.name);
  type.visit(record, &words, &RecordWords::add);
  return words.text();
}

/// Whether the run itself records this type: such records are no canary's prey.
bool is_of_the_run(const RecordType& type) {
  static constexpr std::uint64_t kOwn[] = {
      kRecordType<PhaseBegan>.key,     kRecordType<ProcessStarted>.key,
      kRecordType<ProcessEnded>.key,   kRecordType<ClientStarted>.key,
      kRecordType<ClientFinished>.key, kRecordType<OperationTaken>.key,
      kRecordType<OperationEnded>.key, kRecordType<TaskEnded>.key,
      kRecordType<RunEnded>.key,       kRecordType<UnexpectedReported>.key,
      kRecordType<ProcessHolds>.key};
  for (const std::uint64_t key : kOwn) {
    if (key == type.key) return true;
  }
  return false;
}

}  // namespace

RunHistory::RunHistory(sim::World& world, PropertySet& properties, const Plan& plan,
                       const RunOptions& options)
    : world_(world),
      properties_(properties),
      options_(options),
      looks_at_blocks_(options.keeps_blocks()),
      look_first_(options.keep_block_first * sim::Fingerprint::kBlockRecords),
      look_last_(options.keep_block_last * sim::Fingerprint::kBlockRecords) {
  if (!options.is_traced) return;
  causes_ = std::make_unique<TraceCauses>(world);
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) {
      operations_[sim::operation_root(planned.operation.id).value] = planned.operation.id;
    }
  }
}

At RunHistory::here(std::uint32_t machine) const {
  return {
      .ordinal = world_.ordinal(), .record = records_, .time = world_.now(), .machine = machine};
}

void RunHistory::take(const RecordType& type, const void* record) {
  const sim::ArenaScope simulator(nullptr);
  ++records_;
  const sim::Task* const task = world_.current();
  const At at = here(task == nullptr ? At::kNoMachine : task->machine().index());
  if (is_of_the_run(type)) {
    if (options_.is_traced) trace_own(type, record);
    show(type.key, record, at);
    return;
  }
  FieldHash hash{.value = type.key};
  type.visit(record, &hash, &FieldHash::add);
  world_.add_to_fingerprint(hash.value);
  if (options_.is_traced) {
    FieldTexts texts;
    type.visit(record, &texts, &FieldTexts::add);
    add_line({.kind = sim::NoteKind::kHistory,
              .machine = task == nullptr ? "" : std::string_view(task->machine().name()),
              .text = type.text(record)},
             {.words = words_of(type, record),
              .record = records_,
              .key = type.key,
              .type = type.name,
              .fields = std::move(texts.fields)});
  }
  if (!properties_.wants(type.key)) return;
  ++client_records_;
  show_client_record(type, record, at);
}

void RunHistory::show_client_record(const RecordType& type, const void* record, At at) {
  const std::optional<HistoryMutation>& mutation = options_.mutation;
  const bool is_prey = mutation.has_value() && mutation->nth == client_records_;
  if (is_prey && mutation->kind == HistoryMutation::Kind::kDrop) return;
  if (is_prey && mutation->kind == HistoryMutation::Kind::kSwap) {
    held_back_ = HeldBack{.type = &type, .record = type.copy(record), .at = at};
    return;
  }
  if (held_back_.has_value()) {
    // The two change places, so each gets the other's stamp.
    const HeldBack first = *std::exchange(held_back_, std::nullopt);
    show(type.key, record, first.at);
    show(first.type->key, first.record.get(), at);
    return;
  }
  show(type.key, record, at);
  if (is_prey) show(type.key, record, at);
}

void RunHistory::flush() {
  if (!held_back_.has_value()) return;
  const HeldBack last = *std::exchange(held_back_, std::nullopt);
  show(last.type->key, last.record.get(), last.at);
}

void RunHistory::show(std::uint64_t key, const void* record, At at) {
  const bool is_objected = properties_.take(key, record, at);
  if (is_objected && !options_.runs_on_after_violation) world_.stop();
}

void RunHistory::take_fact(sim::Machine& machine, const FactView& fact) {
  const std::uint64_t key = detail::record_key(fact.name);
  ++records_;
  if (options_.is_traced) {
    FieldTexts texts{.line = std::string(fact.name)};
    fact.visit(fact.record, &texts, &FieldTexts::add);
    RecordWords words(fact.name);
    fact.visit(fact.record, &words, &RecordWords::add);
    add_line(
        {.kind = sim::NoteKind::kHistory, .machine = machine.name(), .text = std::move(texts.line)},
        {.words = words.text(),
         .record = records_,
         .key = key,
         .type = fact.name,
         .fields = std::move(texts.fields)});
  }
  if (properties_.wants(key)) show(key, fact.record, here(machine.index()));
}

void RunHistory::take_note(const sim::Note& note) {
  if (options_.is_traced) add_line(note, {});
}

// --- what only a traced run keeps ---

void RunHistory::take_queued(const sim::EventIdentity& who) {
  if (causes_ != nullptr) causes_->queued(who);
}

void RunHistory::take_taken(std::uint64_t message) {
  if (causes_ != nullptr) causes_->taken(message);
}

void RunHistory::take_machine_state(const sim::Machine& machine) {
  switch (machine.state()) {
    case sim::MachineState::kUp:
      return add_change(machine.name(), MachineLife::kUp);
    case sim::MachineState::kOff:
      return add_change(machine.name(), MachineLife::kOff);
    case sim::MachineState::kPaused:
    case sim::MachineState::kSuspended:
      return add_change(machine.name(), MachineLife::kStopped);
  }
  UNREACHABLE("a machine's state outside its list");
}

void RunHistory::take_process_end(const sim::Machine& machine) {
  if (options_.is_traced) add_change(machine.name(), MachineLife::kEnded);
}

void RunHistory::add_change(std::string_view machine, MachineLife life) {
  const sim::ArenaScope simulator(nullptr);
  if (trace_facts_.machines.size() == kMachineChangesMax) return;
  trace_facts_.machines.push_back(
      {.machine = std::string(machine),
       .life = life,
       .at = {.ordinal = world_.ordinal(), .time_ns = world_.now().ns}});
}

void RunHistory::trace_own(const RecordType& type, const void* record) {
  const TraceMoment now{.ordinal = world_.ordinal(), .time_ns = world_.now().ns};
  if (type.key == kRecordType<OperationTaken>.key) {
    const auto& taken = *static_cast<const OperationTaken*>(record);
    if (trace_facts_.operations.size() == kOperationsMax) return;
    taken_[taken.operation] = trace_facts_.operations.size();
    trace_facts_.operations.push_back({.id = taken.operation, .taken = now, .ended = {}});
  } else if (type.key == kRecordType<OperationEnded>.key) {
    const auto& ended = *static_cast<const OperationEnded*>(record);
    const auto place = taken_.find(ended.operation);
    if (place == taken_.end()) return;
    trace_facts_.operations[place->second].ended = now;
    trace_facts_.operations[place->second].outcome = ended.outcome;
  } else if (type.key == kRecordType<ProcessStarted>.key) {
    add_change(static_cast<const ProcessStarted*>(record)->machine, MachineLife::kUp);
  } else if (type.key == kRecordType<PhaseBegan>.key) {
    const bool is_settle = static_cast<const PhaseBegan*>(record)->phase == Phase::kSettle;
    if (is_settle) trace_facts_.settle_ns = now.time_ns;
  }
}

void RunHistory::add_line(const sim::Note& note, Said said) {
  const sim::ArenaScope simulator(nullptr);
  const std::uint64_t number = ++lines_;
  std::vector<std::uint64_t> causes = causes_->add(number, note);
  const std::uint64_t records = world_.fingerprint().records();
  if (looks_at_blocks_ && (records <= look_first_ || records > look_last_)) return;
  const auto operation = operations_.find(world_.current_root().value);
  TraceLine line{.ordinal = world_.ordinal(),
                 .time_ns = world_.now().ns,
                 .kind = note.kind,
                 .machine = std::string(note.machine),
                 .peer = std::string(note.peer),
                 .text = note.text,
                 .words = std::move(said.words),
                 .record = said.record,
                 .operation = operation == operations_.end() ? 0 : operation->second,
                 .fingerprint_records = records,
                 .number = number,
                 .causes = std::move(causes),
                 .message = note.message,
                 .fault = note.fault,
                 .is_end = note.is_end,
                 .struck = {note.struck.begin(), note.struck.end()},
                 .others = {note.others.begin(), note.others.end()},
                 .unsynced_bytes = note.unsynced_bytes,
                 .type = std::string(said.type),
                 .fields = std::move(said.fields)};
  if (options_.log.has_value()) write_log(line, *options_.log);
  const bool is_story = note.kind == sim::NoteKind::kHistory ||
                        note.kind == sim::NoteKind::kFault || note.kind == sim::NoteKind::kMachine;
  add_bounded(is_story ? story_ : traffic_, {.line = std::move(line), .key = said.key},
              is_story ? kStoryLinesMax : kTrafficLinesMax);
}

void RunHistory::add_bounded(std::deque<KeyedLine>& lines, KeyedLine line, std::size_t bound) {
  if (lines.size() == bound) {
    lines.pop_front();
    ++trace_facts_.lines_left_out;
  }
  lines.push_back(std::move(line));
}

std::vector<TraceLine> RunHistory::take_trace() {
  const std::vector<Objection>& objections = properties_.objections();
  std::vector<TraceLine> lines;
  lines.reserve(story_.size() + traffic_.size());
  while (!story_.empty() || !traffic_.empty()) {
    const bool takes_story =
        traffic_.empty() ||
        (!story_.empty() && story_.front().line.number < traffic_.front().line.number);
    std::deque<KeyedLine>& from = takes_story ? story_ : traffic_;
    lines.push_back(std::move(from.front().line));
    lines.back().is_judged =
        !objections.empty() && properties_.sees(objections.front().property, from.front().key);
    from.pop_front();
  }
  return lines;
}

}  // namespace millrace::run
