#include "sim/run/run_history.h"

#include "sim/kernel/arena.h"
#include "sim/run/record_words.h"
#include "sim/run/trace_log.h"

namespace millrace::run {
namespace {

// Bounds of a trace: what a screen, a report and a pipe can still take.
constexpr std::size_t kStoryLinesMax = 100'000;
constexpr std::size_t kTrafficLinesMax = 20'000;

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

/// The fields of a fact in a line.
struct FieldText {
  std::string line;

  static void add(void* context, std::string_view name, const FieldValue& field) {
    std::string& line = static_cast<FieldText*>(context)->line;
    line.append(" ").append(name).append("=").append(millrace::to_text(field));
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
    show(type.key, record, at);
    return;
  }
  FieldHash hash{.value = type.key};
  type.visit(record, &hash, &FieldHash::add);
  world_.add_to_fingerprint(hash.value);
  if (options_.is_traced) {
    const std::string_view machine =
        task == nullptr ? "" : std::string_view(task->machine().name());
    add_line(sim::NoteKind::kHistory, machine, "",
             {.text = type.text(record),
              .words = words_of(type, record),
              .record = records_,
              .key = type.key});
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
    FieldText text{.line = std::string(fact.name)};
    fact.visit(fact.record, &text, &FieldText::add);
    RecordWords words(fact.name);
    fact.visit(fact.record, &words, &RecordWords::add);
    add_line(sim::NoteKind::kHistory, machine.name(), "",
             {.text = std::move(text.line), .words = words.text(), .record = records_, .key = key});
  }
  if (properties_.wants(key)) show(key, fact.record, here(machine.index()));
}

void RunHistory::take_note(const sim::Note& note) {
  if (options_.is_traced) add_line(note.kind, note.machine, note.peer, {.text = note.text});
}

void RunHistory::add_line(sim::NoteKind kind, std::string_view machine, std::string_view peer,
                          Said said) {
  const std::uint64_t records = world_.fingerprint().records();
  if (looks_at_blocks_ && (records <= look_first_ || records > look_last_)) return;
  const auto operation = operations_.find(world_.current_root().value);
  TraceLine line{.ordinal = world_.ordinal(),
                 .time_ns = world_.now().ns,
                 .kind = kind,
                 .machine = std::string(machine),
                 .peer = std::string(peer),
                 .text = std::move(said.text),
                 .words = std::move(said.words),
                 .record = said.record,
                 .operation = operation == operations_.end() ? 0 : operation->second,
                 .fingerprint_records = records};
  if (options_.log.has_value()) write_log(line, *options_.log);
  const bool is_story = kind == sim::NoteKind::kHistory || kind == sim::NoteKind::kFault ||
                        kind == sim::NoteKind::kMachine;
  add_bounded(is_story ? story_ : traffic_,
              {.number = ++lines_, .line = std::move(line), .key = said.key},
              is_story ? kStoryLinesMax : kTrafficLinesMax);
}

void RunHistory::add_bounded(std::deque<NumberedLine>& lines, NumberedLine line,
                             std::size_t bound) {
  if (lines.size() == bound) lines.pop_front();
  lines.push_back(std::move(line));
}

std::vector<TraceLine> RunHistory::take_trace() {
  const std::vector<Objection>& objections = properties_.objections();
  std::vector<TraceLine> trace;
  trace.reserve(story_.size() + traffic_.size());
  while (!story_.empty() || !traffic_.empty()) {
    const bool takes_story =
        traffic_.empty() || (!story_.empty() && story_.front().number < traffic_.front().number);
    std::deque<NumberedLine>& from = takes_story ? story_ : traffic_;
    trace.push_back(std::move(from.front().line));
    trace.back().is_judged =
        !objections.empty() && properties_.sees(objections.front().property, from.front().key);
    from.pop_front();
  }
  return trace;
}

}  // namespace millrace::run
