#pragma once

// What a workload's client may use beside its Env: its plan, the deployment, and the history.
//
// A client is a process on a machine of its own. It takes the operations of its plan one by one:
//
//   void writer_main(Env& env, const WriterConfig& config, Client& client) {
//     while (const auto operation = client.next_operation()) {
//       ... act on operation->kind and operation->argument("key"), record what happened ...
//       client.finish(*operation, Outcome::kOk);
//     }
//   }
//
// next_operation() waits until the operation may start, and the task that took it goes on under the
// operation's root: all that it sends, spawns or wakes happens in the operation's name, which is
// what keeps a run's draws in place when other operations are deleted. A client that pipelines
// takes the next operation before it has finished the last. A client without operations (a tail
// reader) works until is_settling() and the workloads that it follows have finished.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/run/history.h"
#include "sim/run/run_records.h"

namespace millrace::run {

/// The deployment as a process may know it: who is where, and the plan's settings. Borrowed data;
/// copies are the process's own.
class Directory {
 public:
  virtual ~Directory() = default;

  /// Names of the machines of a role, in the plan's order; empty for an unknown role.
  virtual std::span<const std::string> machines(std::string_view role) const = 0;

  /// All settings of the plan by their path ("streams.orders.segments" -> "3"), those included that
  /// the Registry's plan hook added ("placement.orders/0" -> "store-2").
  virtual const std::map<std::string, std::string, std::less<>>& settings() const = 0;

  /// A setting that must be there and be an integer (checked).
  std::int64_t setting_integer(std::string_view path) const;

  /// A setting that must be there (checked).
  const std::string& setting(std::string_view path) const;
};

/// One thing that a client is asked to do.
struct Operation {
  /// Unique in the plan, never reused, not an index.
  std::uint64_t id = 0;
  /// What to do, one of the workload's own words: "append".
  std::string kind;
  /// Its details, sorted by name. Integers, so that a reducer can make them smaller.
  std::vector<std::pair<std::string, std::int64_t>> arguments;

  /// The argument of this name, or `fallback`.
  std::int64_t argument(std::string_view name, std::int64_t fallback = 0) const;

  friend bool operator==(const Operation&, const Operation&) = default;
};

/// A client's side of the run.
class Client {
 public:
  virtual ~Client() = default;

  /// The client's machine: "writer-1".
  virtual const std::string& name() const = 0;
  virtual const Directory& directory() const = 0;
  virtual History& history() = 0;

  /// Whether this client was started after the heal, to show that newcomers are served.
  virtual bool is_fresh() const = 0;

  /// Waits for the next operation of the plan and takes it; none at the end of the plan. The
  /// calling task goes on under the operation's root. One task of a client at a time may wait here.
  /// Blocks: until the operation's instant, and until the one that it follows has ended. An
  /// operation whose predecessor never ends starts with the settle phase, so that the wait is
  /// bounded.
  virtual std::optional<Operation> next_operation() = 0;

  /// As next_operation(), but gives up at `deadline` of this machine's clock, leaving the operation
  /// for later. The result is empty, too, when the plan is done; is_plan_done() tells.
  virtual std::optional<Operation> next_operation(Instant deadline) = 0;
  virtual bool is_plan_done() const = 0;

  /// Says what became of an operation that was taken and is not yet finished (checked). kOk counts
  /// as acknowledged for the floor `acked_operations`.
  virtual void finish(const Operation& operation, Outcome outcome) = 0;

  /// 64 uniform bits of the operation's own, for payloads and details that are not in the plan: the
  /// same for the same (seed, operation, index).
  virtual std::uint64_t bits(const Operation& operation, std::uint32_t index) const = 0;

  /// Whether the faults are over. A client without operations should come to an end now.
  virtual bool is_settling() const = 0;

  /// Whether every client of this workload that was planned for the run so far has finished, the
  /// asking client left out. True for a workload without clients.
  virtual bool have_finished(std::string_view workload) const = 0;
};

}  // namespace millrace::run

namespace millrace {
using run::Client;
using run::Directory;
using run::Operation;
using run::Outcome;
}  // namespace millrace
