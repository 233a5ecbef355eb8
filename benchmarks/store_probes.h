#pragma once

// The rows of the store in its scenarios: what a seed of `everything` costs, and what of it grows.

#include <cstdint>

#include "benchmarks/probe.h"

namespace millrace::benchmarks {

/// Seeds of `everything` at the size for which the figure is meant: "seeds_per_second",
/// "events_per_second", "virtual_seconds_per_second", and what a seed has: "machines",
/// "acked_operations". CPU seconds of one core, the drawing of plans included.
Values probe_everything(std::int64_t scale);

/// The same seeds with and without properties: "percent" of the CPU time that they take.
Values probe_properties_share(std::int64_t scale);

/// What a fresh process does before its first event, and "at": the shared clock after that.
Values probe_start(std::int64_t scale);

/// A worker's peak over seeds of each scenario that a campaign runs by default: "mib".
Values probe_default_memory(std::int64_t scale);

/// CPU time an event of `everything` with so many machines, or so many virtual seconds of faults,
/// clients and operations in proportion: "ns". `scale` has no influence: a ratio needs both ends.
Values probe_machines(std::int64_t machines);
Values probe_virtual_time(std::int64_t run_for_seconds);

}  // namespace millrace::benchmarks
