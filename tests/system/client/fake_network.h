#pragma once

// A network in memory whose server side is played by the test, and the rest of a client's world.
//
// A test accepts the connections that the client makes, reads what it sent and answers, or breaks
// the connection: which frames the "store" has seen is then exactly what the test has read.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "system/client/client_context.h"
#include "system/client/directory.h"
#include "system/env/journal.h"
#include "system/env/network.h"
#include "system/env/sync.h"
#include "tests/system/env/fake_tasks.h"

namespace millrace::client {

/// Both directions of a connection. Frames arrive at once.
struct FakePipe {
  explicit FakePipe(Tasks& tasks) : changed(tasks) {}

  std::deque<Bytes> to_server;
  std::deque<Bytes> to_client;
  /// No frame is accepted any more; what is there can be read.
  bool is_closed = false;
  /// A broken pipe loses what is in it.
  void break_now() {
    is_closed = true;
    to_server.clear();
    to_client.clear();
    changed.notify_all();
  }

  Condition changed;
};

/// One end of a pipe.
class FakeConnection final : public Connection {
 public:
  FakeConnection(std::shared_ptr<FakePipe> pipe, bool is_server)
      : pipe_(std::move(pipe)), is_server_(is_server) {}
  ~FakeConnection() override { close(); }

  Result<void> send(ByteView frame, Instant /*deadline*/) override {
    if (pipe_->is_closed) return fail(Errc::kUnavailable, "closed");
    (is_server_ ? pipe_->to_client : pipe_->to_server).push_back(to_bytes(frame));
    pipe_->changed.notify_all();
    return {};
  }

  Result<Bytes> receive(Instant deadline) override {
    std::deque<Bytes>& incoming = is_server_ ? pipe_->to_server : pipe_->to_client;
    TRY(pipe_->changed.wait(
        [&] { return !incoming.empty() || pipe_->is_closed || is_closed_here_; }, deadline));
    if (incoming.empty() || is_closed_here_) return fail(Errc::kUnavailable, "closed");
    Bytes frame = std::move(incoming.front());
    incoming.pop_front();
    return frame;
  }

  void close() override {
    is_closed_here_ = true;
    pipe_->is_closed = true;
    pipe_->changed.notify_all();
  }

  const std::string& peer() const override { return peer_; }

  FakePipe& pipe() { return *pipe_; }

 private:
  std::shared_ptr<FakePipe> pipe_;
  bool is_server_;
  bool is_closed_here_ = false;
  std::string peer_ = "peer";
};

/// Every connect succeeds and waits for the test's accept, unless connects are refused.
class FakeNetwork final : public Network {
 public:
  explicit FakeNetwork(Tasks& tasks) : tasks_(tasks), accepts_(tasks, 64) {}

  const std::string& machine() const override { return machine_; }

  Result<std::unique_ptr<Listener>> listen(std::uint16_t /*port*/) override {
    return fail(Errc::kAlreadyExists, "the test is the server");
  }

  Result<std::unique_ptr<Connection>> connect(const Address& address, Instant deadline) override {
    ++connect_count;
    last_address = address;
    if (is_refusing) return fail(Errc::kRefused, "nobody listens");
    auto pipe = std::make_shared<FakePipe>(tasks_);
    TRY(accepts_.send(std::make_unique<FakeConnection>(pipe, true), deadline));
    return std::make_unique<FakeConnection>(pipe, false);
  }

  /// The server's end of the next connection.
  Result<std::unique_ptr<FakeConnection>> accept(Instant deadline) {
    return accepts_.receive(deadline);
  }

  /// Ends every accept() and connect().
  void close() { accepts_.close(); }

  bool is_refusing = false;
  int connect_count = 0;
  Address last_address;

 private:
  Tasks& tasks_;
  Channel<std::unique_ptr<FakeConnection>> accepts_;
  std::string machine_ = "client-1";
};

/// Counts marks and facts by name.
class CountingJournal final : public Journal {
 public:
  void mark(std::string_view name) override { ++marks_[std::string(name)]; }
  void record(const FactView& fact) override { ++facts_[std::string(fact.name)]; }

  int marks(std::string_view name) const { return count(marks_, name); }
  int facts(std::string_view name) const { return count(facts_, name); }

 private:
  using Counts = std::map<std::string, int, std::less<>>;

  static int count(const Counts& counts, std::string_view name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  }

  Counts marks_;
  Counts facts_;
};

/// Everything that a client under test needs: two segments of the stream "orders" on one store.
class ClientWorld {
 public:
  explicit ClientWorld(FakeTasks& fake_tasks) : tasks(fake_tasks), network(fake_tasks), random(7) {
    directory.add(stream, SegmentMap::equal_split(stream, 2),
                  {{segment(0), {.machine = "store-1", .port = 9000}},
                   {segment(1), {.machine = "store-1", .port = 9000}}});
  }

  SegmentId segment(std::uint32_t number) const { return {.stream = stream, .number = number}; }

  ClientContext context() {
    return {.network = network,
            .clock = tasks,
            .tasks = tasks,
            .random = random,
            .journal = journal,
            .directory = directory,
            .config = config};
  }

  /// Far enough that only a hang reaches it.
  Instant later() { return tasks.now() + seconds(1'000); }

  FakeTasks& tasks;
  FakeNetwork network;
  FakeRandom random;
  CountingJournal journal;
  StaticDirectory directory;
  ClientConfig config;
  const StreamName stream = *StreamName::parse("orders");
};

}  // namespace millrace::client
