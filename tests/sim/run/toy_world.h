#pragma once

// A small world for the tests of the harness: a store that appends numbers to a file, writers that
// put them there, a reader that takes the final look, and one property. Its planted bug, a knob, is
// to acknowledge before the sync.

#include "sim/run/plan.h"
#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::toy {

/// What goes wrong in a store on purpose. `kSlow` only computes for 600 ms, once;
/// `kLeak` remembers earlier runs; `kLargeFrames` overflows with frames larger than a page.
enum class Bug : std::uint8_t {
  kNone,
  kNoSync,
  kCheck,
  kThrow,
  kSpin,
  kCrash,
  kEatMemory,
  kSpawn,
  kOverflow,
  kAddressOrder,
  kSlow,
  kLeak,
  kLargeFrames,
  kUnexpected,  ///< Reports something unexpected, and does not sync either.
  kUseAfterFree,
  kUndefined  ///< What only UndefinedBehaviorSanitizer objects to.
};
std::string_view to_text(Bug bug);

/// A writer was told that its number is stored.
struct Stored {
  std::uint64_t number = 0;
  static constexpr auto fields = millrace::fields("number", &Stored::number);
};

/// The final look found this number.
struct Found {
  std::uint64_t number = 0;
  static constexpr auto fields = millrace::fields("number", &Found::number);
};

/// Registers the roles `store`, the workloads `writer` and `final_reader`, and TOY-1.
void register_toy(Registry& registry);

/// The same after an edit of the writer's code that has nothing to do with the bug: before some
/// operations a task of its own asks a store what it has.
void register_edited_toy(Registry& registry);

/// The same with a property that sees the records and objects to nothing, whatever happens.
void register_blind_toy(Registry& registry);

/// Two stores, two writers, no faults.
run::Scenario quiet_scenario();

/// As above with one power loss a store, by a plan that is edited after drawing.
run::Plan with_power_losses(run::Plan plan);

}  // namespace millrace::toy
