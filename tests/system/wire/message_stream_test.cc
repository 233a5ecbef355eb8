#include "system/wire/message_stream.h"

#include <deque>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace millrace::wire {
namespace {

/// What a scripted connection has been told to deliver and was given to send.
struct Script {
  std::deque<Bytes> incoming;
  std::vector<Bytes> sent;
  bool is_closed = false;
};

/// Never waits: an empty script is a timeout.
class ScriptedConnection final : public Connection {
 public:
  explicit ScriptedConnection(Script& script) : script_(script) {}
  ~ScriptedConnection() override { script_.is_closed = true; }

  Result<void> send(ByteView frame, Instant /*deadline*/) override {
    if (script_.is_closed) return fail(Errc::kUnavailable);
    script_.sent.push_back(to_bytes(frame));
    return {};
  }

  Result<Bytes> receive(Instant /*deadline*/) override {
    if (script_.is_closed) return fail(Errc::kUnavailable);
    if (script_.incoming.empty()) return fail(Errc::kTimeout);
    Bytes frame = std::move(script_.incoming.front());
    script_.incoming.pop_front();
    return frame;
  }

  void close() override { script_.is_closed = true; }
  const std::string& peer() const override { return peer_; }

 private:
  Script& script_;
  std::string peer_ = "peer";
};

constexpr Instant kDeadline{1'000};

std::unique_ptr<Connection> connection(Script& script) {
  return std::make_unique<ScriptedConnection>(script);
}

Bytes hello(ProtocolVersion low, ProtocolVersion high) {
  return encode(Hello{{.low = low, .high = high}}, 1);
}

TEST(MessageStream, the_highest_shared_version_is_spoken) {
  EXPECT_EQ(common_version({.low = 1, .high = 4}, {.low = 3, .high = 9}), 4);
  EXPECT_EQ(common_version({.low = 3, .high = 9}, {.low = 1, .high = 4}), 4);
  EXPECT_EQ(common_version({.low = 2, .high = 2}, {.low = 1, .high = 2}), 2);
  EXPECT_EQ(common_version({.low = 1, .high = 2}, {.low = 3, .high = 4}), std::nullopt);
  EXPECT_EQ(common_version({.low = 3, .high = 4}, {.low = 1, .high = 2}), std::nullopt);
}

TEST(MessageStream, the_connecting_side_says_hello_first) {
  Script script{.incoming = {hello(2, 3)}, .sent = {}};

  Result<MessageStream> stream = greet(connection(script), {.low = 1, .high = 2}, kDeadline);

  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(stream->version(), 2);
  ASSERT_EQ(script.sent.size(), 1U);
  EXPECT_EQ(script.sent[0], hello(1, 2));
}

TEST(MessageStream, the_accepting_side_tells_its_versions_even_where_none_is_shared) {
  Script script{.incoming = {hello(1, 1)}, .sent = {}};

  const Result<MessageStream> stream =
      answer_greeting(connection(script), {.low = 2, .high = 3}, kDeadline);

  EXPECT_TRUE(failed_with(stream, Errc::kWrongVersion));
  ASSERT_EQ(script.sent.size(), 1U);
  EXPECT_EQ(script.sent[0], hello(2, 3));
  EXPECT_TRUE(script.is_closed);
}

TEST(MessageStream, a_first_frame_that_is_no_hello_is_refused) {
  Script script{.incoming = {encode(KeepAlive{}, 1)}, .sent = {}};

  const Result<MessageStream> stream =
      answer_greeting(connection(script), kVersionsSpoken, kDeadline);

  EXPECT_TRUE(failed_with(stream, Errc::kCorrupt));
  EXPECT_TRUE(script.sent.empty());
}

TEST(MessageStream, a_silent_peer_is_a_timeout) {
  Script script;

  EXPECT_TRUE(failed_with(greet(connection(script), kVersionsSpoken, kDeadline), Errc::kTimeout));
  EXPECT_TRUE(script.is_closed);
}

TEST(MessageStream, messages_pass_under_the_settled_version) {
  Script script;
  MessageStream stream(connection(script), 3);
  script.incoming.push_back(encode(KeepAlive{}, 3));

  const Result<Message> message = stream.receive(kDeadline);
  const Result<void> sent = stream.send(KeepAlive{}, kDeadline);

  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(std::holds_alternative<KeepAlive>(*message));
  ASSERT_TRUE(sent.has_value());
  EXPECT_EQ(script.sent[0], encode(KeepAlive{}, 3));
}

TEST(MessageStream, garbage_closes_the_stream) {
  Script script;
  MessageStream stream(connection(script), 1);
  script.incoming = {to_bytes("garbage"), encode(KeepAlive{}, 1)};

  EXPECT_TRUE(failed_with(stream.receive(kDeadline), Errc::kCorrupt));
  EXPECT_TRUE(failed_with(stream.receive(kDeadline), Errc::kUnavailable));
}

TEST(MessageStream, a_second_hello_closes_the_stream) {
  Script script;
  MessageStream stream(connection(script), 1);
  script.incoming = {hello(1, 1)};

  EXPECT_TRUE(failed_with(stream.receive(kDeadline), Errc::kCorrupt));
  EXPECT_TRUE(script.is_closed);
}

TEST(MessageStream, a_timeout_leaves_the_stream_open) {
  Script script;
  MessageStream stream(connection(script), 1);

  EXPECT_TRUE(failed_with(stream.receive(kDeadline), Errc::kTimeout));
  EXPECT_FALSE(script.is_closed);
}

}  // namespace
}  // namespace millrace::wire
