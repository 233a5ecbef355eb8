#include "system/segment_store/container.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>

#include "system/base/bytes.h"
#include "tests/system/segment_store/fake_log.h"
#include "tests/system/wal/recording_journal.h"

namespace millrace::segment_store {
namespace {

const SegmentId kSegment{.stream = *StreamName::parse("orders"), .number = 0};
const SegmentId kOther{.stream = *StreamName::parse("orders"), .number = 1};
constexpr WriterId kWriter{.high = 1, .low = 2};
constexpr Instant kNow{};

// A container over a log whose records become durable when the test says so.
class ContainerTest : public testing::Test {
 protected:
  void SetUp() override {
    start();
    container().begin_create(kSegment);
    log().make_durable(1);
  }

  void TearDown() override { stop(); }

  void start() {
    log_ = std::make_unique<FakeLog>(disk_);
    container_ = std::make_unique<SegmentContainer>(clock_, tasks_, journal_, *log_, options_);
    ASSERT_TRUE(container_->recover().has_value());
  }

  void stop() {
    if (container_ == nullptr) return;
    EXPECT_TRUE(container_->stop(kNow).has_value());
    container_.reset();
  }

  // Dies with `kept` of the waiting records on the disk, and comes back.
  void crash(std::size_t kept) {
    log_->crash(kept);
    stop();
    start();
  }

  AppendDecision append(std::uint64_t first, std::uint64_t last, std::string_view text) {
    return container_->begin_append(request(first, last, text));
  }

  AppendDecision append_at(std::uint64_t offset, std::uint64_t number, std::string_view text) {
    AppendRequest conditional = request(number, number, text);
    conditional.expected_offset = offset;
    return container_->begin_append(std::move(conditional));
  }

  std::string read(std::uint64_t offset) {
    const Result<ReadResult> result = container_->read(kSegment, offset, 1000);
    return result.has_value() ? std::string(as_text(result->data)) : to_text(result.error());
  }

  Errc read_error(std::uint64_t offset) {
    return container_->read(kSegment, offset, 1000).error().code;
  }

  SegmentContainer& container() { return *container_; }
  FakeLog& log() { return *log_; }
  const RecordingJournal& journal() const { return journal_; }

  FakeClock clock_;
  LoneTask tasks_;
  RecordingJournal journal_;
  FakeLog::Disk disk_;
  ContainerOptions options_;

 private:
  static AppendRequest request(std::uint64_t first, std::uint64_t last, std::string_view text) {
    return {.segment = kSegment,
            .writer = kWriter,
            .first = EventNumber(first),
            .last = EventNumber(last),
            .expected_offset = std::nullopt,
            .data = to_bytes(text)};
  }

  std::unique_ptr<FakeLog> log_;
  std::unique_ptr<SegmentContainer> container_;
};

TEST_F(ContainerTest, an_append_is_answered_and_read_only_once_it_is_durable) {
  const AppendDecision decision = append(0, 1, "hello");

  EXPECT_TRUE(failed_with(container().settle(decision.ack, kNow), Errc::kTimeout));
  EXPECT_EQ(read(0), "");
  EXPECT_EQ(container().info(kSegment)->length, 0U);

  log().make_durable(1);
  const Result<AppendAck> ack = container().settle(decision.ack, kNow);
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->offset, 0U);
  EXPECT_EQ(decision.segment_length, 5U);
  EXPECT_EQ(read(0), "hello");
  EXPECT_EQ(read(3), "lo");
  EXPECT_EQ(container().info(kSegment)->length, 5U);
}

TEST_F(ContainerTest, pipelined_appends_get_consecutive_offsets) {
  append(0, 0, "ab");
  append(1, 1, "cd");
  const AppendDecision third = append(2, 2, "ef");

  EXPECT_EQ(third.ack.outcome->offset, 4U);
  log().make_durable(3);
  EXPECT_EQ(read(0), "abcdef");
}

TEST_F(ContainerTest, a_duplicate_is_acknowledged_only_once_its_original_is_durable) {
  append(0, 1, "hello");
  const AppendDecision again = append(0, 1, "hello");

  ASSERT_TRUE(again.ack.outcome.has_value());
  EXPECT_TRUE(again.ack.outcome->is_duplicate);
  EXPECT_EQ(again.ack.outcome->offset, 0U);
  EXPECT_TRUE(failed_with(container().settle(again.ack, kNow), Errc::kTimeout));

  log().make_durable(1);
  EXPECT_TRUE(container().settle(again.ack, kNow).has_value());
  EXPECT_EQ(read(0), "hello");
  EXPECT_EQ(log().waiting_count(), 0U) << "a duplicate is not logged";
}

TEST_F(ContainerTest, an_older_duplicate_is_acknowledged_without_an_offset) {
  append(0, 0, "a");
  append(1, 1, "b");

  const AppendDecision again = append(0, 0, "a");

  EXPECT_TRUE(again.ack.outcome->is_duplicate);
  EXPECT_FALSE(again.ack.outcome->offset.has_value());
}

TEST_F(ContainerTest, gaps_and_overlaps_are_refused_without_effect) {
  append(0, 2, "abc");

  EXPECT_TRUE(failed_with(append(4, 4, "x").ack.outcome, Errc::kBadEventNumber));
  EXPECT_TRUE(journal().has_mark("append.gap"));
  EXPECT_TRUE(failed_with(append(2, 3, "x").ack.outcome, Errc::kBadEventNumber));
  EXPECT_TRUE(journal().has_mark("append.overlap"));
  EXPECT_EQ(append(3, 3, "d").ack.outcome->offset, 3U);
}

TEST_F(ContainerTest, a_refusal_is_given_out_only_when_what_it_stands_on_is_durable) {
  container().begin_seal(kSegment);

  const AppendDecision refused = append(0, 0, "a");

  EXPECT_TRUE(failed_with(refused.ack.outcome, Errc::kSealed));
  EXPECT_TRUE(failed_with(container().settle(refused.ack, kNow), Errc::kTimeout));
  log().make_durable(1);
  EXPECT_TRUE(failed_with(container().settle(refused.ack, kNow), Errc::kSealed));
}

TEST_F(ContainerTest, a_conditional_append_needs_the_exact_length) {
  EXPECT_EQ(append_at(0, 0, "abc").ack.outcome->offset, 0U);

  const AppendDecision refused = append_at(0, 1, "x");
  EXPECT_TRUE(failed_with(refused.ack.outcome, Errc::kBadOffset));
  EXPECT_EQ(refused.segment_length, 3U);
  EXPECT_EQ(append_at(3, 1, "d").ack.outcome->offset, 3U);
}

TEST_F(ContainerTest, a_repeated_conditional_append_is_told_that_it_was_stored) {
  append_at(0, 0, "abc");

  // Its offset is not the length any more, but its event number tells that it is the same block.
  const AppendDecision again = append_at(0, 0, "abc");

  ASSERT_TRUE(again.ack.outcome.has_value());
  EXPECT_EQ(again.ack.outcome->offset, 0U);
}

TEST_F(ContainerTest, a_duplicate_of_a_sealed_segment_is_still_acknowledged) {
  append(0, 0, "a");
  container().begin_seal(kSegment);

  EXPECT_TRUE(append(0, 0, "a").ack.outcome->is_duplicate);
  EXPECT_TRUE(failed_with(append(1, 1, "b").ack.outcome, Errc::kSealed));
}

TEST_F(ContainerTest, blocks_that_make_no_sense_are_invalid) {
  EXPECT_TRUE(failed_with(append(1, 0, "a").ack.outcome, Errc::kInvalid));
  EXPECT_TRUE(failed_with(append(0, 0, "").ack.outcome, Errc::kInvalid));
  EXPECT_TRUE(failed_with(append(0, kEventNumberMax, "a").ack.outcome, Errc::kInvalid));
}

TEST_F(ContainerTest, unknown_segments_are_not_found) {
  AppendRequest request{.segment = kOther,
                        .writer = kWriter,
                        .first = {},
                        .last = {},
                        .expected_offset = std::nullopt,
                        .data = to_bytes(std::string_view("a"))};
  EXPECT_TRUE(
      failed_with(container().begin_append(std::move(request)).ack.outcome, Errc::kNotFound));
  EXPECT_TRUE(failed_with(container().begin_seal(kOther).outcome, Errc::kNotFound));
  EXPECT_TRUE(failed_with(container().begin_truncate(kOther, 1).outcome, Errc::kNotFound));
  EXPECT_TRUE(
      failed_with(container().begin_query_writer(kOther, kWriter).outcome, Errc::kNotFound));
  EXPECT_TRUE(failed_with(container().info(kOther), Errc::kNotFound));
  EXPECT_TRUE(failed_with(container().read(kOther, 0, 1), Errc::kNotFound));
}

TEST_F(ContainerTest, a_segment_is_created_once) {
  const Decided<void> again = container().begin_create(kSegment);
  EXPECT_TRUE(failed_with(again.outcome, Errc::kAlreadyExists));

  EXPECT_TRUE(container().begin_create(kOther).outcome.has_value());
  EXPECT_TRUE(failed_with(container().begin_create(kOther).outcome, Errc::kAlreadyExists));
  EXPECT_TRUE(failed_with(container().info(kOther), Errc::kNotFound)) << "not durable yet";
}

TEST_F(ContainerTest, sealing_ends_a_segment_and_may_be_repeated) {
  append(0, 0, "abc");
  const Decided<std::uint64_t> first = container().begin_seal(kSegment);
  const Decided<std::uint64_t> second = container().begin_seal(kSegment);
  log().make_durable(2);

  EXPECT_EQ(*container().settle(first, kNow), 3U);
  EXPECT_EQ(*container().settle(second, kNow), 3U);
  EXPECT_EQ(second.after, first.after) << "the second stands on the first and is not logged";
  const Result<ReadResult> end = container().read(kSegment, 3, 10);
  EXPECT_TRUE(end->is_end);
  EXPECT_TRUE(container().read(kSegment, 0, 10)->is_end);
  EXPECT_FALSE(container().read(kSegment, 0, 1)->is_end);
}

TEST_F(ContainerTest, truncation_only_goes_forward_and_never_beyond_the_length) {
  append(0, 0, "abcdef");
  log().make_durable(1);
  EXPECT_EQ(*container().begin_truncate(kSegment, 4).outcome, 4U);
  EXPECT_EQ(*container().begin_truncate(kSegment, 2).outcome, 4U);
  EXPECT_TRUE(failed_with(container().begin_truncate(kSegment, 7).outcome, Errc::kBadOffset));
  EXPECT_EQ(read(0), "abcdef") << "not durable yet";
  log().make_durable(1);

  EXPECT_EQ(read_error(3), Errc::kTruncated);
  EXPECT_EQ(read(4), "ef");
  EXPECT_EQ(container().info(kSegment)->start_offset, 4U);
}

TEST_F(ContainerTest, a_read_at_the_tail_gives_nothing_and_one_behind_it_is_refused) {
  append(0, 0, "abc");
  log().make_durable(1);

  EXPECT_FALSE(container().is_readable(kSegment, 3));
  const Result<ReadResult> at_tail = container().read(kSegment, 3, 10);
  ASSERT_TRUE(at_tail.has_value());
  EXPECT_TRUE(at_tail->data.empty());
  EXPECT_TRUE(at_tail->is_at_tail);
  EXPECT_EQ(read_error(4), Errc::kBadOffset);
  EXPECT_FALSE(container().read(kSegment, 0, 2)->is_at_tail);
  EXPECT_TRUE(container().read(kSegment, 0, 3)->is_at_tail);
}

TEST_F(ContainerTest, last_modified_is_the_wall_time_at_which_the_store_accepted_the_change) {
  clock_.wall_time = {5000};
  append(0, 0, "a");
  clock_.wall_time = {6000};
  log().make_durable(1);
  crash(0);

  EXPECT_EQ(container().info(kSegment)->last_modified, WallTime{5000});
}

TEST_F(ContainerTest, a_writer_learns_how_far_it_came) {
  EXPECT_FALSE(container().begin_query_writer(kSegment, kWriter).outcome->has_value());
  append(0, 4, "a");

  const auto decided = container().begin_query_writer(kSegment, kWriter);

  EXPECT_TRUE(failed_with(container().settle(decided, kNow), Errc::kTimeout));
  log().make_durable(1);
  EXPECT_EQ(container().settle(decided, kNow)->value(), EventNumber(4));
}

TEST_F(ContainerTest, a_crash_keeps_what_was_durable_and_forgets_the_rest) {
  append(0, 0, "abc");
  container().begin_truncate(kSegment, 1);
  log().make_durable(2);
  const std::uint64_t digest = container().digest();
  append(1, 1, "def");

  crash(0);

  EXPECT_EQ(container().digest(), digest);
  EXPECT_EQ(read(1), "bc");
  EXPECT_EQ(read_error(0), Errc::kTruncated);
  EXPECT_FALSE(append(1, 1, "def").ack.outcome->is_duplicate);
}

TEST_F(ContainerTest, an_append_that_was_never_acknowledged_may_survive_a_crash) {
  append(0, 0, "abc");

  crash(1);

  EXPECT_EQ(read(0), "abc");
  const AppendDecision again = append(0, 0, "abc");
  EXPECT_TRUE(again.ack.outcome->is_duplicate);
  EXPECT_EQ(again.ack.outcome->offset, 0U) << "the last block's offset survives as well";
}

TEST_F(ContainerTest, a_broken_log_ends_everything_and_leaves_the_outcome_unknown) {
  const AppendDecision in_flight = append(0, 0, "abc");

  log().break_now();

  EXPECT_TRUE(failed_with(container().settle(in_flight.ack, kNow), Errc::kIo));
  EXPECT_TRUE(failed_with(append(1, 1, "d").ack.outcome, Errc::kShuttingDown));
  EXPECT_TRUE(failed_with(container().read(kSegment, 0, 1), Errc::kShuttingDown));
  EXPECT_EQ(container().wait_broken(kNow)->code, Errc::kIo);
}

TEST_F(ContainerTest, a_full_log_refuses_without_effect) {
  log().refuse_with = Errc::kOverloaded;
  EXPECT_TRUE(failed_with(append(0, 0, "abc").ack.outcome, Errc::kOverloaded));
  EXPECT_TRUE(failed_with(container().begin_seal(kSegment).outcome, Errc::kOverloaded));
  log().refuse_with.reset();

  EXPECT_EQ(append(0, 0, "abc").ack.outcome->offset, 0U);
}

TEST_F(ContainerTest, live_bytes_are_bounded_and_freed_by_truncation) {
  crash(0);
  options_.live_bytes_max = 5;
  crash(0);
  append(0, 0, "abcde");
  EXPECT_TRUE(failed_with(append(1, 1, "f").ack.outcome, Errc::kOverloaded));

  container().begin_truncate(kSegment, 2);

  EXPECT_EQ(append(1, 1, "fg").ack.outcome->offset, 5U);
}

TEST_F(ContainerTest, a_checkpoint_lets_go_of_the_log_before_the_oldest_live_byte) {
  options_.checkpoint_operations = 3;
  crash(0);
  append(0, 0, "abc");  // Record 2.
  append(1, 1, "def");  // Record 3, and a checkpoint as record 4.
  log().make_durable(3);
  EXPECT_TRUE(journal().has_mark("container.checkpoint"));
  EXPECT_EQ(disk_.start, 2U) << "record 2 holds live bytes";

  container().begin_truncate(kSegment, 3);  // Record 5.
  append(2, 2, "ghi");                      // Record 6.
  append(3, 3, "jkl");                      // Record 7, and a checkpoint as record 8.
  log().make_durable(4);

  EXPECT_EQ(disk_.start, 3U) << "record 3 holds the oldest live byte now";
  disk_.shown_from = disk_.start;
  const std::uint64_t digest = container().digest();
  crash(0);
  EXPECT_EQ(container().digest(), digest);
  EXPECT_EQ(read(3), "defghijkl");
}

TEST_F(ContainerTest, a_log_without_the_data_of_its_checkpoint_is_corrupt) {
  options_.checkpoint_operations = 3;
  crash(0);
  append(0, 0, "abc");
  append(1, 1, "def");
  log().make_durable(3);
  log().crash(0);
  stop();

  disk_.shown_from = 3;  // Record 2 held "abc".
  FakeLog log(disk_);
  SegmentContainer container(clock_, tasks_, journal_, log, options_);

  EXPECT_TRUE(failed_with(container.recover(), Errc::kCorrupt));
  // The log itself is whole, so nobody but the container can tell.
  EXPECT_TRUE(journal().has_fact("LogCorrupt"));
}

TEST_F(ContainerTest, a_record_that_cannot_follow_is_corrupt) {
  log().crash(0);
  stop();
  disk_.records.push_back(disk_.records.front());  // The segment is created twice.

  FakeLog log(disk_);
  SegmentContainer container(clock_, tasks_, journal_, log, options_);

  EXPECT_TRUE(failed_with(container.recover(), Errc::kCorrupt));
}

}  // namespace
}  // namespace millrace::segment_store
