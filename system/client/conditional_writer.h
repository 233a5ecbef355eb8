#pragma once

// Appends to one segment only where it has the length that the caller believes: compare-and-append.
//
// One append is outstanding at a time. After a broken connection the writer asks first (the store's
// AppendSetup tells whether the append is there), and only then repeats it under the same event
// number. An earlier copy that arrives late is then a duplicate, for the store judges the event
// number before the offset: a conflict that is reported really is one.

#include <cstdint>
#include <optional>
#include <span>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/base/time.h"
#include "system/client/client_context.h"
#include "system/env/retry.h"
#include "system/types/event_number.h"
#include "system/types/segment_id.h"
#include "system/types/writer_id.h"
#include "system/wire/message_stream.h"
#include "system/wire/messages.h"

namespace millrace::client {

/// What became of a conditional append.
struct ConditionalOutcome {
  /// Whether the payload was appended, at the expected offset.
  bool is_appended = false;
  /// The segment's length: behind the appended payload, or the one that was not as expected. For an
  /// append whose acknowledgement was lost it is the length right behind the payload.
  std::uint64_t segment_length = 0;
};

/// A writer object of one segment. One task at a time (checked); it has no task of its own.
class ConditionalWriter {
 public:
  ConditionalWriter(const ClientContext& context, const SegmentId& segment);
  ConditionalWriter(const ConditionalWriter&) = delete;
  ConditionalWriter& operator=(const ConditionalWriter&) = delete;

  /// Appends an event where the segment's length is `expected_offset`.
  /// Errors, did not happen: kInvalid (too large), kSealed, kNotFound, kRefused (the deadline
  /// passed before anything was sent). Unknown: kTimeout, kCancelled, kUnavailable; such an append
  /// may still happen later, as long as the condition holds.
  Result<ConditionalOutcome> append(ByteView payload, std::uint64_t expected_offset,
                                    Instant deadline);

  const SegmentId& segment() const { return segment_; }
  /// Under which identity the next append is made; a new one after an append of unknown outcome.
  const WriterId& writer() const { return writer_; }

 private:
  /// One append over all its attempts.
  struct Attempt {
    wire::Message message;
    std::uint64_t expected_offset = 0;
    std::uint64_t bytes = 0;
    /// On how many connections it was sent.
    std::uint32_t send_count = 0;
  };

  Attempt prepare(ByteView payload, std::uint64_t expected_offset) const;
  Result<ConditionalOutcome> attempt(Attempt& attempt, Instant deadline);
  Result<bool> link_up(const Attempt& attempt, Instant deadline);
  Result<ConditionalOutcome> judge(const Attempt& attempt, const wire::Message& answer);
  Result<ConditionalOutcome> judge_conflict(const Attempt& attempt, std::uint64_t segment_length);
  Result<ConditionalOutcome> judge_refusal(const Attempt& attempt,
                                           const wire::AppendFailed& answer);
  ConditionalOutcome succeed(const Attempt& attempt);
  Error breach(std::string_view why);

  const ClientContext context_;
  const SegmentId segment_;
  WriterId writer_;
  EventNumber event_number_next_;
  std::optional<wire::MessageStream> stream_;
  /// The segment was found sealed; asking once more tells what it holds.
  bool is_sealed_ = false;
  bool is_busy_ = false;
};

}  // namespace millrace::client
