#pragma once

// Runs in processes of their own, so that a crash or hang of the system under test costs one seed.
//
// A small zygote is forked before anybody opens a database; it forks workers of about 64 seeds
// each. A worker sends a record a run down a pipe. A shared page holds the seed, event, machine and
// task that it is at, and the frames that its signal handler found, so that a death has a place. A
// task that spins without virtual progress is ended by CPU time, never by wall time, and its
// verdict is confirmed by running it alone at five times the limit.
//
// A run here is named by (scenario, seed) or given as a plan; scenarios live in the caller's list,
// which is complete before start().

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/run.h"

namespace millrace::run {

/// A scenario with its registry, as workers need it. All are known before the zygote is forked.
struct RunSource {
  const Registry* registry = nullptr;
  std::vector<Scenario> scenarios;
};

/// How a worker differs on purpose from another, for the second run of a determinism check: what is
/// not part of a run must not change it.
struct Disguise {
  bool is_on = false;
};

/// What a worker is asked to run.
struct RunRequest {
  std::uint32_t scenario = 0;  ///< Index into RunSource::scenarios.
  std::uint64_t seed = 1;
  /// Runs this plan instead of drawing one (canonical JSON).
  std::optional<std::string> plan_json = {};
  std::optional<HistoryMutation> mutation = {};
  bool is_traced = false;
  bool keeps_block_hashes = false;
  std::uint64_t keep_block_first = 0;
  std::uint64_t keep_block_last = 0;
  bool runs_on_after_violation = false;
  std::uint64_t until_event = 0;
};

struct WorkerOptions {
  sim::Limits limits = {};
  /// CPU seconds without virtual progress that are a hang.
  std::uint32_t hang_cpu_seconds = 10;
  /// Address space a worker may have beyond what it starts with; 0 for no bound.
  std::uint64_t memory_bytes = 0;
};

/// A record, with what only the parent knows.
struct RunReply {
  RunRequest request;
  RunRecord record;
  std::uint64_t peak_rss_kib = 0;
  /// The worker could not be used: fork failed, the pipe broke without a crash.
  std::optional<std::string> tool_error = {};
};

/// Runs one request alone in a fresh process, blocking. A crash or hang is in the record.
RunReply run_alone(const RunSource& source, const RunRequest& request, const WorkerOptions& options,
                   Disguise disguise);

/// Runs requests on `jobs` workers at a time.
class WorkerPool {
 public:
  /// Forks the zygote. Call before any database or thread exists. `source` outlives the pool.
  WorkerPool(const RunSource& source, std::uint32_t jobs, WorkerOptions options);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Gives the next requests that belong together (a scenario's, at most `count`); empty when there
  /// are none for now.
  using Source = std::function<std::vector<RunRequest>(std::size_t count)>;
  /// Takes a reply; false stops the pool.
  using Sink = std::function<bool(RunReply reply)>;
  /// Called now and then, at least every 100 ms; false stops the pool.
  using Tick = std::function<bool()>;

  /// Runs until `next` gives nothing and all replies are in, or until it is stopped; workers that
  /// still run then are killed and their seeds not counted.
  void run(const Source& next, const Sink& take, const Tick& tick);

  /// Largest resident set of a worker so far.
  std::uint64_t peak_rss_kib() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::run
