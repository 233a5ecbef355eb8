#include "system/wire/message_stream.h"

#include <algorithm>
#include <utility>

#include "system/base/check.h"

namespace millrace::wire {
namespace {

/// A Hello carries its own version, so any one serves to read and write it.
constexpr ProtocolVersion kAnyVersion = 1;

Result<void> send_hello(Connection& connection, VersionRange ours, Instant deadline) {
  return connection.send(encode(Hello{ours}, kAnyVersion), deadline);
}

Result<VersionRange> receive_hello(Connection& connection, Instant deadline) {
  const Bytes frame = TRY(connection.receive(deadline));
  const Message message = TRY(decode(frame, kAnyVersion));
  const Hello* hello = std::get_if<Hello>(&message);
  if (hello == nullptr) return fail(Errc::kCorrupt, "the first frame is no Hello");
  return hello->versions;
}

std::string range_text(VersionRange range) {
  return std::to_string(range.low) + " to " + std::to_string(range.high);
}

Result<MessageStream> settle(std::unique_ptr<Connection> connection, VersionRange ours,
                             VersionRange theirs) {
  const std::optional<ProtocolVersion> version = common_version(ours, theirs);
  if (!version.has_value()) {
    return fail(Errc::kWrongVersion, "we speak " + range_text(ours) + ", " + connection->peer() +
                                         " speaks " + range_text(theirs));
  }
  return MessageStream(std::move(connection), *version);
}

}  // namespace

MessageStream::MessageStream(std::unique_ptr<Connection> connection, ProtocolVersion version)
    : connection_(std::move(connection)), version_(version) {
  CHECK(connection_ != nullptr);
  CHECK(version_ >= 1, "version 0 is Hello's");
}

Result<void> MessageStream::send(const Message& message, Instant deadline) {
  return connection_->send(encode(message, version_), deadline);
}

Result<Message> MessageStream::receive(Instant deadline) {
  const Bytes frame = TRY(connection_->receive(deadline));
  Result<Message> message = decode(frame, version_);
  if (message.has_value() && std::holds_alternative<Hello>(*message)) {
    message = fail(Errc::kCorrupt, "a second Hello");
  }
  if (!message.has_value()) close();
  return message;
}

void MessageStream::close() { connection_->close(); }

const std::string& MessageStream::peer() const { return connection_->peer(); }

std::optional<ProtocolVersion> common_version(VersionRange ours, VersionRange theirs) {
  const ProtocolVersion version = std::min(ours.high, theirs.high);
  if (version < std::max(ours.low, theirs.low)) return std::nullopt;
  return version;
}

Result<MessageStream> greet(std::unique_ptr<Connection> connection, VersionRange ours,
                            Instant deadline) {
  TRY(send_hello(*connection, ours, deadline));
  const VersionRange theirs = TRY(receive_hello(*connection, deadline));
  return settle(std::move(connection), ours, theirs);
}

Result<MessageStream> answer_greeting(std::unique_ptr<Connection> connection, VersionRange ours,
                                      Instant deadline) {
  const VersionRange theirs = TRY(receive_hello(*connection, deadline));
  TRY(send_hello(*connection, ours, deadline));
  return settle(std::move(connection), ours, theirs);
}

}  // namespace millrace::wire
