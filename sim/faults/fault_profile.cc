#include "sim/faults/fault_profile.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "sim/faults/fault_effects.h"
#include "sim/faults/fault_templates.h"
#include "sim/kernel/identity.h"
#include "system/base/check.h"
#include "system/base/draws.h"
#include "system/base/ratio.h"

namespace millrace::sim {
namespace {

constexpr std::array<std::pair<FaultLevel, std::string_view>, 3> kLevelNames{{
    {FaultLevel::kNone, "none"},
    {FaultLevel::kMild, "mild"},
    {FaultLevel::kHarsh, "harsh"},
}};

// Guess: with these a run of 30 s has 13 faults on average where it is mild and 50 where it is
// harsh; the campaign's meters tell whether each kind still comes up in 200 seeds.
constexpr Ratio kHealthySeeds{1, 8};
constexpr Ratio kActive{1, 3};
constexpr Ratio kActiveWhenNamed{3, 4};
constexpr Duration kMildGap = seconds(4);
constexpr Duration kHarshGap = seconds(1);
constexpr std::int64_t kThreeDecades = 1000;
constexpr int kFaultsOfKindMax = 64;

enum class Template : std::uint8_t {
  kCrashInRecovery,
  kPauseBeyondLease,
  kKillThenPowerLoss,
  kFailedSyncThenPowerLoss,
  kBreakWithSlowOldConnection,
};

struct TemplateInfo {
  Template name;
  std::string_view text;
  std::array<FaultKind, 2> kinds;
};

constexpr std::array<TemplateInfo, 5> kTemplates{{
    {Template::kCrashInRecovery,
     "crash_in_recovery",
     {FaultKind::kMachinePowerLoss, FaultKind::kMachinePowerLoss}},
    {Template::kPauseBeyondLease,
     "pause_beyond_lease",
     {FaultKind::kMachinePause, FaultKind::kMachinePause}},
    {Template::kKillThenPowerLoss,
     "kill_then_power_loss",
     {FaultKind::kMachineKill, FaultKind::kMachinePowerLoss}},
    {Template::kFailedSyncThenPowerLoss,
     "failed_sync_then_power_loss",
     {FaultKind::kDiskFailedSync, FaultKind::kMachinePowerLoss}},
    {Template::kBreakWithSlowOldConnection,
     "break_with_slow_old_connection",
     {FaultKind::kScheduleDelay, FaultKind::kNetBreak}},
}};

/// A span's first three digits, as far as they are microseconds or more.
Duration three_digits(Duration span) {
  std::int64_t digit = microseconds(1).ns;
  while (span.ns / digit >= 1'000) digit *= 10;
  return {span.ns / digit * digit};
}

/// The draws of one fault: numbered, so that those of another stay where they are.
class Draws {
 public:
  Draws(std::uint64_t seed, std::string_view what, std::uint64_t index)
      : key_(mix(mix(seed, hash_name(what)), index)) {}

  std::uint64_t bits() { return mix(key_, ++count_); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return uniform_between(bits(), low, high);
  }
  std::int64_t log(std::int64_t low, std::int64_t high) {
    return log_uniform_between(bits(), low, std::max(low, high));
  }
  /// Short to read: a span of unknown scale has no use for further digits.
  Duration log(Duration low, Duration high) {
    return std::max(low, three_digits({log(low.ns, high.ns)}));
  }
  std::uint32_t count(std::int64_t high) { return static_cast<std::uint32_t>(log(1, high)); }
  bool hit(Ratio ratio) { return ratio.hit(bits()); }

  const std::string& one_of(const std::vector<std::string>& names) {
    CHECK(!names.empty(), "there is nothing to choose from");
    return names[uniform_below(bits(), names.size())];
  }

  std::vector<std::string> some_of(std::vector<std::string> names, std::size_t low) {
    CHECK(names.size() >= low, "there are enough to choose from");
    shuffle(std::span(names), [this] { return bits(); });
    const std::size_t size =
        uniform_between(bits(), low, std::max(low, names.size() > 1 ? names.size() - 1 : 1));
    names.resize(size);
    return names;
  }

 private:
  std::uint64_t key_;
  std::uint64_t count_ = 0;
};

class PlanDrawer {
 public:
  PlanDrawer(const FaultProfile& profile, const FaultSetting& setting, std::uint64_t seed)
      : profile_(profile), setting_(setting), seed_(seed), servers_(servers(setting.deployment)) {
    for (const DeployedMachine& machine : setting.deployment.machines) {
      machines_.push_back(machine.name);
    }
  }

  FaultPlan draw() {
    plan_.may_exceed_budget = profile_.may_exceed_budget;
    Draws draws(seed_, "faults", 0);
    if (servers_.empty() || draws.hit(kHealthySeeds)) return std::move(plan_);
    for (const FaultKindInfo& row : fault_kinds()) draw_kind(row);
    for (const TemplateInfo& row : kTemplates) draw_template(row);
    return std::move(plan_);
  }

 private:
  FaultLevel level_of(const FaultKindInfo& row) const {
    const auto named = profile_.kinds.find(row.kind);
    if (named != profile_.kinds.end()) return named->second;
    return row.is_beyond_budget ? FaultLevel::kNone : profile_.level;
  }

  bool is_named(FaultKind kind) const { return profile_.kinds.contains(kind); }

  /// Calls `add(draws, time)` for each fault that this seed has of something. Times are whole
  /// milliseconds: that is short to read, and what they strike has instants of its own.
  template <typename Add>
  void draw_times(std::string_view what, FaultLevel level, bool named, Add add) {
    if (level == FaultLevel::kNone) return;
    Draws draws(seed_, what, 0);
    if (!draws.hit(named ? kActiveWhenNamed : kActive)) return;
    const Duration least = level == FaultLevel::kMild ? kMildGap : kHarshGap;
    const Duration mean = draws.log(least, least * kThreeDecades);
    Duration at;
    for (int i = 1; i <= kFaultsOfKindMax; ++i) {
      Draws own(seed_, what, static_cast<std::uint64_t>(i));
      at += exponential(own.bits(), mean);
      if (at >= setting_.run_for) return;
      add(own, {at.ns - at.ns % milliseconds(1).ns});
    }
  }

  void draw_kind(const FaultKindInfo& row) {
    const FaultLevel level = level_of(row);
    draw_times(row.name, level, is_named(row.kind), [&](Draws& draws, Duration at) {
      FaultAction action;
      action.kind = row.kind;
      if (!draw_targets(draws, action)) return;
      draw_moment(draws, action, at);
      draw_size(draws, action, level);
      add(std::move(action));
    });
  }

  void add(FaultAction action) {
    action.id = plan_.actions.size() + 1;
    plan_.actions.push_back(std::move(action));
  }

  void draw_template(const TemplateInfo& row) {
    FaultLevel level = FaultLevel::kHarsh;
    for (const FaultKind kind : row.kinds) level = std::min(level, level_of(info(kind)));
    const bool named = std::ranges::any_of(row.kinds, [&](FaultKind k) { return is_named(k); });
    draw_times(row.text, level, named, [&](Draws& draws, Duration at) {
      for (FaultAction& action : expand(row.name, draws, at)) {
        plan_.actions.push_back(std::move(action));
      }
    });
  }

  std::vector<FaultAction> expand(Template name, Draws& draws, Duration at) {
    const std::uint64_t id = plan_.actions.size() + 1;
    const std::string machine = draws.one_of(servers_);
    FaultAction first;
    first.targets = {machine};
    draw_moment(draws, first, at);
    const FaultMoment moment{.at = first.at, .anchor = first.anchor};
    const Duration down = draws.log(milliseconds(1), seconds(2));
    const Duration span = draws.log(microseconds(10), seconds(1));
    const Duration lease = setting_.longest_lease;
    switch (name) {
      case Template::kCrashInRecovery:
        return crash_in_recovery(id, machine, moment, down, draws.count(100));
      case Template::kPauseBeyondLease:
        return pause_beyond_lease(id, machine, moment, lease, draws.log(milliseconds(1), lease));
      case Template::kKillThenPowerLoss:
        return kill_then_power_loss(id, machine, moment, down, span);
      case Template::kFailedSyncThenPowerLoss:
        return failed_sync_then_power_loss(id, machine, moment, span, down);
      case Template::kBreakWithSlowOldConnection: {
        const std::string& source = draws.one_of(machines_);
        if (source == machine) return {};
        const std::uint32_t frame = draws.count(1000);
        const Duration later = draws.log(microseconds(1), milliseconds(1));
        return break_with_slow_old_connection(id, source, machine, frame, span, later);
      }
    }
    UNREACHABLE("every template expands");
  }

  /// False where the deployment has nobody whom this kind could strike.
  bool draw_targets(Draws& draws, FaultAction& action) {
    const std::string& server = draws.one_of(servers_);
    switch (action.kind) {
      case FaultKind::kScheduleDelay:
        return true;  // Its anchor says what it holds.
      case FaultKind::kNetPartition:
      case FaultKind::kNetOneWay:
        if (machines_.size() < 2) return false;
        action.targets = draws.some_of(machines_, 1);
        return true;
      case FaultKind::kNetBridge:
        if (machines_.size() < 3) return false;
        action.targets = draws.some_of(machines_, 2);
        action.others = {action.targets.back()};
        action.targets.pop_back();
        return true;
      case FaultKind::kNetRing:
        action.targets = draws.some_of(machines_, machines_.size());
        return machines_.size() >= 4;  // In a smaller ring all are neighbours.
      case FaultKind::kNetSwizzle:
        action.targets = draws.some_of(servers_, 1);
        return machines_.size() >= 2;
      case FaultKind::kNetFlapping:
      case FaultKind::kNetClog:
      case FaultKind::kNetSlow:
      case FaultKind::kNetLoss:
      case FaultKind::kNetBreak:
        return draw_link(draws, action, server);
      case FaultKind::kMachineZone:
        action.targets = zone_of(server);
        return true;
      case FaultKind::kMachineRollingRestart:
        action.targets = role_of(server);
        return true;
      case FaultKind::kClockRate:
        action.targets = {server};
        return clock_rate_max_ppm(setting_.deployment, server) > 0;
      default:
        action.targets = {server};
        return true;
    }
  }

  /// One link, or in a quarter of the cases all links of a server.
  bool draw_link(Draws& draws, FaultAction& action, const std::string& server) {
    action.targets = {server};
    const bool has_all = draws.hit({1, 4});
    const std::string& other = draws.one_of(machines_);
    if (!has_all && other != server) action.others = {other};
    return machines_.size() >= 2;
  }

  std::vector<std::string> zone_of(const std::string& name) const {
    const DeployedMachine* const first = find_machine(setting_.deployment, name);
    if (first->zone.empty()) return {name};
    return servers_where([&](const DeployedMachine& other) { return other.zone == first->zone; });
  }

  std::vector<std::string> role_of(const std::string& name) const {
    const DeployedMachine* const first = find_machine(setting_.deployment, name);
    return servers_where([&](const DeployedMachine& other) { return other.role == first->role; });
  }

  template <typename Filter>
  std::vector<std::string> servers_where(Filter filter) const {
    std::vector<std::string> names;
    for (const DeployedMachine& machine : setting_.deployment.machines) {
      if (is_client(setting_.deployment, machine.name) || !filter(machine)) continue;
      names.push_back(machine.name);
    }
    return names;
  }

  /// Half of the faults are anchored, those of the schedule and torn writes always.
  void draw_moment(Draws& draws, FaultAction& action, Duration at) {
    if (action.kind == FaultKind::kDiskTornWrite) {
      action.anchor = draw_unsynced_moment(draws, action);
      return;
    }
    const bool is_delay = action.kind == FaultKind::kScheduleDelay;
    const bool is_anchored = draws.hit({1, 2}) || is_delay;
    if (!is_anchored) {
      action.at = at;
      return;
    }
    action.anchor = is_delay ? draw_delayed(draws) : draw_anchor(draws, action);
    // Right there, or a little later: in the midst of what the moment began.
    const bool is_later = draws.hit({1, 2});
    const Duration later = draws.log(microseconds(1), milliseconds(100));
    if (is_later && !is_delay) action.at = later;
  }

  Anchor draw_anchor(Draws& draws, const FaultAction& action) {
    Anchor anchor;
    const std::uint32_t weights[] = {setting_.marks.empty() ? 0U : 8U, 2, 3, 1, 3, 1, 2};
    constexpr AnchorKind kKinds[] = {AnchorKind::kMark,
                                     AnchorKind::kDiskWrite,
                                     AnchorKind::kDiskSync,
                                     AnchorKind::kDiskRename,
                                     AnchorKind::kFrame,
                                     AnchorKind::kBoot,
                                     AnchorKind::kOperationAfterBoot};
    anchor.kind = kKinds[weighted_index(draws.bits(), weights)];
    // Mostly its own doing; else somebody else's, which catches it in whatever it does then.
    const bool is_own = draws.hit({3, 4});
    const bool names_server =
        !action.targets.empty() && !is_client(setting_.deployment, action.targets.front());
    anchor.machine = is_own && names_server ? action.targets.front() : draws.one_of(servers_);
    draw_count(draws, anchor);
    return anchor;
  }

  /// Between a write and the end of its sync: only what is not synced can be torn.
  Anchor draw_unsynced_moment(Draws& draws, const FaultAction& action) {
    Anchor anchor;
    const bool is_written = draws.hit({1, 2});
    anchor.kind = is_written ? AnchorKind::kDiskWrite : AnchorKind::kDiskSync;
    anchor.phase = is_written ? DiskPhase::kAfter : DiskPhase::kBefore;
    anchor.machine = action.targets.front();
    anchor.nth = draws.count(500);
    return anchor;
  }

  void draw_count(Draws& draws, Anchor& anchor) {
    const bool is_before = draws.hit({1, 2});
    if (!is_before) anchor.phase = DiskPhase::kAfter;
    switch (anchor.kind) {
      case AnchorKind::kMark: {
        anchor.name = draws.one_of(setting_.marks);
        // A mark of a client's library is passed on no server.
        const bool is_anywhere = draws.hit({1, 4});
        if (is_anywhere) anchor.machine.clear();
        anchor.nth = draws.count(200);
        return;
      }
      case AnchorKind::kDiskWrite:
      case AnchorKind::kDiskSync:
        anchor.nth = draws.count(500);
        return;
      case AnchorKind::kFrame: {
        const bool is_received = draws.hit({1, 2});
        if (is_received) std::swap(anchor.machine, anchor.peer);
        anchor.nth = draws.count(1000);
        return;
      }
      case AnchorKind::kDiskRename:
      case AnchorKind::kBoot:
        anchor.nth = draws.count(3);
        return;
      case AnchorKind::kDiskChange:  // Drawn by nobody: a crash sweep goes through them all.
      case AnchorKind::kOperationAfterBoot:
      case AnchorKind::kEntityEvent:
        anchor.nth = draws.count(200);
        return;
      case AnchorKind::kFact:
        return;  // Facts are a scenario's to name, with the fields that matter.
    }
    UNREACHABLE("every sort of anchor counts something");
  }

  /// What a delay holds: a task at a mark or in the disk, a connection at a frame, or any of the
  /// tasks and links at one of their events.
  Anchor draw_delayed(Draws& draws) {
    Anchor anchor;
    const std::uint32_t weights[] = {setting_.marks.empty() ? 0U : 8U, 2, 2, 2, 3, 2};
    constexpr AnchorKind kKinds[] = {AnchorKind::kMark,     AnchorKind::kDiskWrite,
                                     AnchorKind::kDiskSync, AnchorKind::kOperationAfterBoot,
                                     AnchorKind::kFrame,    AnchorKind::kEntityEvent};
    anchor.kind = kKinds[weighted_index(draws.bits(), weights)];
    anchor.machine = draws.one_of(servers_);
    draw_count(draws, anchor);
    if (anchor.kind != AnchorKind::kEntityEvent) return anchor;
    const bool is_link = draws.hit({1, 2});
    const std::string& peer = draws.one_of(machines_);
    if (is_link && peer != anchor.machine) {
      anchor.name = peer + '>' + anchor.machine + "/1";
      anchor.machine.clear();
    } else {
      anchor.name = "main";
    }
    return anchor;
  }

  void draw_size(Draws& draws, FaultAction& action, FaultLevel level) {
    const bool is_harsh = level == FaultLevel::kHarsh;
    action.duration = draws.log(milliseconds(1), is_harsh ? seconds(10) : seconds(1));
    const Duration lease = setting_.longest_lease;
    switch (action.kind) {
      case FaultKind::kNetBreak:
      case FaultKind::kDiskReadError:
      case FaultKind::kDiskBitRot:
      case FaultKind::kDiskMisdirectedWrite:
      case FaultKind::kDiskMisdirectedRead:
      case FaultKind::kDiskStaleRead:
      case FaultKind::kDiskFailedSync:
      case FaultKind::kDiskWriteError:
      case FaultKind::kClockWallStep:
        action.duration = {};
        break;
      case FaultKind::kMachinePause:
      case FaultKind::kMachineSuspend:
        action.duration = draws.log(milliseconds(1), is_harsh ? lease * 3 : lease);
        break;
      case FaultKind::kScheduleDelay:
        action.duration = draws.log(microseconds(10), lease * 3);
        break;
      case FaultKind::kClockRate:
      case FaultKind::kClockRateBeyond:
      case FaultKind::kNetSlow:
      case FaultKind::kNetLoss:
      case FaultKind::kDiskSlow:
      case FaultKind::kMachineSlowCpu:
        action.duration = draws.log(milliseconds(100), setting_.run_for);
        break;
      default:
        break;
    }
    if (comes_in_steps(action.kind)) {
      action.period = draws.log(milliseconds(5), std::max(action.duration, milliseconds(10)));
    }
    draw_amount(draws, action, is_harsh);
  }

  void draw_amount(Draws& draws, FaultAction& action, bool is_harsh) {
    const std::string_view unit = amount_name(action.kind);
    const std::int64_t sign = draws.hit({1, 2}) ? 1 : -1;
    if (unit == "factor") action.amount = draws.log(2, is_harsh ? 200 : 20);
    if (unit == "loss_percent") action.amount = draws.log(1, is_harsh ? 60 : 10);
    if (unit == "step_ns") action.amount = sign * draws.log(milliseconds(1), seconds(86'400)).ns;
    if (unit == "requests") action.amount = draws.log(1, is_harsh ? 8 : 2);
    if (unit == "places") action.amount = draws.log(1, is_harsh ? 16 : 3);
    if (unit == "room_bytes") action.amount = draws.log(1, 64 * 1024) - 1;
    if (unit == "rate_ppm") {
      const std::int64_t bound = clock_rate_max_ppm(setting_.deployment, action.targets.front());
      const bool is_beyond = action.kind == FaultKind::kClockRateBeyond;
      const std::int64_t low = is_beyond ? bound + 1 : 1;
      const std::int64_t high = is_beyond ? std::max<std::int64_t>(low, 200'000) : bound;
      action.amount = sign * draws.log(low, high);
    }
  }

  const FaultProfile& profile_;
  const FaultSetting& setting_;
  std::uint64_t seed_;
  std::vector<std::string> servers_;
  std::vector<std::string> machines_;
  FaultPlan plan_;
};

}  // namespace

std::string_view to_text(FaultLevel level) {
  for (const auto& [value, name] : kLevelNames) {
    if (value == level) return name;
  }
  UNREACHABLE("every level has a name");
}

std::optional<FaultLevel> fault_level_from_text(std::string_view name) {
  for (const auto& [value, known] : kLevelNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

FaultPlan draw_faults(const FaultProfile& profile, const FaultSetting& setting,
                      std::uint64_t seed) {
  FaultPlan plan = PlanDrawer(profile, setting, seed).draw();
  CHECK(validate(plan).has_value(), "what is drawn is valid");
  return plan;
}

}  // namespace millrace::sim
