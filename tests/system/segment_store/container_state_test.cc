#include "system/segment_store/container_state.h"

#include <gtest/gtest.h>
#include <string_view>
#include <vector>

#include "system/base/bytes.h"
#include "system/segment_store/operations.h"

namespace millrace::segment_store {
namespace {

const SegmentId kSegment{.stream = *StreamName::parse("orders"), .number = 3};
constexpr WriterId kWriter{.high = 1, .low = 2};

AppendOperation append(std::uint64_t first, std::uint64_t last, std::uint64_t offset) {
  return {.segment = kSegment,
          .writer = kWriter,
          .first = EventNumber(first),
          .last = EventNumber(last),
          .offset = offset,
          .at = {9},
          .data = to_bytes(std::string_view("abcd"))};
}

// One of each sort, each valid after those before it.
std::vector<Operation> history() {
  return {CreateOperation{.segment = kSegment, .at = {1}}, append(0, 1, 0), append(2, 2, 4),
          TruncateOperation{.segment = kSegment, .start_offset = 3, .at = {10}},
          SealOperation{.segment = kSegment, .at = {11}}};
}

ContainerState after(std::size_t count) {
  ContainerState state;
  const std::vector<Operation> operations = history();
  for (std::size_t i = 0; i < count; ++i) state.apply(operations[i]);
  return state;
}

TEST(Operations, are_read_back_as_they_were_written) {
  std::vector<Operation> all = history();
  all.emplace_back(CheckpointOperation{.state = after(5).encode()});

  for (const Operation& operation : all) {
    const Result<Operation> read = decode_operation(encode(operation));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, operation);
  }
}

TEST(Operations, that_are_cut_or_too_long_or_of_an_unknown_kind_are_corrupt) {
  for (const Operation& operation : history()) {
    Bytes record = encode(operation);
    for (std::size_t size = 0; size < record.size(); ++size) {
      EXPECT_TRUE(failed_with(decode_operation(ByteView(record).first(size)), Errc::kCorrupt));
    }
    record.push_back(std::byte{0});
    EXPECT_TRUE(failed_with(decode_operation(record), Errc::kCorrupt));
    record.front() = std::byte{99};
    EXPECT_TRUE(failed_with(decode_operation(record), Errc::kCorrupt));
  }
}

TEST(ContainerState, is_read_back_from_its_checkpoint_at_every_point) {
  for (std::size_t count = 0; count <= history().size(); ++count) {
    const ContainerState state = after(count);

    const Result<ContainerState> read = ContainerState::decode(state.encode());

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, state);
  }
}

TEST(ContainerState, a_damaged_checkpoint_is_corrupt_or_the_same) {
  const Bytes good = after(5).encode();

  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= std::byte(1U << (bit % 8));
    EXPECT_TRUE(failed_with(ContainerState::decode(bad), Errc::kCorrupt)) << bit;
  }
}

// One that is whole and that no container can have written: the numbers of a writer go back.
TEST(ContainerState, a_checkpoint_of_an_impossible_writer_is_corrupt) {
  Bytes checkpoint = after(3).encode();
  const Bytes first = to_bytes(ByteView(checkpoint).last(16).first(8));
  ASSERT_EQ(first.front(), std::byte{2});  // The last block is 2..2.
  checkpoint[checkpoint.size() - 16] = std::byte{3};

  const Result<ContainerState> read = ContainerState::decode(checkpoint);

  ASSERT_TRUE(failed_with(read, Errc::kCorrupt));
  // Found by what it says and not by its digest, which damage need not reach.
  EXPECT_EQ(read.error().detail, "checkpoint is cut short or malformed");
}

TEST(ContainerState, every_operation_changes_the_digest) {
  for (std::size_t count = 1; count <= history().size(); ++count) {
    EXPECT_NE(after(count).digest(), after(count - 1).digest()) << count;
    EXPECT_EQ(after(count).digest(), after(count).digest()) << count;
  }
}

TEST(ContainerState, a_checkpoint_of_another_state_is_not_valid) {
  const CheckpointOperation checkpoint{.state = after(3).encode()};

  EXPECT_TRUE(after(3).validate(checkpoint).has_value());
  EXPECT_TRUE(failed_with(after(2).validate(checkpoint), Errc::kCorrupt));
}

TEST(ContainerState, names_the_first_reason_against_an_append) {
  EXPECT_TRUE(failed_with(after(0).validate(append(0, 0, 0)), Errc::kNotFound));
  // Sealed, a wrong event number and a wrong offset at once: the number is what counts.
  EXPECT_TRUE(failed_with(after(5).validate(append(1, 1, 99)), Errc::kBadEventNumber));
  EXPECT_TRUE(failed_with(after(5).validate(append(3, 3, 99)), Errc::kSealed));
  EXPECT_TRUE(failed_with(after(3).validate(append(3, 3, 99)), Errc::kBadOffset));
  EXPECT_TRUE(after(3).validate(append(3, 3, 8)).has_value());
}

TEST(ContainerState, names_the_reason_against_other_operations) {
  const CreateOperation create{.segment = kSegment, .at = {}};
  const SealOperation seal{.segment = kSegment, .at = {}};
  const auto truncate = [](std::uint64_t offset) {
    return TruncateOperation{.segment = kSegment, .start_offset = offset, .at = {}};
  };
  EXPECT_TRUE(failed_with(after(1).validate(create), Errc::kAlreadyExists));
  EXPECT_TRUE(failed_with(after(0).validate(seal), Errc::kNotFound));
  EXPECT_TRUE(failed_with(after(5).validate(seal), Errc::kSealed));
  EXPECT_TRUE(failed_with(after(0).validate(truncate(1)), Errc::kNotFound));
  EXPECT_TRUE(failed_with(after(3).validate(truncate(9)), Errc::kBadOffset));
  EXPECT_TRUE(failed_with(after(4).validate(truncate(3)), Errc::kTruncated));
  EXPECT_TRUE(after(4).validate(truncate(8)).has_value());
}

TEST(JudgeBlock, compares_with_the_last_event_number) {
  const auto judge = [](std::optional<EventNumber> last, std::uint64_t first, std::uint64_t end) {
    return judge_block(last, EventNumber(first), EventNumber(end));
  };
  EXPECT_EQ(judge({}, 0, 5), BlockVerdict::kNext);
  EXPECT_EQ(judge({}, 1, 5), BlockVerdict::kGap);
  EXPECT_EQ(judge(EventNumber(5), 6, 6), BlockVerdict::kNext);
  EXPECT_EQ(judge(EventNumber(5), 7, 8), BlockVerdict::kGap);
  EXPECT_EQ(judge(EventNumber(5), 5, 5), BlockVerdict::kDuplicate);
  EXPECT_EQ(judge(EventNumber(5), 0, 3), BlockVerdict::kDuplicate);
  EXPECT_EQ(judge(EventNumber(5), 5, 6), BlockVerdict::kOverlap);
}

}  // namespace
}  // namespace millrace::segment_store
