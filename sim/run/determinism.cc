#include "sim/run/determinism.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/kernel/fingerprint.h"

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
          .second = {}};
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
  DeterminismCheck check{.scenario = source.scenarios[scenario].name,
                         .seed = seed,
                         .difference = {},
                         .tool_error = {}};
  RunRequest plain{.scenario = scenario, .seed = seed, .keeps_block_hashes = true};
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
  request.is_traced = false;
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
            .second = {}};
  }
  FirstDifference seen = difference_at(*found);
  seen.first = describe(*found);
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
