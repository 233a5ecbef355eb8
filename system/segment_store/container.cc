#include "system/segment_store/container.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "system/base/check.h"
#include "system/base/flat_map.h"
#include "system/segment_store/container_recovery.h"
#include "system/types/facts.h"

namespace millrace::segment_store {
namespace {

// The segment that an operation changes, or null.
const SegmentId* segment_of(const Operation& operation) {
  return std::visit(
      [](const auto& each) -> const SegmentId* {
        if constexpr (std::is_same_v<decltype(each), const CheckpointOperation&>) {
          return nullptr;
        } else {
          return &each.segment;
        }
      },
      operation);
}

}  // namespace

SegmentContainer::SegmentContainer(Clock& clock, Tasks& tasks, Journal& journal,
                                   wal::DurableLog& log, ContainerOptions options)
    : clock_(clock),
      tasks_(tasks),
      journal_(journal),
      log_(log),
      options_(options),
      progress_(tasks) {
  CHECK(options_.checkpoint_operations > 0, "a checkpoint follows an operation");
  CHECK(options_.checkpoint_bytes > 0, "a checkpoint follows an operation");
}

Result<void> SegmentContainer::recover() {
  ContainerRecovery recovery;
  const wal::RecoveredLog recovered = TRY(log_.recover(
      [&](wal::LogAddress address, ByteView record) { return recovery.add(address, record); },
      *this));
  if (Result<void> finished = recovery.finish(recovered.first); !finished.has_value()) {
    journal_.mark("container.corrupt");
    journal_.fact(LogCorrupt{.file = {}, .offset = 0, .why = finished.error().detail});
    ignore(log_.close(Instant::max()), "nothing was added, so nothing can be lost");
    return finished;
  }

  durable_ = std::move(recovery.state);
  accepted_ = durable_;
  operations_since_checkpoint_ = recovery.operations_since_checkpoint;
  bytes_since_checkpoint_ = recovery.bytes_since_checkpoint;
  for (const auto& [id, state] : durable_.segments()) {
    segments_[id].data = std::move(recovery.data[id]);
    live_bytes_ += state.length - state.start_offset;
  }
  is_serving_ = true;
  check_invariants();
  journal_.mark("container.recovered");
  journal_.fact(
      ContainerRecovered{.container = options_.container,
                         .epoch = recovered.epoch,
                         .sequence = recovered.last.value(),
                         .digest = durable_.digest(),
                         .segments = static_cast<std::uint32_t>(durable_.segments().size()),
                         .torn_bytes = recovered.torn_bytes});
  for (const auto& [id, state] : durable_.segments()) {
    journal_.fact(
        SegmentBounds{.segment = id, .start_offset = state.start_offset, .length = state.length});
  }
  return {};
}

AppendDecision SegmentContainer::begin_append(AppendRequest request) {
  // Offsets are assigned in the order in which operations enter the log.
  const NoBlock atomic(tasks_);
  return decide_append(std::move(request));
}

AppendDecision SegmentContainer::decide_append(AppendRequest request) {
  const SegmentState* segment = accepted_.find(request.segment);
  AppendDecision decision{.ack = {.after = last_accepted(request.segment), .outcome = AppendAck{}},
                          .segment_length = segment == nullptr ? 0 : segment->length};
  const auto refuse = [&](Errc code) {
    decision.ack.outcome = fail(code);
    return decision;
  };
  if (!is_serving_) return refuse(Errc::kShuttingDown);
  if (segment == nullptr) return refuse(Errc::kNotFound);
  if (!is_sensible_block(request.first, request.last, request.data)) {
    return refuse(Errc::kInvalid);
  }

  // The writer's numbers come first: a repeated block is stored, whatever became of the segment.
  const WriterState* writer = segment->find_writer(request.writer);
  switch (judge_block(last_number(writer), request.first, request.last)) {
    case BlockVerdict::kNext:
      break;
    case BlockVerdict::kDuplicate: {
      journal_.mark("append.duplicate");
      AppendAck ack{.offset = std::nullopt, .is_duplicate = true};
      const bool is_last_block =
          writer->block_first == request.first && writer->last == request.last;
      if (is_last_block) ack.offset = writer->block_offset;
      decision.ack.outcome = ack;
      return decision;
    }
    case BlockVerdict::kOverlap:
      journal_.mark("append.overlap");
      return refuse(Errc::kBadEventNumber);
    case BlockVerdict::kGap:
      journal_.mark("append.gap");
      return refuse(Errc::kBadEventNumber);
  }
  if (segment->is_sealed) {
    journal_.mark("append.sealed");
    return refuse(Errc::kSealed);
  }
  if (request.expected_offset.has_value() && *request.expected_offset != segment->length) {
    journal_.mark("append.conditional_failed");
    return refuse(Errc::kBadOffset);
  }
  const std::size_t bytes = request.data.size();
  if (live_bytes_ + bytes > options_.live_bytes_max) {
    journal_.mark("append.over_live_bytes");
    return refuse(Errc::kOverloaded);
  }
  Operation operation = AppendOperation{.segment = request.segment,
                                        .writer = request.writer,
                                        .first = request.first,
                                        .last = request.last,
                                        .offset = segment->length,
                                        .at = clock_.wall(),
                                        .data = std::move(request.data)};
  if (const Result<void> valid = accepted_.validate(operation); !valid.has_value()) {
    return refuse(valid.error().code);
  }
  const Result<wal::LogAddress> address = accept(std::move(operation));
  if (!address.has_value()) return refuse(address.error().code);
  live_bytes_ += bytes;
  decision.ack = {.after = *address, .outcome = AppendAck{.offset = decision.segment_length}};
  decision.segment_length += bytes;
  return decision;
}

Decided<std::optional<EventNumber>> SegmentContainer::begin_query_writer(
    const SegmentId& segment, const WriterId& writer) const {
  const SegmentState* state = accepted_.find(segment);
  if (state == nullptr) return {.after = {}, .outcome = fail(Errc::kNotFound)};
  return {.after = last_accepted(segment), .outcome = last_number(state->find_writer(writer))};
}

Decided<void> SegmentContainer::begin_create(const SegmentId& segment) {
  const NoBlock atomic(tasks_);
  if (!is_serving_) return {.after = {}, .outcome = fail(Errc::kShuttingDown)};
  Operation operation = CreateOperation{.segment = segment, .at = clock_.wall()};
  if (Result<void> valid = accepted_.validate(operation); !valid.has_value()) {
    return {.after = last_accepted(segment), .outcome = std::move(valid)};
  }
  const Result<wal::LogAddress> address = accept(std::move(operation));
  if (!address.has_value()) return {.after = {}, .outcome = fail(address.error())};
  return {.after = *address, .outcome = {}};
}

Decided<std::uint64_t> SegmentContainer::begin_seal(const SegmentId& segment) {
  const NoBlock atomic(tasks_);
  if (!is_serving_) return {.after = {}, .outcome = fail(Errc::kShuttingDown)};
  const SegmentState* state = accepted_.find(segment);
  if (state == nullptr) return {.after = {}, .outcome = fail(Errc::kNotFound)};
  const std::uint64_t length = state->length;
  if (state->is_sealed) {
    journal_.mark("segment.sealed_again");
    return {.after = last_accepted(segment), .outcome = length};
  }
  const Result<wal::LogAddress> address =
      accept(SealOperation{.segment = segment, .at = clock_.wall()});
  if (!address.has_value()) return {.after = {}, .outcome = fail(address.error())};
  return {.after = *address, .outcome = length};
}

Decided<std::uint64_t> SegmentContainer::begin_truncate(const SegmentId& segment,
                                                        std::uint64_t offset) {
  const NoBlock atomic(tasks_);
  if (!is_serving_) return {.after = {}, .outcome = fail(Errc::kShuttingDown)};
  const SegmentState* state = accepted_.find(segment);
  if (state == nullptr) return {.after = {}, .outcome = fail(Errc::kNotFound)};
  const std::uint64_t start_offset = state->start_offset;
  if (offset <= start_offset) {
    journal_.mark("segment.truncated_again");
    return {.after = last_accepted(segment), .outcome = start_offset};
  }
  if (offset > state->length) {
    return {.after = last_accepted(segment), .outcome = fail(Errc::kBadOffset)};
  }
  const Result<wal::LogAddress> address =
      accept(TruncateOperation{.segment = segment, .start_offset = offset, .at = clock_.wall()});
  if (!address.has_value()) return {.after = {}, .outcome = fail(address.error())};
  live_bytes_ -= offset - start_offset;
  return {.after = *address, .outcome = offset};
}

Result<wal::LogAddress> SegmentContainer::accept(Operation operation) {
  Bytes record = encode(operation);
  const std::size_t record_bytes = record.size();
  const wal::LogAddress address = TRY(log_.add(std::move(record)));
  accepted_.apply(operation);
  if (const SegmentId* segment = segment_of(operation)) {
    segments_[*segment].last_accepted = address;
  }
  if (!pending_.empty()) CHECK(pending_.back().address < address, "log addresses rise");
  pending_.push_back({.address = address, .operation = std::move(operation)});
  ++operations_since_checkpoint_;
  bytes_since_checkpoint_ += record_bytes;
  checkpoint_if_due();
  return address;
}

// The checkpoint holds the state right behind the operation that made it due, so it changes nothing
// of what is accepted. When it is durable it is compared with the durable state: apply_durable().
void SegmentContainer::checkpoint_if_due() {
  if (operations_since_checkpoint_ < options_.checkpoint_operations &&
      bytes_since_checkpoint_ < options_.checkpoint_bytes) {
    return;
  }
  Operation checkpoint = CheckpointOperation{.state = accepted_.encode()};
  const Result<wal::LogAddress> address = log_.add(encode(checkpoint));
  // A full queue: the next operation tries again. A log that broke meanwhile needs none.
  if (!address.has_value()) return;
  journal_.mark("container.checkpoint");
  pending_.push_back({.address = *address, .operation = std::move(checkpoint)});
  operations_since_checkpoint_ = 0;
  bytes_since_checkpoint_ = 0;
}

void SegmentContainer::on_durable(wal::LogAddress address) {
  FlatSet<SegmentId> changed;
  while (!pending_.empty() && pending_.front().address <= address) {
    PendingOperation next = std::move(pending_.front());
    pending_.pop_front();
    if (const SegmentId* segment = segment_of(next.operation)) changed.insert(*segment);
    apply_durable(next.address, std::move(next.operation));
  }
  for (const SegmentId& id : changed) {
    const SegmentState* state = durable_.find(id);
    CHECK(state != nullptr, "an operation changes a segment that exists");
    journal_.fact(
        SegmentBounds{.segment = id, .start_offset = state->start_offset, .length = state->length});
  }
  journal_.fact(ContainerApplied{
      .container = options_.container, .sequence = address.value(), .digest = durable_.digest()});
  progress_.notify_all();
}

void SegmentContainer::apply_durable(wal::LogAddress address, Operation operation) {
  durable_.apply(operation);
  report(operation);
  if (auto* append = std::get_if<AppendOperation>(&operation)) {
    segments_[append->segment].data.add(append->offset, std::move(append->data), address);
  } else if (const auto* truncate = std::get_if<TruncateOperation>(&operation)) {
    segments_[truncate->segment].data.truncate(truncate->start_offset);
  } else if (std::holds_alternative<CheckpointOperation>(operation)) {
    let_go_of_log(address);
  }
}

void SegmentContainer::report(const Operation& operation) {
  if (const auto* create = std::get_if<CreateOperation>(&operation)) {
    journal_.mark("segment.created");
    journal_.fact(SegmentCreated{.segment = create->segment});
  } else if (const auto* seal = std::get_if<SealOperation>(&operation)) {
    journal_.mark("segment.sealed");
    journal_.fact(
        SegmentSealed{.segment = seal->segment, .length = durable_.find(seal->segment)->length});
  } else if (const auto* truncate = std::get_if<TruncateOperation>(&operation)) {
    journal_.mark("segment.truncated");
    journal_.fact(
        SegmentTruncated{.segment = truncate->segment, .start_offset = truncate->start_offset});
  }
}

// The log is needed from the checkpoint on, and from the oldest record whose data is live.
void SegmentContainer::let_go_of_log(wal::LogAddress checkpoint) {
  wal::LogAddress needed = checkpoint;
  for (const auto& [id, segment] : segments_) {
    needed = std::min(needed, segment.data.first_address().value_or(needed));
  }
  log_.truncate(needed);
}

void SegmentContainer::on_broken(const Error& error) {
  broken_ = error;
  is_serving_ = false;
  journal_.mark("container.broken");
  progress_.notify_all();
}

Result<void> SegmentContainer::settle(wal::LogAddress address, Instant deadline) {
  TRY(log_.wait_durable(address, deadline));
  return {};
}

bool SegmentContainer::is_readable(const SegmentId& segment, std::uint64_t offset) const {
  const SegmentState* state = durable_.find(segment);
  return state == nullptr || offset != state->length || state->is_sealed;
}

Result<ReadResult> SegmentContainer::read(const SegmentId& segment, std::uint64_t offset,
                                          std::size_t bytes_max) const {
  CHECK(bytes_max > 0, "the server bounds what is read");
  const auto held = segments_.find(segment);
  const SegmentState* const durable = durable_.find(segment);
  if (durable == nullptr) return fail(Errc::kNotFound, to_text(segment));
  CHECK(held != segments_.end(), "a segment has its data");
  if (!is_serving_) return fail(Errc::kShuttingDown);

  const SegmentState& state = *durable;
  if (offset < state.start_offset) {
    journal_.mark("read.truncated");
    return fail(Errc::kTruncated, "starts at " + std::to_string(state.start_offset));
  }
  if (offset > state.length) {
    return fail(Errc::kBadOffset, "ends at " + std::to_string(state.length));
  }
  ReadResult result{.data = held->second.data.read(offset, bytes_max)};
  const std::uint64_t end = offset + result.data.size();
  CHECK(end <= state.length, "only durable bytes are read");
  if (offset < state.length) CHECK(!result.data.empty(), "every live byte is there");
  result.is_end = state.is_sealed && end == state.length;
  result.is_at_tail = !state.is_sealed && end == state.length;
  if (result.is_end) journal_.mark("read.end_of_segment");
  return result;
}

Result<SegmentInfo> SegmentContainer::info(const SegmentId& segment) const {
  const SegmentState* state = durable_.find(segment);
  if (state == nullptr) return fail(Errc::kNotFound, to_text(segment));
  return SegmentInfo{.start_offset = state->start_offset,
                     .length = state->length,
                     .is_sealed = state->is_sealed,
                     .last_modified = state->last_modified};
}

Result<Error> SegmentContainer::wait_broken(Instant deadline) {
  TRY(progress_.wait([&] { return broken_.has_value(); }, deadline));
  return *broken_;
}

Result<void> SegmentContainer::stop(Instant deadline) {
  is_serving_ = false;
  progress_.notify_all();
  return log_.close(deadline);
}

wal::LogAddress SegmentContainer::last_accepted(const SegmentId& segment) const {
  const auto found = segments_.find(segment);
  return found == segments_.end() ? wal::LogAddress(0) : found->second.last_accepted;
}

void SegmentContainer::check_invariants() const {
  for (const auto& [id, ahead] : accepted_.segments()) {
    CHECK(ahead.start_offset <= ahead.length, "a segment starts before it ends");
    const SegmentState* behind = durable_.find(id);
    if (behind == nullptr) continue;
    CHECK(behind->length <= ahead.length, "what is durable was accepted");
    CHECK(behind->start_offset <= ahead.start_offset, "what is durable was accepted");
    const auto segment = segments_.find(id);
    CHECK(segment != segments_.end(), "a segment has its data");
    CHECK(segment->second.data.covers(behind->start_offset, behind->length),
          "every live byte is there");
  }
  if (pending_.empty()) CHECK(accepted_ == durable_, "the two states differ by what is pending");
}

}  // namespace millrace::segment_store
