// A log's files against a model: frames, new files, records that are let go, failures of the disk
// at any request, and power losses that leave any of what was not synced, also during recovery.

#include <cstdint>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "system/wal/log_files.h"
#include "tests/system/wal/fake_disk.h"
#include "tests/system/wal/recording_journal.h"
#include "tests/tape.h"

namespace millrace::wal {
namespace {

constexpr std::uint64_t kLogId = 77;
constexpr std::string_view kDirectory = "log";

using Texts = std::vector<std::string>;

/// Any numbers, at most so many.
Tape any_tape(int count_max) {
  const auto number = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>());
  return Tape(*rc::gen::resize(count_max, rc::gen::container<std::vector<std::uint32_t>>(number)));
}

/// Each power loss has its own share of what survives, so that all or nothing is not rare.
class DrawnSurvival final : public FakeDisk::Survival {
 public:
  explicit DrawnSurvival(Tape& tape) : tape_(tape), percent_(kPercents[tape.below(4)]) {}

  bool keeps_names() override { return tape_.is_hit(50); }
  std::size_t size(std::size_t low, std::size_t high) override {
    return low == high ? low : tape_.between(low, high);
  }
  bool keeps_sector() override {
    return percent_ == 0 || percent_ == 100 ? percent_ == 100 : tape_.is_hit(percent_);
  }

 private:
  static constexpr std::uint32_t kPercents[] = {0, 50, 90, 100};
  Tape& tape_;
  std::uint32_t percent_;
};

class LogModel {
 public:
  explicit LogModel(Tape tape) : tape_(std::move(tape)) {
    RC_ASSERT(format_log(disk_, kDirectory, kLogId).has_value());
    RC_ASSERT(disk_.sync_directory("").has_value());
    recover();
  }

  void step() {
    const std::uint64_t deed = tape_.below(16);
    if (deed < 8) return write();
    if (deed < 11) return roll();
    if (deed < 13) return let_go();
    crash();
  }

  void finish() { crash(); }

 private:
  /// Lets one of the next requests of a sort fail.
  void fail_soon(std::uint32_t percent) {
    disk_.fail_next = {};
    if (!tape_.is_hit(percent)) return;
    FakeDisk::Failures& failures = disk_.fail_next;
    int* const countdowns[] = {&failures.write, &failures.sync, &failures.sync_directory,
                               &failures.unlink};
    int& countdown = *countdowns[tape_.below(4)];
    countdown = static_cast<int>(tape_.between(1, 2));
  }

  /// A group commit. Before its sync, or when a request fails, the power may go.
  void write() {
    const std::uint64_t count = tape_.between(1, 3);
    std::vector<Bytes> records;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t length = tape_.below(60);
      const std::string text(length,
                             static_cast<char>('a' + (written_.size() + records.size()) % 26));
      unsynced_.push_back(text);
      records.push_back(to_bytes(std::string_view(text)));
    }
    const Bytes frame = encode_frame({.log_id = kLogId,
                                      .epoch = files_.recovered.epoch,
                                      .first = LogAddress(written_.size() + 1),
                                      .start = files_.start,
                                      .record_count = 0},
                                     records);
    fail_soon(10);
    const bool is_written = files_.last_file->write(files_.last_file_bytes, frame).has_value();
    if (!is_written || tape_.is_hit(10)) return crash();
    if (!files_.last_file->sync().has_value()) return crash();
    files_.last_file_bytes += frame.size();
    written_.insert(written_.end(), unsynced_.begin(), unsynced_.end());
    unsynced_.clear();
  }

  void roll() {
    fail_soon(30);
    const Result<void> rolled = roll_log(disk_, kDirectory, kLogId, LogAddress(written_.size() + 1),
                                         LogAddress(start_), files_);
    if (!rolled.has_value()) return crash();
    if (!remove_garbage(disk_, kDirectory, files_).has_value()) crash();
  }

  /// The disk learns of it with the next file.
  void let_go() { start_ = tape_.between(start_, written_.size() + 1); }

  /// The process dies, mostly with the power; without that the next one reads what was never
  /// synced.
  void crash() {
    files_.last_file.reset();
    lose_power(70);
    // Recoveries may fail and lose the power again, any number of times.
    while (tape_.is_hit(30)) {
      fail_soon(100);
      const auto [files, records] = try_recover();
      if (files.has_value()) expect_sound(*files, records);
      if (!files.has_value()) RC_ASSERT(files.error().code != Errc::kCorrupt);
      // What a recovery showed is durable.
      if (files.has_value()) accept(*files);
      lose_power(70);
    }
    disk_.fail_next = {};
    recover();
  }

  void lose_power(std::uint32_t percent) {
    if (!tape_.is_hit(percent)) return;
    DrawnSurvival survival(tape_);
    disk_.power_loss(survival);
  }

  std::pair<Result<LogFiles>, Texts> try_recover() {
    Texts records;
    RecordingJournal journal;
    const RecordVisitor visit = [&](LogAddress /*address*/, ByteView record) -> Result<void> {
      records.emplace_back(as_text(record));
      return {};
    };
    Result<LogFiles> files = recover_log(disk_, journal, kDirectory, kLogId, visit);
    return {std::move(files), std::move(records)};
  }

  void recover() {
    auto [files, records] = try_recover();
    RC_ASSERT(files.has_value());
    expect_sound(*files, records);
    accept(*files);
    files_ = *std::move(files);
  }

  /// The prefix rule: all that was durable and not let go, in order, and perhaps the whole last
  /// frame.
  void expect_sound(const LogFiles& files, const Texts& records) const {
    const std::uint64_t first = files.recovered.first.value();
    const std::uint64_t last = files.recovered.last.value();
    RC_ASSERT(first <= start_);
    RC_ASSERT(last + 1 - first == records.size());
    const bool is_whole = last == written_.size() + unsynced_.size();
    RC_ASSERT(last == written_.size() || is_whole);
    for (std::size_t i = 0; i < records.size(); ++i) {
      const std::size_t index = static_cast<std::size_t>(first) - 1 + i;
      const std::string& expected =
          index < written_.size() ? written_[index] : unsynced_[index - written_.size()];
      RC_ASSERT(records[i] == expected);
    }
    RC_ASSERT(files.recovered.epoch >= epoch_);
  }

  void accept(const LogFiles& files) {
    if (files.recovered.last.value() > written_.size()) {
      written_.insert(written_.end(), unsynced_.begin(), unsynced_.end());
    }
    unsynced_.clear();
    epoch_ = files.recovered.epoch;
  }

  Tape tape_;
  FakeDisk disk_;
  LogFiles files_;
  Texts written_;   // Durable; the first has address 1.
  Texts unsynced_;  // A frame that may or may not be there after the next crash.
  std::uint64_t start_ = 1;
  std::uint64_t epoch_ = 0;
};

RC_GTEST_PROP(LogModel, gives_back_a_prefix_that_has_all_that_was_durable, ()) {
  const auto step_count = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 60));
  LogModel model(any_tape(600));
  for (int i = 0; i < step_count; ++i) model.step();
  model.finish();
}

// --- Frames with any contents ---

std::vector<Bytes> any_records() {
  std::vector<Bytes> records;
  for (const std::string& text : *rc::gen::arbitrary<std::vector<std::string>>()) {
    records.push_back(to_bytes(std::string_view(text)));
  }
  return records;
}

RC_GTEST_PROP(LogFrame, of_any_records_is_refused_when_it_is_cut_or_a_bit_is_wrong, ()) {
  const Bytes frame = encode_frame({.log_id = kLogId,
                                    .epoch = 1,
                                    .first = LogAddress(1),
                                    .start = LogAddress(1),
                                    .record_count = 0},
                                   any_records());
  Tape tape = any_tape(2);
  const std::size_t size = tape.below(frame.size());
  const std::size_t bit = tape.below(frame.size() * 8);
  Bytes wrong = frame;
  wrong[bit / 8] ^= std::byte(1U << (bit % 8));

  RC_ASSERT(decode_frame(frame, kLogId).has_value());
  RC_ASSERT(!decode_frame(ByteView(frame).first(size), kLogId).has_value());
  RC_ASSERT(!decode_frame(wrong, kLogId).has_value());
}

// Noise is read without a crash and is no frame, also behind the first bytes of a true one.
RC_GTEST_PROP(LogFrame, is_not_made_by_noise, ()) {
  const Bytes frame = encode_frame({.log_id = kLogId,
                                    .epoch = 1,
                                    .first = LogAddress(1),
                                    .start = LogAddress(1),
                                    .record_count = 0},
                                   any_records());
  const std::size_t kept = any_tape(1).below(frame.size());
  Bytes noise = to_bytes(ByteView(frame).first(kept));
  for (const std::uint8_t number : *rc::gen::arbitrary<std::vector<std::uint8_t>>()) {
    noise.push_back(static_cast<std::byte>(number));
  }

  const auto found = decode_frame(noise, kLogId);
  const auto place = find_frame(noise, 0, kLogId, LogAddress(1));

  // All of the frame's missing bytes came by chance, or none of them.
  const bool is_whole =
      noise.size() >= frame.size() && to_bytes(ByteView(noise).first(frame.size())) == frame;
  RC_ASSERT(found.has_value() == is_whole);
  RC_ASSERT(place.has_value() == is_whole);
}

}  // namespace
}  // namespace millrace::wal
