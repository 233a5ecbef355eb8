#include "quorum/quorum_client.h"

#include <algorithm>
#include <utility>

#include "quorum/replica.h"

namespace quorum {
namespace {

using millrace::Connection;
using millrace::Env;
using millrace::Instant;
using millrace::milliseconds;

// How long one attempt with one replica may take, and the pause before the next.
constexpr millrace::Duration kAttempt = milliseconds(300);
constexpr millrace::Duration kPause = milliseconds(50);

const Cell& newest(const std::vector<Cell>& cells) {
  return *std::ranges::max_element(cells, {}, &Cell::version);
}

}  // namespace

QuorumClient::QuorumClient(Env& env, std::vector<std::string> replicas)
    : env_(env), replicas_(std::move(replicas)), asking_(env.tasks) {
  CHECK(!replicas_.empty(), "a quorum needs replicas");
}

Result<ReadCell> QuorumClient::read(std::uint32_t key, Instant deadline) {
  const std::vector<Cell> cells =
      TRY(ask_majority({.kind = RequestKind::kGet, .key = key, .cell = {}}, deadline));
  ReadCell seen{.cell = newest(cells), .was_settled = false};
  if (std::ranges::any_of(cells, [&](const Cell& cell) { return cell != seen.cell; })) {
    TRY(ask_majority({.kind = RequestKind::kPut, .key = key, .cell = seen.cell}, deadline));
    env_.journal.mark("client.settled");
    seen.was_settled = true;
  }
  return seen;
}

Result<Version> QuorumClient::write(std::uint32_t key, std::uint64_t value, std::uint64_t operation,
                                    Instant deadline) {
  const std::vector<Cell> cells =
      TRY(ask_majority({.kind = RequestKind::kGet, .key = key, .cell = {}}, deadline));
  const Version version{.number = newest(cells).version.number + 1, .operation = operation};
  const Cell cell{.version = version, .value = value};
  TRY(ask_majority({.kind = RequestKind::kPut, .key = key, .cell = cell}, deadline));
  return version;
}

Result<std::vector<Cell>> QuorumClient::ask_majority(const Request& request, Instant deadline) {
  // Shared: a slow replica is still being asked when the majority has answered.
  const auto round = std::make_shared<Round>(env_.tasks);
  for (const std::string& replica : replicas_) {
    asking_.spawn("ask-" + replica, [this, &replica, frame = encode(request), round, deadline] {
      ask(replica, frame, *round, deadline);
    });
  }
  TRY(round->changed.wait([&] { return round->replies.size() >= majority(); }, deadline));
  return round->replies;
}

void QuorumClient::ask(const std::string& replica, const Bytes& frame, Round& round,
                       Instant deadline) {
  while (round.replies.size() < majority() && env_.clock.now() < deadline) {
    const Result<Cell> reply =
        ask_once(replica, frame, std::min(deadline, env_.clock.now() + kAttempt));
    if (reply.has_value()) {
      round.replies.push_back(*reply);
      round.changed.notify_all();
      return;
    }
    const Instant next = env_.clock.now() + kPause;
    millrace::ignore(sleep_until(env_.tasks, next), "the loop looks at the time itself");
  }
}

Result<Cell> QuorumClient::ask_once(const std::string& replica, const Bytes& frame,
                                    Instant deadline) {
  const std::unique_ptr<Connection> connection =
      TRY(env_.network.connect({.machine = replica, .port = kReplicaPort}, deadline));
  TRY(connection->send(frame, deadline));
  const Bytes reply = TRY(connection->receive(deadline));
  return decode_cell(reply);
}

}  // namespace quorum
