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
      room_(tasks),
      sending_(tasks),
      children_(tasks) {}

void ConnectionServer::run() {
  children_.spawn("connection/answers", [this] { send_answers(); });
  const Result<void> ended = receive_requests();
  CHECK(!ended.has_value(), "only an error ends the service");
  report_end(ended.error());

  stream_.close();
  reads_.clear();
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
  Instant idle_at = clock_.now() + config_.idle_timeout;
  while (true) {
    const Instant look_at = next_deadline();
    Result<wire::Message> request = stream_.receive(std::min(idle_at, look_at));
    // However many requests there are: what waits has its bound.
    if (clock_.now() >= look_at) TRY(look_at_clock());
    if (failed_with(request, Errc::kTimeout)) {
      if (clock_.now() < idle_at) continue;
      // A client that waits for an answer need not say anything; each wait here has its own bound.
      const bool owes_answer = !reads_.empty() || replies_due_ > 0;
      if (!owes_answer) return fail(std::move(request).error());
    } else {
      wire::Message message = TRY(std::move(request));
      TRY(handle(std::move(message)));
    }
    idle_at = clock_.now() + config_.idle_timeout;
  }
}

/// When something that waits here has waited for long enough.
Instant ConnectionServer::next_deadline() const {
  Instant next = Instant::max();
  if (!replies_.empty() && !is_due(replies_.front())) next = replies_.front().deadline;
  for (const WaitingRead& read : reads_) next = std::min(next, read.deadline);
  return next;
}

Result<void> ConnectionServer::look_at_clock() {
  answer_due_reads();
  const bool is_stuck =
      !replies_.empty() && !is_due(replies_.front()) && replies_.front().deadline <= clock_.now();
  if (is_stuck) return fail(Errc::kUnavailable, "a request did not become durable");
  return {};
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
  const WaitingRead read{.request = request,
                         .deadline = clock_.now() + std::min(request.wait, config_.read_wait_max)};
  if (is_due(read)) {
    answer_read(request);
    return {};
  }
  if (reads_.size() >= config_.reads_max) {
    journal_.mark("read.overloaded");
    return send(
        error_reply(request.request, {.code = Errc::kOverloaded, .detail = "too many reads wait"}));
  }
  journal_.mark("read.waits_at_tail");
  reads_.push_back(read);
  return {};
}

bool ConnectionServer::is_due(const WaitingRead& read) const {
  return !container_.is_serving() || read.deadline <= clock_.now() ||
         container_.is_readable(read.request.segment, read.request.offset);
}

std::optional<wire::ReadSegment> ConnectionServer::take_due_read() {
  const auto found =
      std::ranges::find_if(reads_, [this](const WaitingRead& read) { return is_due(read); });
  if (found == reads_.end()) return std::nullopt;
  wire::ReadSegment request = std::move(found->request);
  reads_.erase(found);
  return request;
}

// Sending gives way, and then others take and add reads: so each look begins anew.
void ConnectionServer::answer_due_reads() {
  while (const auto request = take_due_read()) answer_read(*request);
}

void ConnectionServer::answer_read(const wire::ReadSegment& request) {
  const std::size_t bytes_max =
      std::min<std::size_t>({request.bytes_max, config_.read_bytes_max, wire::kReadBytesMax});
  Result<ReadResult> result = container_.read(request.segment, request.offset, bytes_max);
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
  } else if (failed_with(result, Errc::kShuttingDown)) {
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
  reply.deadline = clock_.now() + config_.durable_timeout;
  if (replies_.size() >= config_.replies_max) {
    journal_.mark("connection.replies_full");
    TRY(wait_for_room());
  }
  if (has_failed_) return fail(Errc::kUnavailable, "the client takes no answers");
  if (replies_due_ == 0 && is_due(reply)) return send_reply(reply);
  ++replies_due_;
  replies_.push_back(std::move(reply));
  // Progress of the log wakes the answers' task; one that is sending looks again when it has sent.
  return {};
}

// Ends: the first reply of a full queue has its deadline, and while it is sent that of sending.
Result<void> ConnectionServer::wait_for_room() {
  while (true) {
    const Result<void> waited = room_.wait(
        [this] { return has_failed_ || replies_.size() < config_.replies_max; }, next_deadline());
    if (!failed_with(waited, Errc::kTimeout)) return waited;
    TRY(look_at_clock());
  }
}

bool ConnectionServer::is_due(const Reply& reply) const {
  return !container_.is_serving() || container_.is_settled(reply.after);
}

bool ConnectionServer::has_answer() const {
  return (!replies_.empty() && is_due(replies_.front())) ||
         std::ranges::any_of(reads_, [this](const WaitingRead& read) { return is_due(read); });
}

void ConnectionServer::send_answers() {
  while (true) {
    const Result<void> woken =
        container_.wait_for_progress([this] { return has_answer(); }, Instant::max());
    if (!woken.has_value()) return;  // Cancelled: the connection is at its end.
    if (send_due_answers().has_value()) continue;
    // The outcome is unknown here as well: the client has to ask again on a new connection.
    has_failed_ = true;
    stream_.close();
    room_.notify_all();
    return;
  }
}

Result<void> ConnectionServer::send_due_answers() {
  while (!replies_.empty() && is_due(replies_.front())) {
    const Reply reply = std::move(replies_.front());
    replies_.pop_front();
    room_.notify_all();
    TRY(send_reply(reply));
    --replies_due_;
  }
  answer_due_reads();
  return {};
}

Result<void> ConnectionServer::send_reply(const Reply& reply) {
  // Gives way only where the log was closed with this still under way.
  TRY(container_.settle(reply.after, reply.deadline));
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
