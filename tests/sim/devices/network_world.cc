#include "tests/sim/devices/network_world.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

constexpr Duration kLong = seconds(1000);

}  // namespace

// --- programs ---

Program::Program(NetworkWorld& world, Process& process)
    : world_(world), process_(process), network_(world.network(), process) {}

void Program::say(std::string_view text) {
  const ArenaScope simulator(nullptr);
  world_.lines_.push_back({.machine = process_.machine().name(),
                           .text = std::string(text),
                           .us = world_.world().now().ns / 1000});
}

Instant Program::now() const { return process_.machine().local_at(world_.world().now()); }

void Program::sleep(Duration duration) {
  const ArenaScope simulator(nullptr);
  world_.world().park(now() + duration);
}

Task& Program::spawn(std::string_view name, std::function<void()> body) {
  const ArenaScope simulator(nullptr);
  return world_.world().spawn(process_, name, world_.world().current_root(), std::move(body));
}

std::unique_ptr<Connection> Program::connect(const std::string& machine) {
  auto connected = network_.connect({.machine = machine, .port = NetworkWorld::kPort}, in(kLong));
  if (connected) return std::move(*connected);
  say("connect: " + std::string(to_text(connected.error().code)));
  return nullptr;
}

std::unique_ptr<Listener> Program::listen() {
  auto listening = network_.listen(NetworkWorld::kPort);
  if (listening) return std::move(*listening);
  say("listen: " + std::string(to_text(listening.error().code)));
  return nullptr;
}

std::unique_ptr<Connection> Program::accept(Listener& listener) {
  auto accepted = listener.accept(in(kLong));
  if (accepted) return std::move(*accepted);
  say("accept: " + std::string(to_text(accepted.error().code)));
  return nullptr;
}

bool Program::send(Connection& connection, std::string_view text) {
  const Result<void> sent = connection.send(as_bytes(text), in(kLong));
  if (!sent) say("send: " + std::string(to_text(sent.error().code)));
  return sent.has_value();
}

void Program::receive_all(Connection& connection, Duration patience) {
  while (true) {
    const Result<Bytes> frame = connection.receive(in(patience));
    if (!frame) {
      say("receive: " + std::string(to_text(frame.error().code)));
      return;
    }
    say(as_text(*frame));
  }
}

// --- the world ---

NetworkWorld::NetworkWorld(const NetworkSpec& spec, WorldOptions options, AnchorSink* anchors)
    : world_(std::move(options), observer_),
      network_(world_, spec, meters_, anchors == nullptr ? no_anchors_ : *anchors) {}

NetworkWorld::~NetworkWorld() {
  // The device hears of the ends of processes as long as there are any.
  for (const auto& machine : world_.machines()) world_.kill(*machine, ProcessEnd::kPowerLoss);
}

Machine& NetworkWorld::machine(const std::string& name) {
  Machine* const found = world_.find_machine(name);
  if (found != nullptr) return *found;
  ClockSpec clock;
  clock.local_start = {1'000'000'000};
  return world_.add_machine(name, clock);
}

void NetworkWorld::boot(const std::string& name, std::function<void(Program&)> main) {
  Machine& booted = machine(name);
  world_.boot(booted, "program", boot_root(name, {}), [&](Process& process) {
    return std::function<void()>([this, &process, main = std::move(main)] {
      Program program(*this, process);
      main(program);
      // A process lives on until it is killed: its handles are closed by now.
      program.sleep(kLong);
    });
  });
}

void NetworkWorld::at(Duration time, std::function<void()> action) {
  const auto index = actions_.actions.size();
  actions_.actions.push_back(std::move(action));
  const EventIdentity who =
      world_.identify(fault_root(index + 1), EventKind::kFault, where_of("fault"));
  world_.schedule(who, SimTime{time.ns}, EntityId(0), actions_, index);
}

void NetworkWorld::run(Duration until) {
  const StopKind stop = world_.run_until(SimTime{until.ns});
  const bool is_over = stop == StopKind::kTime || stop == StopKind::kIdle;
  EXPECT_TRUE(is_over) << world_.stop_detail() << world_.check_failure().condition << ' '
                       << world_.check_failure().message << ' ' << world_.check_failure().values;
}

int NetworkWorld::said(std::string_view text) const {
  return static_cast<int>(
      std::ranges::count_if(lines_, [&](const Line& line) { return line.text.contains(text); }));
}

std::vector<std::string> NetworkWorld::said_by(std::string_view name) const {
  std::vector<std::string> texts;
  for (const Line& line : lines_) {
    if (line.machine == name) texts.push_back(line.text);
  }
  return texts;
}

std::int64_t NetworkWorld::when(std::string_view text) const {
  const auto found =
      std::ranges::find_if(lines_, [&](const Line& line) { return line.text.contains(text); });
  return found == lines_.end() ? -1 : found->us;
}

std::uint64_t NetworkWorld::all_effects() const {
  std::uint64_t sum = 0;
  for (const FaultKindInfo& kind : fault_kinds()) sum += effects(kind.kind);
  return sum;
}

}  // namespace millrace::sim
