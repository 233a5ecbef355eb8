#include "sim/devices/network_device.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/devices/network_connection.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

// A SocketId is (connection's number, its index, side).
constexpr int kIndexBits = 24;
constexpr std::uint32_t kIndexMask = (1U << kIndexBits) - 1;

}  // namespace

NetworkDevice::NetworkDevice(World& world, const NetworkSpec& spec, Meters& meters,
                             AnchorSink& anchors)
    : world_(world), spec_(spec), meters_(meters), anchors_(anchors) {
  world.add_listener(*this);
}

NetworkDevice::~NetworkDevice() = default;

// --- links and packets ---

Link& NetworkDevice::link(const Machine& from, const Machine& to) {
  const std::size_t rows = std::max(from.index(), to.index()) + std::size_t{1};
  if (link_rows_.size() < rows) link_rows_.resize(rows);
  std::vector<Link*>& row = link_rows_[from.index()];
  if (row.size() <= to.index()) row.resize(to.index() + std::size_t{1}, nullptr);
  Link*& found = row[to.index()];
  if (found == nullptr) {
    const bool is_loopback = from.index() == to.index();
    const auto number = static_cast<std::uint32_t>(links_.size());
    links_.push_back(std::make_unique<Link>(world_, from, to, number,
                                            is_loopback ? spec_.loopback : spec_.link));
    found = links_.back().get();
  }
  return *found;
}

Link* NetworkDevice::find_link(const Route& route) const {
  const std::uint32_t from = route.from.index();
  const std::uint32_t to = route.to.index();
  if (from >= link_rows_.size() || to >= link_rows_[from].size()) return nullptr;
  return link_rows_[from][to];
}

void NetworkDevice::send_packet(Connection& connection, Side side, PacketKind kind,
                                Duration later) {
  Direction& direction = connection.directions[side];
  Link& link = *direction.link;
  const EventIdentity who =
      world_.identify(world_.current_root(), EventKind::kDeliver, link.where(kind));
  bool was_lost = false;
  const SimTime due = link.send(who, kControlPacketBytes, meters_, was_lost);
  const Packet packet{
      .kind = kind, .side = side, .index = connection.index, .number = link.epoch()};
  ++connection.pending;
  world_.schedule(who, due + later, direction.entity, *this, packet.argument());
}

void NetworkDevice::launch_frames(Connection& connection, Side side) {
  Direction& direction = connection.directions[side];
  Link& link = *direction.link;
  while (direction.pipe.can_launch()) {
    const FrameNumber number = direction.pipe.next_to_launch();
    PipeFrame& frame = direction.pipe.launch(link.epoch());
    const EventIdentity who =
        world_.identify(frame.root, EventKind::kDeliver, link.where(PacketKind::kFrame));
    const SimTime due =
        link.send(who, frame.bytes + kFrameOverheadBytes, meters_, frame.needs_sender);
    if (frame.needs_sender && world_.is_traced()) {
      note_frame(NoteKind::kLate, connection, side, number, "lost on its way, to be sent again");
    }
    const Packet packet{
        .kind = PacketKind::kFrame, .side = side, .index = connection.index, .number = number};
    ++connection.pending;
    world_.schedule(who, due, direction.entity, *this, packet.argument());
  }
}

void NetworkDevice::wake(Task*& waiter) {
  if (waiter == nullptr) return;
  Task& task = *std::exchange(waiter, nullptr);
  if (world_.current() != nullptr) {
    world_.wake_later(task);
  } else {
    world_.make_ready(task, world_.current_cause());
  }
}

void NetworkDevice::note(NoteKind kind, const Connection& connection, Side side,
                         std::uint32_t message, std::string text) {
  const Link& link = *connection.directions[side].link;
  const bool is_sender = kind == NoteKind::kSend;
  world_.note({.kind = kind,
               .machine = is_sender ? link.from().name() : link.to().name(),
               .peer = is_sender ? link.to().name() : link.from().name(),
               .text = std::move(text),
               .message = message});
}

/// Of a frame that is in its pipe; `what` became of it comes behind its name.
void NetworkDevice::note_frame(NoteKind kind, const Connection& connection, Side side,
                               FrameNumber number, std::string_view what) {
  const Pipe& pipe = connection.directions[side].pipe;
  const PipeFrame& frame = pipe.frame(number);
  if (frame.is_end) return;
  std::string text = frame_text(pipe.bytes_of(frame));
  if (!what.empty()) text.append(" ").append(what);
  note(kind, connection, side, frame.message, std::move(text));
}

std::string NetworkDevice::frame_text(ByteView frame) const {
  if (namer_) return namer_(frame);
  return std::to_string(frame.size()) + " bytes";
}

// --- sockets ---

SocketId NetworkDevice::socket_of(const Connection& connection, Side side) {
  return SocketId(connection.number << (kIndexBits + 1) |
                  static_cast<std::uint64_t>(connection.index) << 1 | side);
}

NetworkDevice::Connection* NetworkDevice::find(SocketId socket) const {
  const auto index = static_cast<std::uint32_t>(socket.value() >> 1) & kIndexMask;
  Connection* const found = connections_[index].get();
  const bool is_it = found != nullptr && found->number == socket.value() >> (kIndexBits + 1);
  return is_it ? found : nullptr;
}

const Machine& NetworkDevice::peer_of(SocketId socket) const {
  const Connection* const connection = find(socket);
  CHECK(connection != nullptr, "the socket was just given out");
  return connection->directions[side_of(socket)].link->to();
}

bool NetworkDevice::has_room(const Connection& connection, Side side, std::size_t bytes) const {
  const Direction& direction = connection.directions[side];
  if (!direction.is_dead) return direction.pipe.has_room(bytes);
  return direction.lost_bytes == 0 ||
         direction.lost_bytes + bytes + kFrameOverheadBytes <= spec_.pipe.send_buffer_bytes;
}

std::optional<Errc> NetworkDevice::send(SocketId socket, ByteView frame, Instant deadline) {
  CHECK(frame.size() <= kFrameBytesMax, "a frame has a bound");
  const Side side = side_of(socket);
  Connection* connection = nullptr;
  while (true) {
    connection = find(socket);
    if (connection == nullptr) return Errc::kUnavailable;
    End& end = connection->ends[side];
    const bool is_over = end.state != EndState::kOpen || end.is_broken ||
                         connection->directions[1 - side].pipe.has_end_arrived();
    if (is_over) {
      if (end.state == EndState::kOpen && is_replying(*connection, side)) lose_reply(end);
      return Errc::kUnavailable;
    }
    if (has_room(*connection, side, frame.size())) break;
    CHECK(end.sender == nullptr, "one task at a time sends");
    end.sender = world_.current();
    const Wake wake = world_.wait_in_device(deadline);
    connection = find(socket);
    if (connection != nullptr) connection->ends[side].sender = nullptr;
    if (wake == Wake::kTimeout) return Errc::kTimeout;
    if (wake == Wake::kCancelled) return Errc::kCancelled;
  }
  End& end = connection->ends[side];
  Direction& direction = connection->directions[side];
  world_.add_to_fingerprint(hash_name(as_text(frame)));
  const std::uint32_t message = world_.is_traced() ? ++messages_ : 0;
  if (message != 0) note(NoteKind::kSend, *connection, side, message, frame_text(frame));
  if (direction.is_dead) {
    if (message != 0) {
      note(NoteKind::kDrop, *connection, side, message,
           frame_text(frame) + " lost: the connection is broken");
    }
    send_into_nothing(*connection, side, frame.size());
  } else {
    direction.pipe.push(frame, world_.current_root(), is_replying(*connection, side), message);
    launch_frames(*connection, side);
  }
  end.taken_at_last_send = end.taken;
  if (anchors_.wants(MomentKind::kFrame)) {
    anchors_.on_frame({.source = direction.link->from().name(),
                       .destination = direction.link->to().name(),
                       .bytes = frame,
                       .direction = direction.entity});
  }
  return std::nullopt;
}

bool NetworkDevice::is_replying(const Connection& connection, Side side) {
  const End& end = connection.ends[side];
  return side == 1 && end.taken != end.taken_at_last_send;
}

void NetworkDevice::lose_reply(End& end) {
  // Sent again, it is still the same reply.
  end.taken_at_last_send = end.taken;
  meters_.met(Situation::kReplyLost);
}

void NetworkDevice::send_into_nothing(Connection& connection, Side side, std::size_t bytes) {
  Direction& direction = connection.directions[side];
  if (is_replying(connection, side)) lose_reply(connection.ends[side]);
  direction.lost_bytes += static_cast<std::uint32_t>(bytes) + kFrameOverheadBytes;
  meters_.took_effect(FaultKind::kNetBreak);
  if (!std::exchange(connection.ends[side].learns_by_sending, false)) return;
  send_packet(connection, 1 - side, PacketKind::kReset, direction.link->base_latency());
}

std::optional<Errc> NetworkDevice::wait_readable(SocketId socket, Instant deadline) {
  const Side side = side_of(socket);
  while (true) {
    Connection* connection = find(socket);
    if (connection == nullptr) return Errc::kUnavailable;
    End& end = connection->ends[side];
    if (end.state != EndState::kOpen) return Errc::kUnavailable;
    const Pipe& pipe = connection->directions[1 - side].pipe;
    if (pipe.is_readable()) return std::nullopt;
    const bool is_over = pipe.is_at_end() || (end.is_broken && pipe.size() == 0);
    if (is_over) return Errc::kUnavailable;
    CHECK(end.receiver == nullptr, "one task at a time receives");
    end.receiver = world_.current();
    const Wake wake = world_.wait_in_device(deadline);
    if (wake == Wake::kUnparked) continue;
    connection = find(socket);
    if (connection != nullptr) connection->ends[side].receiver = nullptr;
    return wake == Wake::kTimeout ? Errc::kTimeout : Errc::kCancelled;
  }
}

ByteView NetworkDevice::readable(SocketId socket) const {
  const Connection* const connection = find(socket);
  CHECK(connection != nullptr, "wait_readable() has just found a frame here");
  return connection->directions[1 - side_of(socket)].pipe.front();
}

void NetworkDevice::take(SocketId socket) {
  Connection* const connection = find(socket);
  CHECK(connection != nullptr, "wait_readable() has just found a frame here");
  const Side side = side_of(socket);
  ++connection->ends[side].taken;
  Pipe& incoming = connection->directions[1 - side].pipe;
  if (world_.is_traced()) world_.observer().on_taken(incoming.frame(incoming.first()).message);
  const std::uint32_t bytes = incoming.pop();
  free_room(*connection, 1 - side, bytes);
}

void NetworkDevice::close(SocketId socket) {
  Connection* const connection = find(socket);
  if (connection == nullptr) return;
  const Side side = side_of(socket);
  End& end = connection->ends[side];
  if (end.state != EndState::kOpen) return;
  close_end(*connection, side);
  wake(end.receiver);
  wake(end.sender);
  free_if_done(*connection);
}

void NetworkDevice::close_end(Connection& connection, Side side) {
  End& end = connection.ends[side];
  Direction& direction = connection.directions[side];
  end.state = EndState::kClosed;
  if (side == 0 && connection.ends[1].state == EndState::kBacklog) never_served(connection);
  discard_readable(connection, side);
  if (end.is_broken || direction.is_dead || direction.pipe.is_ending()) return;
  direction.pipe.push_end(world_.current_root());
  launch_frames(connection, side);
}

void NetworkDevice::reset_from(Connection& connection, Side side) {
  End& end = connection.ends[side];
  Direction& direction = connection.directions[side];
  end.state = EndState::kClosed;
  drop_from(connection, side, direction.pipe.launched_end());
  discard_readable(connection, side);
  if (end.is_broken || direction.is_dead) return;
  direction.is_dead = true;
  connection.directions[1 - side].reset_under_way = true;
  send_packet(connection, side, PacketKind::kReset, {});
}

void NetworkDevice::discard_readable(Connection& connection, Side side) {
  Pipe& pipe = connection.directions[1 - side].pipe;
  while (pipe.is_readable()) {
    if (pipe.frame(pipe.first()).is_reply) meters_.met(Situation::kReplyLost);
    const std::uint32_t bytes = pipe.pop();
    free_room(connection, 1 - side, bytes);
  }
}

void NetworkDevice::drop_from(Connection& connection, Side side, FrameNumber number) {
  Pipe& pipe = connection.directions[side].pipe;
  if (world_.is_traced()) {
    for (FrameNumber at = number; at != pipe.end(); ++at) {
      note_frame(NoteKind::kDrop, connection, side, at, "lost");
    }
  }
  const DroppedFrames dropped = pipe.drop_from(number);
  if (connection.is_cut_off && dropped.count > 0) meters_.took_effect(FaultKind::kNetBreak);
  for (std::uint32_t reply = 0; reply < dropped.replies; ++reply) {
    meters_.met(Situation::kReplyLost);
  }
}

void NetworkDevice::free_room(Connection& connection, Side side, std::uint32_t bytes) {
  Direction& direction = connection.directions[side];
  const Link& back = *connection.directions[1 - side].link;
  direction.credit_pending += bytes;
  if (direction.credit_under_way) return;
  if (!direction.pipe.has_unsent() && !back.is_cut()) {
    // Nobody waits for the room: the sender's next look finds it, and no packet is needed.
    direction.pipe.credit(std::exchange(direction.credit_pending, 0));
    return;
  }
  // Room is told in large pieces, or when nothing else is on its way.
  const bool is_much = direction.credit_pending >= spec_.pipe.window_bytes / 4;
  const bool is_drained = direction.pipe.first() == direction.pipe.launched_end();
  if (!is_much && !is_drained) return;
  direction.credit_under_way = true;
  send_packet(connection, 1 - side, PacketKind::kWindow, {});
}

void NetworkDevice::free_if_done(Connection& connection) {
  if (!connection.is_done()) return;
  for (const Direction& direction : connection.directions) {
    direction.link->give_back_entity(direction.entity);
  }
  --live_connections_;
  free_connections_.push_back(connection.index);
  connections_[connection.index].reset();
}

}  // namespace millrace::sim
