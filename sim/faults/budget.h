#pragma once

// What the groups of a deployment can still afford.
//
// A fault claims from every group of its machine when it fires. A disk claim stays until the
// machine marks the repair, a clock claim until the fault is healed. A claim that one of the groups
// cannot afford is refused, unless the plan may exceed the budget: then the assumption that it
// breaks is recorded with the reason.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/faults/deployment.h"
#include "sim/kernel/meters.h"

namespace millrace::sim {

/// An assumption that no longer holds in this run.
struct BrokenAssumption {
  Assumption assumption = Assumption::kDisksWithinBudget;
  std::uint64_t fault = 0;  ///< Id of the action that broke it.
  std::string reason;       ///< "group stores: 2 disks damaged, at most 1".

  friend bool operator==(const BrokenAssumption&, const BrokenAssumption&) = default;
};

class Budget {
 public:
  /// `deployment` outlives the budget.
  explicit Budget(const Deployment& deployment) : deployment_(deployment) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  /// Whether the groups of `machine` can afford one more damaged disk; the reason where not. A
  /// machine in no group has nobody who could afford it, and one whose disk is claimed already
  /// costs no more.
  std::optional<std::string> refuses_disk(std::string_view machine) const;
  /// The same for a rate error.
  std::optional<std::string> refuses_clock_rate(std::string_view machine,
                                                std::int64_t rate_ppm) const;

  /// Notes that the disk of `machine` is damaged, whether that was affordable or not.
  void claim_disk(std::string_view machine);
  /// Notes that `machine` passed the mark `mark`: where a group calls that a repair, the claim
  /// ends.
  void on_mark(std::string_view machine, std::string_view mark);
  /// Takes back a claim whose fault found nothing to damage.
  void release_disk(std::string_view machine);

  bool has_disk_claim(std::string_view machine) const;
  /// Whether any group names a mark of repair.
  bool wants_marks() const;

 private:
  const Deployment& deployment_;
  std::vector<std::string> damaged_;  // Sorted.
};

}  // namespace millrace::sim
