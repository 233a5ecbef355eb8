#pragma once

// One client's connection: takes requests as they come, and answers in the right order.
//
//   client          receive loop                    replies                   log
//     | AppendBlock 7  -> decide, log ---> queue ... wait durable  <---------- |
//     | AppendBlock 8  -> refuse   ------> queue ...     |                     |
//     |  <-------------------------------- Appended 7 ---'                     |
//     |  <-------------------------------- AppendFailed 8
//
// Requests that change segments are decided at once, in the order in which they come, and answered
// in that order by one task, each once all that it stands on is durable. So a refusal never
// overtakes an acknowledgement: a client that is told "sealed" sends everything unanswered to
// another segment, and what was stored here would then be stored twice.
//
// A refused block voids its writer's set-up: blocks that were already on their way are dropped,
// until the client has asked again how far the writer came.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "system/base/result.h"
#include "system/base/time.h"
#include "system/env/clock.h"
#include "system/env/journal.h"
#include "system/env/sync.h"
#include "system/env/tasks.h"
#include "system/segment_store/config.h"
#include "system/segment_store/container.h"
#include "system/wire/message_stream.h"
#include "system/wire/messages.h"

namespace millrace::segment_store {

/// The most writers that one connection has set up at a time; more are refused.
inline constexpr std::size_t kSetupsMax = 4096;

/// Serves one connection. What it is given outlives it.
class ConnectionServer {
 public:
  ConnectionServer(Clock& clock, Tasks& tasks, Journal& journal, SegmentContainer& container,
                   const SegmentStoreConfig& config, wire::MessageStream stream);
  ConnectionServer(const ConnectionServer&) = delete;
  ConnectionServer& operator=(const ConnectionServer&) = delete;

  /// Serves until the client hangs up, is silent for too long or breaks the protocol, until the
  /// connection is closed, or the container ends; then ends all that it started. The body of a task
  /// that is never cancelled.
  void run();

 private:
  /// An answer that may be given once the log is durable up to `after`.
  struct Reply {
    wal::LogAddress after;
    wire::Message message;
    bool is_append_ack = false;
  };

  /// Errors: why the connection ends.
  Result<void> receive_requests();
  void report_end(const Error& why);
  Result<void> handle(wire::Message request);

  Result<void> setup_append(const wire::SetupAppend& request);
  Result<void> append(wire::AppendBlock block);
  Result<void> read(const wire::ReadSegment& request);
  Result<void> get_info(const wire::GetSegmentInfo& request);
  Result<void> create(const wire::CreateSegment& request);
  Result<void> seal(const wire::SealSegment& request);
  Result<void> truncate(const wire::TruncateSegment& request);

  void answer_read(const wire::ReadSegment& request, Instant deadline);
  /// Waits for room in the queue: a client that does not take its answers is not read on.
  Result<void> enqueue(Reply reply);
  void send_replies();
  Result<void> send_reply(const Reply& reply);
  /// Sends a message now. Closes the connection where that fails.
  Result<void> send(const wire::Message& message);

  Clock& clock_;
  Journal& journal_;
  SegmentContainer& container_;
  const SegmentStoreConfig& config_;
  wire::MessageStream stream_;

  std::set<std::pair<SegmentId, WriterId>> setups_;
  /// Reads that wait at the tail.
  std::size_t read_count_ = 0;
  /// Replies that were enqueued and not yet sent.
  std::size_t replies_due_ = 0;
  /// Keeps the frames of two tasks apart. Held while the client takes a frame, which needs nothing
  /// that these tasks have: it ends with that, with its deadline, or with the connection.
  Mutex sending_;
  Channel<Reply> replies_;
  TaskGroup children_;
};

}  // namespace millrace::segment_store
