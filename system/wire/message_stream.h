#pragma once

// Messages over a Connection, and the handshake that opens it on either side.
//
//   client                       server
//     | Hello{low, high}  ------>  |
//     |  <------  Hello{low, high} |
//     |   both speak the highest version that both ranges hold, or hang up
//
// A stream owns its connection. Whatever a peer sends, receive() answers with a message or an
// error; after kCorrupt the stream is closed, because nothing that follows can be trusted.

#include <memory>
#include <optional>
#include <string>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/env/network.h"
#include "system/wire/messages.h"

namespace millrace::wire {

/// An open connection whose version is settled. One task at a time may send, one may receive.
/// Destroying it closes the connection.
class MessageStream {
 public:
  /// `version` is at least 1.
  MessageStream(std::unique_ptr<Connection> connection, ProtocolVersion version);

  /// Hands a message to the network; success says only "accepted here".
  /// Errors: kTimeout and kCancelled (nothing was accepted), kUnavailable.
  Result<void> send(const Message& message, Instant deadline);

  /// Waits for the next message.
  /// Errors: kTimeout and kCancelled (none was taken), kUnavailable once none can follow, kCorrupt
  /// for bytes that are no message of this version, or a second Hello.
  Result<Message> receive(Instant deadline);

  /// Hangs up: a waiting send or receive returns kUnavailable. May be called twice.
  void close();

  ProtocolVersion version() const { return version_; }

  /// The machine at the other end, for people.
  const std::string& peer() const;

 private:
  std::unique_ptr<Connection> connection_;
  ProtocolVersion version_;
};

/// The version that two sides speak: the highest in both ranges; none where they do not meet.
std::optional<ProtocolVersion> common_version(VersionRange ours, VersionRange theirs);

/// Opens a fresh connection as the side that connected: says Hello and waits for the answer.
/// Errors: kWrongVersion, kCorrupt (no Hello came), kTimeout, kCancelled, kUnavailable. The
/// connection is closed with any error.
Result<MessageStream> greet(std::unique_ptr<Connection> connection, VersionRange ours,
                            Instant deadline);

/// Opens a fresh connection as the side that accepted: waits for a Hello and answers it, also where
/// no version is shared, so that the client learns why. Errors: as greet().
Result<MessageStream> answer_greeting(std::unique_ptr<Connection> connection, VersionRange ours,
                                      Instant deadline);

}  // namespace millrace::wire
