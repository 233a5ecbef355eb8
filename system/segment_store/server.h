#pragma once

// Takes connections on the store's port and serves each in a task of its own.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/env/env.h"
#include "system/env/sync.h"
#include "system/segment_store/config.h"
#include "system/segment_store/container.h"

namespace millrace::segment_store {

/// Serves one container. What it is given outlives it. After start() stop() is called before it is
/// destroyed (checked).
class SegmentStoreServer {
 public:
  SegmentStoreServer(Env& env, SegmentContainer& container, const SegmentStoreConfig& config);
  SegmentStoreServer(const SegmentStoreServer&) = delete;
  SegmentStoreServer& operator=(const SegmentStoreServer&) = delete;

  /// Listens, and serves from then on. Never gives way. Errors: kAlreadyExists.
  Result<void> start();

  /// Takes no more connections, closes those that are open, and waits until their tasks have ended.
  /// Errors: kTimeout, kCancelled; then call it again.
  Result<void> stop(Instant deadline);

 private:
  void accept_until_closed();
  void serve(std::uint64_t id);
  void serve_open(std::unique_ptr<Connection> connection);

  Env& env_;
  SegmentContainer& container_;
  const SegmentStoreConfig& config_;
  std::unique_ptr<Listener> listener_;
  /// Accepted, until their tasks take them.
  std::map<std::uint64_t, std::unique_ptr<Connection>> accepted_;
  /// In service, and owned by their tasks.
  std::map<std::uint64_t, Connection*> open_;
  std::uint64_t next_id_ = 1;
  bool is_stopping_ = false;
  TaskGroup tasks_;
};

}  // namespace millrace::segment_store
