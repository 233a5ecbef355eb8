#include "system/segment_store/server.h"

#include <utility>

#include "system/base/check.h"
#include "system/segment_store/connection_server.h"
#include "system/types/facts.h"
#include "system/wire/message_stream.h"
#include "system/wire/messages.h"

namespace millrace::segment_store {

SegmentStoreServer::SegmentStoreServer(Env& env, SegmentContainer& container,
                                       const SegmentStoreConfig& config)
    : env_(env), container_(container), config_(config), tasks_(env.tasks) {}

Result<void> SegmentStoreServer::start() {
  CHECK(listener_ == nullptr, "a server starts once");
  listener_ = TRY(env_.network.listen(config_.port));
  tasks_.spawn("server/accept", [this] { accept_until_closed(); });
  return {};
}

void SegmentStoreServer::accept_until_closed() {
  while (true) {
    // Ends when stop() closes the listener.
    Result<std::unique_ptr<Connection>> connection = listener_->accept(Instant::max());
    if (!connection.has_value()) return;
    if (accepted_.size() + open_.size() >= config_.connections_max) {
      env_.journal.mark("server.connections_full");
      continue;
    }
    const std::uint64_t id = next_id_++;
    accepted_.emplace(id, *std::move(connection));
    tasks_.spawn("server/connection", [this, id] { serve(id); });
  }
}

void SegmentStoreServer::serve(std::uint64_t id) {
  const auto accepted = accepted_.find(id);
  CHECK(accepted != accepted_.end(), "a connection is served once");
  std::unique_ptr<Connection> connection = std::move(accepted->second);
  accepted_.erase(accepted);
  if (is_stopping_) return;

  open_.emplace(id, connection.get());
  serve_open(std::move(connection));
  // Nothing gave way since the connection was closed, so nobody met it in the table.
  open_.erase(id);
  env_.journal.fact(StoreLoad{.connections = accepted_.size() + open_.size(),
                              .tasks = tasks_.running_count(),
                              .operations_pending = container_.pending_operation_count()});
}

void SegmentStoreServer::serve_open(std::unique_ptr<Connection> connection) {
  Result<wire::MessageStream> stream = wire::answer_greeting(
      std::move(connection), wire::kVersionsSpoken, env_.clock.now() + config_.greeting_timeout);
  if (!stream.has_value()) {
    env_.journal.mark("connection.greeting_failed");
    return;
  }
  ConnectionServer server(env_.clock, env_.tasks, env_.journal, container_, config_,
                          *std::move(stream));
  server.run();
}

Result<void> SegmentStoreServer::stop(Instant deadline) {
  is_stopping_ = true;
  if (listener_ != nullptr) listener_->close();
  for (const auto& [id, connection] : open_) connection->close();
  return tasks_.join(deadline);
}

}  // namespace millrace::segment_store
