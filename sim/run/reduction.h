#pragma once

// Ways to make a plan smaller or plainer, as data: which independent changes there are, and how to
// make any of them together. Nothing here runs anything; shrink.h tries them.
//
// A change names what it is about by id or name, so it can be made to a plan that others have
// already changed. The order of the functions is the order in which they are worth trying: what
// leaves most out comes first.

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/run_record.h"

namespace millrace::run {

/// Changes of one sort, any of which can be made together.
struct Reduction {
  /// For people: "faults", "operations".
  std::string_view name;
  std::size_t count = 0;
  std::function<void(Plan& plan, std::span<const std::size_t> chosen)> apply = {};
  /// Without what it takes out a property may object where nothing went wrong: nobody looked.
  bool may_mislead = false;
  /// It may ask for what the system never promised to run with, so that another failure says
  /// nothing about the system.
  bool may_be_unfit = false;
  /// What it takes out moves the timing of the rest, so that another schedule may be needed.
  bool moves_timing = false;
};

/// What the failed run never came to: faults that did not fire, operations that were not due,
/// overrides that decided nothing, the rest of the time.
Reduction drop_unused(const Plan& plan, const RunRecord& record);
Reduction drop_fault_kinds(const Plan& plan);
Reduction drop_faults(const Plan& plan);
/// All but one of the machines that a fault strikes.
Reduction drop_fault_targets(const Plan& plan);
/// Anchors count from the operation that was taken last before their moments: the same moments, to
/// which what had happened before that operation leads no more. Leaves nothing out by itself.
Reduction recount_moments(const Plan& plan, const RunRecord& record);
Reduction drop_clients(const Plan& plan);
Reduction drop_operations(const Plan& plan);
Reduction drop_machines(const Plan& plan);

/// Registered settings by place ("streams.clicks."), and those that a plan hook added.
Reduction drop_settings(const Plan& plan, const Registry& registry);
/// Registered settings to their least.
Reduction lower_settings(const Plan& plan, const Registry& registry);
/// Knobs of a role or a workload to their defaults.
Reduction reset_knobs(const Plan& plan, const Registry& registry);
/// Exact clocks that start at 0, and disks that keep the order of names.
Reduction plain_machines(const Plan& plan);
/// `fifo`, which needs no window.
Reduction plain_strategy(const Plan& plan);

/// Times of operations and faults move together: each pause between two of them to at most `pause`.
Reduction close_gaps(const Plan& plan, Duration pause);
/// The run to the last of those times and a while.
Reduction shorten_run(const Plan& plan, Duration rest);
/// Each pause, delay and duration to `digits` decimal digits that are not 0, upwards.
Reduction round_times(const Plan& plan, int digits);
/// Durations of faults and delays after their moments to a plain time.
Reduction plain_durations(const Plan& plan);
/// Anchors to the first of their moments, be it counted from an operation or not, or halfway there.
Reduction earlier_moments(const Plan& plan, bool is_first);
/// Arguments of operations and amounts of faults to 1, or halfway there.
Reduction smaller_numbers(const Plan& plan, bool is_least);

/// Takes overrides out, but for the last, which decides all that is left.
Reduction drop_overrides(const Plan& plan);
/// Lets each operation start when the one before it has ended.
Reduction serialise(const Plan& plan);

/// An override for each purpose that leaves such draws to the seed.
std::vector<sim::Override> keep_purposes();
/// The same for each place with draws of these purposes.
std::vector<sim::Override> keep_places(std::span<const DrawRecord> draws,
                                       std::span<const sim::Override> purposes);
/// An override for each of these draws at these places, with its value where an event has one draw
/// of the purpose that is not neutral. An override fits all draws of its event, so such a value may
/// reach another one, which was neutral; where that may not be, only the first draw gets a value.
std::vector<sim::Override> keep_draws(std::span<const DrawRecord> draws,
                                      std::span<const sim::Override> places, bool may_reach_others);

}  // namespace millrace::run
