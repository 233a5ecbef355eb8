#pragma once

// The store's side of one connection, played step by step by a test.

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "system/wire/message_stream.h"
#include "system/wire/messages.h"
#include "tests/system/client/fake_network.h"

namespace millrace::client {

/// An AppendSetup's answer for a writer that never wrote.
inline constexpr std::optional<EventNumber> kNothingStored = std::nullopt;

/// One connection after its greeting.
class ScriptedStore {
 public:
  /// Accepts the next connection of the client and greets it.
  explicit ScriptedStore(ClientWorld& world) : world_(world) {
    Result<std::unique_ptr<FakeConnection>> accepted = world.network.accept(world.later());
    EXPECT_TRUE(accepted.has_value());
    pipe_ = &(*accepted)->pipe();
    Result<wire::MessageStream> stream =
        wire::answer_greeting(std::move(*accepted), wire::kVersionsSpoken, world.later());
    EXPECT_TRUE(stream.has_value());
    stream_.emplace(std::move(*stream));
  }

  /// The next message of the client, which is a T.
  template <typename T>
  T expect() {
    const Result<wire::Message> message = stream_->receive(world_.later());
    EXPECT_TRUE(message.has_value());
    if (!message.has_value()) return T{};
    EXPECT_TRUE(std::holds_alternative<T>(*message)) << "another kind: " << message->index();
    const T* wanted = std::get_if<T>(&*message);
    return wanted == nullptr ? T{} : *wanted;
  }

  /// Nothing comes from the client for a while.
  void expect_silence(Duration span) {
    const Result<wire::Message> message = stream_->receive(world_.tasks.now() + span);
    EXPECT_TRUE(failed_with(message, Errc::kTimeout));
  }

  /// The client has hung up.
  void expect_hang_up() {
    EXPECT_TRUE(failed_with(stream_->receive(world_.later()), Errc::kUnavailable));
  }

  void send(const wire::Message& message) {
    ignore(stream_->send(message, world_.later()), "the client may have hung up");
  }

  /// Answers the set-up of a writer.
  wire::SetupAppend set_up(std::optional<EventNumber> stored_last) {
    const auto setup = expect<wire::SetupAppend>();
    send(wire::AppendSetup{.request = setup.request,
                           .segment = setup.segment,
                           .writer = setup.writer,
                           .event_number_last = stored_last});
    return setup;
  }

  void acknowledge(const wire::AppendBlock& block, std::optional<std::uint64_t> offset) {
    send(wire::Appended{.segment = block.segment,
                        .writer = block.writer,
                        .event_number_first = block.event_number_first,
                        .event_number_last = block.event_number_last,
                        .offset = offset,
                        .segment_length = offset.value_or(0) + block.data.size()});
  }

  void refuse(const wire::AppendBlock& block, Errc code) {
    send(wire::AppendFailed{.segment = block.segment,
                            .writer = block.writer,
                            .event_number_first = block.event_number_first,
                            .event_number_last = block.event_number_last,
                            .code = code,
                            .detail = "as scripted"});
  }

  /// Cuts the connection: what was not read on either side is lost.
  void cut() { pipe_->break_now(); }

 private:
  ClientWorld& world_;
  // Owned by the connection inside stream_.
  FakePipe* pipe_ = nullptr;
  std::optional<wire::MessageStream> stream_;
};

}  // namespace millrace::client
