#pragma once

// The network of a world: every link, listener and connection, and what faults do to them.
//
// Connections belong to the machines' kernels, not to the processes: they outlive a process long
// enough to deliver what it sent, to send its ends and resets, and to be half-open after a power
// loss. Processes hold small handles (sim_network.h) with a SocketId.
//
// Faults act on directed links (`Route`), on the connections between two machines, or on a
// machine's connection attempts. Each takes effect on what is already in flight, and each effect is
// metered when it happens, never when the fault is asked for. None of the fault calls draws from
// anything but the identity of the fault's own event.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sim/devices/link.h"
#include "sim/devices/pipe.h"
#include "sim/kernel/anchor_sink.h"
#include "sim/kernel/meters.h"
#include "sim/kernel/world.h"
#include "system/base/error.h"
#include "system/env/network.h"

namespace millrace::sim {

/// What all connections of a world have in common.
struct NetworkSpec {
  LinkSpec link;
  /// Between the processes of one machine.
  LinkSpec loopback = {
      .latency = microseconds(10), .jitter = microseconds(1), .tail_multiplier = 0};
  PipeSpec pipe;
  /// Connections that a kernel accepts before the process takes them; further attempts are ignored
  /// and made again later.
  std::uint32_t backlog_max = 128;
  /// After which an end that neither sends nor hears learns of a break, where it learns that way.
  Duration keep_alive = seconds(10);

  friend bool operator==(const NetworkSpec&, const NetworkSpec&) = default;
};

/// A directed link by its machines.
struct Route {
  const Machine& from;
  const Machine& to;
};

struct SocketIdTag;
/// One end of a connection. Never used twice in a run.
using SocketId = StrongId<SocketIdTag, std::uint64_t>;

struct ListenerIdTag;
using ListenerId = StrongId<ListenerIdTag, std::uint64_t>;

/// See above. One a world; outlives the world's run.
class NetworkDevice final : public EventTarget, public ProcessListener {
 public:
  /// `meters` and `anchors` outlive the device, which registers itself as a listener of process
  /// ends: it outlives every process. The world may end before it does.
  NetworkDevice(World& world, const NetworkSpec& spec, Meters& meters, AnchorSink& anchors);
  ~NetworkDevice() override;
  NetworkDevice(const NetworkDevice&) = delete;
  NetworkDevice& operator=(const NetworkDevice&) = delete;

  /// Labels frames in traces. Pure; not called unless the run is traced.
  void set_frame_namer(FrameNamer namer) { namer_ = std::move(namer); }

  // --- faults: links ---
  /// Loses everything on this directed link until healed: TCP sends it again after the heal. Cuts
  /// of one link nest. `kind` is metered for each packet that is stopped.
  void cut(const Route& route, FaultKind kind);
  /// Takes back one cut; nothing happens without one.
  void heal(const Route& route);
  /// Cuts both directions of every link between `members` and the machines that are not in it.
  void isolate(const std::vector<const Machine*>& members, FaultKind kind);
  /// Keeps all packets for `duration` and gives them out in a burst. Clogs of one link last as long
  /// as the longest. `kind` is kNetClog or kNetSwizzle.
  void clog(const Route& route, Duration duration, FaultKind kind);
  /// Slows the link, what is in flight included; a default Slowness ends it, for what is in flight,
  /// too.
  void slow(const Route& route, const Slowness& slowness);
  /// Loses packets beside the link's own loss; Ratio::never() ends it.
  void lose(const Route& route, Ratio loss);
  /// Limits the link to fewer bytes a second; 0 ends it. Metered as kNetSlow.
  void limit_bandwidth(const Route& route, std::uint64_t bytes_per_second);
  /// Ends every disturbance of this directed link at once.
  void restore(const Route& route);

  // --- faults: connections ---
  /// Breaks every connection between the two machines, whoever opened it. Draws for each, per
  /// direction, how much still arrives, and per end when it learns. `fault` is the root of the
  /// draws: the task whose moment it was may be in the midst of an operation.
  void break_connections(const Route& between, Root fault);
  /// Breaks the connection that has this direction (of FrameMoment); false where it is gone.
  bool break_direction(EntityId direction, Root fault);
  /// Attempts to connect to `machine` are refused, as if nobody listened.
  void refuse_connects(const Machine& machine, bool is_on);
  /// They stay without an answer; they are made again until their deadline.
  void hang_connects(const Machine& machine, bool is_on);
  /// The machine's kernel forgets its connections and says nothing. Called by on_end; to be called
  /// by who cuts the power of a machine that runs no process.
  void power_lost(const Machine& machine);

  // --- for the handles of processes; calls are made on the simulator's heap ---
  /// Nothing where `port` is taken on this machine.
  std::optional<ListenerId> listen(Process& process, std::uint16_t port);
  std::expected<SocketId, Errc> accept(ListenerId listener, Instant deadline);
  void close_listener(ListenerId listener);
  std::expected<SocketId, Errc> connect(Process& process, const Address& address, Instant deadline);
  /// The machine at the other end of a socket that was just given out.
  const Machine& peer_of(SocketId socket) const;
  std::optional<Errc> send(SocketId socket, ByteView frame, Instant deadline);
  /// Waits until a frame can be taken; nothing where one can.
  std::optional<Errc> wait_readable(SocketId socket, Instant deadline);
  /// The frame that wait_readable() found, valid until take().
  ByteView readable(SocketId socket) const;
  void take(SocketId socket);
  /// May be called twice. A socket whose both ends are closed is forgotten.
  void close(SocketId socket);

  // --- the world's calls ---
  void on_event(const Event& event) override;
  void on_end(Process& process, ProcessEnd end) override;

  /// Connections that are in use or still under way, for tests and invariants.
  std::size_t connection_count() const { return live_connections_; }
  /// Sockets that a process has opened or accepted and not closed. Cost: O(connections).
  std::size_t socket_count(const Process& process) const;

 private:
  struct End;
  struct Direction;
  struct Connection;
  struct Listening;
  struct Packet;
  using Side = std::uint32_t;

  // Links and packets (network_device.cc).
  Link& link(const Machine& from, const Machine& to);
  Link& link(const Route& route) { return link(route.from, route.to); }
  /// Null where nothing has used the link yet: then nothing disturbs it, either.
  Link* find_link(const Route& route) const;
  void send_packet(Connection& connection, Side side, PacketKind kind, Duration later);
  void launch_frames(Connection& connection, Side side);
  void wake(Task*& waiter);
  void note(NoteKind kind, const Connection& connection, Side side, std::uint32_t message,
            std::string text);
  void note_frame(NoteKind kind, const Connection& connection, Side side, FrameNumber number,
                  std::string_view what);
  std::string frame_text(ByteView frame) const;

  // Connections (network_device.cc).
  static SocketId socket_of(const Connection& connection, Side side);
  static Side side_of(SocketId socket) { return static_cast<Side>(socket.value() & 1); }
  Connection* find(SocketId socket) const;
  bool has_room(const Connection& connection, Side side, std::size_t bytes) const;
  /// Whether what this end sends now answers a request that it took.
  static bool is_replying(const Connection& connection, Side side);
  void lose_reply(End& end);
  /// Counts, once, that nobody served what the kernel had accepted.
  void never_served(Connection& connection);
  void send_into_nothing(Connection& connection, Side side, std::size_t bytes);
  void close_end(Connection& connection, Side side);
  void reset_from(Connection& connection, Side side);
  void discard_readable(Connection& connection, Side side);
  void drop_from(Connection& connection, Side side, FrameNumber number);
  void free_room(Connection& connection, Side side, std::uint32_t bytes);
  void free_if_done(Connection& connection);

  // Listeners and attempts to connect (network_connect.cc).
  Connection& make_connection(const Machine& from, const Machine& to, std::uint16_t port);
  Listening* find_listener(ListenerId listener) const;
  Listening* find_listener(const Machine& machine, std::uint16_t port) const;
  void reset_backlog(Listening& listening);
  void abandon(Connection& connection);
  void try_again(Connection& connection);
  void connect_arrived(Connection& connection);
  void answer_arrived(Connection& connection, PacketKind kind);
  bool is_marked(const std::vector<bool>& machines, const Machine& machine) const;

  // Arrivals (network_delivery.cc).
  /// Whether a disturbed link keeps a packet from arriving now.
  bool is_stopped(Connection& connection, const Packet& packet, std::uint32_t epoch,
                  const Event& event);
  void schedule_again(Link& link, Packet packet, const EventIdentity& who, SimTime due);
  void release(Link& link);
  void arrived(Connection& connection, const Packet& packet, const Event& event);
  void frame_arrived(Connection& connection, const Packet& packet, const Event& event);
  void reset_arrived(Connection& connection, Side side, const Event& event);
  void window_arrived(Connection& connection, Side side);
  void nobody_there(Connection& connection, Side side);
  void learn(Connection& connection, Side side);

  // Breaks and ends of processes (network_faults.cc).
  void hurry(Link& link);
  void hurry(Connection& connection, Side side);
  static bool is_breakable(const Connection& connection);
  static bool is_between(const Connection& connection, const Route& between);
  void break_one(Connection& connection, Root fault);
  void process_ended(Connection& connection, Side side);
  void forget_end(Connection& connection, Side side);
  /// Calls `action` for each connection in order of their indices; it may free that one.
  template <typename Action>
  void for_each_connection(Action action) {
    for (std::size_t index = 0; index < connections_.size(); ++index) {
      if (connections_[index] != nullptr) action(*connections_[index]);
    }
  }

  World& world_;
  NetworkSpec spec_;
  Meters& meters_;
  AnchorSink& anchors_;
  FrameNamer namer_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::vector<Link*>> link_rows_;  // By the machines' indices; null where unused.
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::uint32_t> free_connections_;
  std::uint64_t next_connection_ = 1;
  std::size_t live_connections_ = 0;
  std::uint32_t messages_ = 0;  // Of a traced run; see Note.
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::unique_ptr<Listening>> listeners_;
  std::uint64_t next_listener_ = 1;
  std::vector<bool> refuses_;  // By machine index.
  std::vector<bool> hangs_;
};

}  // namespace millrace::sim
