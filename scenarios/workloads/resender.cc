#include "scenarios/workloads/resender.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "properties/records.h"
#include "scenarios/workloads/common.h"
#include "scenarios/workloads/payload.h"
#include "system/base/check.h"
#include "system/client/store_link.h"
#include "system/types/event.h"
#include "system/wire/message_stream.h"
#include "system/wire/messages.h"

namespace millrace::scenarios {
namespace {

using client::ClientContext;

constexpr std::size_t kEventBytes = 56;
// How long one answer is waited for; without it the connection is given up.
constexpr Duration kAnswerWait = seconds(2);
// How many numbers a gap leaves out.
constexpr std::uint64_t kGapEvents = 1'000'000;
// Away from the keys of writers and conditional writers.
constexpr std::uint32_t kFirstKey = 1'000'000;

/// Numbers of a block's events.
struct Span {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// One writer identity in one segment.
class Resender {
 public:
  Resender(Env& env, const ClientContext& context, run::Client& client, const SegmentId& segment,
           std::uint32_t key)
      : env_(env),
        context_(context),
        client_(client),
        segment_(segment),
        key_(key),
        writer_(client::draw_writer_id(env.random)) {}

  /// One block, one question, or a good block with a bad one right behind it; unknown where no
  /// answer came.
  run::Outcome run(const run::Operation& operation) {
    if (!stream_.has_value() && !connect(operation)) return run::Outcome::kUnknown;
    if (operation.kind == "ask") return ask(operation);
    const Span span = span_of(operation);
    const std::optional<std::uint64_t> condition = condition_of(operation, span);
    if (!send_block(operation, span, condition)) return give_up();
    if (operation.kind == "pair" && !send_gap(operation, 1)) return give_up();
    const std::optional<wire::Message> answer = await_answer(env_.clock.now() + kAnswerWait);
    if (!answer.has_value()) return give_up();
    return take_answer(operation, span, *answer);
  }

 private:
  Span span_of(const run::Operation& operation) const;
  Span gap_of(std::uint64_t count) const;
  bool connect(const run::Operation& operation);
  run::Outcome ask(const run::Operation& operation);
  bool send_block(const run::Operation& operation, Span span,
                  std::optional<std::uint64_t> condition);
  bool send_gap(const run::Operation& operation, std::uint64_t count);
  bool send(Span span, Bytes data, std::optional<std::uint64_t> condition);
  run::Outcome give_up();
  std::optional<std::uint64_t> condition_of(const run::Operation& operation, Span span) const;
  std::optional<wire::Message> await_answer(Instant deadline);
  run::Outcome take_answer(const run::Operation& operation, Span span, const wire::Message& answer);
  run::Outcome take_ack(const run::Operation& operation, Span span, const wire::Appended& ack);
  run::Outcome take_refusal(const run::Operation& operation, Errc code);
  Bytes block_data(const run::Operation& operation, Span span);
  void record_acked(Span span, std::optional<std::uint64_t> offset);
  std::optional<std::uint64_t> query(const run::Operation& operation);

  Env& env_;
  const ClientContext& context_;
  run::Client& client_;
  const SegmentId segment_;
  const std::uint32_t key_;
  const WriterId writer_;
  std::optional<wire::MessageStream> stream_;
  std::uint64_t known_ = 0;                   // Events that the store said it has.
  Span last_;                                 // The last block that was acknowledged.
  std::optional<std::uint64_t> last_offset_;  // Where it lies, as far as it was told.
  std::vector<Bytes> events_;                 // By number, framed. Each has one content for ever.
  std::vector<std::uint64_t> uids_;
};

Span Resender::span_of(const run::Operation& operation) const {
  const auto count = static_cast<std::uint64_t>(operation.argument("events", 1));
  if (operation.kind == "repeat" && known_ > 0) return last_;
  if (operation.kind == "overlap" && known_ > 0) return {known_ - 1, known_ - 1 + count};
  if (operation.kind == "gap") return gap_of(count);
  return {known_, known_ + count - 1};
}

/// Far enough to be a gap whatever this writer sends later: a frame of a connection that was given
/// up may arrive when a nearer gap has been filled, and would be taken rightly.
Span Resender::gap_of(std::uint64_t count) const {
  CHECK(uids_.size() < kGapEvents, "a resender never sends as many events as its gaps are wide");
  const std::uint64_t first = std::max<std::uint64_t>(known_, uids_.size()) + kGapEvents;
  return {first, first + count - 1};
}

/// A block that is repeated may ask for the place that it has. It is stored, so that is no
/// conflict, whatever length the segment has by now.
std::optional<std::uint64_t> Resender::condition_of(const run::Operation& operation,
                                                    Span span) const {
  const bool is_repeated = known_ > 0 && span.first == last_.first && span.last == last_.last;
  if (!is_repeated || operation.argument("is_conditional", 0) == 0) return std::nullopt;
  return last_offset_;
}

bool Resender::connect(const run::Operation& operation) {
  const Instant deadline = env_.clock.now() + kAnswerWait;
  Result<wire::MessageStream> stream = client::connect_to_store(context_, segment_, deadline);
  if (!stream.has_value()) return false;
  stream_.emplace(*std::move(stream));
  if (query(operation).has_value()) return true;
  stream_.reset();
  return false;
}

std::optional<std::uint64_t> Resender::query(const run::Operation& operation) {
  client_.history().record(properties::WriterAsked{
      .operation = operation.id, .segment = segment_, .writer_id = to_text(writer_)});
  const auto last =
      client::set_up_append(context_, *stream_, segment_, writer_, env_.clock.now() + kAnswerWait);
  if (!last.has_value()) return std::nullopt;
  const std::uint64_t count = last->has_value() ? (*last)->value() + 1 : 0;
  client_.history().record(properties::WriterAnswered{.operation = operation.id, .count = count});
  known_ = std::max(known_, count);
  return count;
}

run::Outcome Resender::ask(const run::Operation& operation) {
  if (query(operation).has_value()) return run::Outcome::kOk;
  stream_.reset();
  return run::Outcome::kUnknown;
}

Bytes Resender::block_data(const run::Operation& operation, Span span) {
  Bytes data;
  for (std::uint64_t number = span.first; number <= span.last; ++number) {
    // Behind a gap: bytes that are never stored, and so have no identity.
    if (number > events_.size()) {
      append_event(data, encode_payload({.uid = 0, .writer = "gap", .key = key_, .sequence = 0},
                                        kEventBytes));
      continue;
    }
    if (number == events_.size()) {
      const Payload payload{.uid = first_uid(operation.id) + (number - span.first),
                            .writer = client_.name() + '/' + to_text(segment_),
                            .key = key_,
                            .sequence = number};
      client_.history().record(properties::AppendInvoked{.uid = payload.uid,
                                                         .stream = segment_.stream,
                                                         .writer = payload.writer,
                                                         .key = payload.key,
                                                         .sequence = payload.sequence});
      events_.push_back({});
      append_event(events_.back(), encode_payload(payload, kEventBytes));
      uids_.push_back(payload.uid);
    }
    append(data, events_[static_cast<std::size_t>(number)]);
  }
  return data;
}

bool Resender::send_block(const run::Operation& operation, Span span,
                          std::optional<std::uint64_t> condition) {
  Bytes data = block_data(operation, span);
  client_.history().record(properties::BlockInvoked{.operation = operation.id,
                                                    .segment = segment_,
                                                    .writer_id = to_text(writer_),
                                                    .first = span.first,
                                                    .last = span.last});
  if (condition.has_value()) {
    client_.history().record(
        properties::ConditionalInvoked{.uid = uids_[static_cast<std::size_t>(span.first)],
                                       .segment = segment_,
                                       .expected_offset = *condition});
  }
  return send(span, std::move(data), condition);
}

bool Resender::send_gap(const run::Operation& operation, std::uint64_t count) {
  const Span gap = gap_of(count);
  return send(gap, block_data(operation, gap), std::nullopt);
}

bool Resender::send(Span span, Bytes data, std::optional<std::uint64_t> condition) {
  const wire::AppendBlock block{
      .segment = segment_,
      .writer = writer_,
      .event_number_first = EventNumber(span.first),
      .event_number_last = EventNumber(span.last),
      .event_count = static_cast<std::uint32_t>(span.last - span.first + 1),
      .expected_offset = condition,
      .data = std::move(data)};
  return stream_->send(block, env_.clock.now() + kAnswerWait).has_value();
}

/// No answer, or none that is of use on this connection any more.
run::Outcome Resender::give_up() {
  stream_.reset();
  return run::Outcome::kUnknown;
}

/// Takes the first answer to a block, or to a good block and a bad one right behind it.
run::Outcome Resender::take_answer(const run::Operation& operation, Span span,
                                   const wire::Message& answer) {
  if (const auto* const ack = std::get_if<wire::Appended>(&answer)) {
    const run::Outcome outcome = take_ack(operation, span, *ack);
    // The refusal of the bad block is still to come, and ends the set-up.
    if (operation.kind == "pair") stream_.reset();
    return outcome;
  }
  if (const auto* const conflict = std::get_if<wire::ConditionalCheckFailed>(&answer)) {
    client_.history().record(
        properties::ConditionalAnswered{.uid = uids_[static_cast<std::size_t>(span.first)],
                                        .is_appended = false,
                                        .length = conflict->segment_length});
    return take_refusal(operation, Errc::kBadOffset);
  }
  const auto& failed = std::get<wire::AppendFailed>(answer);
  if (failed.event_number_first == EventNumber(span.first)) {
    return take_refusal(operation, failed.code);
  }
  // The bad block's. Answers to earlier blocks precede it, so the good one was never taken.
  for (std::uint64_t number = span.first; number <= span.last; ++number) {
    client_.history().record(properties::AppendFailed{
        .uid = uids_[static_cast<std::size_t>(number)], .code = std::string(to_text(failed.code))});
  }
  stream_.reset();
  return run::Outcome::kFailed;
}

run::Outcome Resender::take_ack(const run::Operation& operation, Span span,
                                const wire::Appended& ack) {
  client_.history().record(properties::BlockAnswered{.operation = operation.id,
                                                     .is_acked = true,
                                                     .has_offset = ack.offset.has_value(),
                                                     .offset = ack.offset.value_or(0),
                                                     .code = {}});
  known_ = std::max(known_, span.last + 1);
  if (ack.offset.has_value() || span.first != last_.first) last_offset_ = ack.offset;
  last_ = span;
  record_acked(span, ack.offset);
  return run::Outcome::kOk;
}

run::Outcome Resender::take_refusal(const run::Operation& operation, Errc code) {
  client_.history().record(properties::BlockAnswered{.operation = operation.id,
                                                     .is_acked = false,
                                                     .has_offset = false,
                                                     .offset = 0,
                                                     .code = std::string(to_text(code))});
  // The refusal ended the set-up; the next operation connects and sets up again.
  stream_.reset();
  return run::Outcome::kFailed;
}

std::optional<wire::Message> Resender::await_answer(Instant deadline) {
  for (;;) {
    Result<wire::Message> message = stream_->receive(deadline);
    if (!message.has_value()) return std::nullopt;
    const bool is_answer = std::holds_alternative<wire::Appended>(*message) ||
                           std::holds_alternative<wire::AppendFailed>(*message) ||
                           std::holds_alternative<wire::ConditionalCheckFailed>(*message);
    if (is_answer) return *std::move(message);
  }
}

void Resender::record_acked(Span span, std::optional<std::uint64_t> offset) {
  std::uint64_t at = offset.value_or(0);
  for (std::uint64_t number = span.first; number <= span.last && number < uids_.size(); ++number) {
    const auto index = static_cast<std::size_t>(number);
    const std::uint64_t end = at + events_[index].size();
    client_.history().record(properties::AppendAcked{.uid = uids_[index],
                                                     .segment = segment_,
                                                     .has_offset = offset.has_value(),
                                                     .offset = at,
                                                     .end = end});
    at = end;
  }
}

std::string kind_of(std::int64_t percent) {
  if (percent < 30) return "next";
  if (percent < 45) return "pair";
  if (percent < 65) return "repeat";
  if (percent < 75) return "overlap";
  if (percent < 85) return "gap";
  return "ask";
}

}  // namespace

void draw_blocks(const ResenderConfig& config, run::PlanClient& client, run::PlanDraws& draws) {
  const std::int64_t span = draws.run_for().ns / 4 * 3;
  for (std::uint64_t i = 0; i < config.operations; ++i) {
    draws.add_operation(client, kind_of(draws.between("kind", i, 0, 99)),
                        Duration{draws.between("not_before", i, 0, span)},
                        {{"events", draws.between("events", i, 1, 4)},
                         {"is_conditional", draws.between("is_conditional", i, 0, 1)}});
  }
}

Result<void> resender_main(Env& env, const ResenderConfig& config, run::Client& client) {
  client::StaticDirectory directory = make_directory(client.directory());
  const ClientContext context = client::make_context(env, directory, config);
  record_streams(client);
  TRY(create_segments(context, client.directory(), env.clock.now() + kPatience));
  const std::vector<SegmentId> segments = segments_of(client.directory());
  const std::uint64_t draw = env.random.next();
  const SegmentId& segment = segments[static_cast<std::size_t>(draw % segments.size())];
  const std::vector<Stream> streams = streams_of(client.directory());
  const auto stream = std::ranges::find(streams, segment.stream, &Stream::name);
  CHECK(stream != streams.end(), "a segment is one of its stream");
  Resender resender(env, context, client, segment, key_of(*stream, segment, kFirstKey));
  while (const auto operation = client.next_operation()) {
    client.finish(*operation, resender.run(*operation));
  }
  return {};
}

}  // namespace millrace::scenarios
