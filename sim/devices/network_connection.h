#pragma once

// What the machines' kernels know of a connection. Only network*.cc include this.
//
//   side 0: the end that asked           side 1: the end that listened
//   direction 0: from end 0 to end 1     direction 1: from end 1 to end 0

#include <deque>

#include "sim/devices/network_device.h"

namespace millrace::sim {

/// What has become of one end.
enum class EndState : std::uint8_t {
  kNone,        ///< The attempt has not reached this machine.
  kConnecting,  ///< The process waits in connect.
  kBacklog,     ///< Accepted by the kernel, not taken by the process.
  kOpen,        ///< A process holds it.
  kClosed,      ///< Closed by its process or with it; the kernel still sends what was accepted.
  kGone,        ///< Forgotten in a power loss.
};

/// Where an attempt to connect stands.
enum class ConnectState : std::uint8_t { kWaiting, kAccepted, kRefused, kFailed };

struct NetworkDevice::End {
  EndState state = EndState::kNone;
  /// Its process knows, or will at its next call, that the connection is broken.
  bool is_broken = false;
  /// Its next send is answered with a reset.
  bool learns_by_sending = false;
  ProcessId process;
  Task* receiver = nullptr;              ///< Waits for a frame, or for the answer to connect.
  Task* sender = nullptr;                ///< Waits for room.
  std::uint32_t taken = 0;               ///< Frames that its process has received.
  std::uint32_t taken_at_last_send = 0;  ///< To tell replies.

  bool is_held() const { return state == EndState::kOpen || state == EndState::kConnecting; }
  bool is_alive() const { return is_held() || state == EndState::kBacklog; }
};

struct NetworkDevice::Direction {
  explicit Direction(const PipeSpec& spec) : pipe(spec) {}

  Pipe pipe;
  Link* link = nullptr;
  EntityId entity;
  /// What is sent from now on goes nowhere, and the sender need not know.
  bool is_dead = false;
  std::uint32_t lost_bytes = 0;  ///< Sent since then: they fill the send buffer.
  /// Room that the receiver's process has freed and the sender does not know of.
  std::uint32_t credit_pending = 0;
  bool credit_under_way = false;
  bool reset_under_way = false;  ///< To the sender of this direction.
  bool is_probing = false;
  std::uint32_t probes = 0;
};

struct NetworkDevice::Connection {
  explicit Connection(const PipeSpec& spec) : directions{Direction(spec), Direction(spec)} {}

  std::uint64_t number = 0;  ///< Order of opening in this run.
  std::uint32_t index = 0;
  std::uint16_t port = 0;
  ConnectState connect_state = ConnectState::kWaiting;
  std::uint32_t tries = 1;
  /// Events and held packets that name this connection.
  std::uint32_t pending = 0;
  /// A fault broke it: what still arrives was decided then.
  bool is_cut_off = false;
  /// Its client gave up, or its port was closed, while it was in the backlog.
  bool was_never_served = false;
  std::uint32_t opened_slot = 0;
  std::uint64_t opened = 0;  ///< Value of the link's counter when it was opened.
  End ends[2];
  Direction directions[2];

  bool is_done() const { return pending == 0 && !ends[0].is_alive() && !ends[1].is_alive(); }
};

struct NetworkDevice::Listening {
  ListenerId id;
  const Machine* machine = nullptr;
  ProcessId process;
  std::uint16_t port = 0;
  Task* acceptor = nullptr;
  std::deque<std::uint32_t> backlog;  ///< Indices of connections, in order of arrival.
};

/// The argument of an event, taken apart. `number` is a frame's number or, for other kinds, the
/// link's epoch when the packet left; `index` is a connection's, or a link's for kUnclog.
struct NetworkDevice::Packet {
  PacketKind kind = PacketKind::kFrame;
  Side side = 0;  ///< The direction in which it travels.
  std::uint32_t index = 0;
  std::uint32_t number = 0;

  static constexpr std::uint32_t kIndexMax = (1U << 27) - 1;

  std::uint64_t argument() const {
    return static_cast<std::uint64_t>(kind) << 60 | static_cast<std::uint64_t>(side) << 59 |
           static_cast<std::uint64_t>(index) << 32 | number;
  }
  static Packet of(std::uint64_t argument) {
    return {.kind = static_cast<PacketKind>(argument >> 60),
            .side = static_cast<Side>(argument >> 59 & 1),
            .index = static_cast<std::uint32_t>(argument >> 32) & kIndexMax,
            .number = static_cast<std::uint32_t>(argument)};
  }
};

/// Bytes of a packet that carries no frame.
inline constexpr std::uint32_t kControlPacketBytes = 40;

}  // namespace millrace::sim
