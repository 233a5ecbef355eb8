// A container against a naive model: random operations, records that become durable in any
// portions, and crashes at any record, with logs whose beginning was let go.

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <rapidcheck/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "system/base/bytes.h"
#include "system/segment_store/container.h"
#include "tests/system/segment_store/fake_log.h"
#include "tests/system/wal/recording_journal.h"
#include "tests/tape.h"

namespace millrace::segment_store {
namespace {

constexpr Instant kNow{};

// What a store is to its clients, without any of its means.
struct ModelSegment {
  std::string bytes;  // All that were ever appended.
  std::uint64_t start = 0;
  bool is_sealed = false;
  std::map<int, std::uint64_t> next_number;  // By writer.
};
using ModelState = std::map<int, ModelSegment>;

SegmentId segment_id(int segment) {
  return {.stream = *StreamName::parse("s"), .number = static_cast<std::uint32_t>(segment)};
}

WriterId writer_id(int writer) { return {.high = 7, .low = static_cast<std::uint64_t>(writer)}; }

class Harness {
 public:
  explicit Harness(Tape tape) : tape_(std::move(tape)) {
    options_.checkpoint_operations = tape_.between(1, 11);
    options_.live_bytes_max = 1 << 20;
    history_[0] = {};
    start();
  }
  ~Harness() { ignore(container_->stop(kNow), "nothing waits"); }
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  void step() {
    const int segment = static_cast<int>(tape_.below(3));
    const std::uint64_t deed = tape_.below(31);
    if (deed < 2) {
      create(segment);
    } else if (deed < 14) {
      append(segment);
    } else if (deed < 15) {
      seal(segment);
    } else if (deed < 19) {
      truncate(segment);
    } else if (deed < 25) {
      log_->make_durable(tape_.between(1, 5));
    } else if (deed < 27) {
      crash();
    }
    compare(segment);
  }

  void finish() {
    log_->make_durable(log_->waiting_count());
    for (int segment = 0; segment < 3; ++segment) compare(segment);
  }

 private:
  void start() {
    log_ = std::make_unique<FakeLog>(disk_);
    container_ = std::make_unique<SegmentContainer>(clock_, tasks_, journal_, *log_, options_);
    RC_ASSERT(container_->recover().has_value());
  }

  ModelState& accepted() { return std::prev(history_.end())->second; }
  const ModelState& durable() {
    return std::prev(history_.upper_bound(log_->durable().value()))->second;
  }

  // The model's state from now on, as of a record that was just added.
  void remember(wal::LogAddress address, ModelState state) {
    RC_ASSERT(address.value() > std::prev(history_.end())->first);
    history_[address.value()] = std::move(state);
  }

  void create(int segment) {
    const Decided<void> decided = container_->begin_create(segment_id(segment));
    if (accepted().contains(segment)) {
      RC_ASSERT(failed_with(decided.outcome, Errc::kAlreadyExists));
      return;
    }
    RC_ASSERT(decided.outcome.has_value());
    ModelState state = accepted();
    state[segment] = {};
    remember(decided.after, std::move(state));
  }

  void append(int segment) {
    static constexpr std::uint64_t kBacks[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3, 3};
    const int writer = static_cast<int>(tape_.below(2));
    const std::uint64_t count = tape_.between(1, 3);
    const std::uint64_t back = kBacks[tape_.below(12)];
    const bool is_gap = tape_.is_hit(10);
    std::string text(static_cast<std::size_t>(count) * 2, 'a');
    for (char& letter : text) letter = static_cast<char>('a' + tape_.below(26));

    const ModelState before = accepted();
    const auto found = before.find(segment);
    std::uint64_t expected = 0;
    if (found != before.end() && found->second.next_number.contains(writer)) {
      expected = found->second.next_number.at(writer);
    }
    const std::uint64_t first = is_gap ? expected + 1 : expected - std::min(back, expected);
    const std::uint64_t last = first + count - 1;
    std::optional<std::uint64_t> at;
    if (tape_.is_hit(25)) at = tape_.below(30);

    const AppendDecision decision =
        container_->begin_append({.segment = segment_id(segment),
                                  .writer = writer_id(writer),
                                  .first = EventNumber(first),
                                  .last = EventNumber(last),
                                  .expected_offset = at,
                                  .data = to_bytes(std::string_view(text))});
    const Result<AppendAck>& outcome = decision.ack.outcome;
    if (found == before.end()) {
      RC_ASSERT(failed_with(outcome, Errc::kNotFound));
    } else if (last < expected) {
      RC_ASSERT(outcome.has_value());
      RC_ASSERT(outcome->is_duplicate);
    } else if (first != expected) {
      RC_ASSERT(failed_with(outcome, Errc::kBadEventNumber));
    } else if (found->second.is_sealed) {
      RC_ASSERT(failed_with(outcome, Errc::kSealed));
    } else if (at.has_value() && *at != found->second.bytes.size()) {
      RC_ASSERT(failed_with(outcome, Errc::kBadOffset));
      RC_ASSERT(decision.segment_length == found->second.bytes.size());
    } else {
      RC_ASSERT(outcome.has_value());
      RC_ASSERT(outcome->offset == found->second.bytes.size());
      ModelState state = before;
      state[segment].bytes += text;
      state[segment].next_number[writer] = last + 1;
      remember(decision.ack.after, std::move(state));
    }
  }

  void seal(int segment) {
    const Decided<std::uint64_t> decided = container_->begin_seal(segment_id(segment));
    if (!accepted().contains(segment)) {
      RC_ASSERT(failed_with(decided.outcome, Errc::kNotFound));
      return;
    }
    RC_ASSERT(*decided.outcome == accepted()[segment].bytes.size());
    if (accepted()[segment].is_sealed) return;
    ModelState state = accepted();
    state[segment].is_sealed = true;
    remember(decided.after, std::move(state));
  }

  void truncate(int segment) {
    const std::uint64_t offset = tape_.below(40);
    const Decided<std::uint64_t> decided = container_->begin_truncate(segment_id(segment), offset);
    if (!accepted().contains(segment)) {
      RC_ASSERT(failed_with(decided.outcome, Errc::kNotFound));
      return;
    }
    const ModelSegment& before = accepted()[segment];
    if (offset <= before.start) {
      RC_ASSERT(*decided.outcome == before.start);
    } else if (offset > before.bytes.size()) {
      RC_ASSERT(failed_with(decided.outcome, Errc::kBadOffset));
    } else {
      RC_ASSERT(*decided.outcome == offset);
      ModelState state = accepted();
      state[segment].start = offset;
      remember(decided.after, std::move(state));
    }
  }

  // Any number of the records that were not durable yet survive, always the oldest; and of those
  // that were let go any number, always the youngest, are still there.
  void crash() {
    const std::size_t kept = tape_.below(log_->waiting_count() + 1);
    log_->crash(kept);
    RC_ASSERT(container_->stop(kNow).has_value());
    disk_.shown_from = tape_.between(disk_.shown_from, disk_.start);
    history_.erase(history_.upper_bound(disk_.records.size()), history_.end());
    start();
    container_->check_invariants();
    // Recovering once more from the same log gives the same state.
    const std::uint64_t digest = container_->digest();
    RC_ASSERT(container_->stop(kNow).has_value());
    start();
    RC_ASSERT(container_->digest() == digest);
  }

  void compare(int segment) {
    container_->check_invariants();
    const auto expected = durable().find(segment);
    const Result<SegmentInfo> info = container_->info(segment_id(segment));
    RC_ASSERT(info.has_value() == (expected != durable().end()));
    if (!info.has_value()) return;
    const ModelSegment& model = expected->second;
    RC_ASSERT(info->length == model.bytes.size());
    RC_ASSERT(info->start_offset == model.start);
    RC_ASSERT(info->is_sealed == model.is_sealed);

    const std::uint64_t offset = tape_.below(model.bytes.size() + 2);
    const std::size_t bytes_max = tape_.between(1, 19);
    const Result<ReadResult> read = container_->read(segment_id(segment), offset, bytes_max);
    if (offset < model.start) {
      RC_ASSERT(failed_with(read, Errc::kTruncated));
    } else if (offset > model.bytes.size()) {
      RC_ASSERT(failed_with(read, Errc::kBadOffset));
    } else {
      const std::string text = model.bytes.substr(static_cast<std::size_t>(offset), bytes_max);
      RC_ASSERT(std::string(as_text(read->data)) == text);
      const bool is_all = offset + text.size() == model.bytes.size();
      RC_ASSERT(read->is_end == (is_all && model.is_sealed));
      RC_ASSERT(read->is_at_tail == (is_all && !model.is_sealed));
    }
  }

  Tape tape_;
  FakeClock clock_;
  LoneTask tasks_;
  RecordingJournal journal_;
  FakeLog::Disk disk_;
  ContainerOptions options_;
  std::unique_ptr<FakeLog> log_;
  std::unique_ptr<SegmentContainer> container_;
  /// The state that follows each record which changed it; records between are checkpoints.
  std::map<std::uint64_t, ModelState> history_;
};

RC_GTEST_PROP(ContainerModel, behaves_as_its_clients_expect_through_any_crash, ()) {
  const auto number = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>());
  const auto numbers =
      *rc::gen::resize(2'000, rc::gen::container<std::vector<std::uint32_t>>(number));
  const int step_count = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 120));
  Harness harness{Tape(numbers)};
  for (int i = 0; i < step_count; ++i) harness.step();
  harness.finish();
}

}  // namespace
}  // namespace millrace::segment_store
