#pragma once

// Appends events to one segment, exactly once and in order, across any number of connections.
//
// Writes are numbered, packed into blocks and sent ahead of their acknowledgements. A block keeps
// its boundaries for ever: the store recognises a repeated block by its event numbers.
//
//   writer                                   store
//     | SetupAppend  ------------------------> |
//     | <----------------- AppendSetup(last 3) |   blocks up to event 3 are durable: acknowledged
//     | AppendBlock(4-6), AppendBlock(7) ----> |   first what is in flight, as it was, in order;
//     | AppendBlock(8-9)  -------------------> |   then new blocks, up to the window
//     | <------------------------ Appended 4-6 |
//     |        the connection breaks           |   nothing is known of 7-9
//     | (again from SetupAppend, after a pause)|
//
// What an error says of a write. A code that did not happen (error.h) is given only where it is
// proven: the write was never sent; or the store refused it and no earlier copy of it was under
// way; or the segment was found sealed and the store, asked after that, does not have it.
// Everything else is unknown. After any such end the writer takes no further write: a later write
// that was stored before an earlier one of unknown fate would break the order.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/client/client_context.h"
#include "system/env/retry.h"
#include "system/env/sync.h"
#include "system/types/event_number.h"
#include "system/types/segment_id.h"
#include "system/types/writer_id.h"
#include "system/wire/message_stream.h"
#include "system/wire/messages.h"

namespace millrace::client {

/// A write is durable.
struct WriteAck {
  SegmentId segment;
  WriterId writer;
  /// The first of the write's events; the others follow without a gap.
  EventNumber event_number_first;
  std::uint32_t event_count = 0;
  /// Where the first event (its header) lies in the segment; none where the acknowledgement was
  /// lost and the store only told that the write is there.
  std::optional<std::uint64_t> offset;
};

/// The outcome of a write, once. Waiting for it fails with kTimeout or kCancelled of the wait (ask
/// again, or leave it unknown), or with the write's own error, described above:
/// did not happen: kSealed, kNotFound, kRefused (never sent);
/// unknown: kUnavailable (gave up), kProtocol (the store contradicts itself), kCancelled (closed).
using WriteHandle = Future<WriteAck>;

/// One writer object of one segment, with an identity of its own. Any task may write; writes of one
/// task keep their order. Closed before it is destroyed (checked), with no call under way.
class SegmentWriter {
 public:
  /// Connects when there is something to write.
  SegmentWriter(const ClientContext& context, const SegmentId& segment);
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  /// Takes events that will be stored side by side, all or none. Waits while the queue is full.
  /// Errors: kInvalid (no event, or more than kAppendBytesMax with headers); kTimeout, kCancelled
  /// of the wait; kSealed, kNotFound, kRefused when the writer has come to its end. With any error
  /// the events were not taken.
  Result<WriteHandle> write(std::span<const ByteView> payloads, Instant deadline);

  /// Waits until every write that was taken before has its outcome.
  /// Errors: kTimeout, kCancelled of the wait; else the error of the first write ever that was not
  /// acknowledged. Success means that all are durable.
  Result<void> flush(Instant deadline);

  /// Ends the writer: a write that was never sent fails with kRefused, one in flight with
  /// kCancelled (unknown). Flush first where that matters. Errors: kTimeout, kCancelled of the wait
  /// for its tasks; call again before destroying it.
  Result<void> close(Instant deadline);

  const SegmentId& segment() const { return segment_; }
  const WriterId& writer() const { return writer_; }

 private:
  /// One write, inside the queue or a block.
  struct Write {
    Bytes framed;
    std::uint32_t event_count = 0;
    Promise<WriteAck> promise;
  };

  /// Consecutive writes under one set of event numbers, which never change.
  struct Block {
    EventNumber first;
    EventNumber last;
    std::size_t bytes = 0;
    std::vector<Write> writes;
    /// The AppendBlock as it is sent, each time the same.
    wire::Message message;
    /// On how many connections it was sent.
    std::uint32_t send_count = 0;
  };

  /// One connection, from its set-up to its end.
  struct Link {
    explicit Link(wire::MessageStream opened) : stream(std::move(opened)) {}

    wire::MessageStream stream;
    /// Why it ended. A link that is no longer the writer's has ended.
    std::optional<Error> broken;
    bool wants_keep_alive = false;
  };

  /// Whether an error that says so proves that blocks which were sent did not happen.
  enum class Proof : std::uint8_t { kNone, kStoreRefused };

  // The sender's task.
  void run();
  Result<void> link_up();
  Result<void> catch_up(std::optional<EventNumber> stored_last);
  Result<void> check_stored_last(std::optional<EventNumber> stored_last);
  Error pump(Link& link);
  bool can_send() const;
  void cut_block();
  Result<void> send_next(Link& link);
  void drop_link();

  // The receiver's task, one a link.
  void receive_answers(Link& link);
  Result<void> handle(const wire::Message& answer);
  Result<void> handle_appended(const wire::Appended& answer);
  Result<void> handle_failed(const wire::AppendFailed& answer);

  // Either's.
  bool has_room(std::size_t bytes) const;
  bool is_oldest_sent(EventNumber first, EventNumber last) const;
  Error breach(std::string_view why);
  void break_link(Link& link, const Error& why);
  void acknowledge_oldest(std::optional<std::uint64_t> offset);
  void settled(const Write& write);
  void end(const Error& why, Proof proof);

  const ClientContext context_;
  const SegmentId segment_;
  const WriterId writer_;

  // Writes pass from queue_ to the back of in_flight_ and leave from its front. The first
  // sent_count_ blocks of in_flight_ were sent on link_, in order; without a link it is 0.
  std::deque<Write> queue_;
  std::deque<Block> in_flight_;
  std::size_t sent_count_ = 0;
  EventNumber event_number_next_;
  std::optional<EventNumber> acked_last_;
  /// Bytes of all writes without an outcome.
  std::size_t unsettled_bytes_ = 0;
  std::uint64_t taken_count_ = 0;
  std::uint64_t settled_count_ = 0;
  /// The first outcome that was no acknowledgement.
  std::optional<Error> failure_;
  /// The store said that the segment is sealed; what it has is settled once it was asked.
  bool is_sealed_ = false;
  /// Why no further write is taken.
  std::optional<Error> ended_;

  // Shared by the sender and the receiver of the link, which may come to its end later.
  std::shared_ptr<Link> link_;
  bool has_linked_ = false;
  Backoff backoff_;

  Condition room_;
  Condition settlement_;
  /// Something for the sender to do, or a reason to stop.
  Condition work_;
  /// Answers are due to the receivers, or theirs is a broken link.
  Condition answers_due_;
  TaskGroup tasks_;
};

}  // namespace millrace::client
