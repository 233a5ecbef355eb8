#include "sim/faults/fault_engine.h"

#include <algorithm>
#include <utility>

#include "sim/devices/disk_files.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

constexpr int kJobShift = 56;
constexpr std::uint64_t kIndexMask = (1ULL << kJobShift) - 1;

/// "machine.power_loss" as people say it: "POWER LOSS"; other areas keep their name: "DISK FULL".
std::string shout(FaultKind kind) {
  std::string text(to_text(kind));
  constexpr std::string_view kMachine = "machine.";
  if (text.starts_with(kMachine)) text.erase(0, kMachine.size());
  for (char& c : text) {
    if (c == '.' || c == '_') c = ' ';
    if ('a' <= c && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// Whether an action waits for its moment before machines are formatted.
bool begins_with_format(const FaultAction& action) {
  return action.anchor.has_value() && action.anchor->kind == AnchorKind::kDiskChange;
}

}  // namespace

Result<void> validate(const FaultPlan& plan, const Deployment& deployment) {
  TRY(validate(plan));
  for (const FaultAction& action : plan.actions) {
    std::vector<std::string> names = action.targets;
    names.insert(names.end(), action.others.begin(), action.others.end());
    if (action.anchor.has_value()) {
      if (!action.anchor->machine.empty()) names.push_back(action.anchor->machine);
      if (!action.anchor->peer.empty()) names.push_back(action.anchor->peer);
    }
    for (const std::string& name : names) {
      if (find_machine(deployment, name) != nullptr) continue;
      return fail(Errc::kInvalid,
                  "fault " + std::to_string(action.id) + ": no machine is named " + name);
    }
  }
  return {};
}

FaultEngine::FaultEngine(World& world, Meters& meters, const Deployment& deployment, FaultPlan plan,
                         Restarter& restarter)
    : world_(world),
      meters_(meters),
      deployment_(deployment),
      plan_(std::move(plan)),
      restarter_(restarter),
      watch_(namer_),
      budget_(deployment),
      states_(plan_.actions.size(), FaultState::kWaiting),
      strikes_(plan_.actions.size()),
      images_(plan_.actions.size()) {
  CHECK(validate(deployment_).has_value(), "a run gets a deployment that was checked");
  CHECK(validate(plan_, deployment_).has_value(), "a run gets a plan that was checked");
}

FaultEngine::~FaultEngine() = default;

void FaultEngine::attach(NetworkDevice& network, std::vector<DiskDevice*> disks) {
  effects_ = std::make_unique<FaultEffects>(world_, network, std::move(disks), meters_);
  downs_.resize(world_.machines().size());
}

void FaultEngine::start_before_format() {
  CHECK(effects_ != nullptr, "faults act on devices");
  for (ActionIndex index = 0; index < plan_.actions.size(); ++index) {
    const FaultAction& action = plan_.actions[index];
    strikes_[index].action = &action;
    meters_.planned(action.kind);
    if (action.after == 0 && begins_with_format(action)) arm(index);
  }
  has_begun_ = true;
  note_wants();
}

void FaultEngine::start() {
  if (!has_begun_) start_before_format();
  for (ActionIndex index = 0; index < plan_.actions.size(); ++index) {
    const FaultAction& action = plan_.actions[index];
    // What the budget refused before waits as it did then, so that the execution is the same.
    if (action.after == 0 && !begins_with_format(action)) arm(index);
  }
  note_wants();
}

void FaultEngine::set_disk_listener(DiskListener listener) {
  disk_listener_ = std::move(listener);
  note_wants();
}

void FaultEngine::finish() { effects_->finish(); }

std::vector<std::uint64_t> FaultEngine::refused() const {
  std::vector<std::uint64_t> ids;
  for (const FaultAction& action : plan_.actions) {
    if (action.is_refused) ids.push_back(action.id);
  }
  return ids;
}

// --- moments ---

void FaultEngine::arm(ActionIndex index) {
  const FaultAction& action = plan_.actions[index];
  if (action.anchor.has_value()) {
    watch_.add(index, *action.anchor);
  } else {
    schedule(Job::kFire, action, index, action.at);
  }
}

void FaultEngine::note_wants() {
  for (int kind = 0; kind < kMomentKindCount; ++kind) {
    set_wanted(static_cast<MomentKind>(kind), watch_.wants(static_cast<MomentKind>(kind)));
  }
  if (budget_.wants_marks()) set_wanted(MomentKind::kMark, true);
  if (disk_listener_ && !is_settling_) set_wanted(MomentKind::kDisk, true);
}

void FaultEngine::on_mark(Machine& machine, std::string_view name) {
  budget_.on_mark(machine.name(), name);
  moment_came(watch_.on_mark(machine.name(), name),
              {.machine = &machine, .peer = nullptr, .entity = {}, .is_in_task = true});
}

void FaultEngine::on_fact(Machine& machine, const FactView& fact) {
  moment_came(watch_.on_fact(machine.name(), fact),
              {.machine = &machine, .peer = nullptr, .entity = {}, .is_in_task = true});
}

void FaultEngine::on_disk(Machine& machine, const DiskMoment& moment) {
  if (disk_listener_) disk_listener_(machine, moment);
  const bool is_in_device = moment.phase == DiskPhase::kDuring;
  moment_came(watch_.on_disk(machine.name(), moment), {.machine = &machine,
                                                       .peer = nullptr,
                                                       .entity = {},
                                                       .is_in_task = !is_in_device,
                                                       .is_in_device = is_in_device});
}

void FaultEngine::on_frame(const FrameMoment& moment) {
  const std::vector<ActionIndex>& due = watch_.on_frame(moment);
  if (due.empty()) return;  // So of most frames nobody has to find two machines by their names.
  moment_came(due, {.machine = world_.find_machine(moment.source),
                    .peer = world_.find_machine(moment.destination),
                    .entity = moment.direction,
                    .is_in_task = true});
}

void FaultEngine::on_boot(Machine& machine) {
  moment_came(watch_.on_boot(machine.name()),
              {.machine = &machine, .peer = nullptr, .entity = {}, .is_in_task = false});
}

void FaultEngine::on_entity_event(EntityId entity, std::uint64_t name_hash) {
  moment_came(watch_.on_entity_event(name_hash),
              {.machine = nullptr, .peer = nullptr, .entity = entity, .is_in_task = false});
}

void FaultEngine::moment_came(const std::vector<ActionIndex>& due, const Moment& moment) {
  if (due.empty()) return;
  due_ = due;
  note_wants();
  ActionIndex last = 0;
  bool has_last = false;
  for (const ActionIndex index : due_) {
    const FaultAction& action = plan_.actions[index];
    Strike& strike = strikes_[index];
    resolve(strike, moment);
    const bool holds_now = action.kind == FaultKind::kScheduleDelay;
    const bool is_now = moment.is_in_task || moment.is_in_device || holds_now;
    if (action.at.ns != 0 || !is_now) {
      strike.is_in_task = false;
      schedule(Job::kFire, action, index, action.at);
    } else if (!ends_current_process(strike)) {
      fire(index);
    } else if (has_last) {
      // One moment, two deaths: the second comes as the next event.
      strike.is_in_task = false;
      schedule(Job::kFire, action, index, {});
    } else {
      last = index;
      has_last = true;
    }
  }
  if (has_last) fire(last);
}

bool FaultEngine::ends_current_process(const Strike& strike) const {
  const Task* const task = world_.current();
  if (task == nullptr || !ends_processes(strike.action->kind)) return false;
  if (strike.action->kind == FaultKind::kMachineRollingRestart) {
    return strike.targets.front() == &task->machine();
  }
  return std::ranges::find(strike.targets, &task->machine()) != strike.targets.end();
}

// --- firing ---

std::vector<Machine*> FaultEngine::machines_of(const std::vector<std::string>& names) {
  std::vector<Machine*> machines;
  for (const std::string& name : names) {
    Machine* const machine = world_.find_machine(name);
    CHECK(machine != nullptr, "a deployment names machines of its world");
    machines.push_back(machine);
  }
  return machines;
}

std::vector<Machine*> FaultEngine::zone_of(const Machine& machine) {
  const DeployedMachine* const first = find_machine(deployment_, machine.name());
  CHECK(first != nullptr, "a deployment names all machines of its world");
  std::vector<std::string> names;
  for (const DeployedMachine& other : deployment_.machines) {
    const bool is_near =
        !first->zone.empty() && other.zone == first->zone && !is_client(deployment_, other.name);
    if (is_near || other.name == first->name) names.push_back(other.name);
  }
  return machines_of(names);
}

void FaultEngine::resolve(Strike& strike, const Moment& moment) {
  const FaultAction& action = *strike.action;
  strike.entity = moment.entity;
  strike.is_in_task = moment.is_in_task;
  strike.targets = machines_of(action.targets);
  strike.others = machines_of(action.others);
  if (strike.targets.empty() && moment.machine != nullptr) {
    strike.targets = action.kind == FaultKind::kMachineZone ? zone_of(*moment.machine)
                                                            : std::vector<Machine*>{moment.machine};
    if (strike.others.empty() && moment.peer != nullptr) strike.others = {moment.peer};
  } else if (action.kind == FaultKind::kNetBreak) {
    strike.entity.reset();  // It names its machines: all their connections break.
  }
  if (strike.targets.empty() && action.kind == FaultKind::kNetRing) {
    for (const auto& machine : world_.machines()) strike.targets.push_back(machine.get());
  }
  if (strike.others.empty() && has_two_sides(action.kind)) {
    for (const auto& machine : world_.machines()) {
      const bool is_target =
          std::ranges::find(strike.targets, machine.get()) != strike.targets.end();
      if (!is_target || action.kind == FaultKind::kNetSwizzle) {
        strike.others.push_back(machine.get());
      }
    }
  }
  // The process whose moment it was ends last, or the others would live on.
  if (world_.current() == nullptr) return;
  const Machine* const current = &world_.current()->machine();
  std::ranges::stable_partition(strike.targets,
                                [&](const Machine* machine) { return machine != current; });
}

void FaultEngine::fire(ActionIndex index) {
  if (is_settling_) return;
  Strike& strike = strikes_[index];
  if (strike.targets.empty()) {
    resolve(strike, {.machine = nullptr,
                     .peer = nullptr,
                     .entity = strike.entity,
                     .is_in_task = strike.is_in_task});
  }
  if (!claim(strike, index)) return;
  prepare(index);
  // Nothing may follow where this ends the current task's process.
  if (ends_current_process(strike)) {
    effects_->begin(strike);
    UNREACHABLE("the task that made this call is dead");
  }
  if (!effects_->begin(strike)) release_claims(strike);
}

void FaultEngine::prepare(ActionIndex index) {
  Strike& strike = strikes_[index];
  const FaultAction& action = *strike.action;
  meters_.fired(action.kind);
  if (world_.is_traced()) note_strike(strike, shout(action.kind));
  states_[index] = lasts(action.kind) ? FaultState::kInForce : FaultState::kOver;
  for (ActionIndex next = 0; next < plan_.actions.size(); ++next) {
    const bool follows = plan_.actions[next].after == action.id;
    if (follows && states_[next] == FaultState::kWaiting) arm(next);
  }
  note_wants();
  if (lasts(action.kind) && action.duration.ns != 0) {
    schedule(Job::kHeal, action, index, action.duration);
  }
  const bool has_next_step =
      action.kind != FaultKind::kMachineRollingRestart && action.kind != FaultKind::kNetSwizzle;
  if (comes_in_steps(action.kind) && (has_next_step || strike.targets.size() > 1)) {
    schedule(Job::kStep, action, index, action.period);
  }
  if (action.kind == FaultKind::kMachineOlderDisk) {
    DiskDevice* const disk = effects_->disk_of(*strike.targets.front());
    if (disk != nullptr) images_[index] = disk->snapshot();
  }
  if (action.kind == FaultKind::kMachineRollingRestart) {
    plan_restart(action, *strike.targets.front());
  } else if (ends_processes(action.kind)) {
    for (const Machine* const machine : strike.targets) {
      plan_restart(action, *machine);
      if (action.kind == FaultKind::kMachineLostDisk) downs_[machine->index()].boots_empty = true;
    }
  }
}

bool FaultEngine::claim(Strike& strike, ActionIndex index) {
  const FaultAction& action = *strike.action;
  const Claim claimed = info(action.kind).claim;
  if (action.is_refused) {
    refuse(index, "the budget refused it before");
    return false;
  }
  if (action.kind == FaultKind::kMachineSuspend) {
    break_assumption(Assumption::kLeaseTiming, action.id,
                     strike.targets.front()->name() + " was suspended");
  }
  if (claimed == Claim::kNothing) return true;
  for (Machine* const machine : strike.targets) {
    std::optional<std::string> reason =
        claimed == Claim::kDisk ? budget_.refuses_disk(machine->name())
                                : budget_.refuses_clock_rate(machine->name(), action.amount);
    if (reason.has_value() && !plan_.may_exceed_budget) {
      release_claims(strike);
      refuse(index, *reason);
      return false;
    }
    if (reason.has_value()) {
      break_assumption(
          claimed == Claim::kDisk ? Assumption::kDisksWithinBudget : Assumption::kLeaseTiming,
          action.id, std::move(*reason));
    }
    // The next target is judged with this one damaged.
    if (claimed == Claim::kDisk && !budget_.has_disk_claim(machine->name())) {
      budget_.claim_disk(machine->name());
      strike.disks_claimed.push_back(machine);
    }
  }
  return true;
}

void FaultEngine::release_claims(Strike& strike) {
  for (const Machine* const machine : strike.disks_claimed) budget_.release_disk(machine->name());
  strike.disks_claimed.clear();
}

void FaultEngine::break_assumption(Assumption assumption, std::uint64_t fault, std::string reason) {
  const auto known = std::ranges::find(broken_, assumption, &BrokenAssumption::assumption);
  if (known != broken_.end()) return;
  broken_.push_back({.assumption = assumption, .fault = fault, .reason = std::move(reason)});
}

void FaultEngine::refuse(ActionIndex index, const std::string& reason) {
  FaultAction& action = plan_.actions[index];
  action.is_refused = true;
  states_[index] = FaultState::kRefused;
  meters_.refused(action.kind);
  if (world_.is_traced()) note_strike(strikes_[index], "refused: " + reason);
}

// --- what follows ---

void FaultEngine::schedule(Job job, const FaultAction& action, std::uint64_t index,
                           Duration after) {
  constexpr std::string_view kNames[] = {"fire", "step", "heal", "restart"};
  const EventIdentity who = world_.identify(fault_root(action.id), EventKind::kFault,
                                            where_of(kNames[static_cast<int>(job)]));
  world_.schedule(who, world_.now() + after, EntityId(0), *this,
                  static_cast<std::uint64_t>(job) << kJobShift | index);
}

void FaultEngine::on_event(const Event& event) {
  const auto job = static_cast<Job>(event.argument >> kJobShift);
  const std::uint64_t value = event.argument & kIndexMask;
  const auto index = static_cast<ActionIndex>(value);
  switch (job) {
    case Job::kFire:
      fire(index);
      return;
    case Job::kStep:
      step(index);
      return;
    case Job::kHeal:
      if (!is_settling_) heal(index);
      return;
    case Job::kRestart: {
      if (is_settling_) return;
      Down& down = downs_[value];
      CHECK(down.count > 0, "a restart belongs to a machine that went down");
      --down.count;
      if (down.count == 0) restart(*world_.machines()[value], event.who.root);
      return;
    }
  }
  UNREACHABLE("an event of the fault engine has a job");
}

void FaultEngine::step(ActionIndex index) {
  Strike& strike = strikes_[index];
  const FaultAction& action = *strike.action;
  // Flapping outsiders go on when all else is settled.
  if (is_settling_ && action.kind != FaultKind::kNetFlapping) return;
  if (action.kind == FaultKind::kNetFlapping && states_[index] != FaultState::kInForce) return;
  if (action.kind == FaultKind::kMachineRollingRestart) {
    plan_restart(action, *strike.targets[strike.step + 1]);
  }
  if (action.kind == FaultKind::kMachineOlderDisk) {
    plan_restart(action, *strike.targets.front());
    downs_[strike.targets.front()->index()].boots_with = std::move(images_[index]);
  }
  if (effects_->step(strike)) schedule(Job::kStep, action, index, action.period);
}

void FaultEngine::heal(ActionIndex index) {
  Strike& strike = strikes_[index];
  CHECK(states_[index] == FaultState::kInForce, "only what is in force is healed");
  states_[index] = FaultState::kOver;
  effects_->end(strike);
  if (world_.is_traced()) note_end(strike);
}

void FaultEngine::plan_restart(const FaultAction& action, const Machine& machine) {
  ++downs_[machine.index()].count;
  schedule(Job::kRestart, action, machine.index(), action.duration);
}

void FaultEngine::restart(Machine& machine, Root fault) {
  if (machine.process() != nullptr) return;
  Down& down = downs_[machine.index()];
  DiskDevice* const disk = effects_->disk_of(machine);
  if (disk != nullptr && down.boots_with != nullptr && disk->restore(*down.boots_with)) {
    meters_.took_effect(FaultKind::kMachineOlderDisk);
  }
  if (disk != nullptr && down.boots_empty && disk->lose()) {
    meters_.took_effect(FaultKind::kMachineLostDisk);
  }
  down.boots_with.reset();
  down.boots_empty = false;
  restarter_.restart(machine, boot_root(machine.name(), fault));
}

void FaultEngine::note_strike(const Strike& strike, std::string_view what) {
  const FaultAction& action = *strike.action;
  std::string text(what);
  if (action.duration.ns != 0) text += ' ' + rough_text(action.duration);
  for (std::size_t i = 1; i < strike.targets.size(); ++i) {
    text += (i == 1 ? " with " : ", ") + strike.targets[i]->name();
  }
  text += " (fault " + std::to_string(action.id) + ": " + describe_moment(action) + ')';
  note(strike, std::move(text), false);
}

void FaultEngine::note_end(const Strike& strike) {
  note(
      strike,
      "end of " + shout(strike.action->kind) + " (fault " + std::to_string(strike.action->id) + ')',
      true);
}

void FaultEngine::note(const Strike& strike, std::string text, bool is_end) {
  Note note{.kind = NoteKind::kFault,
            .text = std::move(text),
            .fault = strike.action->id,
            .is_end = is_end};
  for (const Machine* const machine : strike.targets) note.struck.push_back(machine->name());
  for (const Machine* const machine : strike.others) note.others.push_back(machine->name());
  if (!note.struck.empty()) note.machine = note.struck.front();
  world_.note(std::move(note));
}

// --- the settle phase ---

std::vector<Machine*> FaultEngine::pick_core() {
  std::vector<bool> is_core(deployment_.machines.size());
  std::vector<bool> is_grouped(deployment_.machines.size());
  const auto place_of = [&](const std::string& name) {
    return static_cast<std::size_t>(find_machine(deployment_, name) - deployment_.machines.data());
  };
  for (const Group& group : deployment_.groups) {
    // A member without its data cannot carry the group: those with a damaged disk come last.
    std::vector<std::string> order = group.members;
    const EventIdentity who =
        Choices::identify_counted(Root{}, EventKind::kControl, where_of("core", group.name), 0);
    for (std::size_t left = order.size(); left > 1; --left) {
      const std::int64_t chosen =
          world_.choices().one_of(who, Purpose::kFault, 0, static_cast<std::int64_t>(left) - 1,
                                  static_cast<std::uint32_t>(left));
      std::swap(order[static_cast<std::size_t>(chosen)], order[left - 1]);
    }
    std::ranges::stable_partition(
        order, [&](const std::string& name) { return !budget_.has_disk_claim(name); });
    for (std::size_t i = 0; i < order.size(); ++i) {
      is_grouped[place_of(order[i])] = true;
      if (i < group.core_min) is_core[place_of(order[i])] = true;
    }
  }
  std::vector<Machine*> core;
  for (std::size_t i = 0; i < deployment_.machines.size(); ++i) {
    const std::string& name = deployment_.machines[i].name;
    // A server in no group may be needed by all: nobody said who could replace it.
    const bool is_needed = is_core[i] || (!is_grouped[i] && !is_client(deployment_, name));
    if (is_needed) core.push_back(machines_of({name}).front());
  }
  return core;
}

Core FaultEngine::heal_core() {
  CHECK(!is_settling_, "a run settles once");
  is_settling_ = true;
  watch_.clear();
  note_wants();
  world_.set_fair();
  const std::vector<Machine*> members = pick_core();
  std::vector<Machine*> healthy = members;
  for (Machine* const client : machines_of(deployment_.clients)) healthy.push_back(client);
  std::vector<Machine*> outsiders;
  Core core;
  for (const DeployedMachine& deployed : deployment_.machines) {
    Machine* const machine = world_.find_machine(deployed.name);
    const bool is_member = std::ranges::find(members, machine) != members.end();
    if (is_member) core.members.push_back(deployed.name);
    if (is_member || is_client(deployment_, deployed.name)) continue;
    outsiders.push_back(machine);
    core.outsiders.push_back(deployed.name);
  }
  effects_->heal(healthy);
  const EventIdentity who =
      Choices::identify_counted(Root{}, EventKind::kControl, where_of("outsiders"), 0);
  const std::int64_t is_cut_off = world_.choices().range(who, Purpose::kFault, 0, 1);
  core.are_outsiders_connected = is_cut_off == 0;
  if (!core.are_outsiders_connected) effects_->isolate(outsiders);
  for (Machine* const machine : healthy) {
    downs_[machine->index()].count = 0;
    restart(*machine, Root{hash_name("settle")});
  }
  return core;
}

}  // namespace millrace::sim
