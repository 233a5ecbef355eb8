#include "sim/run/run_world.h"

#include <algorithm>
#include <fmt/format.h>

#include "sim/devices/sim_env.h"
#include "sim/run/counted.h"
#include "sim/run/signature.h"
#include "sim/run/trail.h"
#include "system/base/check.h"

namespace millrace::run {
namespace {

using sim::ArenaScope;

sim::WorldOptions world_options(const Plan& plan, const RunOptions& options) {
  sim::WorldOptions world{.seed = plan.seed,
                          .overrides = plan.overrides,
                          .strategy = plan.strategy,
                          .limits = options.limits};
  world.limits.events = options.last_event();
  // The limit is what stops it there, too.
  if (options.break_event != 0 && options.break_event <= world.limits.events) {
    world.limits.events = options.break_event - 1;
  }
  return world;
}

template <typename Machine>
sim::ClockSpec clock_of(const Machine& machine) {
  return {.local_start = {machine.clock_start_ns},
          .rate_ppm = machine.clock_rate_ppm,
          .wall_start = {machine.wall_start_ns}};
}

std::string_view to_text(sim::ProcessEnd end) {
  switch (end) {
    case sim::ProcessEnd::kExit:
      return "exit";
    case sim::ProcessEnd::kKill:
      return "kill";
    case sim::ProcessEnd::kPowerLoss:
      return "power_loss";
  }
  UNREACHABLE("an end outside its list");
}

const std::string kNoName;

/// A restart by the supervisor: of which machine, and after which of its boots.
std::uint64_t restart_argument(const sim::Machine& machine) {
  return std::uint64_t{machine.boots()} << 32 | machine.index();
}

/// The two fields of an `Unexpected` fact.
struct UnexpectedFields {
  UnexpectedReported reported;

  static void add(void* context, std::string_view name, const FieldValue& field) {
    UnexpectedReported& reported = static_cast<UnexpectedFields*>(context)->reported;
    if (name == "where") reported.where = millrace::to_text(field);
    if (name == "why") reported.why = millrace::to_text(field);
  }
};

}  // namespace

RunWorld::RunWorld(const Registry& registry, const Scenario& scenario, const Plan& plan,
                   const RunOptions& options)
    : registry_(registry),
      plan_(plan),
      options_(options),
      deployment_(deployment_of(plan)),
      world_(std::make_unique<sim::World>(world_options(plan, options), *this)),
      faults_(
          std::make_unique<sim::FaultEngine>(*world_, meters_, deployment_, plan.faults, *this)),
      network_(
          std::make_unique<sim::NetworkDevice>(*world_, sim::NetworkSpec{}, meters_, *faults_)),
      directory_(plan),
      properties_(
          registry, scenario, [this](const PropertyType& type) { return excuse(type); },
          [this](std::uint32_t machine) -> const std::string& { return machine_name(machine); }),
      history_(*world_, properties_, plan, options),
      clients_(*world_, *faults_, plan, directory_, history_) {
  world_->set_traced(options.is_traced);
  if (options.is_traced && !options.keeps_blocks()) {
    world_->fingerprint().keep_blocks(0, kTrailRecords / sim::Fingerprint::kBlockRecords);
  } else {
    world_->fingerprint().keep_blocks(options.keep_block_first, options.keep_block_last);
  }
  if (options.keeps_draws) world_->choices().set_recorder(&RunWorld::keep_draw, this);
  if (registry.frame_namer() != nullptr) {
    faults_->set_frame_namer(registry.frame_namer());
    network_->set_frame_namer(registry.frame_namer());
  }
  names_entities_ = options.keeps_blocks();
  for (const PlanMachine& machine : plan.machines) add_host(machine);
  for (std::size_t i = 0; i < plan.clients.size(); ++i) {
    add_host(plan.clients[i], clients_.client(i));
  }
  std::vector<sim::DiskDevice*> disks;
  for (const Host& host : hosts_) disks.push_back(host.disk.get());
  faults_->attach(*network_, std::move(disks));
  world_->set_anchors(*faults_);
  if (options.crash_points != CrashPointsKept::kNone) {
    crash_probe_.emplace(plan, options.crash_points);
    faults_->set_disk_listener([this](sim::Machine& machine, const sim::DiskMoment& moment) {
      look_at_disk(machine, moment);
    });
  }
  // Last, so that devices have let go of a process before its machine is said to be down.
  world_->add_listener(*this);
}

RunWorld::~RunWorld() {
  is_over_ = true;
  world_.reset();
}

void RunWorld::look_at_disk(const sim::Machine& machine, const sim::DiskMoment& moment) {
  const Host& host = hosts_[machine.index()];
  if (host.role_type == nullptr) return;
  const std::uint64_t stamp = world_->fingerprint().records();
  crash_probe_->on_disk(machine.name(), moment, *host.disk, host.is_formatting, stamp);
}

void RunWorld::add_host(const PlanMachine& plan) {
  const RoleType* const role = registry_.find_role(plan.role);
  CHECK(role != nullptr, "a plan has only registered roles");
  Host host;
  host.machine = &world_->add_machine(plan.name, clock_of(plan));
  host.program = role->make(plan.knobs);
  host.role = plan.role;
  host.role_type = role;
  sim::DiskOptions disk;
  disk.order = plan.is_disk_weak ? sim::NameOrder::kWeak : sim::NameOrder::kOrdered;
  host.disk = std::make_unique<sim::DiskDevice>(*world_, *host.machine, meters_, *faults_, disk);
  hosts_.push_back(std::move(host));
}

void RunWorld::add_host(const PlanClient& plan, PlannedClient& client) {
  const WorkloadType* const workload = registry_.find_workload(plan.workload);
  CHECK(workload != nullptr, "a plan has only registered workloads");
  Host host;
  host.machine = &world_->add_machine(plan.name, clock_of(plan));
  host.program = workload->make(plan.knobs);
  host.role = plan.workload;
  host.client = &client;
  host.disk = std::make_unique<sim::DiskDevice>(*world_, *host.machine, meters_, *faults_,
                                                sim::DiskOptions{});
  hosts_.push_back(std::move(host));
}

// --- processes ---

void RunWorld::begin_format() {
  for (Host& host : hosts_) {
    if (host.role_type == nullptr || !host.role_type->has_format) continue;
    host.is_formatting = true;
    ++formats_pending_;
    boot(host, sim::boot_root(host.machine->name(), sim::Root{sim::hash_name("format")}));
  }
}

void RunWorld::boot_all() {
  clients_.start();
  for (Host& host : hosts_) {
    if (host.role_type != nullptr) boot(host, sim::boot_root(host.machine->name(), sim::Root{}));
  }
  boot_clients(ClientStart::kStart);
}

void RunWorld::boot_clients(ClientStart start) {
  for (Host& host : hosts_) {
    if (host.client == nullptr || host.client->plan().start != start) continue;
    host.client->mark_started();
    history_.record(ClientStarted{.client = host.machine->name(),
                                  .workload = host.role,
                                  .is_fresh = host.client->is_fresh()});
    boot(host, sim::boot_root(host.machine->name(), sim::Root{}));
  }
}

void RunWorld::record_holdings(const std::vector<std::string>& machines) {
  for (const Host& host : hosts_) {
    const bool is_asked = std::ranges::find(machines, host.machine->name()) != machines.end();
    sim::Process* const process = host.machine->process();
    if (!is_asked || host.role_type == nullptr || process == nullptr) continue;
    const ProcessHolds holds{.machine = host.machine->name(),
                             .role = host.role,
                             .boot = host.machine->boots(),
                             .tasks = process->task_count(),
                             .sockets = network_->socket_count(*process),
                             .files = host.disk->open_file_count(*process),
                             .memory_bytes = process->arena().live_bytes()};
    history_.record(holds);
    if (!world_->is_traced()) continue;
    world_->note(
        {.kind = sim::NoteKind::kMachine,
         .machine = holds.machine,
         .peer = {},
         .text = fmt::format("left alone: holds {}, {}, {}, {}", counted(holds.tasks, "task"),
                             counted(holds.sockets, "socket"), counted(holds.files, "file"),
                             counted(holds.memory_bytes, "byte"))});
  }
}

void RunWorld::boot(Host& host, sim::Root root) {
  host.error.clear();
  world_->boot(*host.machine, host.role, root, [this, &host](sim::Process& process) {
    Env& env = sim::SimEnv::install(*world_, process, *network_, *host.disk, *faults_);
    return std::function<void()>([this, &host, &env] { run_main(host, env); });
  });
  if (host.is_formatting) return;
  history_.record(ProcessStarted{
      .machine = host.machine->name(), .role = host.role, .boot = host.machine->boots()});
  if (world_->is_traced()) {
    world_->note({.kind = sim::NoteKind::kMachine,
                  .machine = host.machine->name(),
                  .peer = {},
                  .text = fmt::format("boots as {}", host.role)});
  }
}

void RunWorld::run_main(Host& host, Env& env) {
  // In the process: on its stack, in its arena.
  const Result<void> result = host.is_formatting ? host.program->format(env, directory_)
                                                 : host.program->main(env, directory_, host.client);
  const ArenaScope simulator(nullptr);
  main_returned(host, result.has_value() ? std::string() : millrace::to_text(result.error()));
}

void RunWorld::main_returned(Host& host, std::string error) {
  host.error = std::move(error);
  if (host.client == nullptr) return;
  host.client->mark_finished();
  history_.record(ClientFinished{.client = host.machine->name(), .error = host.error});
  if (clients_.have_started_finished()) world_->stop();
}

void RunWorld::on_end(sim::Process& process, sim::ProcessEnd end) {
  if (is_over_) return;
  if (names_entities_) {
    for (const sim::Task* const task : process.tasks()) name_task(*task);
  }
  Host& host = hosts_[process.machine().index()];
  const bool is_server = host.role_type != nullptr;
  if (crash_probe_.has_value() && is_server && end == sim::ProcessEnd::kPowerLoss) {
    crash_probe_->on_power_loss(host.machine->name(), *host.disk, host.is_formatting);
  }
  if (host.is_formatting) {
    // A machine that went down in the midst of it formats again: the fault restarts it.
    if (end == sim::ProcessEnd::kExit) format_ended(host);
    return;
  }
  history_.take_process_end(*host.machine);
  if (host.client != nullptr) host.client->process_ended();
  history_.record(ProcessEnded{.machine = host.machine->name(),
                               .role = host.role,
                               .how = std::string(to_text(end)),
                               .error = host.error});
  if (end != sim::ProcessEnd::kExit) return;
  if (world_->is_traced()) {
    world_->note({.kind = sim::NoteKind::kMachine,
                  .machine = host.machine->name(),
                  .peer = {},
                  .text = host.error.empty() ? "exits" : fmt::format("exits: {}", host.error)});
  }
  if (host.role_type == nullptr) return;
  const sim::EventIdentity who = world_->identify(
      process.root(), sim::EventKind::kControl, sim::where_of(host.machine->name(), "supervisor"));
  world_->schedule(who, world_->now() + host.role_type->options.restart_after, sim::EntityId(0),
                   *this, restart_argument(*host.machine));
}

void RunWorld::format_ended(Host& host) {
  host.is_formatting = false;
  --formats_pending_;
  if (!host.error.empty() && !format_failure_.has_value()) {
    format_failure_ = Breakdown{.signature = crash_signature("format", host.role, "main"),
                                .what = fmt::format("format failed: {}", host.error),
                                .machine = host.machine->name(),
                                .role = host.role,
                                .task = "main",
                                .at = history_.here(host.machine->index()),
                                .frames = {}};
  }
  if (formats_pending_ == 0) world_->stop();
}

/// The supervisor starts a process that had exited, unless a fault keeps its machine down, or has
/// started it meanwhile: what becomes of that process is not this restart's business.
void RunWorld::on_event(const sim::Event& event) {
  Host& host = hosts_[static_cast<std::uint32_t>(event.argument)];
  if (restart_argument(*host.machine) != event.argument || faults_->is_down(*host.machine)) return;
  CHECK(host.machine->process() == nullptr, "a process that exited stays away until the next boot");
  boot(host, sim::boot_root(host.machine->name(), event.who.root));
}

void RunWorld::restart(sim::Machine& machine, sim::Root root) {
  Host& host = hosts_[machine.index()];
  if (machine.process() != nullptr) return;
  const bool is_idle_client =
      host.client != nullptr && (!host.client->has_started() || host.client->has_finished());
  if (!is_idle_client) boot(host, root);
}

// --- what is seen ---

void RunWorld::keep_draw(void* run, const sim::EventIdentity& who, const sim::Choices::Draw& draw) {
  if (draw.value == draw.neutral) return;
  std::vector<DrawRecord>& draws = static_cast<RunWorld*>(run)->draws_;
  if (draws.size() == kDrawsMax) return;
  // The task that draws may be in its process' arena.
  const ArenaScope simulator(nullptr);
  draws.push_back({.purpose = draw.purpose,
                   .root = who.root,
                   .kind = who.kind,
                   .where = who.where,
                   .n = who.n,
                   .index = draw.index,
                   .value = draw.value});
}

void RunWorld::on_mark(sim::Machine& machine, std::string_view name) {
  const Host& host = hosts_[machine.index()];
  const bool is_recovered = crash_probe_.has_value() && host.role_type != nullptr &&
                            name == host.role_type->options.recovered_mark;
  if (is_recovered) crash_probe_->on_recovered(machine.name());
  const auto found = marks_.find(name);
  if (found != marks_.end()) {
    ++found->second;
  } else {
    marks_.emplace(name, 1);
  }
}

void RunWorld::on_fact(sim::Machine& machine, const FactView& fact) {
  history_.take_fact(machine, fact);
  if (fact.name != "Unexpected") return;
  UnexpectedFields fields;
  fact.visit(fact.record, &fields, &UnexpectedFields::add);
  const std::vector<std::string>& allowed = registry_.allowed_unexpected();
  if (std::ranges::find(allowed, fields.reported.where) != allowed.end()) return;
  history_.record(fields.reported);
}

void RunWorld::on_task_exception(sim::Task& /*task*/, std::string_view what) { thrown_ = what; }

void RunWorld::on_task_end(sim::Task& task) {
  if (names_entities_) name_task(task);
  history_.record(
      TaskEnded{.role = task.process().role(), .task = task.name(), .exception = thrown_});
  thrown_.clear();
}

// --- names for the fingerprint ---

namespace {

/// How the kernel packs an entity's key into a record; see World::run_event().
std::uint64_t packed_key(std::uint64_t key) { return key >> 8; }

}  // namespace

void RunWorld::name_task(const sim::Task& task) {
  const std::string& machine = task.machine().name();
  const std::uint64_t key = sim::where_of(machine, task.name()).value;
  entity_names_[packed_key(key)] = {.machine = machine, .task = task.name()};
}

void RunWorld::name_machine(const sim::Machine& machine) {
  const auto add = [&](const std::string& entity, std::string task) {
    entity_names_[packed_key(sim::hash_name(entity))] = {.machine = machine.name(),
                                                         .task = std::move(task)};
  };
  add(machine.name() + "/timers", "timers");
  add(machine.name() + "/disk", "disk");
  constexpr int kConnectionsNamed = 64;
  for (const auto& other : world_->machines()) {
    const std::string link = machine.name() + '>' + other->name();
    add(link, "link to " + other->name());
    for (int i = 1; i <= kConnectionsNamed; ++i) {
      add(fmt::format("{}/{}", link, i), "connection to " + other->name());
    }
  }
  if (machine.process() == nullptr) return;
  for (const sim::Task* const task : machine.process()->tasks()) name_task(*task);
}

KeptEvent RunWorld::describe(const sim::FingerprintRecord& record, std::uint64_t number) {
  if (number == options_.keep_block_first * sim::Fingerprint::kBlockRecords) {
    for (const auto& machine : world_->machines()) name_machine(*machine);
  }
  constexpr std::uint64_t kKeyMask = (std::uint64_t{1} << 56) - 1;
  KeptEvent event{.number = number,
                  .time_ns = static_cast<std::int64_t>(record.time),
                  .id = record.id,
                  .kind = {},
                  .machine = {},
                  .task = {},
                  .content = record.content};
  // Kind 0, a spawn, is also what content has; a spawn's own content is 0.
  const auto kind = static_cast<sim::EventKind>(record.what >> 56);
  const bool is_content = kind == sim::EventKind::kSpawn && record.content != 0;
  event.kind = is_content ? "content" : std::string(sim::to_text(kind));
  const auto named = entity_names_.find(record.what & kKeyMask);
  if (named != entity_names_.end()) {
    event.machine = named->second.machine;
    event.task = named->second.task;
  }
  return event;
}

const std::string& RunWorld::machine_name(std::uint32_t machine) const {
  return machine < hosts_.size() ? hosts_[machine].machine->name() : kNoName;
}

std::optional<std::string> RunWorld::excuse(const PropertyType& type) const {
  const bool is_liveness = type.claim.kind == PropertyKind::kEventually;
  for (const sim::BrokenAssumption& broken : faults_->broken()) {
    const bool is_needed =
        (is_liveness && broken.assumption == sim::Assumption::kDisksWithinBudget) ||
        std::ranges::find(type.needs, broken.assumption) != type.needs.end();
    if (!is_needed) continue;
    return fmt::format("{} was broken by fault {}: {}", sim::to_text(broken.assumption),
                       broken.fault, broken.reason);
  }
  return std::nullopt;
}

}  // namespace millrace::run
