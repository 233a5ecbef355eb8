#pragma once

// Recovery gives back what was durable (CRASH-1), and a store that is left alone holds nothing of
// its visitors (LEAK-1). White-box: judged by the facts that stores report, and by what the run
// counts of their processes.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "properties/records.h"
#include "sim/run/property.h"
#include "sim/run/run_records.h"
#include "system/types/facts.h"

namespace millrace::properties {

/// A recovery ends at the last durable record or later, at an equal one in the same state; what one
/// recovery showed, the next shows again; and none finds a log that it cannot use. Cost: O(log
/// containers) a record.
class RecoveryKeepsDurable {
 public:
  static constexpr Claim claim{
      "CRASH-1", "recovery_keeps_durable",
      "A container recovers at least what was durable before, in the state that it had."};
  static constexpr std::array<std::string_view, 4> classes{"lost_records", "different_state",
                                                           "went_back", "log_unusable"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kDisksWithinBudget};
  using Sees = Records<ContainerApplied, ContainerRecovered, LogCorrupt>;

  void on(const ContainerApplied& applied, At at, Judge& judge);
  void on(const ContainerRecovered& recovered, At at, Judge& judge);
  void on(const LogCorrupt& corrupt, At at, Judge& judge);

 private:
  struct State {
    std::uint64_t sequence = 0;
    std::uint64_t digest = 0;
    At at;
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, State> known_;  // By machine and container.
};

/// Judged at quiet moments of a boot, which must be alike: whenever the last client of a store
/// hangs up, by what the store says of itself, and before and after the run's last clients, by what
/// the machine knows of the process. Those only read, so its memory must be as before, too; that of
/// the whole run grows with what is stored. Cost: O(log machines) a record.
class NothingLeaks {
 public:
  static constexpr Claim claim{
      "LEAK-1", "nothing_leaks",
      "A store that its clients have left holds nothing of them: no more tasks, sockets or files "
      "than the last time, and no more than 32 bytes of memory above it."};
  static constexpr std::array<std::string_view, 4> classes{"task_left", "socket_left", "file_left",
                                                           "memory_left"};
  using Sees = Records<ContainerRecovered, StoreLoad, run::ProcessHolds>;

  void on(const ContainerRecovered& recovered, At at, Judge& judge);
  void on(const StoreLoad& load, At at, Judge& judge);
  void on(const run::ProcessHolds& holds, At at, Judge& judge);

 private:
  struct Quiet {
    std::uint64_t tasks = 0;
    At at;
  };
  std::map<std::uint32_t, Quiet> quiet_;  // By machine: its first quiet moment since its boot.
  struct Holdings {
    run::ProcessHolds held;
    At at;
  };
  std::map<std::string, Holdings> holdings_;  // By machine: before the last clients.
};

}  // namespace millrace::properties
