#pragma once

// What a process holds of the network: small handles in its arena, with the number of a listener or
// socket of NetworkDevice. A handle that outlives what it names only says that it is gone.

#include <memory>
#include <string>

#include "sim/devices/network_device.h"
#include "system/env/network.h"

namespace millrace::sim {

/// A process's end of a connection.
class SimConnection final : public Connection {
 public:
  SimConnection(NetworkDevice& device, SocketId socket, std::string peer)
      : device_(device), socket_(socket), peer_(std::move(peer)) {}
  ~SimConnection() override;
  SimConnection(const SimConnection&) = delete;
  SimConnection& operator=(const SimConnection&) = delete;

  Result<void> send(ByteView frame, Instant deadline) override;
  Result<Bytes> receive(Instant deadline) override;
  void close() override;
  const std::string& peer() const override { return peer_; }

 private:
  NetworkDevice& device_;
  SocketId socket_;
  std::string peer_;
};

/// A process's port.
class SimListener final : public Listener {
 public:
  SimListener(NetworkDevice& device, ListenerId listener) : device_(device), listener_(listener) {}
  ~SimListener() override;
  SimListener(const SimListener&) = delete;
  SimListener& operator=(const SimListener&) = delete;

  Result<std::unique_ptr<Connection>> accept(Instant deadline) override;
  void close() override;

 private:
  NetworkDevice& device_;
  ListenerId listener_;
};

/// The network as one process sees it.
class SimNetwork final : public Network {
 public:
  /// Both outlive it.
  SimNetwork(NetworkDevice& device, Process& process) : device_(device), process_(process) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  const std::string& machine() const override { return process_.machine().name(); }
  Result<std::unique_ptr<Listener>> listen(std::uint16_t port) override;
  Result<std::unique_ptr<Connection>> connect(const Address& address, Instant deadline) override;

 private:
  NetworkDevice& device_;
  Process& process_;
};

}  // namespace millrace::sim
