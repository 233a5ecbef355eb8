// What each network fault does to a small program, and that nothing happens without it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/devices/network_world.h"

namespace millrace::sim {
namespace {

using ::testing::ElementsAre;

void serve_all(Program& program) {
  const auto listener = program.listen();
  while (true) {
    auto accepted = listener->accept(program.in(seconds(1000)));
    if (!accepted) return;
    Connection* const connection = accepted->release();
    program.spawn("connection", [&program, connection] {
      program.receive_all(*connection, seconds(1000));
      delete connection;
    });
  }
}

/// Sends "0", "1", ... every millisecond from millisecond 1 on.
auto send_each_ms(int count) {
  return [count](Program& program) {
    program.sleep(milliseconds(1) - microseconds(100));
    const auto connection = program.connect("server");
    for (int frame = 0; frame < count; ++frame) {
      program.send(*connection, std::to_string(frame));
      program.sleep(milliseconds(1));
    }
    program.sleep(seconds(500));
  };
}

// --- cuts ---

class NetworkCut : public ::testing::TestWithParam<FaultKind> {};

TEST_P(NetworkCut, loses_packets_that_arrive_after_the_heal) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(10));
  net.at(microseconds(3500), [&] { net.network().cut(net.route("client", "server"), GetParam()); });
  net.at(microseconds(6500), [&] { net.network().heal(net.route("client", "server")); });

  net.run(seconds(5));

  // Frames 0, 1 and 2 were there by then; 3, 4 and 5 come with TCP's next attempt, and 6 to 9,
  // which found the link whole, wait behind them.
  const std::vector<std::string> all{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  EXPECT_EQ(net.said_by("server"), all);
  EXPECT_LT(net.when("2"), 3'500);
  EXPECT_GT(net.when("3"), 6'500);
  EXPECT_EQ(net.effects(GetParam()), 3U);
  EXPECT_EQ(net.all_effects(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, NetworkCut,
                         ::testing::Values(FaultKind::kNetPartition, FaultKind::kNetOneWay,
                                           FaultKind::kNetBridge, FaultKind::kNetRing,
                                           FaultKind::kNetFlapping));

TEST(NetworkFault, a_cut_reaches_what_is_in_flight_even_if_it_is_healed_before_the_arrival) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(1));
  // The frame leaves at 1,100 us or so and takes 50 us. A cut of 10 us lies within.
  net.at(microseconds(1010),
         [&] { net.network().cut(net.route("client", "server"), FaultKind::kNetPartition); });
  net.at(microseconds(1020), [&] { net.network().heal(net.route("client", "server")); });

  net.run(seconds(5));

  EXPECT_EQ(net.said("0"), 1);
  EXPECT_GE(net.when("0"), 1150);
  EXPECT_EQ(net.effects(FaultKind::kNetPartition), 1U);
}

TEST(NetworkFault, a_one_way_cut_lets_the_other_way_through) {
  NetworkWorld net(plain_network());
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    const auto connection = program.accept(*listener);
    program.sleep(milliseconds(10));
    program.send(*connection, "to the client");
    program.receive_all(*connection, seconds(1000));
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.sleep(milliseconds(10));
    program.send(*connection, "to the server");
    program.receive_all(*connection, seconds(1000));
  });
  net.at(milliseconds(5),
         [&] { net.network().cut(net.route("client", "server"), FaultKind::kNetOneWay); });

  net.run(seconds(100));

  EXPECT_EQ(net.said("to the client"), 1);
  EXPECT_EQ(net.said("to the server"), 0);
}

TEST(NetworkFault, cuts_of_one_link_nest) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(1));
  const auto cut = [&] {
    net.network().cut(net.route("client", "server"), FaultKind::kNetPartition);
  };
  net.at({}, cut);
  net.at({}, cut);
  net.at(milliseconds(100), [&] { net.network().heal(net.route("client", "server")); });
  net.at(milliseconds(200), [&] { net.network().heal(net.route("client", "server")); });
  net.at(milliseconds(300), [&] { net.network().heal(net.route("client", "server")); });

  net.run(seconds(5));

  EXPECT_GE(net.when("0"), 200'000);
}

TEST(NetworkFault, an_isolated_machine_reaches_nobody_and_nobody_reaches_it) {
  NetworkWorld net(plain_network());
  for (const char* name : {"a", "b", "c"}) {
    net.boot(name, [](Program& program) {
      program.spawn("server", [&program] { serve_all(program); });
      program.sleep(milliseconds(1));
      for (const char* other : {"a", "b", "c"}) {
        const Result<std::unique_ptr<Connection>> connected = program.network().connect(
            {.machine = other, .port = NetworkWorld::kPort}, program.in(milliseconds(10)));
        if (connected) program.say(std::string("reaches ") + other);
      }
    });
  }
  net.at({}, [&] { net.network().isolate({&net.machine("a")}, FaultKind::kNetPartition); });

  net.run(milliseconds(500));

  EXPECT_EQ(net.said("reaches a"), 1);  // Itself.
  EXPECT_EQ(net.said("reaches b"), 2);
  EXPECT_EQ(net.said("reaches c"), 2);
  EXPECT_EQ(net.effects(FaultKind::kNetPartition), 4U);
}

TEST(NetworkFault, restoring_a_link_ends_all_that_disturbs_it) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(20));
  const auto route = [&] { return net.route("client", "server"); };
  net.at(microseconds(1500), [&] {
    net.network().cut(route(), FaultKind::kNetPartition);
    net.network().cut(route(), FaultKind::kNetPartition);
    net.network().clog(route(), seconds(50), FaultKind::kNetClog);
    net.network().slow(route(), {.multiplier = 1000});
    net.network().lose(route(), Ratio::always());
    net.network().limit_bandwidth(route(), 1);
  });
  net.at(microseconds(5500), [&] { net.network().restore(route()); });

  net.run(seconds(100));

  EXPECT_EQ(net.said_by("server").size(), 20U);
  EXPECT_LT(net.when("19"), 2'000'000);
}

// --- clogs, slow links, losses ---

class NetworkClog : public ::testing::TestWithParam<FaultKind> {};

TEST_P(NetworkClog, keeps_packets_and_gives_them_out_in_a_burst) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(5));
  net.at(microseconds(1500),
         [&] { net.network().clog(net.route("client", "server"), milliseconds(100), GetParam()); });

  net.run(seconds(5));

  EXPECT_LT(net.when("0"), 1500);
  EXPECT_EQ(net.when("1"), 101'500);
  EXPECT_LT(net.when("4"), 101'600);
  EXPECT_EQ(net.effects(GetParam()), 4U);
  EXPECT_EQ(net.all_effects(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, NetworkClog,
                         ::testing::Values(FaultKind::kNetClog, FaultKind::kNetSwizzle));

TEST(NetworkFault, a_longer_clog_wins_over_a_shorter_one) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(1));
  net.at({}, [&] {
    net.network().clog(net.route("client", "server"), milliseconds(100), FaultKind::kNetClog);
    net.network().clog(net.route("client", "server"), milliseconds(50), FaultKind::kNetClog);
  });

  net.run(seconds(5));

  EXPECT_GE(net.when("0"), 100'000);
}

TEST(NetworkFault, a_slow_link_delays_what_is_sent_and_what_is_in_flight) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(2));
  net.at(microseconds(1020), [&] {
    net.network().slow(net.route("client", "server"), {.multiplier = 3, .added = milliseconds(4)});
  });

  net.run(seconds(5));

  // 50 us times 3 and 4 ms; the first frame had left before, and gets the difference on its way.
  EXPECT_NEAR(net.when("0"), 1000 + 50 + 4100, 10);
  EXPECT_NEAR(net.when("1"), 2000 + 150 + 4000, 10);
  EXPECT_EQ(net.effects(FaultKind::kNetSlow), 2U);
}

TEST(NetworkFault, less_bandwidth_is_a_slow_link) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(2));
  net.at(microseconds(1500),
         [&] { net.network().limit_bandwidth(net.route("client", "server"), 1000); });

  net.run(seconds(5));

  // 17 bytes at a millisecond each.
  EXPECT_NEAR(net.when("1"), 2000 + 50 + 17'000, 2'000);
  EXPECT_GE(net.effects(FaultKind::kNetSlow), 1U);
}

TEST(NetworkFault, losses_show_as_the_delay_of_sending_again) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(200));
  net.at(milliseconds(10), [&] { net.network().lose(net.route("client", "server"), {1, 10}); });

  net.run(seconds(100));

  // None is missing and the order holds; about 19 of 190 were late.
  EXPECT_EQ(net.said_by("server").size(), 200U);
  EXPECT_GT(net.effects(FaultKind::kNetLoss), 5U);
  EXPECT_LT(net.effects(FaultKind::kNetLoss), 50U);
}

TEST(NetworkFault, a_loss_that_was_not_drawn_delays_nothing) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(5));
  net.at({}, [&] { net.network().lose(net.route("client", "server"), Ratio::never()); });

  net.run(seconds(5));

  EXPECT_LT(net.when("4"), 5'100);
  EXPECT_EQ(net.all_effects(), 0U);
}

// --- connects ---

TEST(NetworkFault, refused_connects_are_refused_until_the_fault_ends) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    program.connect("server");
    program.sleep(milliseconds(20));
    if (program.connect("server")) program.say("connected");
  });
  net.at({}, [&] { net.network().refuse_connects(net.machine("server"), true); });
  net.at(milliseconds(10), [&] { net.network().refuse_connects(net.machine("server"), false); });

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("client"), ElementsAre("connect: refused", "connected"));
  EXPECT_EQ(net.effects(FaultKind::kNetRefuse), 1U);
}

TEST(NetworkFault, hanging_connects_get_no_answer_until_the_fault_ends) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    if (program.connect("server")) program.say("connected");
  });
  net.at({}, [&] { net.network().hang_connects(net.machine("server"), true); });
  net.at(milliseconds(100), [&] { net.network().hang_connects(net.machine("server"), false); });

  net.run(seconds(10));

  EXPECT_GE(net.when("connected"), 1'000'000);
  EXPECT_EQ(net.effects(FaultKind::kNetHang), 1U);
}

// --- breaks ---

/// What the two ends of a broken connection see, in one seed.
struct BreakOutcome {
  int arrived = 0;       ///< Of 10 frames under way.
  std::string receiver;  ///< What ends its receive, and when.
  bool sender_knows_at_once = false;
  bool sender_knows_by_sending = false;
  std::uint64_t effects = 0;
};

BreakOutcome break_in_flight(std::uint64_t seed) {
  NetworkWorld net(plain_network(), seeded(seed));
  net.boot("server", [](Program& program) {
    const auto listener = program.listen();
    const auto connection = program.accept(*listener);
    program.receive_all(*connection, seconds(60));
  });
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto connection = program.connect("server");
    program.sleep(milliseconds(1));
    for (int frame = 0; frame < 10; ++frame) program.send(*connection, "frame");
    program.sleep(milliseconds(1));
    if (!program.send(*connection, "probe")) program.say("knew");
    program.sleep(milliseconds(1));
    if (!program.send(*connection, "probe")) program.say("knows");
    program.sleep(seconds(500));
  });
  // The frames leave at 2,1xx us and are still under way.
  net.at(microseconds(2120),
         [&] { net.network().break_connections(net.route("server", "client"), fault_root(1)); });

  net.run(seconds(200));

  BreakOutcome outcome;
  outcome.arrived = net.said("frame");
  const std::vector<std::string> server = net.said_by("server");
  outcome.receiver = server.empty() ? "" : server.back();
  if (net.when("receive:") > 5'000'000 && net.said("timeout") == 0) outcome.receiver += " later";
  outcome.sender_knows_at_once = net.said("knew") == 1;
  outcome.sender_knows_by_sending = net.said("knew") == 0 && net.said("knows") == 1;
  outcome.effects = net.effects(FaultKind::kNetBreak);
  EXPECT_EQ(net.said("probe"), 0);
  EXPECT_EQ(net.all_effects(), outcome.effects);
  return outcome;
}

TEST(NetworkFault, a_break_draws_what_arrives_and_when_each_end_learns) {
  std::set<std::string> receivers;
  int all = 0;
  int none = 0;
  int prefix = 0;
  int at_once = 0;
  int by_sending = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const BreakOutcome outcome = break_in_flight(seed);
    receivers.insert(outcome.receiver);
    if (outcome.arrived == 10) ++all;
    if (outcome.arrived == 0) ++none;
    if (outcome.arrived > 0 && outcome.arrived < 10) ++prefix;
    if (outcome.sender_knows_at_once) ++at_once;
    if (outcome.sender_knows_by_sending) ++by_sending;
    EXPECT_GE(outcome.effects, 1U) << "seed " << seed;
  }
  // A third each, a quarter each: none of them is rare.
  EXPECT_GT(all, 15);
  EXPECT_GT(none, 15);
  EXPECT_GT(prefix, 15);
  EXPECT_GT(at_once, 10);
  EXPECT_GT(by_sending, 10);
  EXPECT_EQ(receivers, (std::set<std::string>{"receive: timeout", "receive: unavailable",
                                              "receive: unavailable later"}));
}

// --- situations ---

TEST(NetworkFault, a_new_connection_can_be_served_before_frames_of_the_old_one) {
  // Where the older connection's frame is lost, the younger one overtakes it.
  std::set<std::string> firsts;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    NetworkSpec spec = plain_network();
    spec.link.loss = {1, 3};
    NetworkWorld lossy(spec, seeded(seed));
    lossy.boot("server", serve_all);
    lossy.boot("client", [](Program& program) {
      program.sleep(milliseconds(1));
      const auto older = program.connect("server");
      program.send(*older, "older");
      const auto younger = program.connect("server");
      program.send(*younger, "younger");
      program.sleep(seconds(100));
    });
    lossy.run(seconds(50));
    ASSERT_EQ(lossy.said_by("server").size(), 2U);
    firsts.insert(lossy.said_by("server").front());
    const bool is_older_late = lossy.said_by("server").front() == "younger";
    if (is_older_late) {
      EXPECT_EQ(lossy.meters().of(Situation::kFrameOnOldConnection), 1U);
    }
  }
  EXPECT_EQ(firsts.size(), 2U);
}

TEST(NetworkFault, without_faults_nothing_is_metered) {
  NetworkWorld net(plain_network());
  net.boot("server", serve_all);
  net.boot("client", send_each_ms(1000));

  net.run(seconds(5));

  EXPECT_EQ(net.said_by("server").size(), 1000U);
  EXPECT_EQ(net.all_effects(), 0U);
  EXPECT_EQ(net.meters().of(Situation::kFrameOnOldConnection), 0U);
  EXPECT_EQ(net.meters().of(Situation::kReplyLost), 0U);
}

}  // namespace
}  // namespace millrace::sim
