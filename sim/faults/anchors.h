#pragma once

// Counts the moments that actions wait for.
//
// An anchor is watched from when its action is armed, or from when a client took the operation that
// it names. A moment that matches is counted, and the one that makes the anchor's n-th ends the
// watch. Nothing here knows what an action does.

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "sim/faults/fault_plan.h"
#include "sim/kernel/anchor_sink.h"

namespace millrace::sim {

/// Which action of a plan, by its place there.
using ActionIndex = std::uint32_t;

/// A moment that an action waited for, as counted from the operation that was taken last before it.
struct MetMoment {
  ActionIndex action = 0;
  std::uint64_t operation = 0;  ///< 0 where none had been taken.
  std::uint32_t nth = 0;

  friend bool operator==(const MetMoment&, const MetMoment&) = default;
};

/// Watches anchors. Cost: O(watched anchors of the sort) a moment; only those whose names match are
/// looked at more closely.
class AnchorWatch {
 public:
  /// `namer` may be empty: then no frame has a label. It outlives the watch.
  explicit AnchorWatch(const FrameNamer& namer) : namer_(namer) {}
  AnchorWatch(const AnchorWatch&) = delete;
  AnchorWatch& operator=(const AnchorWatch&) = delete;

  /// Watches an anchor, which outlives the watch.
  void add(ActionIndex action, const Anchor& anchor);
  /// A client takes an operation: anchors that name it begin to count.
  void operation_taken(std::uint64_t operation);
  /// The moments that made an action due, in their order.
  const std::vector<MetMoment>& met() const { return met_; }
  /// Forgets all anchors.
  void clear() {
    for (std::vector<Watched>& sort : watched_) sort.clear();
  }
  /// Whether an anchor waits for moments of this sort.
  bool wants(MomentKind kind) const;

  // Each counts one moment and gives the actions whose moment it is, in the order of `add`. The
  // result is valid until the next call.
  const std::vector<ActionIndex>& on_mark(std::string_view machine, std::string_view name);
  const std::vector<ActionIndex>& on_fact(std::string_view machine, const FactView& fact);
  const std::vector<ActionIndex>& on_disk(std::string_view machine, const DiskMoment& moment);
  const std::vector<ActionIndex>& on_frame(const FrameMoment& moment);
  const std::vector<ActionIndex>& on_boot(std::string_view machine);
  const std::vector<ActionIndex>& on_entity_event(std::uint64_t name_hash);

 private:
  /// The moments of one machine or entity: some anchors count each by itself.
  struct Count {
    std::uint64_t key = 0;
    std::uint32_t seen = 0;
    std::uint32_t seen_before = 0;
  };
  struct Watched {
    ActionIndex action = 0;
    std::uint32_t seen = 0;
    std::uint32_t seen_before = 0;  // By when the last operation was taken.
    bool is_counting = false;
    std::uint64_t machine_hash = 0;  // 0: any machine.
    std::uint64_t name_hash = 0;     // 0: any. Of kEntityEvent, the entity's.
    const Anchor* anchor = nullptr;
    std::vector<Count> counts;

    bool is_of(std::uint64_t machine) const { return machine_hash == 0 || machine_hash == machine; }
    bool is_named(std::uint64_t name) const { return name_hash == 0 || name_hash == name; }
  };

  /// Those that wait for moments of this sort, in the order of `add`.
  std::vector<Watched>& of(MomentKind kind) { return watched_[static_cast<std::size_t>(kind)]; }

  /// Counts a moment for every anchor watched for its sort that `matches` it.
  template <typename Matches>
  const std::vector<ActionIndex>& count(MomentKind kind, Matches matches);

  const FrameNamer& namer_;
  std::array<std::vector<Watched>, kMomentKindCount> watched_;
  std::vector<ActionIndex> due_;
  std::set<std::uint64_t> taken_;
  std::uint64_t taken_last_ = 0;
  std::vector<MetMoment> met_;
};

}  // namespace millrace::sim
