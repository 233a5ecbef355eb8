#pragma once

// The claims that hold for every system, judged by what the run itself records.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sim/run/property.h"
#include "sim/run/run_records.h"

namespace millrace::run {

/// LOG-1. Evaluated at each end of a task and each `Unexpected` fact. What is only unexpected is
/// held against the run at its end: until then a property that knows what it did to the data may
/// object, and says more.
class Clean {
 public:
  static constexpr Claim claim{
      "LOG-1", "clean",
      "No exception leaves a task, and nothing unexpected is reported outside the allow-list.",
      PropertyKind::kAlways};
  static constexpr bool judges_last = true;
  static constexpr std::array<std::string_view, 2> classes{"exception", "unexpected"};
  using Sees = Records<TaskEnded, UnexpectedReported>;
  void on(const TaskEnded& ended, At at, Judge& judge);
  void on(const UnexpectedReported& reported, At at, Judge& judge);
  void at_end(Judge& judge);

 private:
  /// The first one.
  std::optional<Violation> unexpected_;
};

/// REC-1. Evaluated for each client that the settle phase expects to finish.
class ClientsFinish {
 public:
  static constexpr Claim claim{
      "REC-1", "clients_finish",
      "Once the core is healed, every client, old or fresh, finishes within the settle time.",
      PropertyKind::kEventually};
  static constexpr std::array<std::string_view, 3> classes{"old_client_stuck", "fresh_client_stuck",
                                                           "client_failed"};
  using Sees = Records<ClientStarted, ClientFinished>;
  void on(const ClientStarted& started, At at, Judge& judge);
  void on(const ClientFinished& finished, At at, Judge& judge);
  void at_end(Judge& judge);

 private:
  struct Running {
    At at;
    bool is_fresh = false;
  };
  std::map<std::string, Running> running_;
};

/// REC-2. Evaluated for each operation that a client took. One that was taken before the heal has
/// had the whole settle phase for its end; one that was taken later is REC-1's, with its client.
/// Whoever serves may be gone for good: an operation then ends as unknown. Cost: O(log pending) a
/// record.
class NoWedgedOperation {
 public:
  static constexpr Claim claim{"REC-2", "no_wedged_operation",
                               "Every operation that a client started ends: ok, failed or unknown.",
                               PropertyKind::kAlways};
  static constexpr std::array<std::string_view, 1> classes{"wedged"};
  using Sees = Records<PhaseBegan, OperationTaken, OperationEnded>;
  void on(const PhaseBegan& began, At at, Judge& judge);
  void on(const OperationTaken& taken, At at, Judge& judge);
  void on(const OperationEnded& ended, At at, Judge& judge);
  void at_end(Judge& judge);

 private:
  struct Pending {
    At at;
    std::string kind;
  };
  std::map<std::uint64_t, Pending> pending_;  // Taken before the heal.
  bool is_healed_ = false;
};

}  // namespace millrace::run
