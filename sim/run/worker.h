#pragma once

// Runs in processes of their own, so that a crash or hang of the system under test costs one seed.
//
// A small zygote is forked before anybody opens a database; it forks a worker for each batch of
// requests, about 64 seeds. A worker sends a record a run down a pipe. A shared page holds the
// seed, event, machine and task that it is at, and the frames that its signal handler found, so
// that a death has a place. A task that spins without virtual progress is ended by CPU time, never
// by wall time.
//
// A run here is named by (scenario, seed) or given as a plan; scenarios live in the caller's list,
// which is complete before the pool is made.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/run.h"

namespace millrace::run {

/// Scenarios with their registry, as workers need them. All are known before the zygote is forked.
struct RunSource {
  const Registry* registry = nullptr;
  std::vector<Scenario> scenarios;
};

/// What a worker is asked to run.
struct RunRequest {
  std::uint32_t scenario = 0;  ///< Index into RunSource::scenarios.
  std::uint64_t seed = 1;
  /// Runs this plan instead of drawing one (JSON).
  std::optional<std::string> plan_json = {};
  std::optional<HistoryMutation> mutation = {};
  bool is_traced = false;
  bool keeps_block_hashes = false;
  std::uint64_t keep_block_first = 0;
  std::uint64_t keep_block_last = 0;
  bool keeps_draws = false;
  CrashPointsKept crash_points = CrashPointsKept::kNone;
  bool runs_on_after_violation = false;
  std::uint64_t until_event = 0;
  std::uint64_t break_event = 0;  ///< Only in this process, which the debugger has.
  std::optional<LogLevel> log = {};
  /// Runs it with all that must not matter changed: see determinism.h. Such a request is a batch of
  /// its own.
  bool is_disguised = false;
  /// The caller's own, carried into the reply.
  std::uint64_t tag = 0;
  /// How many times the CPU time of WorkerOptions a hang takes here. A batch of its own unless 1.
  std::uint32_t hang_factor = 1;
  /// Takes a tenth of that CPU time for a hang: of many runs that only look for a failure, each
  /// that hangs would cost all of it. A batch of its own, too.
  bool is_impatient = false;

  bool is_alone() const { return is_disguised || hang_factor != 1 || is_impatient; }
};

struct WorkerOptions {
  sim::Limits limits = {};
  /// CPU time without virtual progress that is a hang. Counted in steps of 50 ms.
  Duration hang_cpu = seconds(10);
};

/// A hang by CPU time is believed where the run hangs alone, too, for so many times as long.
inline constexpr std::uint32_t kHangConfirmFactor = 5;

/// A record, with what only the parent knows.
struct RunReply {
  RunRequest request;
  /// Always names the scenario and the seed.
  RunRecord record;
  std::uint64_t peak_rss_kib = 0;
  /// The request could not be run: a plan that does not fit the registry, a worker that was lost.
  std::optional<std::string> tool_error = {};
};

/// Runs one request here, in this process.
RunReply run_request(const RunSource& source, const RunRequest& request,
                     const WorkerOptions& options);

/// Runs one request alone in a fresh process, blocking. A crash or hang is in the record; a hang is
/// confirmed at kHangConfirmFactor times the CPU time before it is believed.
RunReply run_alone(const RunSource& source, const RunRequest& request,
                   const WorkerOptions& options);

/// Runs requests on a number of workers at a time.
class WorkerPool {
 public:
  /// Forks the zygote. Call before any database or thread exists. `source` outlives the pool.
  WorkerPool(const RunSource& source, std::uint32_t jobs, const WorkerOptions& options);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Gives the next requests, at most `count`: they run one after the other in one process. Empty
  /// when there are none for now; asked again as long as replies are awaited.
  using Source = std::function<std::vector<RunRequest>(std::size_t count)>;
  /// Takes a reply; false stops the pool.
  using Sink = std::function<bool(RunReply reply)>;
  /// Called now and then, at least every 100 ms; false stops the pool.
  using Tick = std::function<bool()>;

  /// Runs until `next` gives nothing and all replies are in, or until it is stopped; workers that
  /// still run then are killed and their seeds not counted. May be called again. Returns whether it
  /// ran to its end.
  bool run(const Source& next, const Sink& take, const Tick& tick);

  /// Runs one request alone, as the free function does. Not while run() is under way.
  RunReply run_alone(const RunRequest& request);

  /// Largest resident set of a worker so far.
  std::uint64_t peak_rss_kib() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::run
