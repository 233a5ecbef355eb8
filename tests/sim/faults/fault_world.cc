#include "tests/sim/faults/fault_world.h"

#include <algorithm>
#include <utility>

#include "sim/devices/sim_env.h"

namespace millrace::sim {
namespace {

constexpr std::uint16_t kPort = 7;
constexpr Duration kPace = milliseconds(2);
constexpr Duration kPatience = milliseconds(50);
constexpr int kPingsOfConnection = 20;
constexpr std::size_t kPage = 4096;

WorldOptions options_of(std::uint64_t seed) {
  WorldOptions options;
  options.seed = seed;
  return options;
}

void sleep(Env& env, Duration duration) { env.tasks.park(env.clock.now() + duration); }

void echo(Env& env, Connection& connection) {
  while (true) {
    const Result<Bytes> frame = connection.receive(env.clock.now() + seconds(1));
    if (!frame.has_value()) return;
    const Result<void> sent = connection.send(*frame, env.clock.now() + kPatience);
    if (!sent.has_value()) return;
  }
}

void serve(Env& env) {
  Result<std::unique_ptr<Listener>> listener = env.network.listen(kPort);
  CHECK(listener.has_value(), "nobody else listens here");
  while (true) {
    Result<std::unique_ptr<Connection>> accepted =
        (*listener)->accept(env.clock.now() + seconds(1));
    if (!accepted.has_value()) continue;
    std::shared_ptr<Connection> connection = std::move(*accepted);
    env.tasks.spawn("echo", [&env, connection] { echo(env, *connection); });
  }
}

void ping(Env& env, const std::string& peer) {
  const Bytes frame(100);
  while (true) {
    Result<std::unique_ptr<Connection>> connection =
        env.network.connect({.machine = peer, .port = kPort}, env.clock.now() + kPatience);
    for (int i = 0; i < kPingsOfConnection && connection.has_value(); ++i) {
      const Result<void> sent = (*connection)->send(frame, env.clock.now() + kPatience);
      if (!sent.has_value()) break;
      const Result<Bytes> answer = (*connection)->receive(env.clock.now() + kPatience);
      if (!answer.has_value()) break;
      sleep(env, kPace);
    }
    sleep(env, kPace);
  }
}

/// One round over one file; errors of the disk are what these tests are about.
void use_disk(Env& env, std::uint64_t round) {
  Result<std::unique_ptr<File>> file = env.disk.open("data", OpenMode::kEither);
  if (!file.has_value()) return;
  const Bytes page(kPage, static_cast<std::byte>(round));
  ignore((*file)->write(round % 16 * kPage, page), "the disk may fail here");
  env.journal.mark("test.written");
  ignore((*file)->write((round + 5) % 16 * kPage, page), "the disk may fail here");
  ignore((*file)->sync(), "the disk may fail here");
  env.journal.mark("test.synced");
  ignore((*file)->read(0, 16 * kPage), "the disk may fail here");
  Result<std::unique_ptr<File>> small = env.disk.open("small.new", OpenMode::kEither);
  if (!small.has_value()) return;
  ignore((*small)->write(0, page), "the disk may fail here");
  ignore((*small)->sync(), "the disk may fail here");
  ignore(env.disk.rename("small.new", "small"), "the disk may fail here");
  ignore(env.disk.sync_directory(""), "the disk may fail here");
}

void program(Env& env, const std::vector<std::string>& peers) {
  env.journal.mark("test.begun");
  env.tasks.spawn("serve", [&env] { serve(env); });
  for (const std::string& peer : peers) {
    env.tasks.spawn("ping-" + peer, [&env, peer] { ping(env, peer); });
  }
  for (std::uint64_t round = 0;; ++round) {
    use_disk(env, round);
    sleep(env, milliseconds(1));
  }
}

}  // namespace

FaultAction strike(std::uint64_t id, FaultKind kind, std::vector<std::string> targets) {
  FaultAction action;
  action.id = id;
  action.kind = kind;
  action.at = milliseconds(200);
  action.targets = std::move(targets);
  action.duration = milliseconds(300);
  return action;
}

void FaultWorld::Listener::on_mark(Machine& machine, std::string_view name) {
  passed.push_back(
      {.machine = machine.name(), .mark = std::string(name), .us = owner_.world().now().ns / 1000});
}

void FaultWorld::Listener::on_note(const Note& note) {
  if (note.kind != NoteKind::kFault) return;
  notes.push_back(std::string(note.machine) + ": " + note.text);
}

FaultWorld::FaultWorld(const Options& options, FaultPlan plan)
    : observer_(*this), world_(options_of(options.seed), observer_) {
  world_.set_traced(options.is_traced);
  Group group{.name = "all",
              .members = {},
              .disks_lost_max = options.disks_lost_max,
              .core_min = options.core_min,
              .clock_rate_max_ppm = 100,
              .repair_mark = options.repair_mark};
  for (int i = 1; i <= options.machines; ++i) {
    const std::string name = "m" + std::to_string(i);
    world_.add_machine(name, {.local_start = {1'000'000'000}, .rate_ppm = 10, .wall_start = {}});
    deployment_.machines.push_back(
        {.name = name, .role = "program", .zone = i <= 2 ? "east" : "west"});
    const bool is_client = std::ranges::find(options.clients, name) != options.clients.end();
    if (!is_client) group.members.push_back(name);
  }
  deployment_.clients = options.clients;
  deployment_.groups = {group};
  engine_ = std::make_unique<FaultEngine>(world_, meters_, deployment_, std::move(plan), *this);
  world_.set_anchors(*engine_);
  network_ = std::make_unique<NetworkDevice>(world_, NetworkSpec{}, meters_, *engine_);
  std::vector<DiskDevice*> disks;
  for (const auto& machine : world_.machines()) {
    disks_.push_back(
        std::make_unique<DiskDevice>(world_, *machine, meters_, *engine_, DiskOptions{}));
    disks.push_back(disks_.back().get());
  }
  engine_->attach(*network_, disks);
  engine_->start();
  for (const auto& machine : world_.machines()) {
    restart(*machine, boot_root(machine->name(), Root{}));
  }
}

FaultWorld::~FaultWorld() {
  for (const auto& machine : world_.machines()) world_.kill(*machine, ProcessEnd::kPowerLoss);
}

void FaultWorld::restart(Machine& machine, Root root) {
  world_.boot(machine, "program", root, [&](Process& process) {
    Env& env = SimEnv::install(world_, process, *network_, *disks_[machine.index()], *engine_);
    std::vector<std::string> peers;
    for (const DeployedMachine& other : deployment_.machines) {
      if (other.name != machine.name()) peers.push_back(other.name);
    }
    return std::function<void()>([&env, peers] { program(env, peers); });
  });
}

void FaultWorld::run(Duration until) { world_.run_until(SimTime{until.ns}); }

void FaultWorld::run_to_end() {
  run(seconds(1));
  engine_->finish();
}

std::vector<std::int64_t> FaultWorld::marks(std::string_view machine, std::string_view name) const {
  std::vector<std::int64_t> times;
  for (const Passed& passed : observer_.passed) {
    if (passed.machine == machine && passed.mark == name) times.push_back(passed.us);
  }
  return times;
}

}  // namespace millrace::sim
