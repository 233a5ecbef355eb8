// One seed is one history: the same fingerprint twice in one process, with every fault at work.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/sim/devices/network_world.h"

namespace millrace::sim {
namespace {

struct Outcome {
  std::uint64_t fingerprint = 0;
  std::uint64_t events = 0;
  Meters meters;
  std::vector<std::string> lines;
};

void serve(Program& program) {
  const auto listener = program.listen();
  while (true) {
    auto accepted = listener->accept(program.in(seconds(1000)));
    if (!accepted) return;
    Connection* const connection = accepted->release();
    program.spawn("connection", [&program, connection] {
      while (true) {
        const Result<Bytes> request = connection->receive(program.in(seconds(5)));
        if (!request) break;
        if (!connection->send(*request, program.in(seconds(5)))) break;
      }
      delete connection;
    });
  }
}

void ask(Program& program) {
  for (int round = 0; round < 60; ++round) {
    program.sleep(milliseconds(7));
    const auto connected = program.network().connect(
        {.machine = round % 2 == 0 ? "a" : "b", .port = NetworkWorld::kPort},
        program.in(milliseconds(1500)));
    if (!connected) {
      program.say(to_text(connected.error().code));
      continue;
    }
    for (int frame = 0; frame < 10; ++frame) {
      program.send(**connected, std::to_string(round) + "/" + std::to_string(frame));
    }
    program.receive_all(**connected, milliseconds(30));
  }
}

void disturb(NetworkWorld& net) {
  NetworkDevice& network = net.network();
  network.lose(net.route("c", "a"), {1, 20});
  for (int step = 0; step < 48; ++step) {
    const Duration at = milliseconds(20 * step);
    const std::string from = step % 3 == 0 ? "c" : "a";
    const std::string to = step % 3 == 0 ? "b" : "c";
    net.at(at, [&net, &network, step, from, to] {
      const Route route = net.route(from, to);
      if (step % 8 == 0) network.cut(route, FaultKind::kNetPartition);
      if (step % 8 == 1) network.clog(route, milliseconds(11), FaultKind::kNetClog);
      if (step % 8 == 2) network.break_connections(route, fault_root(100));
      if (step % 8 == 3) network.slow(route, {.multiplier = 20, .added = milliseconds(1)});
      if (step % 8 == 4) network.refuse_connects(net.machine("a"), step % 16 == 4);
      if (step % 8 == 5) network.hang_connects(net.machine("b"), step % 16 == 5);
      if (step % 8 == 6) network.restore(route);
      if (step % 8 == 7) {
        net.world().kill(net.machine("b"),
                         step % 16 == 7 ? ProcessEnd::kPowerLoss : ProcessEnd::kKill);
        net.boot("b", serve);
      }
    });
  }
}

Outcome run(std::uint64_t seed) {
  NetworkSpec spec;
  spec.link.loss = {1, 100};
  WorldOptions options = seeded(seed);
  options.strategy.kind = StrategyKind::kRandom;
  options.strategy.window = microseconds(300);
  NetworkWorld net(spec, options);
  for (const char* name : {"a", "b"}) net.boot(name, serve);
  for (const char* name : {"c", "d"}) net.boot(name, ask);
  disturb(net);

  net.run(seconds(30));

  Outcome outcome;
  outcome.fingerprint = net.world().fingerprint().value();
  outcome.events = net.world().ordinal();
  outcome.meters = net.meters();
  for (const char* name : {"c", "d"}) {
    for (std::string& line : net.said_by(name)) outcome.lines.push_back(std::move(line));
  }
  return outcome;
}

TEST(NetworkDeterminism, one_seed_is_one_history) {
  const Outcome first = run(1);
  const Outcome other = run(2);
  const Outcome again = run(1);

  EXPECT_EQ(first.fingerprint, again.fingerprint);
  EXPECT_EQ(first.events, again.events);
  EXPECT_EQ(first.lines, again.lines);
  EXPECT_EQ(first.meters, again.meters);
  EXPECT_NE(first.fingerprint, other.fingerprint);
  EXPECT_GT(first.events, 1000U);
}

TEST(NetworkDeterminism, the_run_above_meets_what_it_is_there_for) {
  std::vector<FaultKind> kinds{FaultKind::kNetPartition, FaultKind::kNetClog, FaultKind::kNetBreak,
                               FaultKind::kNetSlow,      FaultKind::kNetLoss, FaultKind::kNetRefuse,
                               FaultKind::kNetHang};
  Meters sum;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Outcome outcome = run(seed);
    std::erase_if(kinds, [&](FaultKind kind) { return outcome.meters.of(kind).took_effect > 0; });
  }

  EXPECT_TRUE(kinds.empty()) << "no effect of " << to_text(kinds.front());
}

}  // namespace
}  // namespace millrace::sim
