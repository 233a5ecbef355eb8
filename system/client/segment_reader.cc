#include "system/client/segment_reader.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "system/base/check.h"
#include "system/client/store_link.h"
#include "system/env/retry.h"

namespace millrace::client {

SegmentReader::SegmentReader(const ClientContext& context, const SegmentId& segment,
                             std::uint64_t offset)
    : context_(context), segment_(segment), offset_(offset) {}

Result<SegmentBytes> SegmentReader::read(Instant deadline) {
  CHECK(!is_busy_, "one read at a time");
  is_busy_ = true;
  Result<SegmentBytes> bytes = read_alone(deadline);
  is_busy_ = false;
  return bytes;
}

Result<SegmentBytes> SegmentReader::read_alone(Instant deadline) {
  BackoffLimits limits = backoff_limits(context_.config);
  limits.attempts_max = std::numeric_limits<std::uint32_t>::max();  // The deadline is the bound.
  Backoff backoff(context_.clock, context_.tasks, context_.random, limits);
  while (true) {
    if (!answer_by_.has_value() && deadline <= context_.clock.now()) {
      return fail(Errc::kTimeout, "no time for a request");
    }
    Result<std::optional<SegmentBytes>> read = attempt(deadline);
    if (read.has_value()) {
      if (read->has_value()) return std::move(**read);
      backoff.reset();  // The store answered: there is nothing yet.
      continue;
    }
    const Error& why = read.error();
    const bool is_request_alive = why.code == Errc::kTimeout && answer_by_.has_value();
    if (is_request_alive || !is_worth_retrying(why.code)) return fail(why);
    drop();
    const Result<void> paused = backoff.pause(deadline);
    if (!paused.has_value()) return fail(paused.error().code, "the last: " + to_text(why));
  }
}

/// Gets one answer: bytes, or none where the store had nothing within its wait. On kTimeout of the
/// caller's deadline the request stays outstanding; after an error that is worth retrying the
/// stream is of no more use.
Result<std::optional<SegmentBytes>> SegmentReader::attempt(Instant deadline) {
  if (!stream_.has_value()) {
    wire::MessageStream stream = TRY(connect_to_store(context_, segment_, deadline));
    stream_.emplace(std::move(stream));
  }
  if (!answer_by_.has_value()) {
    // Connecting took time.
    if (deadline <= context_.clock.now()) return fail(Errc::kTimeout, "no time for a request");
    TRY(send_request(deadline));
  }
  Result<wire::Message> answer = stream_->receive(std::min(deadline, *answer_by_));
  if (!answer.has_value()) {
    if (answer.error().code == Errc::kTimeout && context_.clock.now() >= *answer_by_) {
      answer_by_.reset();
      has_lost_request_ = true;
      return fail(Errc::kTimeout, "no answer from the store");
    }
    return fail(answer.error());
  }
  answer_by_.reset();
  return accept(std::move(*answer));
}

Result<void> SegmentReader::send_request(Instant deadline) {
  const Instant now = context_.clock.now();
  CHECK(now < deadline, "whoever asks has time for an answer");
  const ClientConfig& config = context_.config;
  const Duration wait = std::min(config.read_wait, deadline - now);
  const Instant answer_by = now + wait + config.request_timeout;
  if (std::exchange(has_lost_request_, false)) context_.journal.mark("reader.reissued");
  request_last_ = wire::RequestId(request_last_.value() + 1);
  TRY(stream_->send(wire::ReadSegment{.request = request_last_,
                                      .segment = segment_,
                                      .offset = offset_,
                                      .bytes_max = config.read_bytes_max,
                                      .wait = wait},
                    std::min(deadline, answer_by)));
  answer_by_ = answer_by;
  return {};
}

Result<std::optional<SegmentBytes>> SegmentReader::accept(wire::Message answer) {
  if (auto* read = std::get_if<wire::SegmentRead>(&answer)) {
    if (read->request != request_last_ || read->segment != segment_ || read->offset != offset_) {
      return fail(Errc::kProtocol, "bytes that were not asked for");
    }
    is_at_tail_ = read->is_at_tail;
    if (read->data.empty() && !read->is_end) return std::nullopt;
    offset_ += read->data.size();
    return SegmentBytes{.offset = read->offset,
                        .data = std::move(read->data),
                        .is_at_tail = read->is_at_tail,
                        .is_end = read->is_end};
  }
  if (const auto* truncated = std::get_if<wire::ReadTruncated>(&answer)) {
    if (truncated->request != request_last_ || truncated->start_offset <= offset_) {
      return fail(Errc::kProtocol, "a truncation that does not concern the read");
    }
    context_.journal.mark("reader.truncated");
    is_at_tail_ = false;
    offset_ = truncated->start_offset;
    return fail(Errc::kTruncated, "segment " + to_text(segment_));
  }
  if (const auto* error = std::get_if<wire::ErrorReply>(&answer)) {
    if (error->request != request_last_) return fail(Errc::kProtocol, "another request's error");
    return fail(error_from_store(context_, segment_, error->code, error->detail));
  }
  return fail(Errc::kProtocol, "an answer to no question");
}

void SegmentReader::drop() {
  if (answer_by_.has_value()) has_lost_request_ = true;
  answer_by_.reset();
  stream_.reset();
}

}  // namespace millrace::client
