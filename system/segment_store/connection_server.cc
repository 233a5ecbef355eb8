#include "system/segment_store/connection_server.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "system/base/check.h"

namespace millrace::segment_store {
namespace {

wire::ErrorReply error_reply(wire::RequestId request, const Error& error) {
  return {.request = request, .code = error.code, .detail = error.detail};
}

wire::Appended appended(const wire::AppendBlock& block, const AppendAck& ack,
                        std::uint64_t segment_length) {
  return {.segment = block.segment,
          .writer = block.writer,
          .event_number_first = block.event_number_first,
          .event_number_last = block.event_number_last,
          .offset = ack.offset,
          .segment_length = segment_length};
}

wire::AppendFailed append_failed(const wire::AppendBlock& block, const Error& error) {
  return {.segment = block.segment,
          .writer = block.writer,
          .event_number_first = block.event_number_first,
          .event_number_last = block.event_number_last,
          .code = error.code,
          .detail = error.detail};
}

wire::ConditionalCheckFailed check_failed(const wire::AppendBlock& block,
                                          std::uint64_t segment_length) {
  return {.segment = block.segment,
          .writer = block.writer,
          .event_number_first = block.event_number_first,
          .event_number_last = block.event_number_last,
          .segment_length = segment_length};
}

}  // namespace

ConnectionServer::ConnectionServer(Clock& clock, Tasks& tasks, Journal& journal,
                                   SegmentContainer& container, const SegmentStoreConfig& config,
                                   wire::MessageStream stream)
    : clock_(clock),
      journal_(journal),
      container_(container),
      config_(config),
      stream_(std::move(stream)),
      sending_(tasks),
      replies_(tasks, config.replies_max),
      children_(tasks) {}

void ConnectionServer::run() {
  children_.spawn("connection/replies", [this] { send_replies(); });
  const Result<void> ended = receive_requests();
  CHECK(!ended.has_value(), "only an error ends the service");
  report_end(ended.error());

  stream_.close();
  replies_.close();
  children_.cancel_all();
  // Cancelled tasks end by themselves: each of their waits ends at once.
  const Result<void> joined = children_.join(Instant::max());
  CHECK(joined.has_value(), "the task of a connection is never cancelled");
}

void ConnectionServer::report_end(const Error& why) {
  switch (why.code) {
    case Errc::kTimeout:
      journal_.mark("connection.silent");
      return;
    case Errc::kCorrupt:
    case Errc::kProtocol:
      journal_.mark("connection.protocol_broken");
      return;
    default:
      journal_.mark("connection.ended");
      return;
  }
}

Result<void> ConnectionServer::receive_requests() {
  while (true) {
    Result<wire::Message> request = stream_.receive(clock_.now() + config_.idle_timeout);
    // A client that waits for an answer need not say anything; each wait here has its own bound.
    const bool owes_answer = read_count_ > 0 || replies_due_ > 0;
    if (failed_with(request, Errc::kTimeout) && owes_answer) continue;
    wire::Message message = TRY(std::move(request));
    TRY(handle(std::move(message)));
  }
}

Result<void> ConnectionServer::handle(wire::Message request) {
  return std::visit(
      [this](auto& message) -> Result<void> {
        using Message = std::remove_cvref_t<decltype(message)>;
        if constexpr (std::is_same_v<Message, wire::KeepAlive>) {
          return send(message);
        } else if constexpr (std::is_same_v<Message, wire::SetupAppend>) {
          return setup_append(message);
        } else if constexpr (std::is_same_v<Message, wire::AppendBlock>) {
          return append(std::move(message));
        } else if constexpr (std::is_same_v<Message, wire::ReadSegment>) {
          return read(message);
        } else if constexpr (std::is_same_v<Message, wire::GetSegmentInfo>) {
          return get_info(message);
        } else if constexpr (std::is_same_v<Message, wire::CreateSegment>) {
          return create(message);
        } else if constexpr (std::is_same_v<Message, wire::SealSegment>) {
          return seal(message);
        } else if constexpr (std::is_same_v<Message, wire::TruncateSegment>) {
          return truncate(message);
        } else {
          return fail(Errc::kProtocol, "a client sent what only a server sends");
        }
      },
      request);
}

Result<void> ConnectionServer::setup_append(const wire::SetupAppend& request) {
  const auto decided = container_.begin_query_writer(request.segment, request.writer);
  Result<std::optional<EventNumber>> last = decided.outcome;
  const auto key = std::pair(request.segment, request.writer);
  if (last.has_value() && !setups_.contains(key) && setups_.size() >= kSetupsMax) {
    journal_.mark("setup.overloaded");
    last = fail(Errc::kOverloaded, "too many writers on one connection");
  }
  if (!last.has_value()) {
    return enqueue({.after = decided.after, .message = error_reply(request.request, last.error())});
  }
  setups_.insert(key);
  return enqueue({.after = decided.after,
                  .message = wire::AppendSetup{.request = request.request,
                                               .segment = request.segment,
                                               .writer = request.writer,
                                               .event_number_last = *last}});
}

Result<void> ConnectionServer::append(wire::AppendBlock block) {
  const auto key = std::pair(block.segment, block.writer);
  if (!setups_.contains(key)) {
    journal_.mark("append.dropped");
    return {};
  }
  AppendRequest request{.segment = block.segment,
                        .writer = block.writer,
                        .first = block.event_number_first,
                        .last = block.event_number_last,
                        .expected_offset = block.expected_offset,
                        .data = std::move(block.data)};
  const AppendDecision decision = container_.begin_append(std::move(request));
  const Result<AppendAck>& outcome = decision.ack.outcome;
  Reply reply{.after = decision.ack.after, .message = wire::KeepAlive{}};
  if (outcome.has_value()) {
    reply.message = appended(block, *outcome, decision.segment_length);
    reply.is_append_ack = true;
    return enqueue(std::move(reply));
  }
  const Error& error = outcome.error();
  // What happened to earlier blocks is unknown then: no answer is true, but hanging up.
  if (error.code == Errc::kShuttingDown) return fail(error);
  if (error.code == Errc::kBadOffset) {
    reply.message = check_failed(block, decision.segment_length);
    return enqueue(std::move(reply));
  }
  journal_.mark("append.refused");
  setups_.erase(key);
  reply.message = append_failed(block, error);
  return enqueue(std::move(reply));
}

Result<void> ConnectionServer::read(const wire::ReadSegment& request) {
  const Duration wait = std::min(request.wait, config_.read_wait_max);
  const Instant deadline = clock_.now() + wait;
  if (wait == Duration{} || container_.is_readable(request.segment, request.offset)) {
    answer_read(request, deadline);
    return {};
  }
  if (read_count_ >= config_.reads_max) {
    journal_.mark("read.overloaded");
    return send(
        error_reply(request.request, {.code = Errc::kOverloaded, .detail = "too many reads wait"}));
  }
  ++read_count_;
  children_.spawn("connection/read", [this, request, deadline] {
    answer_read(request, deadline);
    --read_count_;
  });
  return {};
}

void ConnectionServer::answer_read(const wire::ReadSegment& request, Instant deadline) {
  const std::size_t bytes_max =
      std::min<std::size_t>({request.bytes_max, config_.read_bytes_max, wire::kReadBytesMax});
  Result<ReadResult> result = container_.read(request.segment, request.offset, bytes_max, deadline);
  wire::Message reply;
  if (result.has_value()) {
    reply = wire::SegmentRead{.request = request.request,
                              .segment = request.segment,
                              .offset = request.offset,
                              .is_at_tail = result->is_at_tail,
                              .is_end = result->is_end,
                              .data = std::move(result->data)};
  } else if (failed_with(result, Errc::kTruncated)) {
    const Result<SegmentInfo> info = container_.info(request.segment);
    CHECK(info.has_value(), "a truncated segment exists");
    reply = wire::ReadTruncated{
        .request = request.request, .segment = request.segment, .start_offset = info->start_offset};
  } else if (failed_with(result, Errc::kCancelled) || failed_with(result, Errc::kShuttingDown)) {
    stream_.close();
    return;
  } else {
    reply = error_reply(request.request, result.error());
  }
  ignore(send(reply), "the connection is closed then, and the client reads again");
}

Result<void> ConnectionServer::get_info(const wire::GetSegmentInfo& request) {
  wire::SegmentInfo reply;
  reply.request = request.request;
  reply.segment = request.segment;
  if (const Result<SegmentInfo> info = container_.info(request.segment); info.has_value()) {
    reply.exists = true;
    reply.is_sealed = info->is_sealed;
    reply.start_offset = info->start_offset;
    reply.length = info->length;
    reply.last_modified = info->last_modified;
  }
  return send(reply);
}

Result<void> ConnectionServer::create(const wire::CreateSegment& request) {
  const Decided<void> decided = container_.begin_create(request.segment);
  Reply reply{
      .after = decided.after,
      .message = wire::SegmentCreated{.request = request.request, .segment = request.segment}};
  if (!decided.outcome.has_value()) {
    reply.message = error_reply(request.request, decided.outcome.error());
  }
  return enqueue(std::move(reply));
}

Result<void> ConnectionServer::seal(const wire::SealSegment& request) {
  const Decided<std::uint64_t> decided = container_.begin_seal(request.segment);
  Reply reply{.after = decided.after, .message = wire::KeepAlive{}};
  if (decided.outcome.has_value()) {
    reply.message = wire::SegmentSealed{
        .request = request.request, .segment = request.segment, .length = *decided.outcome};
  } else {
    reply.message = error_reply(request.request, decided.outcome.error());
  }
  return enqueue(std::move(reply));
}

Result<void> ConnectionServer::truncate(const wire::TruncateSegment& request) {
  const Decided<std::uint64_t> decided = container_.begin_truncate(request.segment, request.offset);
  Reply reply{.after = decided.after, .message = wire::KeepAlive{}};
  if (decided.outcome.has_value()) {
    reply.message = wire::SegmentTruncated{
        .request = request.request, .segment = request.segment, .start_offset = *decided.outcome};
  } else {
    reply.message = error_reply(request.request, decided.outcome.error());
  }
  return enqueue(std::move(reply));
}

Result<void> ConnectionServer::enqueue(Reply reply) {
  if (replies_.size() == config_.replies_max) journal_.mark("connection.replies_full");
  ++replies_due_;
  return replies_.send(std::move(reply), clock_.now() + config_.durable_timeout);
}

void ConnectionServer::send_replies() {
  while (true) {
    // Ends when the queue is closed, with the connection.
    const Result<Reply> reply = replies_.receive(Instant::max());
    if (!reply.has_value()) return;
    if (const Result<void> sent = send_reply(*reply); !sent.has_value()) {
      // The outcome is unknown here as well: the client has to ask again on a new connection.
      stream_.close();
      replies_.close();
      return;
    }
    --replies_due_;
  }
}

Result<void> ConnectionServer::send_reply(const Reply& reply) {
  TRY(container_.settle(reply.after, clock_.now() + config_.durable_timeout));
  if (reply.is_append_ack) journal_.mark("append.acked");
  return send(reply.message);
}

Result<void> ConnectionServer::send(const wire::Message& message) {
  const Instant deadline = clock_.now() + config_.send_timeout;
  const MutexLock lock = TRY(sending_.lock(deadline));
  Result<void> sent = stream_.send(message, deadline);
  if (!sent.has_value()) stream_.close();
  return sent;
}

}  // namespace millrace::segment_store
