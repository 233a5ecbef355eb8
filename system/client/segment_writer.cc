#include "system/client/segment_writer.h"

#include <string>
#include <utility>
#include <variant>

#include "system/base/check.h"
#include "system/client/store_link.h"
#include "system/types/event.h"
#include "system/types/facts.h"

namespace millrace::client {
namespace {

/// `why` for something that certainly did not happen.
Error as_definite(const Error& why) {
  if (happened(why.code) == Happened::kNo) return why;
  return {.code = Errc::kRefused, .detail = "never sent: " + to_text(why)};
}

/// `why` for something of which nothing is known.
Error as_unknown(const Error& why) {
  if (happened(why.code) == Happened::kUnknown) return why;
  return {.code = Errc::kUnavailable, .detail = "sent before: " + to_text(why)};
}

Result<Bytes> frame(std::span<const ByteView> payloads) {
  if (payloads.empty()) return fail(Errc::kInvalid, "a write without an event");
  Bytes framed;
  for (const ByteView payload : payloads) {
    if (payload.size() > kEventBytesMax ||
        framed.size() + kEventHeaderBytes + payload.size() > kAppendBytesMax) {
      return fail(Errc::kInvalid, "a write larger than a block can be");
    }
    append_event(framed, payload);
  }
  return framed;
}

}  // namespace

SegmentWriter::SegmentWriter(const ClientContext& context, const SegmentId& segment)
    : context_(context),
      segment_(segment),
      writer_(draw_writer_id(context.random)),
      backoff_(context.clock, context.tasks, context.random, backoff_limits(context.config)),
      room_(context.tasks),
      settlement_(context.tasks),
      work_(context.tasks),
      answers_due_(context.tasks),
      tasks_(context.tasks) {
  tasks_.spawn("writer-" + to_text(segment_) + "/sender", [this] { run(); });
}

Result<WriteHandle> SegmentWriter::write(std::span<const ByteView> payloads, Instant deadline) {
  Bytes framed = TRY(frame(payloads));
  if (!ended_.has_value() && !has_room(framed.size())) context_.journal.mark("writer.waited");
  TRY(room_.wait([&] { return ended_.has_value() || has_room(framed.size()); }, deadline));
  if (ended_.has_value()) return fail(as_definite(*ended_));

  unsettled_bytes_ += framed.size();
  ++taken_count_;
  Promise<WriteAck> promise(context_.tasks);
  WriteHandle handle = promise.future();
  queue_.push_back({.framed = std::move(framed),
                    .event_count = static_cast<std::uint32_t>(payloads.size()),
                    .promise = std::move(promise)});
  // Behind a full window it is the next acknowledgement that wakes the sender.
  if (link_ == nullptr || can_send()) work_.notify_all();
  return handle;
}

// A write that is larger than the whole queue has it for itself.
bool SegmentWriter::has_room(std::size_t bytes) const {
  return unsettled_bytes_ == 0 || unsettled_bytes_ + bytes <= context_.config.queue_bytes_max;
}

Result<void> SegmentWriter::flush(Instant deadline) {
  const std::uint64_t target = taken_count_;
  TRY(settlement_.wait([&] { return settled_count_ >= target; }, deadline));
  if (failure_.has_value()) return fail(*failure_);
  return {};
}

Result<void> SegmentWriter::close(Instant deadline) {
  if (!ended_.has_value()) end({Errc::kCancelled, "the writer was closed"}, Proof::kNone);
  tasks_.cancel_all();
  return tasks_.join(deadline);
}

// ---- The sender ----

void SegmentWriter::run() {
  while (true) {
    // Only close() cancels this task, and it has ended the writer before.
    ignore(work_.wait([&] { return ended_.has_value() || taken_count_ > settled_count_; },
                      Instant::max()),
           "cancelled: the writer has ended");
    if (ended_.has_value()) return;

    const Result<void> linked = link_up();
    const Error why = linked.has_value() ? pump(*link_) : linked.error();
    drop_link();
    if (ended_.has_value()) return;
    if (!is_worth_retrying(why.code)) return end(why, Proof::kNone);

    const Result<void> paused = backoff_.pause(Instant::max());
    if (ended_.has_value()) return;
    if (!paused.has_value()) {
      context_.journal.mark("writer.gave_up");
      return end({Errc::kUnavailable, paused.error().detail + ", the last: " + to_text(why)},
                 Proof::kNone);
    }
  }
}

Result<void> SegmentWriter::link_up() {
  wire::MessageStream stream = TRY(connect_to_store(context_, segment_, Instant::max()));
  const std::optional<EventNumber> stored_last =
      TRY(set_up_append(context_, stream, segment_, writer_, Instant::max()));
  if (ended_.has_value()) return fail(*ended_);
  TRY(catch_up(stored_last));

  link_ = std::make_shared<Link>(std::move(stream));
  CHECK(sent_count_ == 0, "nothing was sent on a fresh connection");
  if (has_linked_) context_.journal.mark("writer.reconnected");
  has_linked_ = true;
  tasks_.spawn("writer-" + to_text(segment_) + "/receiver",
               [this, link = link_] { receive_answers(*link); });
  return {};
}

/// Settles what the store has, so that the rest of in_flight_ is exactly what it has not.
Result<void> SegmentWriter::catch_up(std::optional<EventNumber> stored_last) {
  const NoBlock atomic(context_.tasks);
  const Result<void> plausible = check_stored_last(stored_last);
  if (!plausible.has_value()) {
    end(plausible.error(), Proof::kNone);
    return plausible;
  }
  while (!in_flight_.empty() && stored_last.has_value() &&
         in_flight_.front().last <= *stored_last) {
    context_.journal.mark("writer.implicit_ack");
    acknowledge_oldest(std::nullopt);
  }
  if (is_sealed_) {
    // Nothing can be stored any more, not even a copy that is still under way.
    const Error sealed{Errc::kSealed, "segment " + to_text(segment_)};
    end(sealed, Proof::kStoreRefused);
    return fail(sealed);
  }
  return {};
}

/// Errors: kProtocol where the store's memory of this writer cannot be.
Result<void> SegmentWriter::check_stored_last(std::optional<EventNumber> stored_last) {
  if (acked_last_.has_value() && (!stored_last.has_value() || *stored_last < *acked_last_)) {
    // A store that lost its disk, and with it what it had acknowledged.
    context_.journal.mark("writer.store_forgot");
    return fail(Errc::kProtocol, "the store forgot events that it had acknowledged");
  }
  if (!stored_last.has_value() || stored_last == acked_last_) return {};
  for (const Block& block : in_flight_) {
    if (block.last == *stored_last && block.send_count > 0) return {};
  }
  return fail(breach("the store has event numbers that end no block which was sent"));
}

/// Sends until the link breaks, and says why it did.
Error SegmentWriter::pump(Link& link) {
  while (true) {
    const Result<void> woken =
        work_.wait([&] { return link.broken.has_value() || link.wants_keep_alive || can_send(); },
                   Instant::max());
    if (link.broken.has_value()) return *link.broken;
    if (!woken.has_value()) return woken.error();

    Result<void> sent;
    if (std::exchange(link.wants_keep_alive, false)) {
      const Instant send_by = context_.clock.now() + context_.config.request_timeout;
      sent = link.stream.send(wire::KeepAlive{}, send_by);
    } else {
      if (sent_count_ == in_flight_.size()) cut_block();
      sent = send_next(link);
    }
    if (!sent.has_value()) return link.broken.value_or(sent.error());
  }
}

bool SegmentWriter::can_send() const {
  if (sent_count_ < in_flight_.size()) return true;
  return !queue_.empty() && in_flight_.size() < context_.config.blocks_in_flight_max;
}

/// Makes a block of the first writes of the queue: at least one, and more while they fit.
void SegmentWriter::cut_block() {
  CHECK(!queue_.empty(), "a block has a write");
  const ClientConfig& config = context_.config;
  Block block{.first = event_number_next_, .last = {}, .bytes = 0, .writes = {}, .message = {}};
  wire::AppendBlock message{.segment = segment_,
                            .writer = writer_,
                            .event_number_first = block.first,
                            .event_number_last = {},
                            .event_count = 0,
                            .expected_offset = std::nullopt,
                            .data = {}};
  do {
    Write& write = queue_.front();
    message.event_count += write.event_count;
    append(message.data, write.framed);
    block.writes.push_back(std::move(write));
    queue_.pop_front();
  } while (!queue_.empty() &&
           message.data.size() + queue_.front().framed.size() <= config.block_bytes_max &&
           message.event_count + queue_.front().event_count <= config.block_events_max);

  event_number_next_ = EventNumber(event_number_next_.value() + message.event_count);
  CHECK(event_number_next_.value() < kEventNumberMax, "event numbers do not run out");
  block.last = EventNumber(event_number_next_.value() - 1);
  block.bytes = message.data.size();
  message.event_number_last = block.last;
  block.message = std::move(message);
  in_flight_.push_back(std::move(block));
}

Result<void> SegmentWriter::send_next(Link& link) {
  Block& block = in_flight_[sent_count_];
  if (block.send_count > 0) context_.journal.mark("writer.resent");
  // Counted before it is sent: the answer may come before send() returns.
  ++block.send_count;
  ++sent_count_;
  answers_due_.notify_all();
  const Instant send_by = context_.clock.now() + context_.config.request_timeout;
  return link.stream.send(block.message, send_by);
}

void SegmentWriter::drop_link() {
  if (link_ == nullptr) return;
  break_link(*link_, {Errc::kUnavailable, "given up"});
  link_.reset();
  sent_count_ = 0;
}

// ---- The receiver ----

void SegmentWriter::receive_answers(Link& link) {
  bool has_asked = false;
  while (true) {
    // While nothing is in flight, nobody is expected to speak.
    const Result<void> awaited = answers_due_.wait(
        [&] { return link.broken.has_value() || sent_count_ > 0; }, Instant::max());
    if (!awaited.has_value() || link.broken.has_value()) return;

    const ClientConfig& config = context_.config;
    const Duration patience = has_asked ? config.keep_alive_timeout : config.keep_alive_after;
    const Result<wire::Message> answer = link.stream.receive(context_.clock.now() + patience);
    if (link.broken.has_value()) return;
    if (answer.has_value()) {
      has_asked = false;
      const Result<void> handled = handle(*answer);
      if (!handled.has_value()) break_link(link, handled.error());
    } else if (answer.error().code == Errc::kTimeout && !has_asked) {
      context_.journal.mark("writer.silence");
      has_asked = true;
      link.wants_keep_alive = true;
      work_.notify_all();
    } else {
      break_link(link, answer.error());
    }
  }
}

/// Errors: why the link is of no more use.
Result<void> SegmentWriter::handle(const wire::Message& answer) {
  if (const auto* appended = std::get_if<wire::Appended>(&answer)) {
    return handle_appended(*appended);
  }
  if (const auto* failed = std::get_if<wire::AppendFailed>(&answer)) return handle_failed(*failed);
  if (std::holds_alternative<wire::KeepAlive>(answer)) return {};
  return fail(breach("an answer to no question"));
}

Result<void> SegmentWriter::handle_appended(const wire::Appended& answer) {
  if (answer.segment != segment_ || answer.writer != writer_) {
    return fail(breach("an acknowledgement for another writer"));
  }
  if (acked_last_.has_value() && answer.event_number_last <= *acked_last_) {
    // Says nothing new, as after a block that reached the store twice.
    context_.journal.mark("writer.late_ack");
    return {};
  }
  if (!is_oldest_sent(answer.event_number_first, answer.event_number_last)) {
    return fail(breach("an acknowledgement was left out"));
  }
  --sent_count_;
  acknowledge_oldest(answer.offset);
  return {};
}

Result<void> SegmentWriter::handle_failed(const wire::AppendFailed& answer) {
  if (answer.segment != segment_ || answer.writer != writer_) {
    return fail(breach("a refusal for another writer"));
  }
  if (!is_oldest_sent(answer.event_number_first, answer.event_number_last)) {
    return fail(breach("a refusal overtook an earlier answer"));
  }
  Error why = error_from_store(context_, segment_, answer.code, answer.detail);
  if (why.code == Errc::kBadEventNumber) {
    return fail(breach("the store refused the event numbers for which it asked"));
  }
  context_.journal.mark("writer.refused");
  if (is_worth_retrying(why.code)) return fail(std::move(why));

  // Blocks are sent in order, so no later one was sent more often than the oldest.
  const bool is_only_copy = in_flight_.front().send_count == 1;
  if (why.code == Errc::kSealed) {
    context_.journal.mark("writer.sealed");
    is_sealed_ = true;
    if (!is_only_copy) {
      // An earlier copy may have been stored before the seal: ask.
      context_.journal.mark("writer.asked_after_seal");
      return fail(Errc::kUnavailable, "sealed; what is stored must be asked");
    }
  }
  end(why, is_only_copy ? Proof::kStoreRefused : Proof::kNone);
  return fail(std::move(why));
}

// ---- Both ----

bool SegmentWriter::is_oldest_sent(EventNumber first, EventNumber last) const {
  return sent_count_ > 0 && in_flight_.front().first == first && in_flight_.front().last == last;
}

/// Reports a breach of the protocol, which no fault of the world explains.
Error SegmentWriter::breach(std::string_view why) {
  context_.journal.fact(Unexpected{.where = "client.segment_writer", .why = std::string(why)});
  return {Errc::kProtocol, std::string(why)};
}

void SegmentWriter::break_link(Link& link, const Error& why) {
  if (link.broken.has_value()) return;
  link.broken = why;
  link.stream.close();
  work_.notify_all();
  answers_due_.notify_all();
}

void SegmentWriter::acknowledge_oldest(std::optional<std::uint64_t> offset) {
  Block block = std::move(in_flight_.front());
  in_flight_.pop_front();
  std::uint64_t number = block.first.value();
  for (Write& write : block.writes) {
    write.promise.set(WriteAck{.segment = segment_,
                               .writer = writer_,
                               .event_number_first = EventNumber(number),
                               .event_count = write.event_count,
                               .offset = offset});
    number += write.event_count;
    if (offset.has_value()) *offset += write.framed.size();
    settled(write);
  }
  CHECK(number == block.last.value() + 1, "a block's writes make up its event numbers");
  acked_last_ = block.last;
  backoff_.reset();
  if (can_send()) work_.notify_all();
}

void SegmentWriter::settled(const Write& write) {
  CHECK(unsettled_bytes_ >= write.framed.size(), "bytes are given back once");
  unsettled_bytes_ -= write.framed.size();
  ++settled_count_;
  room_.notify_all();
  settlement_.notify_all();
}

/// Gives every write without an outcome the one that is known of it, and takes no further one.
void SegmentWriter::end(const Error& why, Proof proof) {
  const NoBlock atomic(context_.tasks);
  CHECK(!ended_.has_value(), "a writer ends once");
  ended_ = why;
  for (Block& block : in_flight_) {
    const bool is_definite = block.send_count == 0 || proof == Proof::kStoreRefused;
    const Error outcome = is_definite ? as_definite(why) : as_unknown(why);
    if (!failure_.has_value()) failure_ = outcome;
    for (Write& write : block.writes) {
      write.promise.set(fail(outcome));
      settled(write);
    }
  }
  for (Write& write : queue_) {
    const Error outcome = as_definite(why);
    if (!failure_.has_value()) failure_ = outcome;
    write.promise.set(fail(outcome));
    settled(write);
  }
  in_flight_.clear();
  sent_count_ = 0;
  queue_.clear();
  CHECK(settled_count_ == taken_count_, "no write is left without an outcome");
  if (link_ != nullptr) break_link(*link_, why);
  room_.notify_all();
  work_.notify_all();
}

}  // namespace millrace::client
