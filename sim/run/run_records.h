#pragma once

// What the run itself records. A property may see these like a workload's own records.
//
// The harness judges three claims by them in every world, so nobody needs to write these again:
//   LOG-1  clean           no exception leaves a task, no fact `Unexpected` outside the allow-list;
//   REC-1  clients_finish  after the heal every client, old and fresh, finishes within settle_for;
//   REC-2  no_wedged_operation  every operation taken before the heal has ended at the end.

#include <cstdint>
#include <string>

#include "system/base/fields.h"

namespace millrace::run {

/// Where a run stands.
enum class Phase : std::uint8_t {
  kFaults,  ///< From the start: faults are on, safety is judged.
  kSettle,  ///< The core is healed: liveness is judged.
};

/// "faults" or "settle".
std::string_view to_text(Phase phase);

/// What became of an operation, as far as its client knows.
enum class Outcome : std::uint8_t {
  kOk,       ///< It happened.
  kFailed,   ///< It did not happen and never will.
  kUnknown,  ///< It may have happened, or may still.
};

/// "ok", "failed" or "unknown".
std::string_view to_text(Outcome outcome);

/// A phase began.
struct PhaseBegan {
  Phase phase = Phase::kFaults;
  static constexpr std::string_view record_name = "phase_began";
  static constexpr auto fields = millrace::fields("phase", &PhaseBegan::phase);
};

/// A process started; `boot` counts the machine's boots from 1.
struct ProcessStarted {
  std::string machine;
  std::string role;
  std::uint32_t boot = 0;
  static constexpr std::string_view record_name = "process_started";
  static constexpr auto fields =
      millrace::fields("machine", &ProcessStarted::machine, "role", &ProcessStarted::role, "boot",
                       &ProcessStarted::boot);
};

/// A process came to its end: `how` is "exit", "kill" or "power_loss"; `error` is what main
/// returned, empty for success.
struct ProcessEnded {
  std::string machine;
  std::string role;
  std::string how;
  std::string error;
  static constexpr std::string_view record_name = "process_ended";
  static constexpr auto fields =
      millrace::fields("machine", &ProcessEnded::machine, "role", &ProcessEnded::role, "how",
                       &ProcessEnded::how, "error", &ProcessEnded::error);
};

/// A client's main began or returned.
struct ClientStarted {
  std::string client;
  std::string workload;
  bool is_fresh = false;
  static constexpr std::string_view record_name = "client_started";
  static constexpr auto fields =
      millrace::fields("client", &ClientStarted::client, "workload", &ClientStarted::workload,
                       "is_fresh", &ClientStarted::is_fresh);
};
struct ClientFinished {
  std::string client;
  std::string error;
  static constexpr std::string_view record_name = "client_finished";
  static constexpr auto fields =
      millrace::fields("client", &ClientFinished::client, "error", &ClientFinished::error);
};

/// A client took an operation of its plan, or is done with it.
struct OperationTaken {
  std::uint64_t operation = 0;
  std::string kind;
  static constexpr std::string_view record_name = "operation_taken";
  static constexpr auto fields =
      millrace::fields("operation", &OperationTaken::operation, "kind", &OperationTaken::kind);
};
struct OperationEnded {
  std::uint64_t operation = 0;
  Outcome outcome = Outcome::kOk;
  static constexpr std::string_view record_name = "operation_ended";
  static constexpr auto fields = millrace::fields("operation", &OperationEnded::operation,
                                                  "outcome", &OperationEnded::outcome);
};

/// A task ended by itself; `exception` is empty unless one left it. The texts are borrowed: there
/// are many of these.
struct TaskEnded {
  std::string_view role;
  std::string_view task;
  std::string_view exception;
  static constexpr std::string_view record_name = "task_ended";
  static constexpr auto fields = millrace::fields(
      "role", &TaskEnded::role, "task", &TaskEnded::task, "exception", &TaskEnded::exception);
};

/// A process reported the fact `Unexpected{where, why}`, and `where` is not on the allow-list.
struct UnexpectedReported {
  std::string where;
  std::string why;
  static constexpr std::string_view record_name = "unexpected_reported";
  static constexpr auto fields =
      millrace::fields("where", &UnexpectedReported::where, "why", &UnexpectedReported::why);
};

/// What a server process of the core holds at a quiet moment: every client that had begun has
/// finished, and what they left on their way has arrived. There are two: before the last clients
/// begin and after they have finished. What it holds then it holds for nobody, so a second visit
/// adds nothing to the first. `tasks`, `sockets` and `files` are open, `memory_bytes` allocated and
/// not freed: the same in each run of one build, another in another build.
struct ProcessHolds {
  std::string machine;
  std::string role;
  std::uint32_t boot = 0;
  std::uint64_t tasks = 0;
  std::uint64_t sockets = 0;
  std::uint64_t files = 0;
  std::uint64_t memory_bytes = 0;
  static constexpr std::string_view record_name = "process_holds";
  static constexpr auto fields = millrace::fields(
      "machine", &ProcessHolds::machine, "role", &ProcessHolds::role, "boot", &ProcessHolds::boot,
      "tasks", &ProcessHolds::tasks, "sockets", &ProcessHolds::sockets, "files",
      &ProcessHolds::files, "memory_bytes", &ProcessHolds::memory_bytes);
};

/// The run is over: nothing follows. `is_settled` tells whether the settle phase was reached and
/// all clients finished in it.
struct RunEnded {
  bool is_settled = false;
  static constexpr std::string_view record_name = "run_ended";
  static constexpr auto fields = millrace::fields("is_settled", &RunEnded::is_settled);
};

}  // namespace millrace::run
