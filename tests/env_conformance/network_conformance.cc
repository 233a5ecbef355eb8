// The sentences of system/env/network.h.

#include <charconv>

#include "tests/env_conformance/conformance.h"

namespace millrace::conformance {
namespace {

CONFORMANCE_SUITE(NetworkConformance, nullptr);
CONFORMANCE_SUITE(PowerlessPeerConformance, &Traits::can_lose_power);
CONFORMANCE_SUITE(BreakConformance, &Traits::can_break_connections);

constexpr std::uint16_t kPort = 9000;
const std::string kServer = "server";
const std::string kClient = "client";

/// Connects as soon as somebody listens there.
std::unique_ptr<Connection> dial(Process& p, const std::string& machine) {
  while (true) {
    auto dialled = p.network.connect({.machine = machine, .port = kPort}, p.in(60_s));
    if (!failed_with(dialled, Errc::kRefused)) return must(std::move(dialled));
    p.sleep(1_ms);
  }
}

/// Accepts one connection and serves it.
Body server(std::function<void(Process&, Connection&)> serve) {
  return [serve = std::move(serve)](Process& p) {
    const auto listener = must(p.network.listen(kPort));
    const auto connection = must(listener->accept(kNever));
    serve(p, *connection);
  };
}

Result<void> send_number(Connection& connection, int number, Instant deadline) {
  return connection.send(as_bytes(std::to_string(number)), deadline);
}

int number_of(const Bytes& frame) {
  const std::string_view text = as_text(frame);
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Receives the frames 0, 1, 2, ... until none comes for `patience`; gives their number.
int receive_numbers(Process& p, Connection& connection, Duration patience) {
  for (int count = 0;; ++count) {
    const Result<Bytes> frame = connection.receive(p.in(patience));
    if (!frame.has_value()) {
      p.claim(failed_with(frame, Errc::kUnavailable) || failed_with(frame, Errc::kTimeout),
              "an end finds out, or only its deadline passes");
      return count;
    }
    p.claim(number_of(*frame) == count, "no frame is lost, reordered or repeated");
  }
}

Bytes pattern(std::size_t index) {
  return Bytes(index * 977 % 9000, static_cast<std::byte>(index));
}

TEST_P(NetworkConformance, frames_arrive_unchanged_once_and_in_order_both_ways) {
  constexpr std::size_t kFrames = 150;
  run_together({{kServer, server([](Process& p, Connection& connection) {
                   p.claim(p.network.machine() == kServer, "the name of this machine");
                   p.claim(connection.peer() == kClient, "the machine at the other end");
                   while (true) {
                     const Result<Bytes> frame = connection.receive(kNever);
                     if (!frame.has_value()) break;
                     must(connection.send(*frame, kNever));
                   }
                 })},
                {kClient, [](Process& p) {
                   const auto connection = dial(p, kServer);
                   p.claim(connection->peer() == kServer, "the machine at the other end");
                   TaskGroup group(p.tasks);
                   group.spawn("sender", [&] {
                     for (std::size_t i = 0; i < kFrames; ++i) {
                       must(connection->send(pattern(i), kNever));
                     }
                   });
                   for (std::size_t i = 0; i < kFrames; ++i) {
                     p.claim(must(connection->receive(kNever)) == pattern(i), "as it was sent");
                   }
                   must(group.join(kNever));
                 }}});
}

TEST_P(NetworkConformance, a_process_may_connect_to_its_own_machine) {
  run_alone([](Process& p) {
    const auto listener = must(p.network.listen(kPort));
    const auto dialled = dial(p, p.network.machine());
    const auto accepted = must(listener->accept(kNever));
    must(dialled->send(as_bytes("to myself"), kNever));
    p.claim(as_text(must(accepted->receive(kNever))) == "to myself", "as it was sent");
  });
}

TEST_P(NetworkConformance, the_largest_frame_passes_and_a_larger_one_is_a_failed_check) {
  const auto send_bytes = [](std::size_t size) {
    return [size](Process& p) {
      const auto listener = must(p.network.listen(kPort));
      const auto dialled = dial(p, p.network.machine());
      const auto accepted = must(listener->accept(kNever));
      TaskGroup group(p.tasks);
      group.spawn("sender", [&] { must(dialled->send(Bytes(size), kNever)); });
      p.claim(must(accepted->receive(kNever)).size() == size, "it is carried");
      must(group.join(kNever));
    };
  };
  run_alone(send_bytes(kFrameBytesMax));
  run_into_check(send_bytes(kFrameBytesMax + 1), "");
}

TEST_P(NetworkConformance, nothing_is_accepted_by_a_send_that_waits_in_vain) {
  in_each_world([](ConformanceWorld& world) {
    start_all(world, {{kServer, server([](Process& p, Connection& connection) {
                         p.sleep(3_s);
                         int count = 0;
                         while (connection.receive(kNever).has_value()) ++count;
                         p.say("frames " + std::to_string(count));
                       })},
                      {kClient, [](Process& p) {
                         constexpr int kFramesMax = 10'000;
                         const Bytes frame(64 << 10);
                         const auto connection = dial(p, kServer);
                         int accepted = 0;
                         Result<void> sent;
                         Instant deadline;
                         while (sent.has_value() && accepted < kFramesMax) {
                           deadline = p.in(200_ms);
                           sent = connection->send(frame, deadline);
                           if (sent.has_value()) ++accepted;
                         }
                         p.claim(failed_with(sent, Errc::kTimeout), "the send window is full");
                         p.claim(p.clock.now() >= deadline, "the deadline has passed");
                         p.say("frames " + std::to_string(accepted));

                         TaskGroup group(p.tasks);
                         group.spawn("cancelled", [&] { sent = connection->send(frame, kNever); });
                         p.sleep(5_ms);
                         group.cancel_all();
                         must(group.join(p.in(1_s)));
                         p.claim(failed_with(sent, Errc::kCancelled), "a cancel ends the wait");

                         group.spawn("closed", [&] { sent = connection->send(frame, kNever); });
                         p.sleep(5_ms);
                         connection->close();
                         must(group.join(p.in(1_s)));
                         p.claim(failed_with(sent, Errc::kUnavailable),
                                 "so does a close of this end");
                       }}});
    expect_good_end(world);
    EXPECT_EQ(said(world, kServer, "frames "), said(world, kClient, "frames "));
  });
}

TEST_P(NetworkConformance, no_frame_is_taken_by_a_receive_that_waits_in_vain) {
  constexpr int kFrames = 60;
  run_together({{kServer, server([](Process& p, Connection& connection) {
                   for (int i = 0; i < kFrames; ++i) {
                     must(send_number(connection, i, kNever));
                     p.sleep(microseconds(60 + 3 * i));
                   }
                 })},
                {kClient, [](Process& p) {
                   const auto connection = dial(p, kServer);
                   for (int taken = 0, tries = 0; taken < kFrames; ++tries) {
                     Result<Bytes> frame = fail(Errc::kInvalid);
                     const bool is_cancelled = tries % 2 == 0;
                     const Instant deadline = is_cancelled ? kNever : p.in(50_us);
                     TaskGroup group(p.tasks);
                     group.spawn("receiver", [&] { frame = connection->receive(deadline); });
                     p.sleep(70_us);
                     if (is_cancelled) group.cancel_all();
                     must(group.join(kNever));
                     if (frame.has_value()) {
                       p.claim(number_of(*frame) == taken++, "the next frame comes next");
                     } else {
                       const Errc code = is_cancelled ? Errc::kCancelled : Errc::kTimeout;
                       p.claim(frame.error().code == code, "what ended the wait is said");
                     }
                   }
                 }}});
}

TEST_P(NetworkConformance, after_a_close_the_peer_gets_what_was_accepted_and_then_the_end) {
  for (const bool destroys : {false, true}) {
    run_together({{kServer, server([](Process& p, Connection& connection) {
                     p.claim(receive_numbers(p, connection, 60_s) == 50, "all accepted frames");
                     p.claim(failed_with(connection.receive(kNever), Errc::kUnavailable),
                             "no frame can follow");
                     // The other end's waits end by its own close, not by this one's.
                     p.sleep(5_s);
                   })},
                  {kClient, [destroys](Process& p) {
                     auto connection = dial(p, kServer);
                     for (int i = 0; i < 50; ++i) must(send_number(*connection, i, kNever));
                     if (destroys) {
                       connection.reset();
                       return;
                     }
                     Result<Bytes> received = Bytes();
                     TaskGroup group(p.tasks);
                     group.spawn("receiver", [&] { received = connection->receive(kNever); });
                     p.sleep(1_ms);
                     connection->close();
                     connection->close();
                     must(group.join(p.in(1_s)));
                     p.claim(failed_with(received, Errc::kUnavailable), "a waiting receive ends");
                     p.claim(failed_with(send_number(*connection, 50, kNever), Errc::kUnavailable),
                             "this end accepts no further frame");
                   }}});
  }
}

TEST_P(NetworkConformance, a_port_has_one_listener_until_it_is_closed) {
  run_alone([](Process& p) {
    auto listener = must(p.network.listen(kPort));
    p.claim(failed_with(p.network.listen(kPort), Errc::kAlreadyExists), "the port is taken");
    const Instant deadline = p.in(1_ms);
    p.claim(failed_with(listener->accept(deadline), Errc::kTimeout), "nobody connected");
    p.claim(p.clock.now() >= deadline, "the deadline has passed");
    for (const bool closes : {false, true}) {
      Result<std::unique_ptr<Connection>> accepted;
      TaskGroup group(p.tasks);
      group.spawn("acceptor", [&] { accepted = listener->accept(kNever); });
      p.sleep(1_ms);
      if (closes) listener->close();
      if (!closes) group.cancel_all();
      must(group.join(p.in(1_s)));
      const Errc code = closes ? Errc::kUnavailable : Errc::kCancelled;
      p.claim(failed_with(accepted, code), "a close or a cancel ends the wait");
    }
    p.claim(failed_with(listener->accept(kNever), Errc::kUnavailable), "it is closed");
    const Address here{.machine = p.network.machine(), .port = kPort};
    p.claim(failed_with(p.network.connect(here, p.in(60_s)), Errc::kRefused), "nobody listens");
    listener = must(p.network.listen(kPort));
    listener.reset();
    must(p.network.listen(kPort));
  });
}

TEST_P(NetworkConformance, a_connect_is_refused_where_nobody_listens) {
  run_together({{kServer, [](Process& p) { p.sleep(2_s); }},
                {kClient, [](Process& p) {
                   const auto connect = [&](const std::string& machine) {
                     return p.network.connect({.machine = machine, .port = kPort}, p.in(60_s));
                   };
                   p.claim(failed_with(connect(kServer), Errc::kRefused), "no listener");
                   p.claim(failed_with(connect("nowhere"), Errc::kRefused), "no such machine");
                 }}});
}

TEST_P(PowerlessPeerConformance,
       a_connect_to_a_machine_without_power_ends_by_its_deadline_or_a_cancel) {
  in_each_world([](ConformanceWorld& world) {
    world.start(kServer, [](Process& p) { p.wait_for_crash(); });
    expect_said(world, "ready");
    world.crash(kServer, Crash::kPowerLoss);
    world.start(kClient, [](Process& p) {
      for (const bool cancels : {false, true}) {
        Result<std::unique_ptr<Connection>> connected;
        const Instant deadline = cancels ? kNever : p.in(100_ms);
        TaskGroup group(p.tasks);
        group.spawn("dials", [&] {
          connected = p.network.connect({.machine = kServer, .port = kPort}, deadline);
        });
        p.sleep(10_ms);
        if (cancels) group.cancel_all();
        must(group.join(p.in(10_s)));
        const Errc code = cancels ? Errc::kCancelled : Errc::kTimeout;
        p.claim(failed_with(connected, code) || failed_with(connected, Errc::kUnavailable) ||
                    failed_with(connected, Errc::kRefused),
                "nobody answers, or the network says that nobody is there");
      }
    });
    expect_good_end(world);
  });
}

TEST_P(NetworkConformance, a_listener_resets_what_it_never_accepted) {
  run_together({{kServer,
                 [](Process& p) {
                   const auto listener = must(p.network.listen(kPort));
                   p.sleep(500_ms);
                 }},
                {kClient, [](Process& p) {
                   const auto connection = dial(p, kServer);
                   p.claim(failed_with(connection->receive(p.in(60_s)), Errc::kUnavailable),
                           "it was reset");
                 }}});
}

TEST_P(NetworkConformance, connections_between_the_same_processes_are_independent) {
  run_together({{kServer,
                 [](Process& p) {
                   const auto listener = must(p.network.listen(kPort));
                   const auto older = must(listener->accept(kNever));
                   const auto newer = must(listener->accept(kNever));
                   p.claim(receive_numbers(p, *newer, 60_s) == 20, "the newer one is served first");
                   int count = 0;
                   while (older->receive(kNever).has_value()) ++count;
                   p.claim(count > 0, "the older one stays readable");
                 }},
                {kClient, [](Process& p) {
                   const auto older = dial(p, kServer);
                   while (older->send(Bytes(64 << 10), p.in(100_ms)).has_value()) continue;
                   const auto newer = dial(p, kServer);
                   for (int i = 0; i < 20; ++i) must(send_number(*newer, i, p.in(60_s)));
                 }}});
}

// --- what accidents leave ---

enum class Accident : std::uint8_t { kKill, kPowerLoss, kBreak };

/// The server receives numbers over one connection, then over a second one, after the accident.
void interrupt(ConformanceWorld& world, Accident accident) {
  constexpr int kAccidentAt = 40;
  const auto client = [](int connections) {
    return [connections](Process& p) {
      for (int made = 0; made < connections; ++made) {
        const auto connection = dial(p, kServer);
        for (int i = 0; i < 100 && send_number(*connection, i, p.in(1_s)).has_value(); ++i) {
          if (i == kAccidentAt) p.say("half");
          p.sleep(100_us);
        }
      }
    };
  };
  world.start(kServer, [](Process& p) {
    const auto listener = must(p.network.listen(kPort));
    const auto older = must(listener->accept(kNever));
    const int before = receive_numbers(p, *older, 20_s);
    p.claim(before <= 100, "a prefix of what was sent");
    const auto newer = must(listener->accept(kNever));
    p.say("again " + std::to_string(receive_numbers(p, *newer, 20_s)));
  });
  world.start(kClient, client(2));
  ASSERT_EQ(world.run("half"), Stop::kSaid) << world.check_failure();
  if (accident == Accident::kBreak) {
    world.break_connections(kClient, kServer);
  } else {
    world.crash(kClient, accident == Accident::kKill ? Crash::kKill : Crash::kPowerLoss);
    world.start(kClient, client(1));
  }
}

TEST_P(NetworkConformance, a_killed_peer_leaves_a_prefix_of_its_frames_and_may_come_again) {
  in_each_world([](ConformanceWorld& world) {
    interrupt(world, Accident::kKill);
    expect_good_end(world);
    EXPECT_EQ(said(world, kServer, "again "), "100");
  });
}

TEST_P(PowerlessPeerConformance,
       a_peer_without_power_leaves_a_prefix_of_its_frames_and_may_come_again) {
  in_each_world([](ConformanceWorld& world) {
    interrupt(world, Accident::kPowerLoss);
    expect_good_end(world);
    EXPECT_EQ(said(world, kServer, "again "), "100");
  });
}

TEST_P(BreakConformance, a_broken_connection_leaves_a_prefix_and_does_not_harm_the_next_one) {
  in_each_world([](ConformanceWorld& world) {
    interrupt(world, Accident::kBreak);
    expect_good_end(world);
    EXPECT_EQ(said(world, kServer, "again "), "100");
  });
}

TEST_P(NetworkConformance, the_survivor_of_a_kill_learns_of_it_by_sending) {
  // The power-loss case differs: nobody answers until the machine is up again, so only the kill,
  // after which the machine's kernel still answers, must show within the deadline.
  in_each_world([](ConformanceWorld& world) {
    world.start(kServer,
                server([](Process& p, Connection& /*connection*/) { p.wait_for_crash(); }));
    world.start(kClient, [](Process& p) {
      const auto connection = dial(p, kServer);
      Result<void> sent;
      for (int i = 0; i < 1000 && sent.has_value(); ++i) {
        sent = send_number(*connection, i, p.in(60_s));
        p.sleep(10_ms);
      }
      p.claim(failed_with(sent, Errc::kUnavailable), "the connection is known to be broken");
    });
    expect_said(world, "ready");
    world.crash(kServer, Crash::kKill);
    expect_good_end(world);
  });
}

}  // namespace
}  // namespace millrace::conformance
