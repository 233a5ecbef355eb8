#include "sim/run/passing_neighbour.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/kernel/fingerprint.h"
#include "sim/run/override_text.h"
#include "sim/run/plan_edit.h"
#include "sim/run/trace_parting.h"
#include "sim/run/trail.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

/// Events by which a fault is moved, one way and the other.
constexpr std::array<std::size_t, 7> kMoves{1, 2, 3, 4, 8, 16, 64};
/// Plans have few parts by now; of large ones the first are looked at.
constexpr std::size_t kOperationsMax = 20;
constexpr std::size_t kFaultsMax = 10;
constexpr std::size_t kDrawsTried = 20;

struct Edit {
  Plan plan;
  std::string change;
};

/// An event that the trace shows.
struct Moment {
  std::uint64_t ordinal = 0;
  std::int64_t time_ns = 0;
};

std::vector<Moment> moments_of(const RunRecord& record) {
  std::vector<Moment> moments;
  for (const TraceLine& line : record.trace) {
    if (!moments.empty() && moments.back().ordinal == line.ordinal) continue;
    moments.push_back({.ordinal = line.ordinal, .time_ns = line.time_ns});
  }
  return moments;
}

/// When a fault struck in the traced run.
std::optional<Moment> strike_of(const RunRecord& record, std::uint64_t fault) {
  const std::string open = fmt::format("(fault {}:", fault);
  for (const TraceLine& line : record.trace) {
    if (line.kind != sim::NoteKind::kFault || line.text.find(open) == std::string::npos) continue;
    return Moment{.ordinal = line.ordinal, .time_ns = line.time_ns};
  }
  return std::nullopt;
}

std::string fault_text(const sim::FaultAction& action) {
  return fmt::format("fault {}", action.id);
}

class Edits {
 public:
  Edits(const Plan& plan, const RunRecord& failing)
      : plan_(plan), failing_(failing), moments_(moments_of(failing)) {}

  std::vector<Edit> all() {
    const std::size_t faults = std::min(plan_.faults.actions.size(), kFaultsMax);
    for (std::size_t i = 0; i < faults; ++i) add_fault(i);
    add_operations();
    const std::size_t rules = plan_.overrides.empty() ? 0 : plan_.overrides.size() - 1;
    for (std::size_t i = 0; i < std::min(rules, kDrawsTried); ++i) add_draw(i);
    return std::move(edits_);
  }

 private:
  void add_fault(std::size_t index) {
    const sim::FaultAction& action = plan_.faults.actions[index];
    Plan without = plan_;
    remove_faults(without, {action.id});
    edits_.push_back({.plan = std::move(without), .change = fault_text(action) + " is left out"});
    if (action.anchor.has_value()) add_moments(index);
    const std::optional<Moment> strike = strike_of(failing_, action.id);
    if (strike.has_value()) add_moves(index, *strike);
  }

  /// The moment before or after its own; for a disk's, the other side of its work.
  void add_moments(std::size_t index) {
    const sim::FaultAction& action = plan_.faults.actions[index];
    const auto add = [&](std::string_view when, const auto& change) {
      Plan moved = plan_;
      change(*moved.faults.actions[index].anchor);
      const std::string where = sim::describe_moment(moved.faults.actions[index]);
      edits_.push_back({.plan = std::move(moved),
                        .change = fmt::format("{} comes {}, {}", fault_text(action), when, where)});
    };
    if (action.anchor->nth > 1) {
      add("one moment earlier", [](sim::Anchor& anchor) { --anchor.nth; });
    }
    add("one moment later", [](sim::Anchor& anchor) { ++anchor.nth; });
    const bool is_of_disk = action.anchor->kind == sim::AnchorKind::kDiskWrite ||
                            action.anchor->kind == sim::AnchorKind::kDiskSync ||
                            action.anchor->kind == sim::AnchorKind::kDiskRename;
    if (!is_of_disk) return;
    const bool is_before = action.anchor->phase == sim::DiskPhase::kBefore;
    add(is_before ? "once the disk has done it" : "before the disk does it",
        [=](sim::Anchor& anchor) {
          anchor.phase = is_before ? sim::DiskPhase::kAfter : sim::DiskPhase::kBefore;
        });
  }

  /// To the moment of another event that the trace shows. Only what has no moment of its own can
  /// come earlier.
  void add_moves(std::size_t index, const Moment& strike) {
    const sim::FaultAction& action = plan_.faults.actions[index];
    const auto at = std::ranges::lower_bound(moments_, strike.ordinal, {}, &Moment::ordinal);
    const auto place = static_cast<std::size_t>(at - moments_.begin());
    const bool is_free = !action.anchor.has_value() && action.after == 0;
    for (const std::size_t move : kMoves) {
      if (is_free && place >= move) add_move(index, strike, moments_[place - move]);
      if (place + move < moments_.size()) add_move(index, strike, moments_[place + move]);
    }
  }

  void add_move(std::size_t index, const Moment& strike, const Moment& to) {
    Plan moved = plan_;
    sim::FaultAction& action = moved.faults.actions[index];
    // Just before what happened earlier, just after what happened later.
    const bool is_earlier = to.ordinal < strike.ordinal;
    const std::int64_t by = to.time_ns - strike.time_ns + (is_earlier ? -1 : 1);
    if (action.at.ns + by < 0) return;
    action.at.ns += by;
    const std::uint64_t events =
        is_earlier ? strike.ordinal - to.ordinal : to.ordinal - strike.ordinal;
    edits_.push_back(
        {.plan = std::move(moved),
         .change = fmt::format("{} comes {} event{} {}", fault_text(action), events,
                               events == 1 ? "" : "s", is_earlier ? "earlier" : "later")});
  }

  void add_operations() {
    std::size_t added = 0;
    for (const PlanClient& client : plan_.clients) {
      for (const PlanOperation& planned : client.operations) {
        if (added++ == kOperationsMax) return;
        Plan without = plan_;
        remove_operations(without, {planned.operation.id});
        edits_.push_back(
            {.plan = std::move(without),
             .change = fmt::format("operation {} ({} of {}) is left out", planned.operation.id,
                                   planned.operation.kind, client.name)});
      }
    }
  }

  void add_draw(std::size_t index) {
    Plan neutral = plan_;
    const sim::Override rule = neutral.overrides[index];
    neutral.overrides.erase(neutral.overrides.begin() + static_cast<std::ptrdiff_t>(index));
    sim::Override shown = rule;
    shown.value.reset();
    shown.is_drawn = false;
    edits_.push_back(
        {.plan = std::move(neutral), .change = describe(shown, plan_) + " instead of drawn"});
  }

  const Plan& plan_;
  const RunRecord& failing_;
  std::vector<Moment> moments_;
  std::vector<Edit> edits_;
};

/// The event that a record of the fingerprint belongs to: contents follow their event.
std::uint64_t ordinal_of(const RunRecord& record, std::uint64_t number) {
  return static_cast<std::uint64_t>(std::ranges::count_if(record.kept, [&](const KeptEvent& event) {
    return event.number <= number && event.kind != "content";
  }));
}

}  // namespace

std::optional<PassingNeighbour> nearest_passing(Candidates& candidates, const Plan& plan,
                                                const RunRecord& failing) {
  if (failing.trail.empty()) return std::nullopt;
  std::vector<Edit> edits = Edits(plan, failing).all();
  std::vector<Plan> plans;
  for (const Edit& edit : edits) plans.push_back(edit.plan);
  RunRequest traced;
  traced.is_traced = true;
  const std::vector<std::optional<RunRecord>> records = candidates.run_all(plans, traced);

  std::optional<std::size_t> nearest;
  std::uint64_t parts_latest = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!records[i].has_value() || records[i]->is_red()) continue;
    const auto parts = where_parted(failing.trail, records[i]->trail);
    if (!parts.has_value() || (nearest.has_value() && parts->record <= parts_latest)) continue;
    nearest = i;
    parts_latest = parts->record;
  }
  if (!nearest.has_value()) return std::nullopt;
  RunRequest kept;
  kept.keeps_block_hashes = true;
  kept.keep_block_last = parts_latest / sim::Fingerprint::kBlockRecords + 1;
  const RunReply reply = candidates.run_alone(plan, kept);
  // What people see may differ before the schedule does: a sync fails, and who waits learns later.
  std::uint64_t parts_at = ordinal_of(reply.record, parts_latest);
  const std::size_t line = find_parting(failing.trace, records[*nearest]->trace).here;
  if (line < failing.trace.size()) parts_at = std::min(parts_at, failing.trace[line].ordinal);
  return PassingNeighbour{.plan = std::move(edits[*nearest].plan),
                          .change = std::move(edits[*nearest].change),
                          .parts_at = parts_at};
}

}  // namespace millrace::run
