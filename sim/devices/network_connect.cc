// Listeners, and how a connection comes about.
//
//   client                   link                    server's kernel            process
//   connect() ---- kConnect ------------------------> listener? room?
//      |                                               no listener: kRefuse
//      |                                               off, hanging, full: nothing; asked again
//      later |      <--- kAccept ------------------------- backlog ------------------> accept()
//   returns
//
// The kernel accepts without its process, which may stand still; frames may follow at once.

#include <algorithm>
#include <utility>

#include "sim/devices/network_connection.h"
#include "system/base/check.h"

namespace millrace::sim {
namespace {

// Source: Linux asks again after 1 s, doubling, six times (tcp_syn_retries).
constexpr Duration kConnectAgain = seconds(1);
constexpr std::uint32_t kConnectTriesMax = 7;

// A ListenerId is (number, machine's index, port).
constexpr int kPortBits = 16;
constexpr int kMachineBits = 16;

}  // namespace

// --- listeners ---

NetworkDevice::Listening* NetworkDevice::find_listener(const Machine& machine,
                                                       std::uint16_t port) const {
  const auto found = listeners_.find({machine.index(), port});
  return found == listeners_.end() ? nullptr : found->second.get();
}

NetworkDevice::Listening* NetworkDevice::find_listener(ListenerId listener) const {
  const auto port = static_cast<std::uint16_t>(listener.value());
  const std::uint32_t machine =
      static_cast<std::uint32_t>(listener.value() >> kPortBits) & ((1U << kMachineBits) - 1);
  const auto found = listeners_.find({machine, port});
  if (found == listeners_.end() || found->second->id != listener) return nullptr;
  return found->second.get();
}

std::optional<ListenerId> NetworkDevice::listen(Process& process, std::uint16_t port) {
  const Machine& machine = process.machine();
  if (find_listener(machine, port) != nullptr) return std::nullopt;
  CHECK(machine.index() < 1U << kMachineBits);
  auto made = std::make_unique<Listening>();
  made->id = ListenerId(next_listener_++ << (kPortBits + kMachineBits) |
                        static_cast<std::uint64_t>(machine.index()) << kPortBits | port);
  made->machine = &machine;
  made->process = process.id();
  made->port = port;
  const ListenerId id = made->id;
  listeners_.emplace(std::pair(machine.index(), port), std::move(made));
  return id;
}

std::expected<SocketId, Errc> NetworkDevice::accept(ListenerId listener, Instant deadline) {
  while (true) {
    Listening* listening = find_listener(listener);
    if (listening == nullptr) return std::unexpected(Errc::kUnavailable);
    if (!listening->backlog.empty()) {
      Connection& connection = *connections_[listening->backlog.front()];
      listening->backlog.pop_front();
      connection.ends[1].state = EndState::kOpen;
      return socket_of(connection, 1);
    }
    CHECK(listening->acceptor == nullptr, "one task at a time accepts");
    listening->acceptor = world_.current();
    const Wake wake = world_.wait_in_device(deadline);
    listening = find_listener(listener);
    if (listening != nullptr) listening->acceptor = nullptr;
    if (wake == Wake::kTimeout) return std::unexpected(Errc::kTimeout);
    if (wake == Wake::kCancelled) return std::unexpected(Errc::kCancelled);
  }
}

void NetworkDevice::close_listener(ListenerId listener) {
  Listening* const listening = find_listener(listener);
  if (listening == nullptr) return;
  wake(listening->acceptor);
  reset_backlog(*listening);
  listeners_.erase({listening->machine->index(), listening->port});
}

void NetworkDevice::reset_backlog(Listening& listening) {
  for (const std::uint32_t index : listening.backlog) {
    Connection& connection = *connections_[index];
    never_served(connection);
    reset_from(connection, 1);
    free_if_done(connection);
  }
}

void NetworkDevice::never_served(Connection& connection) {
  if (std::exchange(connection.was_never_served, true)) return;
  meters_.met(Situation::kAcceptedNeverServed);
}

// --- the asking side ---

NetworkDevice::Connection& NetworkDevice::make_connection(const Machine& from, const Machine& to,
                                                          std::uint16_t port) {
  if (free_connections_.empty()) {
    CHECK(connections_.size() < Packet::kIndexMax, "connections have a bound");
    free_connections_.push_back(static_cast<std::uint32_t>(connections_.size()));
    connections_.emplace_back();
  }
  auto made = std::make_unique<Connection>(spec_.pipe);
  made->index = free_connections_.back();
  free_connections_.pop_back();
  made->number = next_connection_++;
  made->port = port;
  made->directions[0].link = &link(from, to);
  made->directions[1].link = &link(to, from);
  for (Direction& direction : made->directions) direction.entity = direction.link->take_entity();
  made->opened_slot = made->directions[0].link->opened_slot(port);
  ++live_connections_;
  Connection& connection = *made;
  connections_[connection.index] = std::move(made);
  return connection;
}

std::expected<SocketId, Errc> NetworkDevice::connect(Process& process, const Address& address,
                                                     Instant deadline) {
  const Machine* const to = world_.find_machine(address.machine);
  if (to == nullptr) return std::unexpected(Errc::kRefused);
  Connection& connection = make_connection(process.machine(), *to, address.port);
  End& end = connection.ends[0];
  end.state = EndState::kConnecting;
  end.process = process.id();
  send_packet(connection, 0, PacketKind::kConnect, {});
  // The connection is not freed while its process waits here.
  while (connection.connect_state == ConnectState::kWaiting) {
    end.receiver = world_.current();
    const Wake wake = world_.wait_in_device(deadline);
    end.receiver = nullptr;
    if (wake == Wake::kUnparked || connection.connect_state != ConnectState::kWaiting) continue;
    abandon(connection);
    free_if_done(connection);
    return std::unexpected(wake == Wake::kTimeout ? Errc::kTimeout : Errc::kCancelled);
  }
  if (connection.connect_state == ConnectState::kAccepted) {
    end.state = EndState::kOpen;
    return socket_of(connection, 0);
  }
  const bool is_refused = connection.connect_state == ConnectState::kRefused;
  end.state = EndState::kClosed;
  free_if_done(connection);
  return std::unexpected(is_refused ? Errc::kRefused : Errc::kUnavailable);
}

void NetworkDevice::abandon(Connection& connection) {
  connection.ends[0].state = EndState::kClosed;
  if (connection.ends[1].state == EndState::kNone) return;
  if (connection.ends[1].state == EndState::kBacklog) never_served(connection);
  reset_from(connection, 0);
}

void NetworkDevice::try_again(Connection& connection) {
  if (connection.tries == kConnectTriesMax) {
    connection.connect_state = ConnectState::kFailed;
    wake(connection.ends[0].receiver);
    return;
  }
  const Duration later = kConnectAgain * (std::int64_t{1} << (connection.tries - 1));
  ++connection.tries;
  send_packet(connection, 0, PacketKind::kConnect, later);
}

void NetworkDevice::answer_arrived(Connection& connection, PacketKind kind) {
  End& end = connection.ends[0];
  if (end.state != EndState::kConnecting) return;
  if (connection.connect_state != ConnectState::kWaiting) return;
  if (kind == PacketKind::kAccept) {
    connection.connect_state = ConnectState::kAccepted;
    connection.opened = ++connection.directions[0].link->opened(connection.opened_slot);
  } else {
    connection.connect_state = ConnectState::kRefused;
  }
  wake(end.receiver);
}

// --- the asked side ---

bool NetworkDevice::is_marked(const std::vector<bool>& machines, const Machine& machine) const {
  return machine.index() < machines.size() && machines[machine.index()];
}

void NetworkDevice::connect_arrived(Connection& connection) {
  // Nobody waits any more: the kernel of the asking side would not confirm.
  if (connection.ends[0].state != EndState::kConnecting) return;
  if (connection.ends[1].state != EndState::kNone) return;  // Asked twice; see hurry().
  const Machine& machine = connection.directions[0].link->to();
  if (machine.state() == MachineState::kOff) return try_again(connection);
  if (is_marked(hangs_, machine)) {
    meters_.took_effect(FaultKind::kNetHang);
    return try_again(connection);
  }
  Listening* const listening = find_listener(machine, connection.port);
  const bool is_refused = is_marked(refuses_, machine);
  if (is_refused && listening != nullptr) meters_.took_effect(FaultKind::kNetRefuse);
  if (is_refused || listening == nullptr) {
    return send_packet(connection, 1, PacketKind::kRefuse, {});
  }
  if (listening->backlog.size() >= spec_.backlog_max) return try_again(connection);
  connection.ends[1].state = EndState::kBacklog;
  connection.ends[1].process = listening->process;
  listening->backlog.push_back(connection.index);
  send_packet(connection, 1, PacketKind::kAccept, {});
  wake(listening->acceptor);
}

}  // namespace millrace::sim
