#pragma once

// The rows of the world alone: messages, timers, switches, idle machines, idle tasks.
//
// `scale` divides the amount of work: 1 is what the rows report, more is for a quick look.

#include <cstdint>

#include "benchmarks/probe.h"
#include "sim/kernel/strategy.h"

namespace millrace::benchmarks {

/// Messages between two machines, one at a time in each direction: "per_second".
Values probe_messages(std::int64_t scale);

/// Wakes of tasks that sleep for spread times: "per_second".
Values probe_timers(std::int64_t scale);

/// A task gives way and the strategy says which of 100 goes on: "ns".
Values probe_switch(sim::StrategyKind strategy, std::int64_t scale);

/// A bare Boost.Context round trip into one of 100 fibers and back: "ns".
Values probe_bare_switch(std::int64_t scale);

/// Machines that wake once a second: "times_real_time".
Values probe_idle(std::int64_t scale);

/// What a parked task holds: "bytes".
Values probe_idle_task_memory(std::int64_t scale);

}  // namespace millrace::benchmarks
