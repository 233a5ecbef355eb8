#pragma once

// Sequences of faults that find bugs which single ones do not: each expands to linked actions,
// which a shrinker takes apart again.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/faults/fault_plan.h"
#include "system/base/time.h"

namespace millrace::sim {

/// When the first action of a template fires.
struct FaultMoment {
  Duration at;
  std::optional<Anchor> anchor;
};

/// The power fails, and fails again at the `operation`-th disk request of the recovery: recovery
/// has to work when it is begun twice.
std::vector<FaultAction> crash_in_recovery(std::uint64_t first_id, const std::string& machine,
                                           const FaultMoment& moment, Duration down,
                                           std::uint32_t operation);

/// A machine stands still for longer than its lease and wakes up as if it still had it.
std::vector<FaultAction> pause_beyond_lease(std::uint64_t first_id, const std::string& machine,
                                            const FaultMoment& moment, Duration lease,
                                            Duration beyond);

/// A kill leaves unsynced bytes in the cache, where the next process finds them; `served` after its
/// boot the power fails and takes them.
std::vector<FaultAction> kill_then_power_loss(std::uint64_t first_id, const std::string& machine,
                                              const FaultMoment& moment, Duration down,
                                              Duration served);

/// A sync fails, and `later` the power does: who tried the sync again, and believed its success,
/// loses.
std::vector<FaultAction> failed_sync_then_power_loss(std::uint64_t first_id,
                                                     const std::string& machine,
                                                     const FaultMoment& moment, Duration later,
                                                     Duration down);

/// From the `frame`-th frame on a connection is held for `held`, and breaks `later`: what it
/// carried arrives after the frames of the connection that takes its place.
std::vector<FaultAction> break_with_slow_old_connection(std::uint64_t first_id,
                                                        const std::string& source,
                                                        const std::string& destination,
                                                        std::uint32_t frame, Duration held,
                                                        Duration later);

}  // namespace millrace::sim
