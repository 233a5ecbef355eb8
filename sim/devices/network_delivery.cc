// Packets arrive: what the links let through, and what each kind of packet does.

#include <string>
#include <utility>

#include "sim/devices/network_connection.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

// Source: the first retransmission of Linux, tcp_rto_min; intervals double.
constexpr Duration kProbeAgain = milliseconds(200);
constexpr std::uint32_t kProbeDoublingsMax = 6;
// Guess: a kernel gives up within minutes. Linux takes about 15 of them (tcp_retries2), longer than
// runs are.
constexpr std::uint32_t kProbesMax = 12;

}  // namespace

void NetworkDevice::on_event(const Event& event) {
  const Packet packet = Packet::of(event.argument);
  if (packet.kind == PacketKind::kUnclog) {
    Link& link = *links_[packet.index];
    link.unclog();
    release(link);
    return;
  }
  Connection& connection = *connections_[packet.index];
  const Pipe& pipe = connection.directions[packet.side].pipe;
  const bool is_frame = packet.kind == PacketKind::kFrame;
  // A frame that was dropped, or came twice, says nothing.
  const bool is_void = is_frame && !pipe.is_under_way(packet.number);
  if (!is_void && packet.kind != PacketKind::kKeepAlive) {
    const std::uint32_t epoch = is_frame ? pipe.frame(packet.number).epoch : packet.number;
    const bool is_clear = connection.directions[packet.side].link->is_clear(epoch);
    if (!is_clear && is_stopped(connection, packet, epoch, event)) return;
  }
  --connection.pending;
  if (!is_void) arrived(connection, packet, event);
  free_if_done(connection);
}

// --- disturbed links ---

bool NetworkDevice::is_stopped(Connection& connection, const Packet& packet, std::uint32_t epoch,
                               const Event& event) {
  Direction& direction = connection.directions[packet.side];
  Link& link = *direction.link;
  const bool is_lost = link.is_cut() || link.was_cut_since(epoch);
  if (is_lost && packet.kind == PacketKind::kFrame) {
    if (connection.ends[packet.side].state == EndState::kGone) {
      // Nobody is left to send it again.
      meters_.took_effect(link.cut_kind());
      drop_from(connection, packet.side, packet.number);
      --connection.pending;
      free_if_done(connection);
      return true;
    }
    direction.pipe.frame(packet.number).needs_sender = true;
  }
  const bool is_told = world_.is_traced() && packet.kind == PacketKind::kFrame;
  if (link.is_stopped()) {
    if (is_told) {
      const std::string why(to_text(link.stop_kind()));
      note_frame(NoteKind::kLate, connection, packet.side, packet.number, "held back by " + why);
    }
    meters_.took_effect(link.stop_kind());
    link.held.push_back(
        {.argument = event.argument, .root = event.who.root, .is_lost = link.is_cut()});
    return true;
  }
  if (!is_lost && !link.was_slowed_since(epoch)) return false;
  if (is_told) {
    note_frame(NoteKind::kLate, connection, packet.side, packet.number,
               is_lost ? "lost in a cut, sent again" : "slowed down");
  }
  const EventIdentity who =
      world_.identify(event.who.root, EventKind::kDeliver, link.where_again());
  if (is_lost) {
    meters_.took_effect(link.cut_kind());
    schedule_again(link, packet, who, link.send_again(who));
  } else {
    meters_.took_effect(FaultKind::kNetSlow);
    schedule_again(link, packet, who, world_.now() + link.slow_extra());
  }
  return true;
}

void NetworkDevice::schedule_again(Link& link, Packet packet, const EventIdentity& who,
                                   SimTime due) {
  Connection& connection = *connections_[packet.index];
  Direction& direction = connection.directions[packet.side];
  if (packet.kind != PacketKind::kFrame) {
    packet.number = link.epoch();
  } else if (direction.pipe.is_under_way(packet.number)) {
    direction.pipe.frame(packet.number).epoch = link.epoch();
  }
  world_.schedule(who, due, direction.entity, *this, packet.argument());
}

void NetworkDevice::release(Link& link) {
  if (link.is_stopped() || link.held.empty()) return;
  // One attempt of TCP finds the link whole again, and all that waited follows in a burst.
  const EventIdentity healed =
      world_.identify(world_.current_root(), EventKind::kFault, link.where_again());
  const SimTime again = link.send_again(healed);
  const std::vector<HeldPacket> held = std::exchange(link.held, {});
  for (const HeldPacket& packet : held) {
    const EventIdentity who = world_.identify(packet.root, EventKind::kDeliver, link.where_again());
    schedule_again(link, Packet::of(packet.argument), who, packet.is_lost ? again : world_.now());
  }
}

// --- what arrives ---

void NetworkDevice::arrived(Connection& connection, const Packet& packet, const Event& event) {
  switch (packet.kind) {
    case PacketKind::kFrame:
      return frame_arrived(connection, packet, event);
    case PacketKind::kConnect:
      return connect_arrived(connection);
    case PacketKind::kAccept:
    case PacketKind::kRefuse:
      return answer_arrived(connection, packet.kind);
    case PacketKind::kReset:
      return reset_arrived(connection, packet.side, event);
    case PacketKind::kWindow:
      return window_arrived(connection, packet.side);
    case PacketKind::kProbe:
      connection.directions[packet.side].is_probing = false;
      return nobody_there(connection, packet.side);
    case PacketKind::kKeepAlive:
      return learn(connection, packet.side);
    case PacketKind::kUnclog:
      break;
  }
  UNREACHABLE("an unclogged link is no packet");
}

void NetworkDevice::frame_arrived(Connection& connection, const Packet& packet,
                                  const Event& event) {
  Direction& direction = connection.directions[packet.side];
  End& receiver = connection.ends[1 - packet.side];
  if (receiver.state == EndState::kGone) {
    if (world_.is_traced()) {
      note_frame(NoteKind::kDrop, connection, packet.side, packet.number,
                 "lost: its receiver forgot the connection");
    }
    PipeFrame& frame = direction.pipe.frame(packet.number);
    if (std::exchange(frame.is_reply, false)) meters_.met(Situation::kReplyLost);
    return nobody_there(connection, packet.side);
  }
  if (world_.is_traced()) {
    note_frame(NoteKind::kDeliver, connection, packet.side, packet.number, {});
  }
  if (!direction.pipe.arrive(packet.number)) return;  // An earlier frame is still under way.
  if (receiver.state == EndState::kClosed) {
    discard_readable(connection, 1 - packet.side);
    return;
  }
  if (packet.side == 0 && connection.opened < direction.link->opened(connection.opened_slot)) {
    meters_.met(Situation::kFrameOnOldConnection);
  }
  if (receiver.receiver != nullptr && receiver.state == EndState::kOpen) {
    world_.make_ready(*std::exchange(receiver.receiver, nullptr), event.who);
  }
  // A sender learns that its peer has closed, too.
  if (direction.pipe.has_end_arrived()) wake(receiver.sender);
}

void NetworkDevice::reset_arrived(Connection& connection, Side side, const Event& event) {
  const Side here = 1 - side;
  connection.directions[here].reset_under_way = false;
  if (!connection.ends[here].is_alive()) return;
  if (!connection.is_cut_off) {
    // Frames that have not arrived never will, and those that were not read may be thrown away.
    Pipe& incoming = connection.directions[side].pipe;
    drop_from(connection, side, incoming.readable_end());
    if (incoming.is_readable()) {
      const bool discards = world_.choices().hit(event.who, Purpose::kBreakArrives, Ratio{1, 2});
      if (discards) drop_from(connection, side, incoming.first());
    }
    Direction& outgoing = connection.directions[here];
    drop_from(connection, here, outgoing.pipe.launched_end());
    outgoing.is_dead = true;
  }
  learn(connection, here);
}

void NetworkDevice::window_arrived(Connection& connection, Side side) {
  const Side here = 1 - side;
  Direction& direction = connection.directions[here];
  End& sender = connection.ends[here];
  direction.credit_under_way = false;
  direction.pipe.credit(std::exchange(direction.credit_pending, 0));
  if (sender.state == EndState::kGone) return;
  launch_frames(connection, here);
  if (direction.pipe.has_room(0)) wake(sender.sender);
}

void NetworkDevice::nobody_there(Connection& connection, Side side) {
  const End& sender = connection.ends[side];
  Direction& direction = connection.directions[side];
  if (!sender.is_alive() || sender.is_broken) return;
  if (direction.link->to().state() != MachineState::kOff) {
    if (std::exchange(direction.reset_under_way, true)) return;
    return send_packet(connection, 1 - side, PacketKind::kReset, {});
  }
  if (direction.is_probing) return;
  if (direction.probes == kProbesMax) return learn(connection, side);
  const std::uint32_t doublings = std::min(direction.probes, kProbeDoublingsMax);
  ++direction.probes;
  direction.is_probing = true;
  send_packet(connection, side, PacketKind::kProbe, kProbeAgain * (std::int64_t{1} << doublings));
}

void NetworkDevice::learn(Connection& connection, Side side) {
  End& end = connection.ends[side];
  if (!end.is_alive() || end.is_broken) return;
  end.is_broken = true;
  if (connection.is_cut_off) meters_.took_effect(FaultKind::kNetBreak);
  if (end.state == EndState::kConnecting) connection.connect_state = ConnectState::kFailed;
  wake(end.receiver);
  wake(end.sender);
}

}  // namespace millrace::sim
