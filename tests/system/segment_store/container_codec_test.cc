// What a container writes into its log, with any contents: it is read back as it was, and damage of
// any sort is refused or means exactly what it says. Logs have checksums; this is for what they
// miss, and for bugs of those who wrote.

#include <cstdint>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <utility>
#include <vector>

#include "system/base/bytes.h"
#include "system/segment_store/container_state.h"
#include "system/segment_store/operations.h"
#include "tests/tape.h"

namespace millrace::segment_store {
namespace {

/// What is drawn comes from a tape; full width takes two numbers of it.
Tape any_tape() {
  const auto number = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>());
  return Tape(*rc::gen::resize(1'200, rc::gen::container<std::vector<std::uint32_t>>(number)));
}
std::uint64_t any_u64(Tape& tape) {
  const std::uint64_t high = tape.next();
  return high << 32 | tape.next();
}

SegmentId any_segment(Tape& tape) {
  static const std::vector<StreamName> streams{*StreamName::parse("a"),
                                               *StreamName::parse("orders")};
  return {.stream = streams[static_cast<std::size_t>(tape.below(2))],
          .number = static_cast<std::uint32_t>(tape.below(3))};
}

Bytes any_bytes(Tape& tape) {
  Bytes bytes(tape.below(40));
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(tape.below(256));
  return bytes;
}

/// Two writers, and small numbers, so that some of many operations fit each other.
AppendOperation any_append(const ContainerState& state, Tape& tape) {
  AppendOperation append{.segment = any_segment(tape),
                         .writer = {.high = 7, .low = tape.below(2)},
                         .first = EventNumber(tape.below(4)),
                         .last = {},
                         .offset = tape.below(8),
                         .at = {static_cast<std::int64_t>(any_u64(tape))},
                         .data = any_bytes(tape)};
  const SegmentState* const segment = state.find(append.segment);
  // Mostly what may come next.
  if (segment != nullptr && tape.below(8) > 0) {
    const auto last = last_number(segment->find_writer(append.writer));
    append.first = EventNumber(last.has_value() ? last->value() + 1 : 0);
    append.offset = segment->length;
  }
  append.last = EventNumber(append.first.value() + tape.below(3));
  append.data.resize(append.data.size() + 3);
  return append;
}

Operation any_operation(const ContainerState& state, Tape& tape) {
  const WallTime at{static_cast<std::int64_t>(any_u64(tape))};
  switch (tape.below(8)) {
    case 0:
    case 1:
      return CreateOperation{.segment = any_segment(tape), .at = at};
    case 2:
      return SealOperation{.segment = any_segment(tape), .at = at};
    case 3:
      return TruncateOperation{
          .segment = any_segment(tape), .start_offset = tape.below(20), .at = at};
    case 4:
      return CheckpointOperation{.state = state.encode()};
    default:
      return any_append(state, tape);
  }
}

/// The fold of any operations, and one more that may or may not fit.
struct Drawn {
  ContainerState state;
  Operation next;
};

Drawn any_state(Tape& tape) {
  ContainerState state;
  const std::uint64_t count = tape.below(30);
  for (std::uint64_t i = 0; i < count; ++i) {
    ignore(state.try_apply(any_operation(state, tape)), "what does not fit changes nothing");
  }
  Operation next = any_operation(state, tape);
  return {.state = std::move(state), .next = std::move(next)};
}

/// Some bytes of it are others.
Bytes damaged(Bytes bytes, Tape& tape) {
  const std::uint64_t count = 1 + tape.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t place = tape.below(bytes.size());
    bytes[place] = static_cast<std::byte>(tape.below(256));
  }
  return bytes;
}

void check_record(const Bytes& record) {
  const Result<Operation> read = decode_operation(record);
  if (read.has_value()) {
    RC_ASSERT(encode(*read) == record);
  } else {
    RC_ASSERT(read.error().code == Errc::kCorrupt);
  }
}

void check_checkpoint(const Bytes& bytes) {
  const Result<ContainerState> read = ContainerState::decode(bytes);
  if (read.has_value()) {
    RC_ASSERT(read->encode() == bytes);
  } else {
    RC_ASSERT(read.error().code == Errc::kCorrupt);
  }
}

RC_GTEST_PROP(ContainerCodec, gives_any_operation_back, ()) {
  Tape tape = any_tape();
  const Operation operation = any_state(tape).next;

  const Result<Operation> read = decode_operation(encode(operation));

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == operation);
}

RC_GTEST_PROP(ContainerCodec, refuses_a_record_that_is_cut_or_too_long, ()) {
  Tape tape = any_tape();
  Bytes record = encode(any_state(tape).next);
  const std::size_t size = tape.below(record.size());

  RC_ASSERT(failed_with(decode_operation(ByteView(record).first(size)), Errc::kCorrupt));
  record.push_back(static_cast<std::byte>(tape.below(256)));
  RC_ASSERT(failed_with(decode_operation(record), Errc::kCorrupt));
}

RC_GTEST_PROP(ContainerCodec, takes_a_damaged_record_for_exactly_what_it_says_or_not_at_all, ()) {
  Tape tape = any_tape();
  check_record(damaged(encode(any_state(tape).next), tape));
  check_record(any_bytes(tape));
}

RC_GTEST_PROP(ContainerCodec, gives_any_state_back_from_its_checkpoint, ()) {
  Tape tape = any_tape();
  const ContainerState state = any_state(tape).state;

  const Result<ContainerState> read = ContainerState::decode(state.encode());

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == state);
  RC_ASSERT(read->digest() == state.digest());
}

RC_GTEST_PROP(ContainerCodec, refuses_a_checkpoint_that_is_cut_or_damaged, ()) {
  Tape tape = any_tape();
  const Bytes good = any_state(tape).state.encode();
  const Bytes bad = damaged(good, tape);
  const std::size_t size = tape.below(good.size());

  RC_ASSERT(failed_with(ContainerState::decode(ByteView(good).first(size)), Errc::kCorrupt));
  if (bad != good) RC_ASSERT(failed_with(ContainerState::decode(bad), Errc::kCorrupt));
  check_checkpoint(any_bytes(tape));
}

// An operation that does not fit changes nothing; one that does leaves what its record leaves.
RC_GTEST_PROP(ContainerCodec, applies_a_record_as_it_applies_its_operation, ()) {
  Tape tape = any_tape();
  const Drawn drawn = any_state(tape);
  ContainerState live = drawn.state;
  ContainerState recovered = *ContainerState::decode(drawn.state.encode());

  const Result<void> applied = live.try_apply(drawn.next);
  const Result<void> again = recovered.try_apply(*decode_operation(encode(drawn.next)));

  RC_ASSERT(applied.has_value() == again.has_value());
  RC_ASSERT(live == recovered);
  if (!applied.has_value()) RC_ASSERT(live == drawn.state);
}

}  // namespace
}  // namespace millrace::segment_store
