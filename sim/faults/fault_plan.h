#pragma once

// Faults as data: what goes wrong, where, and at which moment.
//
// An action starts at a time, or is anchored: at the n-th moment of some sort (a mark, a fact with
// certain fields, a write, a frame, a boot, ...), which survives when a shrinker deletes operations
// around it. Actions are linked by `after`: such an action waits for another one to fire, and
// counts its time and its moments from there. A plan is printed, edited, read back and shrunk; an
// action that the budget once refused says so, and is never admitted again.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/kernel/anchor_sink.h"
#include "sim/kernel/meters.h"
#include "system/base/result.h"
#include "system/base/time.h"

namespace millrace::sim {

/// The sorts of moments at which an action can be anchored.
enum class AnchorKind : std::uint8_t {
  kMark,                ///< A mark named `name`, passed on `machine`.
  kFact,                ///< A fact named `name`, reported on `machine`, with the given fields.
  kDiskWrite,           ///< A write to a file whose path starts with `name`.
  kDiskSync,            ///< A sync of a file or directory whose path starts with `name`.
  kDiskRename,          ///< A rename to a path that starts with `name`.
  kFrame,               ///< A frame from `machine` to `peer` whose label is `name`.
  kBoot,                ///< A boot of `machine`.
  kDiskChange,          ///< A request of `machine` that changes its disk, formatting included.
  kOperationAfterBoot,  ///< A disk operation of `machine`, counted anew from each of its boots.
  kEntityEvent,         ///< An event of the task, link or disk with the name `name`.
};

/// "mark", "fact", "disk_write", ...
std::string_view to_text(AnchorKind kind);
std::optional<AnchorKind> anchor_kind_from_text(std::string_view name);

/// A field that a fact must have, compared as text.
struct FieldFilter {
  std::string field;
  std::string value;

  friend bool operator==(const FieldFilter&, const FieldFilter&) = default;
};

/// A moment to wait for. An empty name matches all.
struct Anchor {
  AnchorKind kind = AnchorKind::kMark;
  std::string machine;
  std::string peer;
  std::string name;
  std::vector<FieldFilter> fields;
  /// For disk requests: before they have an effect, as the device is about to complete them, or
  /// once they completed.
  DiskPhase phase = DiskPhase::kBefore;
  /// For changes of a disk: only those made in the name of this operation; 0 for all.
  std::uint64_t operation = 0;
  /// Counts only from when a client took this operation; 0 for from when the action is armed.
  std::uint64_t since_operation = 0;
  /// Which of the matching moments; the first is 1.
  std::uint32_t nth = 1;

  friend bool operator==(const Anchor&, const Anchor&) = default;
};

/// One fault of a plan.
struct FaultAction {
  /// Unique in its plan and never reused: the root of all that the fault causes.
  std::uint64_t id = 0;
  FaultKind kind = FaultKind::kMachineKill;
  /// Without an anchor the time of the fault; with one how long after that moment it fires, where 0
  /// stands for right there. Counted from the firing of `after`, where that is set.
  Duration at;
  std::optional<Anchor> anchor;
  /// The id of an action that has to fire first; 0 for none.
  std::uint64_t after = 0;
  /// Machines that it strikes, or one side of a cut. Empty stands for the machine of the anchor's
  /// moment, and for a link the two machines of the frame.
  std::vector<std::string> targets;
  /// The other side of a cut; empty stands for all other machines.
  std::vector<std::string> others;
  /// How long it lasts; for a kill or a power loss how long the machine stays down. 0 stands for as
  /// long as the run, where the kind can last.
  Duration duration;
  /// How much, in the sense of `amount_name(kind)`.
  std::int64_t amount = 0;
  /// The pace of kinds that come in steps: flapping, swizzle, rolling restart. For an older disk
  /// its age: the image is taken when the fault fires, and the power fails this much later.
  Duration period;
  /// The budget refused it in an earlier execution of this plan, so it never fires.
  bool is_refused = false;

  friend bool operator==(const FaultAction&, const FaultAction&) = default;
};

/// What `amount` means for a kind: "factor" (times slower), "loss_percent", "rate_ppm", "step_ns",
/// "requests" (how many are struck), "places" (how many are damaged), "room_bytes" (how much a full
/// disk still takes). Empty where a kind has no amount.
std::string_view amount_name(FaultKind kind);

/// All faults of a run, in order of their ids.
struct FaultPlan {
  std::vector<FaultAction> actions;
  /// Claims beyond the budget are admitted, and the assumptions that they break are reported.
  bool may_exceed_budget = false;

  friend bool operator==(const FaultPlan&, const FaultPlan&) = default;
};

/// A field of an action as files hold it. Values that an action does not need are left out.
struct ActionField {
  std::string name;
  std::variant<std::int64_t, std::string> value;

  friend bool operator==(const ActionField&, const ActionField&) = default;
};

/// The fields of an action, in a fixed order: times as text ("400ms"), lists with commas.
std::vector<ActionField> to_fields(const FaultAction& action);

/// The action with these fields.
/// Errors: kInvalid for an unknown field, kind or form, with what was expected.
Result<FaultAction> action_from_fields(std::span<const ActionField> fields);

/// Forgets values that an action of its kind does not need, and that its fields leave out: it is
/// then what action_from_fields() gives back.
void forget_needless(FaultAction& action);

/// Whether ids are unique, `after` names earlier actions, and each action has what its kind needs.
/// Errors: kInvalid, with the id and the reason.
Result<void> validate(const FaultPlan& plan);

/// A time in three digits or so, for people: "400 ms", "3.46 ms", "12 s".
std::string rough_text(Duration duration);

/// One line for people: "power loss store-1 for 400 ms, at mark append.acked, 1st".
std::string describe(const FaultAction& action);

/// The moment alone: "at 1.2 s", "at mark append.acked, 1st".
std::string describe_moment(const FaultAction& action);

}  // namespace millrace::sim
