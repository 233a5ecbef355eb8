#include "quorum/replica.h"

#include <memory>
#include <millrace/system/env/sync.h>
#include <utility>

#include "quorum/cell_log.h"

namespace quorum {
namespace {

using millrace::Connection;
using millrace::Env;
using millrace::Errc;
using millrace::fail;
using millrace::failed_with;
using millrace::Listener;
using millrace::MutexLock;
using millrace::seconds;

class Replica {
 public:
  Replica(Env& env, CellLog log, std::unique_ptr<Listener> listener)
      : env_(env),
        log_(std::move(log)),
        listener_(std::move(listener)),
        cells_(log_.cells()),
        writing_(env.tasks) {}

  Listener& listener() { return *listener_; }

  /// Answers requests until the connection ends.
  Result<void> serve(Connection& connection, millrace::Duration idle_timeout) {
    while (true) {
      const Bytes frame = TRY(connection.receive(env_.clock.now() + idle_timeout));
      const Request request = TRY(decode_request(frame));
      Cell reply = request.cell;
      if (request.kind == RequestKind::kGet) {
        reply = cells_[request.key];
      } else {
        TRY(put({.key = request.key, .cell = request.cell}));
      }
      TRY(connection.send(encode(reply), env_.clock.now() + seconds(1)));
    }
  }

 private:
  /// Returns when the cell, or a newer one, is durable.
  Result<void> put(const Record& record) {
    const MutexLock alone = TRY(writing_.lock(env_.clock.now() + seconds(5)));
    if (is_broken_) return fail(Errc::kShuttingDown, "the disk failed");
    if (record.cell.version <= cells_[record.key].version) {
      env_.journal.mark("replica.knew_newer");
      return {};
    }
    const Result<void> stored = log_.append(record);
    if (!stored.has_value()) {
      // What is on the disk now is unknown. Ending the process is the way to find out.
      env_.journal.mark("replica.disk_failed");
      is_broken_ = true;
      listener_->close();
      return stored;
    }
    cells_[record.key] = record.cell;
    env_.journal.mark("replica.stored");
    return {};
  }

  Env& env_;
  CellLog log_;
  std::unique_ptr<Listener> listener_;
  // Only what is durable, so that a reader is never told what a power loss can take back.
  CellLog::Cells cells_;
  // Held while a record is written and synced: a failed sync forgets what anybody wrote before it.
  millrace::Mutex writing_;
  bool is_broken_ = false;
};

}  // namespace

Result<void> format_replica(Env& env, const ReplicaConfig& /*config*/) {
  return CellLog::format(env.disk, env.network.machine());
}

Result<void> replica_main(Env& env, const ReplicaConfig& config) {
  CellLog log = TRY(CellLog::open(env.disk, env.network.machine()));
  env.journal.mark("replica.recovered");
  std::unique_ptr<Listener> listener = TRY(env.network.listen(kReplicaPort));
  // Shared with the connections: the last of them may still wait for the disk when main() returns.
  const auto replica = std::make_shared<Replica>(env, std::move(log), std::move(listener));
  while (true) {
    auto accepted = replica->listener().accept(env.clock.now() + seconds(1'000));
    if (failed_with(accepted, Errc::kTimeout)) continue;
    const std::shared_ptr<Connection> connection = TRY(std::move(accepted));
    env.tasks.spawn("connection", [replica, connection, idle = config.idle_timeout] {
      millrace::ignore(replica->serve(*connection, idle), "the client connects again");
    });
  }
}

}  // namespace quorum
