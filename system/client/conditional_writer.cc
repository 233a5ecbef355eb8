#include "system/client/conditional_writer.h"

#include <string>
#include <utility>
#include <variant>

#include "system/base/check.h"
#include "system/client/store_link.h"
#include "system/types/event.h"
#include "system/types/facts.h"

namespace millrace::client {
namespace {

/// `why`, but nothing definite where a copy was sent before.
Error unless_sent(std::uint32_t send_count, Error why) {
  if (send_count == 0 || is_worth_retrying(why.code)) return why;
  if (happened(why.code) == Happened::kUnknown) return why;
  return {.code = Errc::kUnavailable, .detail = "sent before: " + to_text(why)};
}

}  // namespace

ConditionalWriter::ConditionalWriter(const ClientContext& context, const SegmentId& segment)
    : context_(context), segment_(segment), writer_(draw_writer_id(context.random)) {}

Result<ConditionalOutcome> ConditionalWriter::append(ByteView payload,
                                                     std::uint64_t expected_offset,
                                                     Instant deadline) {
  CHECK(!is_busy_, "one conditional append at a time");
  if (payload.size() > kEventBytesMax) return fail(Errc::kInvalid, "an event larger than a block");
  is_busy_ = true;
  Attempt append = prepare(payload, expected_offset);
  Backoff backoff(context_.clock, context_.tasks, context_.random, backoff_limits(context_.config));
  Result<ConditionalOutcome> outcome = attempt(append, deadline);
  while (!outcome.has_value() && is_worth_retrying(outcome.error().code)) {
    stream_.reset();
    const Result<void> paused = backoff.pause(deadline);
    if (!paused.has_value()) {
      outcome = fail(paused.error().code, "the last attempt: " + to_text(outcome.error()));
      break;
    }
    outcome = attempt(append, deadline);
  }

  if (!outcome.has_value() && happened(outcome.error().code) == Happened::kUnknown) {
    stream_.reset();
    if (append.send_count == 0) {
      outcome = fail(Errc::kRefused, "never sent: " + to_text(outcome.error()));
    } else {
      // A late copy must not be taken for a later append: it keeps its identity for itself.
      context_.journal.mark("conditional.unknown");
      writer_ = draw_writer_id(context_.random);
      event_number_next_ = EventNumber(0);
    }
  }
  is_busy_ = false;
  return outcome;
}

ConditionalWriter::Attempt ConditionalWriter::prepare(ByteView payload,
                                                      std::uint64_t expected_offset) const {
  wire::AppendBlock block{.segment = segment_,
                          .writer = writer_,
                          .event_number_first = event_number_next_,
                          .event_number_last = event_number_next_,
                          .event_count = 1,
                          .expected_offset = expected_offset,
                          .data = {}};
  append_event(block.data, payload);
  Attempt prepared{.message = {}, .expected_offset = expected_offset, .bytes = block.data.size()};
  prepared.message = std::move(block);
  return prepared;
}

/// One connection's worth of trying. A retriable error leaves nothing decided.
Result<ConditionalOutcome> ConditionalWriter::attempt(Attempt& attempt, Instant deadline) {
  if (!stream_.has_value()) {
    const Result<bool> is_there = link_up(attempt, deadline);
    if (!is_there.has_value()) return fail(unless_sent(attempt.send_count, is_there.error()));
    if (*is_there) return succeed(attempt);
    if (is_sealed_) return fail(Errc::kSealed, "segment " + to_text(segment_));
  }
  const Instant answer_by = within(context_.clock, context_.config.request_timeout, deadline);
  ++attempt.send_count;
  TRY(stream_->send(attempt.message, answer_by));
  const wire::Message answer = TRY(stream_->receive(answer_by));
  return judge(attempt, answer);
}

/// Connects and asks how far the store came: true when the append is there.
Result<bool> ConditionalWriter::link_up(const Attempt& attempt, Instant deadline) {
  wire::MessageStream stream = TRY(connect_to_store(context_, segment_, deadline));
  const std::optional<EventNumber> last =
      TRY(set_up_append(context_, stream, segment_, writer_, deadline));
  stream_.emplace(std::move(stream));
  if (attempt.send_count > 0) context_.journal.mark("conditional.asked");

  const std::uint64_t stored_count = last.has_value() ? last->value() + 1 : 0;
  const std::uint64_t number = event_number_next_.value();
  if (stored_count == number) return false;
  if (stored_count == number + 1 && attempt.send_count > 0) return true;
  if (stored_count > number) return fail(breach("the store has an append that was not sent"));
  // A store that lost its disk: under this identity nothing can be decided any more.
  context_.journal.mark("conditional.store_forgot");
  return fail(Errc::kProtocol, "the store forgot appends that it had acknowledged");
}

Result<ConditionalOutcome> ConditionalWriter::judge(const Attempt& attempt,
                                                    const wire::Message& answer) {
  const auto is_mine = [&](const auto& about) {
    return about.segment == segment_ && about.writer == writer_ &&
           about.event_number_first == event_number_next_ &&
           about.event_number_last == event_number_next_;
  };
  if (const auto* appended = std::get_if<wire::Appended>(&answer)) {
    if (!is_mine(*appended)) return fail(breach("an acknowledgement for another append"));
    if (appended->offset.has_value() && *appended->offset != attempt.expected_offset) {
      return fail(breach("appended elsewhere than expected"));
    }
    return succeed(attempt);
  }
  if (const auto* conflict = std::get_if<wire::ConditionalCheckFailed>(&answer)) {
    if (!is_mine(*conflict)) return fail(breach("a conflict of another append"));
    return judge_conflict(attempt, conflict->segment_length);
  }
  if (const auto* failed = std::get_if<wire::AppendFailed>(&answer)) {
    if (!is_mine(*failed)) return fail(breach("a refusal of another append"));
    return judge_refusal(attempt, *failed);
  }
  return fail(breach("an answer to no question"));
}

Result<ConditionalOutcome> ConditionalWriter::judge_conflict(const Attempt& attempt,
                                                             std::uint64_t segment_length) {
  if (segment_length == attempt.expected_offset) {
    return fail(breach("a conflict with the expected length"));
  }
  if (segment_length < attempt.expected_offset && attempt.send_count > 1) {
    // The segment may still grow to the expected length before an earlier copy arrives.
    return fail(Errc::kTimeout, "an earlier copy may still be appended");
  }
  context_.journal.mark("conditional.conflict");
  return ConditionalOutcome{.is_appended = false, .segment_length = segment_length};
}

Result<ConditionalOutcome> ConditionalWriter::judge_refusal(const Attempt& attempt,
                                                            const wire::AppendFailed& answer) {
  stream_.reset();
  Error why = error_from_store(context_, segment_, answer.code, answer.detail);
  if (why.code == Errc::kBadEventNumber) {
    return fail(breach("the store refused the event number for which it asked"));
  }
  if (attempt.send_count == 1 || is_worth_retrying(why.code)) return fail(std::move(why));
  if (why.code != Errc::kSealed) return fail(unless_sent(attempt.send_count, std::move(why)));
  // An earlier copy may have been appended before the seal: ask, which then answers for good.
  is_sealed_ = true;
  return fail(Errc::kUnavailable, "sealed; what is stored must be asked");
}

ConditionalOutcome ConditionalWriter::succeed(const Attempt& attempt) {
  event_number_next_ = next(event_number_next_);
  return {.is_appended = true, .segment_length = attempt.expected_offset + attempt.bytes};
}

Error ConditionalWriter::breach(std::string_view why) {
  context_.journal.fact(Unexpected{.where = "client.conditional_writer", .why = std::string(why)});
  return {Errc::kProtocol, std::string(why)};
}

}  // namespace millrace::client
