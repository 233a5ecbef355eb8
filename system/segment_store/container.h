#pragma once

// A segment container: the segments that one process owns, their durable log, and the rules by
// which they change.
//
//   begin_*                     log                      on_durable                   settle
//   judge against `accepted_`,  made durable in order    applied to `durable_`,       the answer
//   may apply to it, log it         --------------------->   readers see it      ------>  leave the
//   store
//
// Every request is decided at once, in the order in which requests come, against the state that all
// earlier ones lead to. But the answer, a refusal as well, may stand on operations that are not
// durable yet: it is given out only when they are. So no answer ever tells of a state that a crash
// can take back.
//
// Any failure of the log ends the container. The process must start again and recover.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/env/clock.h"
#include "system/env/journal.h"
#include "system/env/sync.h"
#include "system/env/tasks.h"
#include "system/segment_store/container_state.h"
#include "system/segment_store/operations.h"
#include "system/segment_store/segment_data.h"
#include "system/types/event_number.h"
#include "system/types/segment_id.h"
#include "system/types/writer_id.h"
#include "system/wal/log.h"

namespace millrace::segment_store {

/// How a container checkpoints and what it holds.
struct ContainerOptions {
  /// Tells the containers of one process apart.
  std::uint32_t container = 0;
  /// A checkpoint follows after that many operations or bytes of them; both at least 1.
  std::uint64_t checkpoint_operations = 1000;
  std::uint64_t checkpoint_bytes = 4 * 1024 * 1024;
  /// Bytes of all segments together that are not truncated; appends beyond are refused.
  std::uint64_t live_bytes_max = 256 * 1024 * 1024;
};

/// A block of whole events of one writer, to be stored side by side or not at all.
struct AppendRequest {
  SegmentId segment;
  WriterId writer;
  EventNumber first;
  EventNumber last;
  /// With it the block is appended only where the segment's length is this.
  std::optional<std::uint64_t> expected_offset;
  Bytes data;
};

/// A block is stored.
struct AppendAck {
  /// Of the block's first byte; none for a duplicate of which only the writer's later blocks are
  /// still known.
  std::optional<std::uint64_t> offset;
  bool is_duplicate = false;

  friend bool operator==(const AppendAck&, const AppendAck&) = default;
};

/// An answer that holds once the log is durable up to `after`.
template <typename T>
struct Decided {
  wal::LogAddress after;
  Result<T> outcome;
};

/// What begin_append decided, and the segment's length behind the decision (0 where there is no
/// such segment).
struct AppendDecision {
  Decided<AppendAck> ack;
  std::uint64_t segment_length = 0;
};

/// A segment as its readers see it.
struct SegmentInfo {
  std::uint64_t start_offset = 0;
  std::uint64_t length = 0;
  bool is_sealed = false;
  WallTime last_modified;

  friend bool operator==(const SegmentInfo&, const SegmentInfo&) = default;
};

/// Bytes that were read. `is_at_tail`: no more were durable behind them. `is_end`: the segment is
/// sealed and ends behind them.
struct ReadResult {
  Bytes data;
  bool is_at_tail = false;
  bool is_end = false;

  friend bool operator==(const ReadResult&, const ReadResult&) = default;
};

/// See the top of this file. The capabilities and the log outlive it. After a successful recovery
/// stop() is called before destruction; after a failed one nothing is.
class SegmentContainer final : public wal::LogListener {
 public:
  SegmentContainer(Clock& clock, Tasks& tasks, Journal& journal, wal::DurableLog& log,
                   ContainerOptions options);
  ~SegmentContainer() override = default;
  SegmentContainer(const SegmentContainer&) = delete;
  SegmentContainer& operator=(const SegmentContainer&) = delete;

  /// Rebuilds the state from the log. Called once, first.
  /// Errors: as DurableLog::recover; kCorrupt also for records that make no state.
  /// Blocks: reads the log.
  Result<void> recover();

  /// Decides about a block; never gives way. By the writer's event numbers, dense from 0:
  ///   wholly at or below the last one   a duplicate, acknowledged with the original's offset
  ///   next                              appended
  ///   anything else                     kBadEventNumber, without effect
  /// and only then: kSealed; kBadOffset where expected_offset is not the length.
  /// Errors of the outcome: these, kNotFound, kInvalid, kOverloaded; kShuttingDown, and then
  /// whether earlier operations happened is unknown. Source: the order of checks is Pravega's
  /// ("attributes before offset"): a conditional block that is repeated must be told that it was
  /// stored, not that the offset moved.
  AppendDecision begin_append(AppendRequest request);

  /// How far `writer` came in the segment; none where it never wrote. Never gives way.
  /// Errors of the outcome: kNotFound.
  Decided<std::optional<EventNumber>> begin_query_writer(const SegmentId& segment,
                                                         const WriterId& writer) const;

  /// Makes an empty segment. Never gives way.
  /// Errors of the outcome: kAlreadyExists, kOverloaded, kShuttingDown.
  Decided<void> begin_create(const SegmentId& segment);

  /// Ends a segment for good, and gives its final length; sealing again gives the same. Never gives
  /// way. Errors of the outcome: kNotFound, kOverloaded, kShuttingDown.
  Decided<std::uint64_t> begin_seal(const SegmentId& segment);

  /// Drops all bytes before `offset`, and gives the start, which never falls: an offset at or below
  /// it changes nothing. Never gives way.
  /// Errors of the outcome: kNotFound, kBadOffset (beyond the length), kOverloaded, kShuttingDown.
  Decided<std::uint64_t> begin_truncate(const SegmentId& segment, std::uint64_t offset);

  /// Waits until an answer decided after `address` may be given.
  /// Errors: the log's failure, kTimeout, kCancelled: the outcome is then unknown.
  Result<void> settle(wal::LogAddress address, Instant deadline);

  /// As above, and then gives the outcome.
  template <typename T>
  Result<T> settle(const Decided<T>& decided, Instant deadline) {
    TRY(settle(decided.after, deadline));
    return decided.outcome;
  }

  /// Whether settle() would give an answer at once.
  bool is_settled(wal::LogAddress address) const { return address <= log_.durable(); }

  /// Durable bytes from `offset` on, at most `bytes_max`; none at the tail. Never gives way.
  /// Errors: kNotFound, kTruncated (before the start), kBadOffset (behind the length),
  /// kShuttingDown.
  Result<ReadResult> read(const SegmentId& segment, std::uint64_t offset,
                          std::size_t bytes_max) const;

  /// Whether read() would give anything but the news that it is at the tail.
  bool is_readable(const SegmentId& segment, std::uint64_t offset) const;

  /// Whether it takes and gives; not any more once the log broke or it was stopped.
  bool is_serving() const { return is_serving_; }

  /// Waits until `predicate()` is true, which is about is_settled, is_readable and is_serving.
  /// Errors: kTimeout, kCancelled.
  template <typename Predicate>
  Result<void> wait_for_progress(Predicate predicate, Instant deadline) {
    return progress_.wait(std::move(predicate), deadline);
  }

  /// Errors: kNotFound.
  Result<SegmentInfo> info(const SegmentId& segment) const;

  /// Waits until the log is broken, and gives its failure. Errors: kTimeout, kCancelled.
  Result<Error> wait_broken(Instant deadline);

  /// Refuses everything, and closes the log.
  /// Errors: as DurableLog::close. Called again where it did not finish.
  Result<void> stop(Instant deadline);

  /// Of the durable state.
  std::uint64_t digest() const { return durable_.digest(); }
  const ContainerState& durable_state() const { return durable_; }

  std::size_t pending_operation_count() const { return pending_.size(); }

  /// CHECKs what must hold between operations. Cost: linear in segments and writers.
  void check_invariants() const;

  void on_durable(wal::LogAddress address) override;
  void on_broken(const Error& error) override;

 private:
  /// What a segment needs beside its state.
  struct Segment {
    SegmentData data;
    /// The last operation on the segment that was accepted.
    wal::LogAddress last_accepted;
  };

  struct PendingOperation {
    wal::LogAddress address;
    Operation operation;
  };

  /// Logs an operation that is valid for `accepted_`, and applies it there.
  Result<wal::LogAddress> accept(Operation operation);
  void checkpoint_if_due();
  AppendDecision decide_append(AppendRequest request);
  /// Applies to the durable state, its data and readers.
  void apply_durable(wal::LogAddress address, Operation operation);
  void report(const Operation& operation);
  void let_go_of_log(wal::LogAddress checkpoint);
  wal::LogAddress last_accepted(const SegmentId& segment) const;

  Clock& clock_;
  Tasks& tasks_;
  Journal& journal_;
  wal::DurableLog& log_;
  const ContainerOptions options_;

  ContainerState accepted_;
  ContainerState durable_;
  /// Accepted and not yet durable, in the log's order.
  std::deque<PendingOperation> pending_;
  std::map<SegmentId, Segment> segments_;
  std::uint64_t live_bytes_ = 0;
  std::uint64_t operations_since_checkpoint_ = 0;
  std::uint64_t bytes_since_checkpoint_ = 0;
  bool is_serving_ = false;
  std::optional<Error> broken_;
  /// Notified when something became durable, and at the end.
  Condition progress_;
};

}  // namespace millrace::segment_store
