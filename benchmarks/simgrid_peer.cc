// The peer of the rows `messages` and `timers_spread`: the same workloads on SimGrid, as a program
// of its own.
//
//   millrace_bench_simgrid messages|timers SCALE     prints "per_second VALUE"
//
// CM02 is SimGrid's plainest network model: what the link says is what a message takes.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <simgrid/s4u.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <xbt/log.h>

#include "benchmarks/pattern.h"
#include "benchmarks/probe.h"

namespace {

namespace s4u = simgrid::s4u;
using millrace::benchmarks::cpu_seconds;

void play(s4u::Mailbox& own, s4u::Mailbox& other, bool begins, std::uint64_t& messages) {
  char payload[millrace::benchmarks::kMessageBytes] = {};
  if (begins) other.put(payload, sizeof payload);
  while (true) {
    own.get<char>();
    ++messages;
    other.put(payload, sizeof payload);
  }
}

void make_players(std::uint64_t& messages) {
  s4u::NetZone* const zone = s4u::create_full_zone("zone");
  s4u::Host* const first = zone->create_host("first", 1e9);
  s4u::Host* const second = zone->create_host("second", 1e9);
  s4u::Link* const link = zone->create_link("link", 1.25e9)
                              ->set_latency(1e-6 * millrace::benchmarks::kLinkLatencyUs)
                              ->seal();
  zone->add_route(first->get_netpoint(), second->get_netpoint(), nullptr, nullptr,
                  {s4u::LinkInRoute(link)}, true);
  zone->seal();
  s4u::Mailbox& ping = *s4u::Mailbox::by_name("ping");
  s4u::Mailbox& pong = *s4u::Mailbox::by_name("pong");
  s4u::Actor::create("first", first, [&] { play(ping, pong, true, messages); })->daemonize();
  s4u::Actor::create("second", second, [&] { play(pong, ping, false, messages); })->daemonize();
}

void make_sleepers(std::uint64_t& wakes) {
  s4u::NetZone* const zone = s4u::create_full_zone("zone");
  s4u::Host* const host = zone->create_host("host", 1e9);
  zone->seal();
  for (std::uint32_t task = 0; task < millrace::benchmarks::kTimerTasks; ++task) {
    const auto body = [task, &wakes] {
      for (std::uint64_t nth = 0;; ++nth) {
        const auto us = static_cast<double>(millrace::benchmarks::sleep_us(task, nth));
        s4u::this_actor::sleep_for(1e-6 * us);
        ++wakes;
      }
    };
    s4u::Actor::create("sleeper", host, body)->daemonize();
  }
}

/// Daemons alone end a simulation: somebody has to stay until the measurement is over.
void wait_until(double seconds) { s4u::this_actor::sleep_until(seconds); }

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (arguments.size() != 3) return 2;
  const bool is_messages = arguments[1] == "messages";
  const double measured = 20.0 / std::stod(arguments[2]);

  xbt_log_control_set("root.thresh:error");
  s4u::Engine engine(&argc, argv);
  s4u::Engine::set_config("network/model:CM02");
  std::uint64_t count = 0;
  if (is_messages) {
    make_players(count);
  } else {
    make_sleepers(count);
  }
  s4u::Actor::create("end", engine.get_all_hosts().front(), [&] { wait_until(2 * measured); });

  engine.run_until(measured / 4);
  const std::uint64_t count_before = count;
  const double cpu_before = cpu_seconds();
  engine.run_until(measured * 5 / 4);
  const double cpu = cpu_seconds() - cpu_before;
  millrace::benchmarks::print_values(
      {{"per_second", static_cast<double>(count - count_before) / cpu}});
  std::fflush(stdout);
  // SimGrid need not take the simulation apart.
  std::_Exit(0);
}
