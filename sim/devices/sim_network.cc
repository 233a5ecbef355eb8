#include "sim/devices/sim_network.h"

#include <cstring>
#include <expected>
#include <optional>
#include <utility>

#include "sim/kernel/arena.h"

namespace millrace::sim {
namespace {

/// Runs `call` on the simulator's heap. Errors become Results, with their texts, outside of it.
template <typename Call>
auto on_simulator_heap(Call call) {
  const ArenaScope simulator(nullptr);
  return call();
}

}  // namespace

// --- a connection ---

SimConnection::~SimConnection() { SimConnection::close(); }

Result<void> SimConnection::send(ByteView frame, Instant deadline) {
  const std::optional<Errc> error =
      on_simulator_heap([&] { return device_.send(socket_, frame, deadline); });
  if (error) return fail(*error, "send to " + peer_);
  return {};
}

Result<Bytes> SimConnection::receive(Instant deadline) {
  NetworkDevice& device = device_;
  const SocketId socket = socket_;
  const std::optional<Errc> error =
      on_simulator_heap([&] { return device.wait_readable(socket, deadline); });
  if (error) return fail(*error, "receive from " + peer_);
  Bytes frame = to_bytes(device.readable(socket));
  const ArenaScope simulator(nullptr);
  device.take(socket);
  return frame;
}

void SimConnection::close() {
  const ArenaScope simulator(nullptr);
  device_.close(socket_);
}

// --- a port ---

SimListener::~SimListener() { SimListener::close(); }

Result<std::unique_ptr<Connection>> SimListener::accept(Instant deadline) {
  NetworkDevice& device = device_;
  const ListenerId listener = listener_;
  const std::expected<SocketId, Errc> accepted =
      on_simulator_heap([&] { return device.accept(listener, deadline); });
  if (!accepted) return fail(accepted.error(), "accept");
  return std::make_unique<SimConnection>(device, *accepted, device.peer_of(*accepted).name());
}

void SimListener::close() {
  const ArenaScope simulator(nullptr);
  device_.close_listener(listener_);
}

// --- the network ---

Result<std::unique_ptr<Listener>> SimNetwork::listen(std::uint16_t port) {
  const std::optional<ListenerId> listener =
      on_simulator_heap([&] { return device_.listen(process_, port); });
  if (!listener) return fail(Errc::kAlreadyExists, "port " + std::to_string(port));
  return std::make_unique<SimListener>(device_, *listener);
}

Result<std::unique_ptr<Connection>> SimNetwork::connect(const Address& address, Instant deadline) {
  const std::expected<SocketId, Errc> connected =
      on_simulator_heap([&] { return device_.connect(process_, address, deadline); });
  if (!connected) return fail(connected.error(), to_text(address));
  return std::make_unique<SimConnection>(device_, *connected, address.machine);
}

}  // namespace millrace::sim
