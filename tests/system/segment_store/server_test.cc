// The segment store as a process, seen over its connections, in a simulated world.

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "system/env/sync.h"
#include "system/segment_store/segment_store.h"
#include "system/wire/message_stream.h"
#include "tests/system/wal/env_world.h"

namespace millrace::segment_store {
namespace {

const SegmentId kSegment{.stream = *StreamName::parse("orders"), .number = 0};
const SegmentId kOther{.stream = *StreamName::parse("returns"), .number = 0};
constexpr WriterId kWriter{.high = 1, .low = 2};
const std::string kStore = "store";
const std::string kClient = "client";
using Lines = std::vector<std::string>;

std::string text_of(const wire::Message& message) {
  return std::visit(
      [](const auto& m) -> std::string {
        using M = std::remove_cvref_t<decltype(m)>;
        if constexpr (std::is_same_v<M, wire::KeepAlive>) {
          return "alive";
        } else if constexpr (std::is_same_v<M, wire::AppendSetup>) {
          if (!m.event_number_last.has_value()) return "setup none";
          return "setup " + std::to_string(m.event_number_last->value());
        } else if constexpr (std::is_same_v<M, wire::Appended>) {
          return "appended " + std::to_string(m.event_number_last.value()) + " at " +
                 (m.offset.has_value() ? std::to_string(*m.offset) : "?") + " length " +
                 std::to_string(m.segment_length);
        } else if constexpr (std::is_same_v<M, wire::AppendFailed>) {
          return "failed " + std::to_string(m.event_number_last.value()) + ' ' +
                 std::string(to_text(m.code));
        } else if constexpr (std::is_same_v<M, wire::ConditionalCheckFailed>) {
          return "check failed, length " + std::to_string(m.segment_length);
        } else if constexpr (std::is_same_v<M, wire::SegmentRead>) {
          const bool is_short = m.data.size() < 100;
          const std::string data = is_short ? "'" + std::string(as_text(m.data)) + "'"
                                            : std::to_string(m.data.size()) + " bytes";
          return "read " + data + (m.is_at_tail ? " tail" : "") + (m.is_end ? " end" : "");
        } else if constexpr (std::is_same_v<M, wire::ReadTruncated>) {
          return "truncated, starts at " + std::to_string(m.start_offset);
        } else if constexpr (std::is_same_v<M, wire::SegmentInfo>) {
          return m.exists ? "info " + std::to_string(m.start_offset) + ".." +
                                std::to_string(m.length) + (m.is_sealed ? " sealed" : "")
                          : "info none";
        } else if constexpr (std::is_same_v<M, wire::SegmentCreated>) {
          return "created";
        } else if constexpr (std::is_same_v<M, wire::SegmentSealed>) {
          return "sealed at " + std::to_string(m.length);
        } else if constexpr (std::is_same_v<M, wire::SegmentTruncated>) {
          return "truncated to " + std::to_string(m.start_offset);
        } else if constexpr (std::is_same_v<M, wire::ErrorReply>) {
          return "error " + std::string(to_text(m.code));
        } else {
          return "unexpected";
        }
      },
      message);
}

// One connection of a client's program.
class Session {
 public:
  Session(EnvWorld& world, Env& env) : world_(world), env_(env) {
    Result<std::unique_ptr<Connection>> connection =
        env.network.connect({.machine = kStore, .port = 9000}, deadline());
    if (!connection.has_value()) {
      world.say("connect: " + std::string(to_text(connection.error().code)));
      return;
    }
    Result<wire::MessageStream> stream =
        wire::greet(*std::move(connection), wire::kVersionsSpoken, deadline());
    if (stream.has_value()) {
      stream_ = std::make_unique<wire::MessageStream>(*std::move(stream));
    } else {
      world.say("greet: " + std::string(to_text(stream.error().code)));
    }
  }

  void send(const wire::Message& message) {
    if (stream_ == nullptr) return;
    const Result<void> sent = stream_->send(message, deadline());
    if (!sent.has_value()) world_.say("send: " + std::string(to_text(sent.error().code)));
  }

  void receive() {
    if (stream_ == nullptr) return;
    const Result<wire::Message> message = stream_->receive(deadline());
    world_.say(message.has_value() ? text_of(*message)
                                   : "receive: " + std::string(to_text(message.error().code)));
  }

  void ask(const wire::Message& message) {
    send(message);
    receive();
  }

  void create() { create(kSegment); }
  void create(const SegmentId& segment) {
    ask(wire::CreateSegment{.request = {}, .segment = segment});
  }
  void setup() { ask(wire::SetupAppend{.request = {}, .segment = kSegment, .writer = kWriter}); }

  void send_append(std::uint64_t number, std::string_view text,
                   std::optional<std::uint64_t> expected_offset = std::nullopt) {
    send(wire::AppendBlock{.segment = kSegment,
                           .writer = kWriter,
                           .event_number_first = EventNumber(number),
                           .event_number_last = EventNumber(number),
                           .event_count = 1,
                           .expected_offset = expected_offset,
                           .data = to_bytes(text)});
  }

  void send_read(std::uint64_t offset, Duration wait) {
    send(wire::ReadSegment{
        .request = {}, .segment = kSegment, .offset = offset, .bytes_max = 1000, .wait = wait});
  }
  void send_read(const SegmentId& segment, Duration wait, std::uint32_t bytes_max) {
    send(wire::ReadSegment{
        .request = {}, .segment = segment, .offset = 0, .bytes_max = bytes_max, .wait = wait});
  }

  void sleep(Duration duration) {
    ignore(sleep_until(env_.tasks, env_.clock.now() + duration), "never cancelled");
  }

 private:
  Instant deadline() { return env_.clock.now() + seconds(20); }

  EnvWorld& world_;
  Env& env_;
  std::unique_ptr<wire::MessageStream> stream_;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    world_.boot(kStore, [this](Env& env) {
      const Result<void> formatted = format_segment_store(env, config_);
      world_.say(formatted.has_value() ? "formatted" : "format failed");
    });
    world_.run_for(seconds(1));
    ASSERT_EQ(world_.take_lines(), Lines{"formatted"});
  }

  void start_store() {
    world_.boot(kStore, [this](Env& env) {
      const Result<void> ended = segment_store_main(env, config_);
      world_.say("store: " + std::string(to_text(ended.error().code)));
    });
    world_.run_for(seconds(1));
  }

  // Runs a client's program to its end, beside those that still run.
  Lines run_client(const std::function<void(Session&)>& program) {
    start_client(kClient, program);
    world_.run_for(seconds(30));
    return world_.take_lines();
  }

  void start_client(const std::string& machine, const std::function<void(Session&)>& program) {
    world_.boot(machine, [this, program](Env& env) {
      Session session(world_, env);
      program(session);
    });
  }

  SegmentStoreConfig config_;
  EnvWorld world_;
};

TEST_F(ServerTest, serves_appends_and_reads_over_a_connection) {
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.create();
    session.create();
    session.setup();
    session.send_append(0, "abc");
    session.send_append(1, "def");
    session.receive();
    session.receive();
    session.setup();
    session.ask(wire::GetSegmentInfo{.request = {}, .segment = kSegment});
    session.send_read(1, {});
    session.receive();
    session.ask(wire::KeepAlive{});
  });

  EXPECT_EQ(lines, (Lines{"created", "error already_exists", "setup none",
                          "appended 0 at 0 length 3", "appended 1 at 3 length 6", "setup 1",
                          "info 0..6", "read 'bcdef' tail", "alive"}));
  EXPECT_EQ(world_.marks("append.acked"), 2);
}

TEST_F(ServerTest, answers_a_refused_block_after_all_earlier_ones_and_drops_later_ones) {
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.create();
    session.setup();
    session.send_append(0, "abc");
    session.send_append(1, "def");
    session.send_append(5, "gap");
    session.send_append(2, "dropped");
    for (int i = 0; i < 3; ++i) session.receive();
    session.setup();
    session.send_append(2, "ghi");
    session.receive();
  });

  EXPECT_EQ(lines,
            (Lines{"created", "setup none", "appended 0 at 0 length 3", "appended 1 at 3 length 6",
                   "failed 5 bad_event_number", "setup 1", "appended 2 at 6 length 9"}));
  EXPECT_EQ(world_.marks("append.dropped"), 1);
}

TEST_F(ServerTest, a_failed_condition_leaves_the_writer_set_up) {
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.create();
    session.setup();
    session.send_append(0, "abc", 0);
    session.send_append(1, "def", 0);
    session.send_append(1, "def", 3);
    for (int i = 0; i < 3; ++i) session.receive();
  });

  EXPECT_EQ(lines, (Lines{"created", "setup none", "appended 0 at 0 length 3",
                          "check failed, length 3", "appended 1 at 3 length 6"}));
}

TEST_F(ServerTest, sealing_and_truncating_show_in_reads_and_appends) {
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.create();
    session.setup();
    session.send_append(0, "abcdef");
    session.receive();
    session.ask(wire::TruncateSegment{.request = {}, .segment = kSegment, .offset = 2});
    session.ask(wire::TruncateSegment{.request = {}, .segment = kSegment, .offset = 9});
    session.ask(wire::SealSegment{.request = {}, .segment = kSegment});
    session.send_append(1, "x");
    session.receive();
    session.setup();
    for (const std::uint64_t offset : {0, 2, 6, 7}) {
      session.send_read(offset, seconds(1));
      session.receive();
    }
    session.ask(wire::GetSegmentInfo{.request = {}, .segment = kSegment});
  });

  EXPECT_EQ(lines, (Lines{"created", "setup none", "appended 0 at 0 length 6", "truncated to 2",
                          "error bad_offset", "sealed at 6", "failed 1 sealed", "setup 0",
                          "truncated, starts at 2", "read 'cdef' end", "read '' end",
                          "error bad_offset", "info 2..6 sealed"}));
}

TEST_F(ServerTest, what_does_not_exist_is_not_found) {
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.setup();
    session.send_append(0, "dropped: there is no set-up");
    session.send_read(0, seconds(1));
    session.receive();
    session.ask(wire::SealSegment{.request = {}, .segment = kSegment});
    session.ask(wire::GetSegmentInfo{.request = {}, .segment = kSegment});
  });

  EXPECT_EQ(lines, (Lines{"error not_found", "error not_found", "error not_found", "info none"}));
}

TEST_F(ServerTest, a_read_at_the_tail_is_answered_by_the_next_append_or_after_its_wait) {
  start_store();
  start_client("reader", [](Session& session) {
    session.create();
    session.send_read(0, seconds(8));
    session.receive();
    session.send_read(3, seconds(2));
    session.receive();
  });
  world_.run_for(seconds(1));
  EXPECT_EQ(world_.take_lines(), Lines{"created"});

  Lines lines = run_client([](Session& session) {
    session.setup();
    session.send_append(0, "abc");
    session.receive();
  });

  // The answers to two machines come in any order.
  std::ranges::sort(lines);
  EXPECT_EQ(lines,
            (Lines{"appended 0 at 0 length 3", "read '' tail", "read 'abc' tail", "setup none"}));
}

TEST_F(ServerTest, answers_a_read_after_its_wait_while_a_client_waits_for_the_log) {
  config_.replies_max = 1;
  start_store();
  start_client("reader", [](Session& session) {
    session.create();
    session.create(kOther);
    session.setup();
    session.sleep(seconds(2));
    session.send_read(kOther, seconds(1), 1000);
    for (std::uint64_t number = 0; number < 3; ++number) session.send_append(number, "abc");
    for (int i = 0; i < 4; ++i) session.receive();
  });
  world_.run_for(seconds(1));
  world_.disk(kStore).stall(seconds(10));
  world_.run_for(seconds(5));

  // The second block finds no room, and the log has stored none.
  EXPECT_EQ(world_.take_lines(), (Lines{"created", "created", "setup none", "read '' tail"}));
  EXPECT_EQ(world_.marks("connection.replies_full"), 1);

  world_.run_for(seconds(10));
  EXPECT_EQ(world_.take_lines().size(), 3U);
}

TEST_F(ServerTest, hangs_up_at_the_deadline_of_the_first_answer_though_the_next_has_no_room) {
  config_.replies_max = 1;
  config_.durable_timeout = seconds(4);
  start_store();
  start_client(kClient, [](Session& session) {
    session.create();
    session.setup();
    session.sleep(seconds(1));
    session.send_append(0, "abc");
    session.sleep(seconds(3));
    session.send_append(1, "def");
    session.receive();
  });
  world_.run_for(seconds(1));
  world_.disk(kStore).stall(seconds(20));

  // Sent after 1 s and 4 s: the first has waited for 4 s after 5 s, the second after 8 s.
  world_.run_for(seconds(5));

  EXPECT_EQ(world_.take_lines(), (Lines{"created", "setup none", "receive: unavailable"}));
  EXPECT_EQ(world_.marks("connection.replies_full"), 1);
}

TEST_F(ServerTest, answers_a_read_after_its_wait_while_requests_pour_in) {
  start_store();
  constexpr int kRequests = 40;
  constexpr std::uint32_t kLarge = 64 * 1024;

  const Lines lines = run_client([](Session& session) {
    session.create();
    session.create(kOther);
    session.setup();
    session.send_append(0, std::string(kLarge, 'a'));
    session.receive();
    session.send_read(kOther, seconds(1), 1000);
    for (int i = 0; i < kRequests; ++i) session.send_read(kSegment, {}, kLarge);
    // So slowly that the store always has one more to answer, and waits until it may send it.
    for (int i = 0; i <= kRequests; ++i) {
      session.sleep(milliseconds(200));
      session.receive();
    }
  });

  // The 40 answers take 8 s; what lies in the buffers before this one is a part of them.
  const auto found = std::ranges::find(lines, "read '' tail");
  ASSERT_NE(found, lines.end());
  EXPECT_LT(found - lines.begin(), kRequests / 2);
}

TEST_F(ServerTest, refuses_reads_beyond_its_bound) {
  config_.reads_max = 2;
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.create();
    for (int i = 0; i < 3; ++i) session.send_read(0, seconds(2));
    for (int i = 0; i < 3; ++i) session.receive();
  });

  EXPECT_EQ(lines, (Lines{"created", "error overloaded", "read '' tail", "read '' tail"}));
}

TEST_F(ServerTest, a_silent_client_is_hung_up_on_unless_it_waits_for_an_answer) {
  config_.idle_timeout = seconds(2);
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.create();
    session.sleep(seconds(1));
    session.ask(wire::KeepAlive{});
    session.send_read(0, seconds(7));
    session.receive();
    session.sleep(seconds(3));
    session.receive();
  });

  EXPECT_EQ(lines, (Lines{"created", "alive", "read '' tail", "receive: unavailable"}));
  EXPECT_EQ(world_.marks("connection.silent"), 1);
}

TEST_F(ServerTest, hangs_up_on_a_client_that_speaks_as_a_server) {
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.ask(wire::SegmentCreated{.request = {}, .segment = kSegment});
  });

  EXPECT_EQ(lines, Lines{"receive: unavailable"});
}

TEST_F(ServerTest, closes_connections_beyond_its_bound) {
  config_.connections_max = 1;
  start_store();
  start_client("first", [](Session& session) { session.sleep(seconds(20)); });
  world_.run_for(seconds(1));

  const Lines lines = run_client([](Session& session) { session.receive(); });

  EXPECT_EQ(lines, Lines{"greet: unavailable"});
  EXPECT_EQ(world_.marks("server.connections_full"), 1);
}

TEST_F(ServerTest, connections_that_ended_leave_nothing_behind) {
  start_store();
  for (int i = 0; i < 3; ++i) {
    run_client([](Session& session) {
      session.create();
      session.send_read(0, seconds(10));
      session.setup();
      session.send_append(0, "abc");
    });
  }
  // Keep-alive of the network lets every end learn of the other's.
  world_.run_for(seconds(100));

  EXPECT_EQ(world_.connection_count(), 0U);
  EXPECT_EQ(world_.facts("StoreLoad"), 3);
}

TEST_F(ServerTest, what_was_acknowledged_survives_a_kill_and_a_power_loss) {
  start_store();
  run_client([](Session& session) {
    session.create();
    session.setup();
    session.send_append(0, "abc");
    session.receive();
  });
  world_.kill(kStore);
  start_store();
  world_.power_loss(kStore);
  start_store();

  const Lines lines = run_client([](Session& session) {
    session.setup();
    session.send_append(0, "abc");
    session.receive();
    session.send_read(0, {});
    session.receive();
  });

  EXPECT_EQ(lines, (Lines{"setup 0", "appended 0 at 0 length 3", "read 'abc' tail"}));
  EXPECT_EQ(world_.marks("container.recovered"), 3);
  EXPECT_EQ(world_.marks("append.duplicate"), 1);
}

TEST_F(ServerTest, a_failed_sync_ends_the_process_without_an_answer) {
  start_store();
  run_client([](Session& session) { session.create(); });
  world_.disk(kStore).fail_next({.operation = sim::DiskOperation::kSync,
                                 .code = Errc::kIo,
                                 .count = 1,
                                 .path = {},
                                 .kind = sim::FaultKind::kDiskFailedSync});

  Lines lines = run_client([](Session& session) {
    session.setup();
    session.send_append(0, "abc");
    session.receive();
  });

  std::ranges::sort(lines);
  EXPECT_EQ(lines, (Lines{"receive: unavailable", "setup none", "store: io"}));

  start_store();
  const Lines after = run_client([](Session& session) {
    session.setup();
    session.send_append(0, "abc");
    session.receive();
  });
  EXPECT_EQ(after.back(), "appended 0 at 0 length 3");
}

TEST_F(ServerTest, refuses_a_disk_that_is_not_formatted_or_another_stores) {
  config_.store_id = 99;
  start_store();
  EXPECT_EQ(world_.take_lines(), Lines{"store: foreign"});

  world_.boot("blank", [this](Env& env) {
    const Result<void> ended = segment_store_main(env, config_);
    world_.say("store: " + to_text(ended.error()));
  });
  world_.run_for(seconds(1));
  EXPECT_EQ(world_.take_lines(), Lines{"store: foreign: the disk is not formatted"});
  EXPECT_EQ(world_.marks("store.foreign_disk"), 2);
}

TEST(SegmentStoreConfig, has_a_sound_table_of_knobs) {
  // Making the views checks names, sentences and ranges.
  EXPECT_GE(knob_views<SegmentStoreConfig>().size(), 16U);
}

}  // namespace
}  // namespace millrace::segment_store
