// Connections while nothing goes wrong: order, buffers, ends, and the ways to be refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/devices/network_world.h"

namespace millrace::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A server that accepts one connection and says everything it gets.
void serve_one(Program& program) {
  const auto listener = program.listen();
  const auto connection = program.accept(*listener);
  if (connection) program.receive_all(*connection, seconds(100));
}

TEST(NetworkConnection, a_frame_takes_the_latency_of_its_link) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_one);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.sleep(milliseconds(1));
    program.say("sends");
    program.send(*connection, "hello");
    program.sleep(seconds(1));
  });

  net.run(milliseconds(100));

  ASSERT_EQ(net.said("hello"), 1);
  EXPECT_EQ(net.when("hello") - net.when("sends"), 50);
  EXPECT_EQ(net.all_effects(), 0U);
}

TEST(NetworkConnection, an_answer_to_connect_takes_both_ways) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_one);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    program.say("asks");
    const auto connection = program.connect("server");
    program.say("has it");
  });

  net.run(milliseconds(100));

  EXPECT_EQ(net.when("has it") - net.when("asks"), 100);
}

TEST(NetworkConnection, frames_stay_in_order_whatever_the_schedule_and_the_jitter) {
  NetworkSpec spec = plain_network();
  spec.link.jitter = milliseconds(2);
  spec.link.loss = {1, 5};
  WorldOptions options;
  options.strategy.kind = StrategyKind::kRandom;
  options.strategy.window = milliseconds(5);
  NetworkWorld net(spec, options);
  net.boot("server", serve_one);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(50));
    const auto connection = program.connect("server");
    for (int frame = 0; frame < 300; ++frame) {
      program.send(*connection, std::to_string(frame));
      if (frame % 7 == 0) program.sleep(microseconds(300));
    }
  });

  net.run(seconds(100));

  std::vector<std::string> expected;
  for (int frame = 0; frame < 300; ++frame) expected.push_back(std::to_string(frame));
  expected.emplace_back("receive: unavailable");
  EXPECT_EQ(net.said_by("server"), expected);
}

TEST(NetworkConnection, bandwidth_makes_frames_queue) {
  NetworkSpec spec = plain_network();
  spec.link.bytes_per_second = 1'000'000;  // A microsecond a byte.
  NetworkWorld net(spec);
  net.boot("server", serve_one);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.sleep(milliseconds(1));
    program.say("sends");
    program.send(*connection, "a" + std::string(1000 - 17, '.'));
    program.send(*connection, "b" + std::string(1000 - 17, '.'));
    program.sleep(seconds(1));
  });

  net.run(seconds(2));

  // 1,000 bytes with the overhead: the second waits for the first to have left.
  EXPECT_NEAR(net.when("a...") - net.when("sends"), 1050, 1);
  EXPECT_NEAR(net.when("b...") - net.when("sends"), 2050, 1);
}

TEST(NetworkConnection, latencies_have_a_tail) {
  NetworkSpec spec = plain_network();
  spec.link = LinkSpec{};
  NetworkWorld net(spec);
  std::int64_t longest_us = 0;
  std::int64_t over_base = 0;
  net.boot("server", [&](Program& program) {
    const auto listener = program.listen();
    const auto connection = program.accept(*listener);
    for (int frame = 0; frame < 4000; ++frame) {
      const Result<Bytes> got = connection->receive(program.in(seconds(1)));
      const std::int64_t sent_ns = std::stoll(std::string(as_text(*got)));
      const std::int64_t us = (program.now().ns - sent_ns) / 1000;
      longest_us = std::max(longest_us, us);
      if (us > 60) ++over_base;
    }
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    for (int frame = 0; frame < 4000; ++frame) {
      program.send(*connection, std::to_string(program.now().ns));
      program.sleep(milliseconds(10));
    }
  });

  net.run(seconds(60));

  // Jitter of 5 us on 50: 2 means and more in e^-2 of the frames; four or so of 4,000 in the tail.
  EXPECT_GT(over_base, 300);
  EXPECT_LT(over_base, 900);
  EXPECT_GT(longest_us, 150);
}

TEST(NetworkConnection, a_send_waits_while_window_and_buffer_are_full) {
  NetworkSpec spec = plain_network();
  spec.pipe = {.send_buffer_bytes = 1000, .window_bytes = 1000};
  NetworkWorld net(spec);
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    const auto connection = program.accept(*listener);
    program.sleep(seconds(5));
    program.receive_all(*connection, seconds(1));
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    // 10 frames of 100 fill the window, 10 the buffer; the 21st has no place for 5 s.
    for (int frame = 0; frame < 21; ++frame) {
      program.send(*connection, std::string(84, static_cast<char>('a' + frame)));
      if (frame == 19) program.say("20 sent");
    }
    program.say("21 sent");
    const Result<void> late = connection->send(as_bytes(std::string(984, 'z')), program.now());
    program.say(late ? "in time" : to_text(late.error().code));
    program.sleep(seconds(100));
  });

  net.run(seconds(20));

  EXPECT_LT(net.when("20 sent"), 10'000);
  EXPECT_GE(net.when("21 sent"), 5'000'000);
  EXPECT_LT(net.when("21 sent"), 5'010'000);
  EXPECT_EQ(net.said("timeout"), 2);  // The send without room, and the server's last receive.
  EXPECT_EQ(net.said_by("server").size(), 22U);
}

TEST(NetworkConnection, after_a_close_accepted_frames_still_arrive_and_then_the_end) {
  NetworkWorld net(plain_network());
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    const auto connection = program.accept(*listener);
    program.receive_all(*connection, seconds(1));
    program.send(*connection, "too late");
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.send(*connection, "one");
    program.send(*connection, "two");
    connection->close();
    connection->close();
    program.send(*connection, "three");
    program.receive_all(*connection, seconds(1));
  });

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("server"),
              ElementsAre("one", "two", "receive: unavailable", "send: unavailable"));
  EXPECT_THAT(net.said_by("client"), ElementsAre("send: unavailable", "receive: unavailable"));
  EXPECT_EQ(net.network().connection_count(), 0U);
}

TEST(NetworkConnection, a_close_ends_the_waits_of_its_own_side) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_one);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.spawn("reader", [&] { program.receive_all(*connection, seconds(1000)); });
    program.sleep(milliseconds(1));
    connection->close();
    program.sleep(milliseconds(1));
  });

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("client"), ElementsAre("receive: unavailable"));
}

TEST(NetworkConnection, waits_end_by_their_deadline_and_by_cancel) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_one);
  net.boot("client", [&](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.receive_all(*connection, milliseconds(3));
    Task& reader =
        program.spawn("reader", [&] { program.receive_all(*connection, seconds(1000)); });
    program.sleep(milliseconds(1));
    {
      const ArenaScope simulator(nullptr);
      net.world().cancel_task(reader);
    }
    program.sleep(milliseconds(1));
  });

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("client"), ElementsAre("receive: timeout", "receive: cancelled"));
}

TEST(NetworkConnection, both_ends_and_the_same_machine_can_talk) {
  NetworkWorld net(plain_network());
  net.boot("alone", [](Program& program) {
    const auto listener = program.listen();
    program.spawn("server", [&] {
      const auto connection = program.accept(*listener);
      const Result<Bytes> asked = connection->receive(program.in(seconds(1)));
      program.send(*connection, "re: " + std::string(as_text(*asked)));
      program.sleep(seconds(1));
    });
    const auto connection = program.connect("alone");
    program.send(*connection, "question");
    program.receive_all(*connection, milliseconds(10));
  });

  net.run(seconds(10));

  EXPECT_THAT(net.said_by("alone"), ElementsAre("re: question", "receive: timeout"));
}

// --- connecting ---

TEST(NetworkConnect, nobody_listening_and_no_such_machine_are_refused) {
  NetworkWorld net(plain_network());
  net.boot("idle", [](Program&) {});
  net.boot("client", [](Program& program) {
    ignore(program.network().connect({.machine = "nowhere", .port = 7}, program.now()),
           "only that it does not wait matters");
    program.connect("nowhere");
    program.connect("idle");
  });

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("client"), ElementsAre("connect: refused", "connect: refused"));
  EXPECT_EQ(net.network().connection_count(), 0U);
}

TEST(NetworkConnect, a_machine_without_its_process_refuses) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_one);
  net.at(milliseconds(1), [&] { net.world().kill(net.machine("server"), ProcessEnd::kKill); });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(2));
    program.connect("server");
  });

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("client"), ElementsAre("connect: refused"));
}

TEST(NetworkConnect, a_machine_that_is_off_gives_no_answer) {
  NetworkWorld net(plain_network());
  net.machine("server");
  net.boot("client", [](Program& program) {
    const auto connected =
        program.network().connect({.machine = "server", .port = 7}, program.in(milliseconds(1500)));
    program.say(to_text(connected.error().code));
  });

  net.run(seconds(10));

  EXPECT_EQ(net.when("timeout"), 1'500'000);
  EXPECT_EQ(net.network().connection_count(), 0U);
}

TEST(NetworkConnect, a_machine_that_boots_before_the_deadline_is_found_by_a_later_attempt) {
  NetworkWorld net(plain_network());
  net.machine("server");
  net.at(milliseconds(500), [&] { net.boot("server", serve_one); });
  net.boot("client", [](Program& program) {
    const auto connection = program.connect("server");
    program.say("connected");
  });

  net.run(seconds(10));

  // The kernel asks again after a second.
  EXPECT_NEAR(net.when("connected"), 1'000'000, 1000);
}

TEST(NetworkConnect, an_attempt_that_nobody_ever_answers_ends_without_its_deadline) {
  NetworkWorld net(plain_network());
  net.machine("server");
  net.boot("client", [](Program& program) { program.connect("server"); });

  net.run(seconds(900));

  EXPECT_THAT(net.said_by("client"), ElementsAre("connect: unavailable"));
}

TEST(NetworkConnect, a_port_is_taken_once_and_free_again_after_a_close) {
  NetworkWorld net(plain_network());
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    ignore(program.network().listen(8), "another port is free");
    program.listen();
    listener->close();
    program.accept(*listener);
    const auto again = program.listen();
    listener->close();  // Of a port that is another listener's by now.
    program.say("listens");
    program.accept(*again);
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.say(connection ? "connected" : "not connected");
  });

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("server"),
              ElementsAre("listen: already_exists", "accept: unavailable", "listens"));
  EXPECT_THAT(net.said_by("client"), ElementsAre("connected"));
}

TEST(NetworkConnect, closing_a_port_resets_what_was_never_accepted) {
  NetworkWorld net(plain_network());
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    program.sleep(milliseconds(10));
    listener->close();
    program.sleep(seconds(10));
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.say("connected");
    program.receive_all(*connection, seconds(1));
  });

  net.run(seconds(5));

  EXPECT_THAT(net.said_by("client"), ElementsAre("connected", "receive: unavailable"));
  EXPECT_EQ(net.meters().of(Situation::kAcceptedNeverServed), 1U);
}

TEST(NetworkConnect, what_was_never_served_is_counted_once) {
  NetworkWorld net(plain_network());
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    program.sleep(milliseconds(100));
    listener->close();
    program.sleep(seconds(10));
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.sleep(milliseconds(10));
    connection->close();
    program.say("gave up");
    program.sleep(seconds(10));
  });

  net.run(seconds(5));

  // The client left, and 90 ms later the port was closed with the connection in its backlog.
  EXPECT_EQ(net.said("gave up"), 1);
  EXPECT_EQ(net.meters().of(Situation::kAcceptedNeverServed), 1U);
}

TEST(NetworkConnect, a_full_backlog_lets_further_attempts_wait) {
  NetworkSpec spec = plain_network();
  spec.backlog_max = 2;
  NetworkWorld net(spec);
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    program.sleep(milliseconds(500));
    std::vector<std::unique_ptr<Connection>> accepted;
    while (accepted.size() < 3) accepted.push_back(program.accept(*listener));
    program.say("has three");
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    std::vector<std::unique_ptr<Connection>> connected;
    for (const char* text : {"first", "second", "third"}) {
      connected.push_back(program.connect("server"));
      program.say(text);
    }
  });

  net.run(seconds(5));

  EXPECT_LT(net.when("second"), 10'000);
  EXPECT_NEAR(net.when("third"), 1'001'000, 1000);
  EXPECT_EQ(net.said("has three"), 1);
}

TEST(NetworkConnect, giving_up_resets_what_the_other_kernel_has_accepted) {
  NetworkWorld net(plain_network());
  // The answers get lost, the requests do not.
  net.at({}, [&] { net.network().cut(net.route("server", "client"), FaultKind::kNetOneWay); });
  net.boot("server", serve_one);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connected =
        program.network().connect({.machine = "server", .port = 7}, program.in(milliseconds(10)));
    program.say(to_text(connected.error().code));
  });

  net.run(seconds(5));

  EXPECT_THAT(net.said_by("client"), ElementsAre("timeout"));
  EXPECT_THAT(net.said_by("server"), ElementsAre("receive: unavailable"));
}

TEST(NetworkConnect, connections_leave_nothing_behind) {
  NetworkWorld net(plain_network());
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    for (int round = 0; round < 100; ++round) {
      const auto connection = program.accept(*listener);
      const Result<Bytes> asked = connection->receive(program.in(seconds(1)));
      if (asked) program.send(*connection, as_text(*asked));
    }
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    for (int round = 0; round < 100; ++round) {
      const auto connection = program.connect("server");
      program.send(*connection, "x");
      const Result<Bytes> answer = connection->receive(program.in(seconds(1)));
      if (answer) program.say("answered");
    }
  });

  net.run(seconds(20));

  EXPECT_EQ(net.said("answered"), 100);
  EXPECT_EQ(net.network().connection_count(), 0U);
  EXPECT_EQ(net.all_effects(), 0U);
}

}  // namespace
}  // namespace millrace::sim
