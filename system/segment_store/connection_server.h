#pragma once

// One client's connection: takes requests as they come, and answers in the right order.
//
//   client          receive loop                  answers' task                log
//     | AppendBlock 7  -> decide, log ---> queue
//     | AppendBlock 8  -> refuse   ------> queue
//     | ReadSegment    -> at the tail ---> set aside
//     |                                       |  <-- durable up to 7 --------- |
//     |  <-------------------------------- Appended 7
//     |  <-------------------------------- AppendFailed 8
//     |  <-------------------------------- SegmentRead
//
// Requests that change segments are decided at once, in the order in which they come, and answered
// in that order by one task, each once all that it stands on is durable. So a refusal never
// overtakes an acknowledgement: a client that is told "sealed" sends everything unanswered to
// another segment, and what was stored here would then be stored twice. An answer that stands on
// nothing under way, and has none before it, is given by the receive loop itself.
//
// The same task answers the reads that wait at a tail, as soon as there is something to read; the
// receive loop, which looks at the clock anyway, those whose time is over.
//
// A refused block voids its writer's set-up: blocks that were already on their way are dropped,
// until the client has asked again how far the writer came.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

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
    /// When the connection is given up for a log that did not come so far.
    Instant deadline = {};
  };

  /// A read at the tail, which is answered with nothing at its deadline.
  struct WaitingRead {
    wire::ReadSegment request;
    Instant deadline;
  };

  /// Errors: why the connection ends.
  Result<void> receive_requests();
  Instant next_deadline() const;
  Result<void> look_at_clock();
  void report_end(const Error& why);
  Result<void> handle(wire::Message request);

  Result<void> setup_append(const wire::SetupAppend& request);
  Result<void> append(wire::AppendBlock block);
  Result<void> read(const wire::ReadSegment& request);
  Result<void> get_info(const wire::GetSegmentInfo& request);
  Result<void> create(const wire::CreateSegment& request);
  Result<void> seal(const wire::SealSegment& request);
  Result<void> truncate(const wire::TruncateSegment& request);

  bool is_due(const Reply& reply) const;
  bool is_due(const WaitingRead& read) const;
  /// Takes out a read that can be answered now.
  std::optional<wire::ReadSegment> take_due_read();
  void answer_due_reads();
  void answer_read(const wire::ReadSegment& request);

  /// Answers at once, or waits for room in the queue: a client that does not take its answers is
  /// not read on.
  Result<void> enqueue(Reply reply);
  Result<void> wait_for_room();
  void send_answers();
  bool has_answer() const;
  Result<void> send_due_answers();
  Result<void> send_reply(const Reply& reply);
  /// Sends a message now. Closes the connection where that fails.
  Result<void> send(const wire::Message& message);

  Clock& clock_;
  Journal& journal_;
  SegmentContainer& container_;
  const SegmentStoreConfig& config_;
  wire::MessageStream stream_;

  std::set<std::pair<SegmentId, WriterId>> setups_;
  /// Reads that wait at the tail, in the order in which they came.
  std::vector<WaitingRead> reads_;
  std::deque<Reply> replies_;
  /// Replies that were enqueued and not yet sent: those of replies_, and one that is being sent.
  std::size_t replies_due_ = 0;
  /// The answers' task came to its end before the connection.
  bool has_failed_ = false;
  /// In replies_, or that nobody empties it any more.
  Condition room_;
  /// Keeps the frames of two tasks apart. Held while the client takes a frame, which needs nothing
  /// that these tasks have: it ends with that, with its deadline, or with the connection.
  Mutex sending_;
  TaskGroup children_;
};

}  // namespace millrace::segment_store
