// Frames as anchors of faults, and in traces.

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/devices/network_world.h"

namespace millrace::sim {
namespace {

using ::testing::ElementsAre;

/// Calls a function at the n-th frame.
class AtFrame final : public AnchorSink {
 public:
  AtFrame(int n, std::function<void(const FrameMoment&)> action)
      : left_(n), action_(std::move(action)) {
    set_wanted(MomentKind::kFrame, true);
  }
  void on_frame(const FrameMoment& moment) override {
    if (--left_ == 0) action_(moment);
  }

 private:
  int left_;
  std::function<void(const FrameMoment&)> action_;
};

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

void send_three(Program& program) {
  program.sleep(milliseconds(1));
  const auto connection = program.connect("server");
  for (const char* text : {"one", "two", "three"}) program.send(*connection, text);
  program.sleep(seconds(100));
}

TEST(NetworkAnchor, a_kill_at_a_frame_comes_after_the_frame_was_accepted) {
  NetworkWorld* world = nullptr;
  AtFrame second(2, [&](const FrameMoment& moment) {
    EXPECT_EQ(moment.source, "client");
    EXPECT_EQ(moment.destination, "server");
    EXPECT_EQ(as_text(moment.bytes), "two");
    world->world().kill(world->machine("client"), ProcessEnd::kKill);
  });
  NetworkWorld net(plain_network(), {}, &second);
  world = &net;
  net.boot("server", serve_all);
  net.boot("client", send_three);

  net.run(seconds(1));

  EXPECT_THAT(net.said_by("server"), ElementsAre("one", "two", "receive: unavailable"));
}

TEST(NetworkAnchor, a_connection_can_break_at_a_frame) {
  NetworkWorld* world = nullptr;
  AtFrame second(2, [&](const FrameMoment& moment) {
    EXPECT_TRUE(world->network().break_direction(moment.direction, fault_root(1)));
    EXPECT_FALSE(world->network().break_direction(moment.direction, fault_root(1)));
  });
  NetworkWorld net(plain_network(), {}, &second);
  world = &net;
  net.boot("server", serve_all);
  net.boot("client", send_three);

  net.run(seconds(1));

  EXPECT_EQ(net.said("three"), 0);
  EXPECT_GT(net.effects(FaultKind::kNetBreak), 0U);
}

TEST(NetworkAnchor, a_break_at_a_frame_leaves_other_connections_alone) {
  NetworkWorld* world = nullptr;
  AtFrame first(1, [&](const FrameMoment& moment) {
    EXPECT_TRUE(world->network().break_direction(moment.direction, fault_root(1)));
  });
  NetworkWorld net(plain_network(), {}, &first);
  world = &net;
  net.boot("server", serve_all);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto older = program.connect("server");
    const auto younger = program.connect("server");
    for (int round = 0; round < 3; ++round) {
      program.send(*younger, "younger");
      program.send(*older, "older");
      program.sleep(milliseconds(10));
    }
    program.sleep(seconds(100));
  });

  net.run(seconds(1));

  EXPECT_EQ(net.said("older"), 3);
  // At most the one that was under way when its connection broke.
  EXPECT_LE(net.said("younger"), 1);
}

TEST(NetworkAnchor, a_held_direction_lets_a_newer_connection_overtake) {
  NetworkWorld* world = nullptr;
  AtFrame first(1, [&](const FrameMoment& moment) {
    world->world().hold(moment.direction, milliseconds(50));
  });
  NetworkWorld net(plain_network(), {}, &first);
  world = &net;
  net.boot("server", serve_all);
  net.boot("client", [](Program& program) {
    program.sleep(milliseconds(1));
    const auto older = program.connect("server");
    program.send(*older, "older");
    const auto younger = program.connect("server");
    program.send(*younger, "younger");
    program.sleep(seconds(100));
  });

  net.run(seconds(1));

  // Both stay readable.
  EXPECT_THAT(net.said_by("server"), ElementsAre("younger", "older"));
  EXPECT_GE(net.when("older"), 50'000);
  EXPECT_EQ(net.meters().of(Situation::kFrameOnOldConnection), 1U);
}

TEST(NetworkTrace, names_frames_only_where_the_run_is_traced) {
  for (const bool is_traced : {false, true}) {
    int named = 0;
    NetworkWorld net(plain_network());
    net.network().set_frame_namer([&](ByteView frame) {
      ++named;
      return "frame " + std::string(as_text(frame));
    });
    net.world().set_traced(is_traced);
    net.boot("server", serve_all);
    net.boot("client", send_three);

    net.run(milliseconds(50));

    EXPECT_EQ(named, is_traced ? 6 : 0);
    const std::vector<std::string> expected{"client > server: frame one",
                                            "server < client: frame one"};
    if (!is_traced) {
      EXPECT_TRUE(net.notes().empty());
      continue;
    }
    ASSERT_EQ(net.notes().size(), 6U);
    EXPECT_EQ(net.notes().front(), expected.front());
    EXPECT_EQ(net.notes()[3], expected.back());
  }
}

}  // namespace
}  // namespace millrace::sim
