#include "properties/recovery.h"

#include <fmt/format.h>

namespace millrace::properties {
namespace {

/// A table that never held so much keeps its room: the server's set of its tasks when there are
/// more connections at a time than before, 16 bytes for two of them. Source: in 300 runs each of
/// everything, quickstart, crash_storm and partitions ten had 16 bytes more and the rest none; with
/// room for all of that set's tasks from the start those had none either.
constexpr std::uint64_t kMemorySpare = 32;

}  // namespace

void RecoveryKeepsDurable::on(const ContainerApplied& applied, At at, Judge& judge) {
  State& known = known_[{at.machine, applied.container}];
  if (known.at.record != 0) judge.compared();
  if (applied.sequence < known.sequence) {
    judge.violated(
        {.failure_class = "went_back",
         .seen = fmt::format("{} has records up to {} durable, before up to {}",
                             judge.machine_name(at.machine), applied.sequence, known.sequence),
         .expected = "a durable end that only grows",
         .evidence = {known.at, at}});
  }
  known = {.sequence = applied.sequence, .digest = applied.digest, .at = at};
}

void RecoveryKeepsDurable::on(const ContainerRecovered& recovered, At at, Judge& judge) {
  const auto [entry, is_first] = known_.try_emplace(
      std::pair(at.machine, recovered.container),
      State{.sequence = recovered.sequence, .digest = recovered.digest, .at = at});
  if (is_first) return;
  State& known = entry->second;
  judge.compared();
  if (recovered.sequence < known.sequence) {
    judge.violated(
        {.failure_class = "lost_records",
         .seen = fmt::format("{} recovered up to record {}", judge.machine_name(at.machine),
                             recovered.sequence),
         .expected = fmt::format("at least record {}, which was durable", known.sequence),
         .evidence = {known.at, at}});
  } else if (recovered.sequence == known.sequence && recovered.digest != known.digest) {
    judge.violated(
        {.failure_class = "different_state",
         .seen = fmt::format("{} recovered record {} with digest {:016x}",
                             judge.machine_name(at.machine), recovered.sequence, recovered.digest),
         .expected = fmt::format("digest {:016x}", known.digest),
         .evidence = {known.at, at}});
  }
  known = {.sequence = recovered.sequence, .digest = recovered.digest, .at = at};
}

void RecoveryKeepsDurable::on(const LogCorrupt& corrupt, At at, Judge& judge) {
  judge.compared();
  judge.violated({.failure_class = "log_unusable",
                  .seen = fmt::format("{} found {} at {}: {}", judge.machine_name(at.machine),
                                      corrupt.file, corrupt.offset, corrupt.why),
                  .expected = "a log that no crash makes unusable",
                  .evidence = {at}});
}

void NothingLeaks::on(const ContainerRecovered& /*recovered*/, At at, Judge& /*judge*/) {
  quiet_.erase(at.machine);
}

void NothingLeaks::on(const StoreLoad& load, At at, Judge& judge) {
  if (load.connections > 0) return;
  judge.compared();
  const auto [entry, is_first] =
      quiet_.try_emplace(at.machine, Quiet{.tasks = load.tasks, .at = at});
  const Quiet& quiet = entry->second;
  if (is_first || load.tasks <= quiet.tasks) return;
  judge.violated({.failure_class = "task_left",
                  .seen = fmt::format("{} serves nobody in {} tasks",
                                      judge.machine_name(at.machine), load.tasks),
                  .expected = fmt::format("{} tasks, as when it first was left alone", quiet.tasks),
                  .evidence = {quiet.at, at}});
}

void NothingLeaks::on(const run::ProcessHolds& holds, At at, Judge& judge) {
  const auto [entry, is_first] = holdings_.try_emplace(holds.machine, Holdings{holds, at});
  Holdings& before = entry->second;
  if (is_first || before.held.boot != holds.boot) {
    before = {.held = holds, .at = at};
    return;
  }
  struct Count {
    std::string_view failure_class;
    std::string_view what;
    std::uint64_t before = 0;
    std::uint64_t now = 0;
    std::uint64_t more = 0;  // That may be: see kMemorySpare.
  };
  const run::ProcessHolds& held = before.held;
  const Count counts[] = {
      {"task_left", "tasks", held.tasks, holds.tasks},
      {"socket_left", "sockets", held.sockets, holds.sockets},
      {"file_left", "open files", held.files, holds.files},
      {"memory_left", "bytes", held.memory_bytes, holds.memory_bytes, kMemorySpare},
  };
  judge.compared();
  for (const Count& count : counts) {
    if (count.now <= count.before + count.more) continue;
    judge.violated(
        {.failure_class = count.failure_class,
         .seen = fmt::format("{} holds {} {} after its last clients", holds.machine, count.now,
                             count.what),
         .expected = count.more == 0
                         ? fmt::format("{} {}, as before they came", count.before, count.what)
                         : fmt::format("at most {} {} more than the {} before they came",
                                       count.more, count.what, count.before),
         .evidence = {before.at, at}});
    return;  // The rest follows from it.
  }
}

}  // namespace millrace::properties
