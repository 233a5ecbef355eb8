// What faults do to links and connections, and what ends of processes and machines leave behind.

#include <algorithm>

#include "sim/devices/network_connection.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

// How much of what is under way still arrives after a break. Neutral is kAll.
enum class Arrives : std::uint8_t { kAll, kNone, kPrefix };
// When an end learns of it. Neutral is kAtOnce.
enum class Learns : std::uint8_t { kAtOnce, kBySending, kByKeepAlive, kNever };

void mark(std::vector<bool>& machines, const Machine& machine, bool is_on) {
  if (machines.size() <= machine.index()) machines.resize(machine.index() + std::size_t{1});
  machines[machine.index()] = is_on;
}

}  // namespace

// --- links ---

void NetworkDevice::cut(const Route& route, FaultKind kind) { link(route).cut(kind); }

void NetworkDevice::heal(const Route& route) {
  Link* const healed = find_link(route);
  if (healed == nullptr) return;
  healed->heal();
  release(*healed);
}

void NetworkDevice::isolate(const std::vector<const Machine*>& members, FaultKind kind) {
  for (const Machine* const inside : members) {
    for (const auto& outside : world_.machines()) {
      if (std::ranges::find(members, outside.get()) != members.end()) continue;
      cut({.from = *inside, .to = *outside}, kind);
      cut({.from = *outside, .to = *inside}, kind);
    }
  }
}

void NetworkDevice::clog(const Route& route, Duration duration, FaultKind kind) {
  Link& clogged = link(route);
  const SimTime until = world_.now() + duration;
  clogged.clog(until, kind);
  const PacketKind packet_kind = PacketKind::kUnclog;
  const EventIdentity who =
      world_.identify(world_.current_root(), EventKind::kDeliver, clogged.where(packet_kind));
  const Packet over{.kind = packet_kind, .index = clogged.number()};
  world_.schedule(who, until, clogged.entity(), *this, over.argument());
}

void NetworkDevice::slow(const Route& route, const Slowness& slowness) {
  Link& slowed = link(route);
  const bool was_delayed = slowed.delays();
  slowed.set_slowness(slowness);
  if (was_delayed && !slowed.delays()) hurry(slowed);
}

void NetworkDevice::lose(const Route& route, Ratio loss) {
  Link& lossy = link(route);
  const bool was_delayed = lossy.delays();
  lossy.set_loss(loss);
  if (was_delayed && !lossy.delays()) hurry(lossy);
}

void NetworkDevice::limit_bandwidth(const Route& route, std::uint64_t bytes_per_second) {
  Link& limited = link(route);
  const bool was_delayed = limited.delays();
  limited.limit_bandwidth(bytes_per_second);
  if (was_delayed && !limited.delays()) hurry(limited);
}

void NetworkDevice::restore(const Route& route) {
  Link* const restored = find_link(route);
  if (restored == nullptr) return;
  const bool was_delayed = restored->delays();
  restored->restore();
  release(*restored);
  if (was_delayed) hurry(*restored);
}

void NetworkDevice::hurry(Link& link) {
  for_each_connection([&](Connection& connection) {
    for (Side side = 0; side < 2; ++side) {
      if (connection.directions[side].link == &link) hurry(connection, side);
    }
  });
}

void NetworkDevice::hurry(Connection& connection, Side side) {
  // What is under way was delayed when it left. It is sent once more: the first one to arrive
  // counts.
  const Direction& direction = connection.directions[side];
  const Pipe& pipe = direction.pipe;
  for (FrameNumber number = pipe.first(); number != pipe.launched_end(); ++number) {
    if (!pipe.is_under_way(number)) continue;
    const EventIdentity who = world_.identify(pipe.frame(number).root, EventKind::kDeliver,
                                              direction.link->where_again());
    const Packet packet{
        .kind = PacketKind::kFrame, .side = side, .index = connection.index, .number = number};
    ++connection.pending;
    schedule_again(*direction.link, packet, who, world_.now() + direction.link->base_latency());
  }
  const Direction& back = connection.directions[1 - side];
  if (back.reset_under_way) send_packet(connection, side, PacketKind::kReset, {});
  if (back.credit_under_way) send_packet(connection, side, PacketKind::kWindow, {});
  const bool is_waiting = connection.ends[0].state == EndState::kConnecting &&
                          connection.connect_state == ConnectState::kWaiting;
  if (!is_waiting) return;
  const bool is_accepted = connection.ends[1].state != EndState::kNone;
  if (side == 0) send_packet(connection, 0, PacketKind::kConnect, {});
  if (side == 1 && is_accepted) send_packet(connection, 1, PacketKind::kAccept, {});
}

// --- connections ---

void NetworkDevice::break_connections(const Route& between, Root fault) {
  for_each_connection([&](Connection& connection) {
    if (is_between(connection, between)) break_one(connection, fault);
  });
}

bool NetworkDevice::break_direction(EntityId direction, Root fault) {
  bool is_found = false;
  for_each_connection([&](Connection& connection) {
    const bool is_it = connection.directions[0].entity == direction ||
                       connection.directions[1].entity == direction;
    if (!is_it || !is_breakable(connection)) return;
    break_one(connection, fault);
    is_found = true;
  });
  return is_found;
}

bool NetworkDevice::is_breakable(const Connection& connection) {
  return !connection.is_cut_off && connection.connect_state == ConnectState::kAccepted;
}

bool NetworkDevice::is_between(const Connection& connection, const Route& between) {
  const Link& link = *connection.directions[0].link;
  const bool is_forth = &link.from() == &between.from && &link.to() == &between.to;
  const bool is_back = &link.from() == &between.to && &link.to() == &between.from;
  return (is_forth || is_back) && is_breakable(connection);
}

void NetworkDevice::break_one(Connection& connection, Root fault) {
  connection.is_cut_off = true;
  const Link& link = *connection.directions[0].link;
  Choices& choices = world_.choices();
  const EventIdentity who =
      world_.identify(fault, EventKind::kFault, link.where(PacketKind::kReset));
  for (Side side = 0; side < 2; ++side) {
    Direction& direction = connection.directions[side];
    direction.is_dead = true;
    const FrameNumber first = direction.pipe.readable_end();
    const std::uint32_t count = direction.pipe.end() - first;
    std::int64_t kept = count;
    const auto arrives = static_cast<Arrives>(
        choices.one_of(who, Purpose::kBreakArrives, 0, static_cast<int>(Arrives::kPrefix), side));
    if (arrives == Arrives::kNone) kept = 0;
    if (arrives == Arrives::kPrefix) {
      kept = choices.one_of(who, Purpose::kBreakArrives, 0, count, 2 + side);
    }
    drop_from(connection, side, first + static_cast<FrameNumber>(kept));
  }
  for (Side side = 0; side < 2; ++side) {
    const auto learns = static_cast<Learns>(
        choices.one_of(who, Purpose::kBreakLearns, 0, static_cast<int>(Learns::kNever), side));
    if (!connection.ends[side].is_alive()) continue;
    switch (learns) {
      case Learns::kAtOnce:
        learn(connection, side);
        break;
      case Learns::kBySending:
        connection.ends[side].learns_by_sending = true;
        break;
      case Learns::kByKeepAlive:
        send_packet(connection, side, PacketKind::kKeepAlive, spec_.keep_alive);
        break;
      case Learns::kNever:
        break;
    }
  }
  free_if_done(connection);
}

void NetworkDevice::refuse_connects(const Machine& machine, bool is_on) {
  mark(refuses_, machine, is_on);
}

void NetworkDevice::hang_connects(const Machine& machine, bool is_on) {
  mark(hangs_, machine, is_on);
}

// --- ends of processes and machines ---

void NetworkDevice::on_end(Process& process, ProcessEnd end) {
  const ArenaScope simulator(nullptr);
  // First the tasks: none of them is to be woken by what follows.
  for_each_connection([&](Connection& connection) {
    for (End& mine : connection.ends) {
      if (mine.process != process.id()) continue;
      mine.receiver = nullptr;
      mine.sender = nullptr;
    }
  });
  for (const auto& [key, listening] : listeners_) {
    if (listening->process == process.id()) listening->acceptor = nullptr;
  }
  if (end == ProcessEnd::kPowerLoss) {
    power_lost(process.machine());
    return;
  }
  std::erase_if(listeners_, [&](const auto& entry) {
    if (entry.second->process != process.id()) return false;
    reset_backlog(*entry.second);
    return true;
  });
  for_each_connection([&](Connection& connection) {
    for (Side side = 0; side < 2; ++side) {
      const End& mine = connection.ends[side];
      if (mine.process == process.id() && mine.is_held()) process_ended(connection, side);
    }
    free_if_done(connection);
  });
}

std::size_t NetworkDevice::socket_count(const Process& process) const {
  std::size_t count = 0;
  for (const auto& connection : connections_) {
    if (connection == nullptr) continue;
    for (const End& end : connection->ends) {
      if (end.process == process.id() && end.is_held()) ++count;
    }
  }
  return count;
}

void NetworkDevice::process_ended(Connection& connection, Side side) {
  if (connection.ends[side].state == EndState::kConnecting) return abandon(connection);
  const bool has_unread = connection.directions[1 - side].pipe.is_readable();
  if (has_unread) {
    reset_from(connection, side);
  } else {
    close_end(connection, side);
  }
}

void NetworkDevice::power_lost(const Machine& machine) {
  std::erase_if(listeners_, [&](const auto& entry) {
    if (entry.second->machine != &machine) return false;
    for (const std::uint32_t index : entry.second->backlog) never_served(*connections_[index]);
    return true;
  });
  for_each_connection([&](Connection& connection) {
    for (Side side = 0; side < 2; ++side) {
      if (&connection.directions[side].link->from() == &machine) forget_end(connection, side);
    }
    free_if_done(connection);
  });
}

void NetworkDevice::forget_end(Connection& connection, Side side) {
  End& end = connection.ends[side];
  if (end.state == EndState::kNone || end.state == EndState::kGone) return;
  discard_readable(connection, side);
  end.state = EndState::kGone;
  end.receiver = nullptr;
  end.sender = nullptr;
  // What has left arrives; what would have to be sent again does not.
  Direction& direction = connection.directions[side];
  FrameNumber number = direction.pipe.readable_end();
  while (number != direction.pipe.launched_end()) {
    const PipeFrame& frame = direction.pipe.frame(number);
    if (frame.needs_sender && !frame.has_arrived) break;
    ++number;
  }
  drop_from(connection, side, number);
  direction.is_dead = true;
}

}  // namespace millrace::sim
