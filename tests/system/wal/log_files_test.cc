#include "system/wal/log_files.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "system/base/check.h"
#include "tests/system/wal/fake_disk.h"
#include "tests/system/wal/recording_journal.h"

namespace millrace::wal {
namespace {

constexpr std::uint64_t kLogId = 77;
constexpr std::string_view kDirectory = "log";

using Texts = std::vector<std::string>;

// What one recovery gave.
struct Outcome {
  Result<LogFiles> files = fail(Errc::kInvalid);
  Texts records;
  RecordingJournal journal;
};

Outcome recover(FakeDisk& disk) {
  Outcome outcome;
  std::uint64_t expected = 0;
  const RecordVisitor visit = [&](LogAddress address, ByteView record) -> Result<void> {
    if (expected == 0) expected = address.value();
    EXPECT_EQ(address.value(), expected++);
    outcome.records.emplace_back(as_text(record));
    return {};
  };
  outcome.files = recover_log(disk, outcome.journal, kDirectory, kLogId, visit);
  return outcome;
}

// Writes frames as the owner of a log does.
class LogAuthor {
 public:
  explicit LogAuthor(FakeDisk& disk) : disk_(disk) {
    Outcome outcome = recover(disk);
    CHECK(outcome.files.has_value(), "the log is sound");
    files_ = *std::move(outcome.files);
    next_ = files_.recovered.last.value() + 1;
  }

  void write(const Texts& texts) {
    std::vector<Bytes> records;
    for (const std::string& text : texts) records.push_back(to_bytes(std::string_view(text)));
    const Bytes frame = encode_frame({.log_id = kLogId,
                                      .epoch = files_.recovered.epoch,
                                      .first = LogAddress(next_),
                                      .start = files_.start,
                                      .record_count = 0},
                                     records);
    CHECK(files_.last_file->write(files_.last_file_bytes, frame).has_value());
    files_.last_file_bytes += frame.size();
    next_ += texts.size();
  }

  void sync() { CHECK(files_.last_file->sync().has_value()); }

  void roll(std::uint64_t start) {
    sync();
    CHECK(roll_log(disk_, kDirectory, kLogId, LogAddress(next_), LogAddress(start), files_)
              .has_value());
  }

  LogFiles& files() { return files_; }

 private:
  FakeDisk& disk_;
  LogFiles files_;
  std::uint64_t next_ = 1;
};

FakeDisk formatted_disk() {
  FakeDisk disk;
  CHECK(format_log(disk, kDirectory, kLogId).has_value());
  CHECK(disk.sync_directory("").has_value());
  return disk;
}

// Two files: records a b | c d, then e | f g.
FakeDisk disk_with_two_files() {
  FakeDisk disk = formatted_disk();
  LogAuthor author(disk);
  author.write({"a", "b"});
  author.write({"c", "d"});
  author.roll(1);
  author.write({"e"});
  author.write({"f", "g"});
  author.sync();
  return disk;
}

const Texts kAll{"a", "b", "c", "d", "e", "f", "g"};
const std::string kFirst = log_file_path(kDirectory, 1);
const std::string kSecond = log_file_path(kDirectory, 2);

Texts first_of(const Texts& texts, std::size_t count) {
  return {texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(LogFiles, a_new_log_has_no_records) {
  FakeDisk disk = formatted_disk();
  disk.power_loss();

  const Outcome outcome = recover(disk);

  ASSERT_TRUE(outcome.files.has_value());
  EXPECT_TRUE(outcome.records.empty());
  EXPECT_EQ(outcome.files->recovered.first, LogAddress(1));
  EXPECT_EQ(outcome.files->recovered.last, LogAddress(0));
}

TEST(LogFiles, recovery_shows_all_records_of_all_files_in_order) {
  FakeDisk disk = disk_with_two_files();
  disk.power_loss();

  const Outcome outcome = recover(disk);

  ASSERT_TRUE(outcome.files.has_value());
  EXPECT_EQ(outcome.records, kAll);
  EXPECT_EQ(outcome.files->recovered.last, LogAddress(7));
  EXPECT_EQ(outcome.files->recovered.torn_bytes, 0U);
}

TEST(LogFiles, an_epoch_grows_with_each_instance_that_wrote) {
  FakeDisk disk = formatted_disk();
  LogAuthor first(disk);
  first.write({"a"});
  first.sync();
  LogAuthor second(disk);

  EXPECT_GT(second.files().recovered.epoch, first.files().recovered.epoch);
}

// Every place at which a crash can cut the last file. Whole frames stay, nothing else, and the log
// can be written on and read again.
TEST(LogFiles, a_tail_cut_anywhere_leaves_the_whole_frames_before_the_cut) {
  const FakeDisk sound = disk_with_two_files();
  const Bytes bytes = FakeDisk(sound.copy()).contents(kSecond);
  const std::size_t head = kFrameHeaderBytes;
  const std::size_t e_end = head + kFrameHeaderBytes + framed_record_bytes(1);

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    FakeDisk disk = sound.copy();
    disk.set_contents(kSecond, to_bytes(ByteView(bytes).first(size)));
    const std::size_t expected = size < e_end ? 4 : 5;

    Outcome outcome = recover(disk);
    ASSERT_TRUE(outcome.files.has_value()) << size;
    EXPECT_EQ(outcome.records, first_of(kAll, expected)) << size;
    const bool ends_between_frames = size == 0 || size == head || size == e_end;
    EXPECT_EQ(outcome.journal.has_mark("wal.torn_tail"), !ends_between_frames) << size;

    LogAuthor author(disk);
    author.write({"new"});
    author.sync();
    disk.power_loss();
    Texts then = first_of(kAll, expected);
    then.emplace_back("new");
    EXPECT_EQ(recover(disk).records, then) << size;
  }
}

// Every single damaged byte. Damage in the last frame looks like a write that a crash cut; anywhere
// else a valid frame follows, and the log refuses. A damaged record is never shown.
TEST(LogFiles, a_damaged_byte_is_corruption_unless_it_is_in_the_last_frame) {
  const FakeDisk sound = disk_with_two_files();
  const std::size_t last_frame = kFrameHeaderBytes + 2 * framed_record_bytes(1);

  for (const std::string& path : {kFirst, kSecond}) {
    const Bytes good = FakeDisk(sound.copy()).contents(path);
    for (std::size_t i = 0; i < good.size(); ++i) {
      FakeDisk disk = sound.copy();
      Bytes bad = good;
      bad[i] ^= std::byte{0x10};
      disk.set_contents(path, bad);

      const Outcome outcome = recover(disk);

      const bool is_in_last = path == kSecond && i >= good.size() - last_frame;
      if (is_in_last) {
        ASSERT_TRUE(outcome.files.has_value()) << path << ' ' << i;
        EXPECT_EQ(outcome.records, first_of(kAll, 5));
        EXPECT_TRUE(outcome.journal.has_fact("LogTornTail"));
      } else {
        EXPECT_TRUE(failed_with(outcome.files, Errc::kCorrupt)) << path << ' ' << i;
        EXPECT_TRUE(outcome.journal.has_mark("wal.corrupt")) << path << ' ' << i;
        EXPECT_TRUE(outcome.journal.has_fact("LogCorrupt")) << path << ' ' << i;
        // A log that is refused is not touched.
        EXPECT_EQ(disk.contents(path), bad) << path << ' ' << i;
      }
    }
  }
}

TEST(LogFiles, a_cut_in_a_file_that_another_follows_is_corruption) {
  const FakeDisk sound = disk_with_two_files();
  const Bytes bytes = FakeDisk(sound.copy()).contents(kFirst);

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    FakeDisk disk = sound.copy();
    disk.set_contents(kFirst, to_bytes(ByteView(bytes).first(size)));

    EXPECT_TRUE(failed_with(recover(disk).files, Errc::kCorrupt)) << size;
  }
}

TEST(LogFiles, a_missing_file_is_corruption) {
  FakeDisk disk = formatted_disk();
  LogAuthor author(disk);
  author.write({"a"});
  author.roll(1);
  author.write({"b"});
  author.roll(1);
  author.write({"c"});
  author.sync();

  for (const std::uint64_t index : {1, 2}) {
    FakeDisk damaged = disk.copy();
    damaged.remove(log_file_path(kDirectory, index));
    EXPECT_TRUE(failed_with(recover(damaged).files, Errc::kCorrupt)) << index;
  }
  FakeDisk empty = disk.copy();
  for (const std::uint64_t index : {1, 2, 3}) empty.remove(log_file_path(kDirectory, index));
  EXPECT_TRUE(failed_with(recover(empty).files, Errc::kCorrupt));
}

TEST(LogFiles, zeros_behind_the_last_frame_are_a_torn_tail) {
  FakeDisk disk = disk_with_two_files();
  Bytes bytes = disk.contents(kSecond);
  bytes.resize(bytes.size() + 1000);
  disk.set_contents(kSecond, bytes);

  const Outcome outcome = recover(disk);

  ASSERT_TRUE(outcome.files.has_value());
  EXPECT_EQ(outcome.records, kAll);
  EXPECT_EQ(outcome.files->recovered.torn_bytes, 1000U);
  EXPECT_EQ(disk.contents(kSecond).size(), bytes.size() - 1000);
}

TEST(LogFiles, what_recovery_showed_survives_a_power_loss_though_its_author_never_synced_it) {
  FakeDisk disk = disk_with_two_files();
  LogAuthor author(disk);
  author.write({"h"});

  // The author was killed: its bytes are in the cache alone. Recovery shows them, and promises
  // them.
  const Outcome seen = recover(disk);
  disk.power_loss();
  const Outcome again = recover(disk);

  EXPECT_EQ(seen.records.size(), 8U);
  EXPECT_EQ(again.records, seen.records);
}

TEST(LogFiles, what_recovery_showed_survives_though_the_sync_before_it_failed) {
  FakeDisk disk = disk_with_two_files();
  LogAuthor author(disk);
  author.write({"h"});
  disk.fail_next.sync = 1;
  ASSERT_FALSE(author.files().last_file->sync().has_value());

  // The failed sync left the bytes clean in the cache: another sync alone would write nothing.
  const Outcome seen = recover(disk);
  disk.power_loss();

  EXPECT_EQ(seen.records.size(), 8U);
  EXPECT_EQ(recover(disk).records, seen.records);
}

TEST(LogFiles, a_file_that_was_just_begun_survives_when_its_directory_was_not_synced) {
  FakeDisk disk = disk_with_two_files();
  LogAuthor author(disk);
  disk.fail_next.sync_directory = 1;
  ASSERT_FALSE(
      roll_log(disk, kDirectory, kLogId, LogAddress(8), LogAddress(1), author.files()).has_value());

  LogAuthor after(disk);
  after.write({"h"});
  after.sync();
  disk.power_loss();

  EXPECT_EQ(recover(disk).records.size(), 8U);
}

TEST(LogFiles, failures_of_recovery_itself_leave_a_log_that_can_be_recovered_again) {
  for (int nth = 1; nth <= 3; ++nth) {
    FakeDisk disk = disk_with_two_files();
    Bytes bytes = disk.contents(kSecond);
    bytes.resize(bytes.size() - 1);
    disk.set_contents(kSecond, bytes);
    if (nth == 1) disk.fail_next.write = 1;
    if (nth == 2) disk.fail_next.sync = 1;
    if (nth == 3) disk.fail_next.sync_directory = 1;

    EXPECT_FALSE(recover(disk).files.has_value()) << nth;
    const Outcome second = recover(disk);
    ASSERT_TRUE(second.files.has_value()) << nth;
    EXPECT_EQ(second.records, first_of(kAll, 5)) << nth;
    disk.power_loss();
    EXPECT_EQ(recover(disk).records, first_of(kAll, 5)) << nth;
  }
}

TEST(LogFiles, files_that_were_let_go_are_removed_and_not_shown) {
  FakeDisk disk = disk_with_two_files();
  LogAuthor author(disk);
  author.roll(5);
  ASSERT_TRUE(remove_garbage(disk, kDirectory, author.files()).has_value());
  author.write({"h"});
  author.sync();

  EXPECT_FALSE(std::ranges::count(disk.paths(), kFirst));
  const Outcome outcome = recover(disk);
  ASSERT_TRUE(outcome.files.has_value());
  EXPECT_EQ(outcome.records, (Texts{"e", "f", "g", "h"}));
  EXPECT_EQ(outcome.files->recovered.first, LogAddress(5));
}

TEST(LogFiles, files_that_were_let_go_and_come_back_are_removed_again_even_with_gaps_between) {
  FakeDisk disk = disk_with_two_files();
  const Bytes first = disk.contents(kFirst);
  LogAuthor author(disk);
  author.roll(8);
  ASSERT_TRUE(remove_garbage(disk, kDirectory, author.files()).has_value());
  author.write({"h"});
  author.sync();
  // Of two removals that no sync covered one did not survive.
  disk.set_contents(kFirst, first);

  const Outcome outcome = recover(disk);

  ASSERT_TRUE(outcome.files.has_value());
  EXPECT_EQ(outcome.records, Texts{"h"});
  EXPECT_TRUE(outcome.journal.has_mark("wal.leftover_removed"));
  EXPECT_EQ(disk.paths(), Texts{log_file_path(kDirectory, 3)});
}

TEST(LogFiles, records_that_are_missing_behind_the_start_are_corruption) {
  FakeDisk disk = disk_with_two_files();
  LogAuthor author(disk);
  author.roll(8);
  disk.remove(kSecond);
  disk.remove(log_file_path(kDirectory, 3));
  Bytes head = encode_frame({.log_id = kLogId,
                             .epoch = 9,
                             .first = LogAddress(5),
                             .start = LogAddress(8),
                             .record_count = 0},
                            {});
  disk.set_contents(kSecond, head);

  EXPECT_TRUE(failed_with(recover(disk).files, Errc::kCorrupt));
}

TEST(LogFiles, an_error_of_the_visitor_ends_recovery_and_changes_nothing) {
  FakeDisk disk = disk_with_two_files();
  RecordingJournal journal;
  Bytes bytes = disk.contents(kSecond);
  bytes.push_back(std::byte{1});
  disk.set_contents(kSecond, bytes);

  const Result<LogFiles> files =
      recover_log(disk, journal, kDirectory, kLogId,
                  [](LogAddress, ByteView) -> Result<void> { return fail(Errc::kProtocol); });

  EXPECT_TRUE(failed_with(files, Errc::kProtocol));
  EXPECT_EQ(disk.contents(kSecond), bytes);
}

TEST(LogFiles, a_record_without_sense_is_corruption) {
  FakeDisk disk = disk_with_two_files();
  RecordingJournal journal;

  const Result<LogFiles> files =
      recover_log(disk, journal, kDirectory, kLogId,
                  [](LogAddress, ByteView) -> Result<void> { return fail(Errc::kCorrupt); });

  EXPECT_TRUE(failed_with(files, Errc::kCorrupt));
  EXPECT_TRUE(journal.has_fact("LogCorrupt"));
}

TEST(LogFiles, formatting_replaces_whatever_was_there) {
  FakeDisk disk = disk_with_two_files();

  ASSERT_TRUE(format_log(disk, kDirectory, kLogId + 1).has_value());

  EXPECT_EQ(disk.paths(), Texts{kFirst});
  EXPECT_TRUE(failed_with(recover(disk).files, Errc::kCorrupt)) << "this log has another id";
}

}  // namespace
}  // namespace millrace::wal
