#pragma once

// Reliable, ordered, message-framed channels between processes, as TCP with a frame length.
//
// A connection works until it breaks; it never loses, reorders or repeats a frame before that.
// Afterwards each end finds out on its own, perhaps much later than the other, perhaps only by its
// deadline. Two connections between the same processes are independent: frames of a newer one may
// be served before frames of an older one, and both stay readable.

#include <cstdint>
#include <memory>
#include <string>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"

namespace millrace {

/// The largest frame that a connection carries.
inline constexpr std::size_t kFrameBytesMax = 1 << 20;

/// Where a process listens. Port numbers are the deployment's.
struct Address {
  std::string machine;
  std::uint16_t port = 0;

  friend auto operator<=>(const Address&, const Address&) = default;
};

/// "store-1:9000"
inline std::string to_text(const Address& address) {
  return address.machine + ':' + std::to_string(address.port);
}

/// One end of a channel. Destroying it closes it. One task at a time may send, one may receive.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Hands a frame of at most kFrameBytesMax bytes (checked) to this machine's network. Waits while
  /// the send window is full. Success says only "accepted here", never that the peer has it.
  /// Errors: kTimeout and kCancelled (nothing was accepted); kUnavailable once the connection is
  /// known to be broken or closed.
  virtual Result<void> send(ByteView frame, Instant deadline) = 0;

  /// Waits for the next frame.
  /// Errors: kTimeout, kCancelled (no frame was taken); kUnavailable once no frame can follow.
  virtual Result<Bytes> receive(Instant deadline) = 0;

  /// Accepts no further frame here; the peer still gets the accepted ones, then the end. A waiting
  /// send or receive of this end returns kUnavailable. May be called twice.
  virtual void close() = 0;

  /// The machine at the other end, for people and logs.
  virtual const std::string& peer() const = 0;
};

/// Accepts connections on one port. Destroying it closes the port and resets connections that were
/// never accepted.
class Listener {
 public:
  virtual ~Listener() = default;

  /// Errors: kTimeout, kCancelled; kUnavailable after close().
  virtual Result<std::unique_ptr<Connection>> accept(Instant deadline) = 0;

  virtual void close() = 0;
};

/// Makes listeners and connections.
class Network {
 public:
  virtual ~Network() = default;

  /// The name of this machine.
  virtual const std::string& machine() const = 0;

  /// Errors: kAlreadyExists when this process listens there already.
  virtual Result<std::unique_ptr<Listener>> listen(std::uint16_t port) = 0;

  /// Errors: kRefused when nobody listens there (nothing was sent); kTimeout, kCancelled,
  /// kUnavailable.
  virtual Result<std::unique_ptr<Connection>> connect(const Address& address, Instant deadline) = 0;
};

}  // namespace millrace
