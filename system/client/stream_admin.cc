#include "system/client/stream_admin.h"

#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "system/client/store_link.h"
#include "system/env/retry.h"

namespace millrace::client {
namespace {

/// Every request has a fresh connection to itself.
constexpr wire::RequestId kOnlyRequest{1};

/// The answer as the kind that the request asks for, about the same segment.
/// Errors: kProtocol.
template <typename Wanted>
Result<Wanted> as(const wire::Message& answer, const SegmentId& segment) {
  const auto* wanted = std::get_if<Wanted>(&answer);
  if (wanted == nullptr || wanted->request != kOnlyRequest || wanted->segment != segment) {
    return fail(Errc::kProtocol, "an answer to another question");
  }
  return *wanted;
}

}  // namespace

Result<void> StreamAdmin::create(const SegmentId& segment, Instant deadline) {
  const wire::CreateSegment request{.request = kOnlyRequest, .segment = segment};
  const Answer answer = TRY(ask(segment, request, deadline));
  if (const auto* error = std::get_if<wire::ErrorReply>(&answer.message)) {
    if (error->code != Errc::kAlreadyExists || !answer.is_repeated) {
      return fail(error->code, error->detail);
    }
    context_.journal.mark("admin.created_before");
    return {};
  }
  TRY(as<wire::SegmentCreated>(answer.message, segment));
  return {};
}

Result<std::uint64_t> StreamAdmin::seal(const SegmentId& segment, Instant deadline) {
  const wire::SealSegment request{.request = kOnlyRequest, .segment = segment};
  const Answer answer = TRY(ask(segment, request, deadline));
  if (const auto* error = std::get_if<wire::ErrorReply>(&answer.message)) {
    return fail(error->code, error->detail);
  }
  const wire::SegmentSealed sealed = TRY(as<wire::SegmentSealed>(answer.message, segment));
  return sealed.length;
}

Result<std::uint64_t> StreamAdmin::truncate(const SegmentId& segment, std::uint64_t offset,
                                            Instant deadline) {
  const wire::TruncateSegment request{
      .request = kOnlyRequest, .segment = segment, .offset = offset};
  const Answer answer = TRY(ask(segment, request, deadline));
  if (const auto* error = std::get_if<wire::ErrorReply>(&answer.message)) {
    return fail(error->code, error->detail);
  }
  const wire::SegmentTruncated truncated = TRY(as<wire::SegmentTruncated>(answer.message, segment));
  return truncated.start_offset;
}

Result<SegmentStatus> StreamAdmin::info(const SegmentId& segment, Instant deadline) {
  const wire::GetSegmentInfo request{.request = kOnlyRequest, .segment = segment};
  const Answer answer = TRY(ask(segment, request, deadline));
  if (const auto* error = std::get_if<wire::ErrorReply>(&answer.message)) {
    return fail(error->code, error->detail);
  }
  const wire::SegmentInfo info = TRY(as<wire::SegmentInfo>(answer.message, segment));
  return SegmentStatus{.exists = info.exists,
                       .is_sealed = info.is_sealed,
                       .start_offset = info.start_offset,
                       .length = info.length,
                       .last_modified = info.last_modified};
}

/// The store's answer, over as many attempts as it takes. An ErrorReply in it is final.
Result<StreamAdmin::Answer> StreamAdmin::ask(const SegmentId& segment, const wire::Message& request,
                                             Instant deadline) {
  BackoffLimits limits = backoff_limits(context_.config);
  limits.attempts_max = std::numeric_limits<std::uint32_t>::max();  // The deadline is the bound.
  Backoff backoff(context_.clock, context_.tasks, context_.random, limits);
  std::uint32_t send_count = 0;
  while (true) {
    Result<wire::Message> answer = attempt(segment, request, send_count, deadline);
    if (answer.has_value()) {
      return Answer{.message = std::move(*answer), .is_repeated = send_count > 1};
    }
    Error why = std::move(answer).error();
    if (is_worth_retrying(why.code)) {
      const Result<void> paused = backoff.pause(deadline);
      if (paused.has_value()) {
        if (send_count > 0) context_.journal.mark("admin.retried");
        continue;
      }
      why = {.code = paused.error().code, .detail = "the last attempt: " + to_text(why)};
    }
    const bool is_unknown = happened(why.code) == Happened::kUnknown;
    if (send_count == 0 && is_unknown) return fail(Errc::kRefused, "never sent: " + to_text(why));
    if (send_count > 0 && !is_unknown) {
      return fail(Errc::kUnavailable, "sent before: " + to_text(why));
    }
    return fail(std::move(why));
  }
}

/// Errors: as the connection's; and those answers of the store that say "not now" or "not here".
Result<wire::Message> StreamAdmin::attempt(const SegmentId& segment, const wire::Message& request,
                                           std::uint32_t& send_count, Instant deadline) {
  wire::MessageStream stream = TRY(connect_to_store(context_, segment, deadline));
  const Instant answer_by = within(context_.clock, context_.config.request_timeout, deadline);
  ++send_count;
  TRY(stream.send(request, answer_by));
  wire::Message answer = TRY(stream.receive(answer_by));
  if (const auto* error = std::get_if<wire::ErrorReply>(&answer)) {
    if (error->request != kOnlyRequest) return fail(Errc::kProtocol, "another request's error");
    Error why = error_from_store(context_, segment, error->code, error->detail);
    if (is_worth_retrying(why.code)) return fail(std::move(why));
  }
  return answer;
}

}  // namespace millrace::client
