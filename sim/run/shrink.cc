#include "sim/run/shrink.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "sim/kernel/identity.h"
#include "sim/run/counted.h"
#include "sim/run/plan_edit.h"
#include "sim/run/reduction.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

using Clock = std::chrono::steady_clock;

/// Schedules that are tried beside the plan's own where a part seems to be needed.
constexpr std::uint32_t kSchedules = 3;
/// And by how many moments the faults come sooner then: without an operation there are fewer
/// writes.
constexpr std::uint32_t kMomentsSooner = 2;
/// Such variants are for the last few parts of a sort: each costs as much as all of halving.
constexpr std::size_t kPartsForVariants = 24;
/// Rounds over everything; what a round leaves is seldom less than the one before it left.
constexpr int kRounds = 6;
/// More rules than this make each draw dear.
constexpr std::size_t kRulesMax = 4'000;
/// The part of the time that is left for the neighbour and the replays.
constexpr int kLastShare = 6;

constexpr std::array kPauses{Duration{}, milliseconds(1), milliseconds(10), milliseconds(100),
                             seconds(1)};
constexpr std::array kRests{milliseconds(10), milliseconds(100), seconds(1), seconds(5)};

/// Indices [first, last) of a reduction's changes.
struct Part {
  std::size_t first = 0;
  std::size_t last = 0;

  std::size_t size() const { return last - first; }
};

/// The parts in the order in which halving tries them while none succeeds; each remembers what is
/// left to try should it be the one.
class Halving {
 public:
  Halving(std::vector<Part> left, std::uint32_t variants)
      : left_(std::move(left)), variants_(variants) {}

  struct Try {
    Part part;
    std::uint32_t variant = 0;  ///< 0 changes nothing else.
    std::vector<Part> left;
  };

  /// Null after the last.
  const Try* at(std::size_t index) {
    while (tries_.size() <= index && !left_.empty()) extend();
    return index < tries_.size() ? &tries_[index] : nullptr;
  }

 private:
  void extend() {
    const Part part = left_.back();
    left_.pop_back();
    const std::uint32_t variants = part.size() == 1 ? variants_ : 0;
    for (std::uint32_t i = 0; i <= variants; ++i) {
      tries_.push_back({.part = part, .variant = i, .left = left_});
    }
    if (part.size() == 1) return;
    const std::size_t middle = part.first + part.size() / 2;
    left_.push_back({.first = middle, .last = part.last});
    left_.push_back({.first = part.first, .last = middle});
  }

  std::vector<Part> left_;  // The next one last.
  std::uint32_t variants_;
  std::deque<Try> tries_;  // References stay while it grows.
};

/// Reduces one plan.
class Shrinker {
 public:
  Shrinker(WorkerPool& pool, const Registry& registry, const Plan& plan, const RunRecord& original,
           const ShrinkOptions& options)
      : registry_(registry),
        options_(options),
        started_(Clock::now()),
        given_(plan.overrides),
        plan_(plan),
        record_(original),
        from_(size_of(plan)),
        candidates_(pool, original,
                    {.scenario = options.scenario,
                     .jobs = options.jobs,
                     .deadline = started_ + options.wall_time / kLastShare * (kLastShare - 1),
                     .runs_max = options.runs_max,
                     .goes_on = [this] { return goes_on(); }}) {
    for (sim::FaultAction& action : plan_.faults.actions) {
      const auto& refused = original.refused_faults;
      if (std::ranges::find(refused, action.id) != refused.end()) action.is_refused = true;
    }
  }

  Result<Shrunk> run() {
    candidates_.try_control(plan_);
    reduce_all();
    const bool is_cut_short = candidates_.is_over();
    candidates_.set_deadline(started_ + options_.wall_time);
    Shrunk shrunk;
    shrunk.plan = plan_;
    shrunk.from = from_;
    shrunk.to = size_of(plan_);
    shrunk.is_cut_short = is_cut_short;
    TRY(finish(shrunk));
    step_ = "the passing neighbour";
    shrunk.neighbour = nearest_passing(candidates_, plan_, shrunk.record);
    shrunk.findings = candidates_.take_findings();
    shrunk.runs = candidates_.runs();
    shrunk.wall_ns = (Clock::now() - started_).count();
    return shrunk;
  }

 private:
  bool goes_on() {
    if (!options_.on_progress) return true;
    return options_.on_progress({.step = step_,
                                 .size = size_of(plan_),
                                 .runs = candidates_.runs(),
                                 .wall_ns = (Clock::now() - started_).count()});
  }

  void reduce_all() {
    for (int round = 0; round < kRounds && !candidates_.is_over(); ++round) {
      bool has_changed = reduce_parts();
      has_changed |= reduce_configuration();
      has_changed |= reduce_values();
      has_changed |= reduce_draws();
      has_changed |= halve(serialise(plan_));
      if (!has_changed) return;
    }
  }

  // Each of these says whether the plan has changed.

  bool reduce_parts() {
    bool has_changed = halve(drop_unused(plan_, record_));
    has_changed |= halve(drop_fault_kinds(plan_));
    has_changed |= halve(drop_faults(plan_));
    has_changed |= halve(drop_unused(plan_, record_));
    has_changed |= halve(recount_moments(plan_, record_));
    has_changed |= halve(drop_clients(plan_));
    has_changed |= halve(drop_operations(plan_));
    has_changed |= halve(drop_fault_targets(plan_));
    has_changed |= halve(drop_machines(plan_));
    has_changed |= halve(drop_unused(plan_, record_));
    has_changed |= halve_with_variants(drop_faults(plan_));
    has_changed |= halve_with_variants(drop_clients(plan_));
    has_changed |= halve_with_variants(drop_operations(plan_));
    has_changed |= halve_with_variants(drop_machines(plan_));
    return has_changed;
  }

  bool reduce_configuration() {
    bool has_changed = halve(drop_settings(plan_, registry_));
    has_changed |= halve(lower_settings(plan_, registry_));
    has_changed |= halve(drop_settings(plan_, registry_));
    has_changed |= halve(reset_knobs(plan_, registry_));
    has_changed |= halve(plain_machines(plan_));
    has_changed |= halve(plain_strategy(plan_));
    return has_changed;
  }

  bool reduce_values() {
    bool has_changed = false;
    for (const Duration pause : kPauses) has_changed |= halve(close_gaps(plan_, pause));
    for (const Duration rest : kRests) has_changed |= halve(shorten_run(plan_, rest));
    has_changed |= halve(plain_durations(plan_));
    has_changed |= halve(earlier_moments(plan_, true));
    has_changed |= halve(earlier_moments(plan_, false));
    has_changed |= halve(smaller_numbers(plan_, true));
    has_changed |= halve(smaller_numbers(plan_, false));
    for (const int digits : {1, 2, 3}) has_changed |= halve(round_times(plan_, digits));
    return has_changed;
  }

  /// Every draw neutral; if that is too much, the draws that are needed: by purpose, then by place,
  /// then one by one.
  bool reduce_draws() {
    step_ = "draws";
    if (has_neutral_rest()) return halve(drop_overrides(plan_));
    if (try_overrides({})) return true;
    if (!try_overrides(keep_purposes())) return false;
    halve(drop_overrides(plan_));
    const std::vector<sim::Override> purposes = kept_rules();
    const std::vector<DrawRecord> draws = draws_of(plan_);
    if (!try_overrides(keep_places(draws, purposes))) return true;
    halve(drop_overrides(plan_));
    const std::vector<sim::Override> places = kept_rules();
    if (try_overrides(keep_draws(draws, places, true)) ||
        try_overrides(keep_draws(draws, places, false))) {
      halve(drop_overrides(plan_));
    }
    return true;
  }

  bool has_neutral_rest() const {
    return !plan_.overrides.empty() && plan_.overrides.back() == sim::Override{};
  }

  /// The rules between those that the plan came with and the last one.
  std::vector<sim::Override> kept_rules() const {
    std::vector<sim::Override> kept;
    for (const sim::Override& rule : plan_.overrides) {
      const bool is_given = std::ranges::find(given_, rule) != given_.end();
      if (!is_given && rule != sim::Override{}) kept.push_back(rule);
    }
    return kept;
  }

  /// Tries these rules, and all other draws neutral.
  bool try_overrides(const std::vector<sim::Override>& kept) {
    if (kept.size() > kRulesMax) return false;
    Plan changed = plan_;
    changed.overrides = given_;
    changed.overrides.insert(changed.overrides.end(), kept.begin(), kept.end());
    changed.overrides.emplace_back();
    return try_plans({std::move(changed)});
  }

  std::vector<DrawRecord> draws_of(const Plan& plan) {
    RunRequest request;
    request.keeps_draws = true;
    return candidates_.run_alone(plan, std::move(request)).record.draws;
  }

  bool try_plans(const std::vector<Plan>& plans) {
    const auto supply = [&](std::size_t k) -> std::optional<Plan> {
      if (k >= plans.size()) return std::nullopt;
      return plans[k];
    };
    return take(candidates_.first_alike(plan_, supply, {}));
  }

  bool take(std::optional<Candidates::Hit> hit) {
    if (!hit.has_value()) return false;
    plan_ = std::move(hit->plan);
    record_ = std::move(hit->record);
    candidates_.expect_events(record_.events);
    return true;
  }

  /// Tries hard to do without each single part: with other schedules, and with faults that strike
  /// some moments sooner.
  bool halve_with_variants(const Reduction& reduction) {
    if (reduction.count > kPartsForVariants) return false;
    return halve(reduction, kSchedules + kMomentsSooner);
  }

  bool halve(const Reduction& reduction, std::uint32_t variants = 0) {
    if (reduction.count == 0 || candidates_.is_over()) return false;
    step_ = reduction.name;
    const Candidates::Care care{.checks_control = reduction.may_mislead,
                                .ignores_findings = reduction.may_be_unfit};
    std::vector<Part> left{{.first = 0, .last = reduction.count}};
    bool has_changed = false;
    while (!left.empty()) {
      Halving halving(std::move(left), reduction.moves_timing ? variants : 0);
      const auto supply = [&](std::size_t k) -> std::optional<Plan> {
        const Halving::Try* const one = halving.at(k);
        if (one == nullptr) return std::nullopt;
        return changed_plan(reduction, *one);
      };
      std::optional<Candidates::Hit> hit = candidates_.first_alike(plan_, supply, care);
      if (!hit.has_value()) break;
      left = halving.at(hit->index)->left;
      take(std::move(hit));
      has_changed = true;
    }
    return has_changed;
  }

  Plan changed_plan(const Reduction& reduction, const Halving::Try& one) const {
    std::vector<std::size_t> chosen;
    for (std::size_t i = one.part.first; i < one.part.last; ++i) chosen.push_back(i);
    Plan changed = plan_;
    reduction.apply(changed, chosen);
    if (one.variant != 0 && changed != plan_) make_variant(changed, one.variant);
    return changed;
  }

  void make_variant(Plan& changed, std::uint32_t variant) const {
    if (variant > kSchedules) {
      const std::uint32_t sooner = variant - kSchedules;
      for (sim::FaultAction& action : changed.faults.actions) {
        if (!action.anchor.has_value()) continue;
        action.anchor->nth -= std::min(sooner, action.anchor->nth - 1);
      }
      return;
    }
    // Seeds are whole numbers that every reader of JSON keeps.
    constexpr std::uint64_t kSeedMask = (std::uint64_t{1} << 53) - 1;
    changed.strategy.seed = sim::mix(plan_.seed, variant) & kSeedMask;
    // Where all draws are neutral a schedule has no others.
    changed.overrides = given_;
  }

  /// The last runs, each in a process of its own: traced, then plain, and at the end disguised
  /// (determinism.h).
  Result<void> finish(Shrunk& shrunk) {
    step_ = "replays";
    RunRequest traced;
    traced.is_traced = true;
    const RunReply last = candidates_.run_alone(plan_, traced);
    if (last.tool_error.has_value()) return fail(Errc::kInvalid, *last.tool_error);
    if (!candidates_.is_alike(last.record)) {
      return fail(Errc::kInvalid,
                  fmt::format("the plan fails as {} once and not again: {}", record_.signature(),
                              last.record.signature().empty() ? to_text(last.record.verdict)
                                                              : last.record.signature()));
    }
    shrunk.record = last.record;
    for (std::uint32_t i = 0; i < kReplays; ++i) {
      RunRequest again;
      again.is_disguised = i + 1 == kReplays;
      again.is_impatient = true;
      const RunReply reply = candidates_.run_alone(plan_, again);
      const bool is_same =
          candidates_.is_alike(reply.record) && reply.record.fingerprint == last.record.fingerprint;
      if (is_same) ++shrunk.replays_alike;
    }
    return {};
  }

  const Registry& registry_;
  const ShrinkOptions& options_;
  Clock::time_point started_;
  std::vector<sim::Override> given_;  // What the plan came with.
  Plan plan_;
  RunRecord record_;
  PlanSize from_;
  std::string_view step_ = "control";
  Candidates candidates_;
};

}  // namespace

PlanSize size_of(const Plan& plan) {
  return {.operations = operation_count(plan),
          .faults = plan.faults.actions.size(),
          .machines = machine_count(plan)};
}

Result<Shrunk> shrink(WorkerPool& pool, const Registry& registry, const Plan& plan,
                      const RunRecord& original, const ShrinkOptions& options) {
  return Shrinker(pool, registry, plan, original, options).run();
}

std::string story_of(const Plan& plan) {
  std::map<std::string, std::uint64_t, std::less<>> kinds;
  for (const PlanClient& client : plan.clients) {
    for (const PlanOperation& planned : client.operations) ++kinds[planned.operation.kind];
  }
  constexpr std::size_t kKindsNamed = 3;
  std::string text;
  if (kinds.empty() || kinds.size() > kKindsNamed) {
    text = counted(operation_count(plan), "operation");
  } else {
    for (const auto& [kind, count] : kinds) {
      text += (text.empty() ? "" : ", ") + counted(count, kind);
    }
  }
  return fmt::format("{}, {}, {}", text, counted(plan.faults.actions.size(), "fault"),
                     counted(machine_count(plan), "machine"));
}

}  // namespace millrace::run
