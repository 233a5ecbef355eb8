#include "sim/run/determinism.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/kernel/fingerprint.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

std::string describe(const KeptEvent& event) {
  return fmt::format("{} {:016x}, content {:016x}", event.kind, event.id, event.content);
}

FirstDifference difference_at(const KeptEvent& event) {
  return {.event = event.number,
          .time_ns = event.time_ns,
          .machine = event.machine,
          .task = event.task,
          .first = {},
          .second = {},
          .what = {}};
}

/// What a kind of event is called where no line of the trace tells more.
std::string_view noun_of(std::string_view kind) {
  if (kind == "deliver") return "arrival";
  if (kind == "disk") return "disk request";
  if (kind == "spawn") return "task";
  if (kind == "content") return "send, write or record";
  if (kind == "control") return "step of the run";
  return kind;
}

/// Whether a line of the trace tells what an event of this kind is, and not what came of it.
bool tells_of(sim::NoteKind line, std::string_view kind) {
  using sim::NoteKind;
  if (kind == "content") {
    return line == NoteKind::kSend || line == NoteKind::kDisk || line == NoteKind::kHistory;
  }
  if (kind == "deliver") return line == NoteKind::kDeliver || line == NoteKind::kDrop;
  if (kind == "disk") return line == NoteKind::kDisk;
  return kind == "fault" && (line == NoteKind::kFault || line == NoteKind::kMachine);
}

/// "send to store-1: keep_alive", "disk request: log-0/0 synced", "timer".
std::string words_of(const KeptEvent& event, const std::vector<TraceLine>& trace) {
  // The first line at this record is its own; later ones tell what came of it.
  const auto line = std::ranges::find_if(trace, [&](const TraceLine& one) {
    return one.fingerprint_records == event.number + 1 && tells_of(one.kind, event.kind);
  });
  if (line == trace.end()) return std::string(noun_of(event.kind));
  const std::string& said = line->words.empty() ? line->text : line->words;
  switch (line->kind) {
    case sim::NoteKind::kSend:
      return fmt::format("send to {}: {}", line->peer, said);
    case sim::NoteKind::kDeliver:
    case sim::NoteKind::kDrop:
    case sim::NoteKind::kLate:
      return fmt::format("arrival from {}: {}", line->peer, said);
    case sim::NoteKind::kDisk:
      return fmt::format("disk request: {}", said);
    case sim::NoteKind::kFault:
    case sim::NoteKind::kMachine:
      return fmt::format("fault: {}", said);
    case sim::NoteKind::kHistory:
      return fmt::format("record: {}", said);
  }
  UNREACHABLE("a note of a kind outside its list");
}

}  // namespace

bool is_same_execution(const RunRecord& first, const RunRecord& second) {
  return first.fingerprint == second.fingerprint && first.signature() == second.signature();
}

std::uint64_t first_different_block(const RunRecord& first, const RunRecord& second) {
  const auto [at, other] = std::ranges::mismatch(first.block_hashes, second.block_hashes);
  return static_cast<std::uint64_t>(at - first.block_hashes.begin());
}

FirstDifference first_difference(const RunRecord& first, const RunRecord& second) {
  const auto [a, b] = std::ranges::mismatch(first.kept, second.kept);
  const bool has_first = a != first.kept.end();
  const bool has_second = b != second.kept.end();
  if (!has_first && !has_second) return {};
  // What a run did where the other had ended already is the difference, too.
  FirstDifference found = difference_at(has_first ? *a : *b);
  found.first = has_first ? describe(*a) : "nothing: it had ended";
  found.second = has_second ? describe(*b) : "nothing: it had ended";
  if (found.task.empty() && has_second) {
    found.machine = b->machine;
    found.task = b->task;
  }
  return found;
}

DeterminismCheck check_determinism(WorkerPool& pool, const RunSource& source,
                                   std::uint32_t scenario, std::uint64_t seed) {
  return check_determinism(pool, source, {.scenario = scenario, .seed = seed});
}

DeterminismCheck check_determinism(WorkerPool& pool, const RunSource& source, RunRequest plain) {
  DeterminismCheck check{.scenario = source.scenarios[plain.scenario].name,
                         .seed = plain.seed,
                         .difference = {},
                         .tool_error = {}};
  plain.keeps_block_hashes = true;
  RunRequest disguised = plain;
  disguised.is_disguised = true;
  RunReply first = pool.run_alone(plain);
  RunReply second = pool.run_alone(disguised);
  check.fingerprint = first.record.fingerprint;
  check.other_fingerprint = second.record.fingerprint;
  check.tool_error = first.tool_error.has_value() ? first.tool_error : second.tool_error;
  if (check.tool_error.has_value() || is_same_execution(first.record, second.record)) return check;

  const std::uint64_t block = first_different_block(first.record, second.record);
  for (RunRequest* const request : {&plain, &disguised}) {
    request->keep_block_first = block;
    request->keep_block_last = block + 1;
  }
  first = pool.run_alone(plain);
  second = pool.run_alone(disguised);
  check.difference = first_difference(first.record, second.record);
  return check;
}

FirstDifference look_at(const RunSource& source, RunRequest request, std::uint64_t number) {
  request.is_traced = true;
  request.keeps_block_hashes = true;
  request.keep_block_first = number / sim::Fingerprint::kBlockRecords;
  request.keep_block_last = request.keep_block_first + 1;
  const RunReply reply = run_alone(source, request, WorkerOptions{});
  const auto found = std::ranges::find(reply.record.kept, number, &KeptEvent::number);
  if (found == reply.record.kept.end()) {
    return {.event = number,
            .time_ns = reply.record.virtual_ns,
            .machine = {},
            .task = {},
            .first = "nothing: it had ended",
            .second = {},
            .what = "the end of the run"};
  }
  FirstDifference seen = difference_at(*found);
  seen.first = describe(*found);
  seen.what = words_of(*found, reply.record.trace);
  return seen;
}

DeterminismCheck confirm_fingerprint(WorkerPool& pool, const RunSource& source,
                                     std::uint32_t scenario, std::uint64_t seed,
                                     std::uint64_t fingerprint) {
  const RunReply again = pool.run_alone({.scenario = scenario, .seed = seed, .is_disguised = true});
  if (!again.tool_error.has_value() && again.record.fingerprint == fingerprint) {
    return {.scenario = source.scenarios[scenario].name,
            .seed = seed,
            .fingerprint = fingerprint,
            .other_fingerprint = fingerprint,
            .difference = {},
            .tool_error = {}};
  }
  DeterminismCheck check = check_determinism(pool, source, scenario, seed);
  if (check.difference.has_value() || check.tool_error.has_value()) return check;
  // Alone and disguised it is what it is alone: then the campaign's run was another.
  check.fingerprint = fingerprint;
  check.difference = FirstDifference{};
  check.difference->first = fmt::format("fingerprint {:016x} among other seeds", fingerprint);
  check.difference->second = fmt::format("fingerprint {:016x} alone", check.other_fingerprint);
  return check;
}

}  // namespace millrace::run
