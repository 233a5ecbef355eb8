#include "system/wal/log_files.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "system/base/check.h"
#include "system/types/facts.h"

namespace millrace::wal {
namespace {

constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kIndexDigits = 16;

std::string file_name(std::uint64_t index) {
  std::string digits = std::to_string(index);
  CHECK(digits.size() <= kIndexDigits, "a log does not live that long");
  return std::string(kIndexDigits - digits.size(), '0') + digits + std::string(kSuffix);
}

// The index in a name that `file_name` gave.
std::optional<std::uint64_t> index_of(std::string_view name) {
  if (name.size() != kIndexDigits + kSuffix.size() || !name.ends_with(kSuffix)) return {};
  std::uint64_t index = 0;
  const char* const end = name.data() + kIndexDigits;
  const auto [rest, error] = std::from_chars(name.data(), end, index);
  if (error != std::errc() || rest != end) return {};
  return index;
}

Result<std::vector<std::uint64_t>> list_indexes(Disk& disk, std::string_view directory) {
  const std::vector<std::string> names = TRY(disk.list(directory));
  std::vector<std::uint64_t> indexes;
  for (const std::string& name : names) {
    if (const auto index = index_of(name)) indexes.push_back(*index);
  }
  std::ranges::sort(indexes);
  return indexes;
}

Bytes head_frame(std::uint64_t log_id, std::uint64_t epoch, LogAddress next, LogAddress start) {
  return encode_frame(
      {.log_id = log_id, .epoch = epoch, .first = next, .start = start, .record_count = 0}, {});
}

// One recovery: what it has learnt so far.
class LogRecovery {
 public:
  LogRecovery(Disk& disk, Journal& journal, std::string_view directory, std::uint64_t log_id,
              const RecordVisitor& visit)
      : disk_(disk), journal_(journal), directory_(directory), log_id_(log_id), visit_(visit) {}

  Result<LogFiles> run() {
    TRY(find_files());
    for (std::size_t i = 0; i < found_.size(); ++i) TRY(read_file(i));
    if (result_.start > next_) {
      return corrupt(found_.back().index, result_.last_file_bytes,
                     "records are missing at the end");
    }
    if (is_head_torn_) {
      TRY(begin_torn_file_again());
    } else {
      TRY(make_last_frame_durable());
    }
    TRY(disk_.sync_directory(directory_));
    TRY(remove_leftovers());
    result_.recovered.last = LogAddress(next_.value() - 1);
    result_.recovered.epoch = epoch_ + 1;
    return std::move(result_);
  }

 private:
  struct FoundFile {
    std::uint64_t index = 0;
    std::optional<FrameHeader> head;
  };

  // Reports that the log must not be used; the error to return.
  std::unexpected<Error> corrupt(std::uint64_t index, std::uint64_t offset, std::string_view why) {
    journal_.mark("wal.corrupt");
    journal_.fact(LogCorrupt{.file = file_name(index), .offset = offset, .why = std::string(why)});
    return fail(Errc::kCorrupt,
                file_name(index) + " at " + std::to_string(offset) + ": " + std::string(why));
  }

  // Reads the head of every file, and sorts out those whose records were all let go.
  Result<void> find_files() {
    const std::vector<std::uint64_t> indexes = TRY(list_indexes(disk_, directory_));
    for (const std::uint64_t index : indexes) {
      const auto file = TRY(disk_.open(log_file_path(directory_, index), OpenMode::kExisting));
      const Bytes bytes = TRY(file->read(0, kFrameHeaderBytes));
      const std::optional<Frame> head = decode_frame(bytes, log_id_);
      FoundFile found{.index = index, .head = std::nullopt};
      if (head.has_value() && head->header.record_count == 0) found.head = head->header;
      if (found.head.has_value()) {
        result_.start = std::max(result_.start, found.head->start);
      }
      found_.push_back(found);
    }
    if (found_.empty()) return corrupt(1, 0, "no log file is left");

    std::size_t garbage_count = 0;
    for (std::size_t i = 1; i < found_.size(); ++i) {
      const auto& head = found_[i].head;
      if (head.has_value() && head->first <= result_.start) garbage_count = i;
    }
    for (std::size_t i = 0; i < garbage_count; ++i) leftovers_.push_back(found_[i].index);
    found_.erase(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(garbage_count));
    return {};
  }

  Result<void> read_file(std::size_t i) {
    const FoundFile& found = found_[i];
    const bool is_last = i + 1 == found_.size();
    auto file = TRY(disk_.open(log_file_path(directory_, found.index), OpenMode::kExisting));
    const std::uint64_t size = TRY(file->size());
    const Bytes bytes = TRY(file->read(0, static_cast<std::size_t>(size)));

    if (i == 0) {
      if (!found.head.has_value()) return corrupt(found.index, 0, "the first head is damaged");
      if (found.head->first > result_.start) return corrupt(found.index, 0, "records are missing");
      next_ = found.head->first;
      result_.recovered.first = next_;
    } else if (found.index != found_[i - 1].index + 1) {
      return corrupt(found.index, 0, "the file before this one is missing");
    }
    const std::size_t end = TRY(read_frames(found.index, bytes));
    if (end < bytes.size()) TRY(judge_bad_frame(i, bytes, end));

    is_head_torn_ = end == 0;
    if (is_head_torn_) {
      if (!is_last) return corrupt(found.index, 0, "an empty file lies between others");
    } else {
      if (!found.head.has_value()) return corrupt(found.index, 0, "a file lacks its head");
      result_.files.push_back({.index = found.index, .first = found.head->first});
    }
    if (is_last) {
      result_.last_file = std::move(file);
      result_.last_file_bytes = end;
      file_bytes_ = bytes.size();
      const auto last_offset = static_cast<std::ptrdiff_t>(last_frame_offset_);
      last_frame_ =
          Bytes(bytes.begin() + last_offset, bytes.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return {};
  }

  // Shows the records of all valid frames from the start of `bytes`; returns where they end.
  Result<std::size_t> read_frames(std::uint64_t index, ByteView bytes) {
    std::size_t offset = 0;
    last_frame_offset_ = 0;
    while (offset < bytes.size()) {
      const std::optional<Frame> frame = decode_frame(bytes.subspan(offset), log_id_);
      if (!frame.has_value()) break;
      const FrameHeader& header = frame->header;
      if (header.first != next_) {
        return corrupt(index, offset, "a frame does not follow the one before it");
      }
      if (header.epoch < epoch_) return corrupt(index, offset, "an epoch goes back");
      epoch_ = header.epoch;
      for (const ByteView record : frame->records) {
        const Result<void> shown = visit_(next_, record);
        if (failed_with(shown, Errc::kCorrupt)) {
          return corrupt(index, offset, shown.error().detail);
        }
        TRY(shown);
        next_ = LogAddress(next_.value() + 1);
      }
      last_frame_offset_ = offset;
      offset += frame->bytes;
    }
    return offset;
  }

  // Bytes from `offset` on are no frame: the end of a write that a crash cut, or lost records.
  Result<void> judge_bad_frame(std::size_t i, ByteView bytes, std::size_t offset) {
    const std::uint64_t index = found_[i].index;
    // A later file exists only because all frames of this one were durable.
    if (i + 1 < found_.size()) return corrupt(index, offset, "a later file follows a bad frame");
    if (find_frame(bytes, offset + 1, log_id_, next_).has_value()) {
      return corrupt(index, offset, "a valid frame follows a bad one");
    }
    if (i == 0 && offset == 0) return corrupt(index, offset, "the first head is damaged");
    result_.recovered.torn_bytes = bytes.size() - offset;
    journal_.mark("wal.torn_tail");
    journal_.fact(LogTornTail{
        .file = file_name(index), .offset = offset, .bytes = result_.recovered.torn_bytes});
    return {};
  }

  // The last frame may have come from the cache alone: the process that wrote it may have been
  // killed before its sync, or died of a failed one, after which a sync would write nothing. Only
  // writing it again makes it durable. All earlier frames are, or it would not have been written.
  Result<void> make_last_frame_durable() {
    if (file_bytes_ > result_.last_file_bytes) {
      TRY(result_.last_file->truncate(result_.last_file_bytes));
    }
    TRY(result_.last_file->write(last_frame_offset_, last_frame_));
    TRY(result_.last_file->sync());
    return {};
  }

  // The crash came while the file was begun: nothing in it counts.
  Result<void> begin_torn_file_again() {
    journal_.mark("wal.torn_head");
    const Bytes head = head_frame(log_id_, epoch_ + 1, next_, result_.start);
    TRY(result_.last_file->truncate(0));
    TRY(result_.last_file->write(0, head));
    TRY(result_.last_file->sync());
    result_.files.push_back({.index = found_.back().index, .first = next_});
    result_.last_file_bytes = head.size();
    return {};
  }

  Result<void> remove_leftovers() {
    for (const std::uint64_t index : leftovers_) {
      journal_.mark("wal.leftover_removed");
      TRY(disk_.unlink(log_file_path(directory_, index)));
    }
    return {};
  }

  Disk& disk_;
  Journal& journal_;
  std::string_view directory_;
  std::uint64_t log_id_;
  const RecordVisitor& visit_;

  std::vector<FoundFile> found_;
  std::vector<std::uint64_t> leftovers_;
  LogAddress next_;
  std::uint64_t epoch_ = 0;
  // Of the file that was read last.
  bool is_head_torn_ = false;
  std::size_t last_frame_offset_ = 0;
  Bytes last_frame_;
  std::uint64_t file_bytes_ = 0;
  LogFiles result_;
};

}  // namespace

std::string log_file_path(std::string_view directory, std::uint64_t index) {
  return std::string(directory) + '/' + file_name(index);
}

Result<void> format_log(Disk& disk, std::string_view directory, std::uint64_t log_id) {
  TRY(disk.make_directory(directory));
  const std::vector<std::string> names = TRY(disk.list(directory));
  for (const std::string& name : names) {
    TRY(disk.unlink(std::string(directory) + '/' + name));
  }
  LogFiles none;
  TRY(roll_log(disk, directory, log_id, LogAddress(1), LogAddress(1), none));
  return {};
}

Result<LogFiles> recover_log(Disk& disk, Journal& journal, std::string_view directory,
                             std::uint64_t log_id, const RecordVisitor& visit) {
  return LogRecovery(disk, journal, directory, log_id, visit).run();
}

Result<void> roll_log(Disk& disk, std::string_view directory, std::uint64_t log_id, LogAddress next,
                      LogAddress start, LogFiles& files) {
  const std::uint64_t index = files.files.empty() ? 1 : files.files.back().index + 1;
  const Bytes head = head_frame(log_id, files.recovered.epoch, next, start);
  auto file = TRY(disk.open(log_file_path(directory, index), OpenMode::kCreate));
  TRY(file->write(0, head));
  TRY(file->sync());
  TRY(disk.sync_directory(directory));
  files.files.push_back({.index = index, .first = next});
  files.start = start;
  files.last_file = std::move(file);
  files.last_file_bytes = head.size();
  return {};
}

Result<void> remove_garbage(Disk& disk, std::string_view directory, LogFiles& files) {
  while (files.files.size() > 1 && files.files[1].first <= files.start) {
    TRY(disk.unlink(log_file_path(directory, files.files.front().index)));
    files.files.pop_front();
  }
  return {};
}

}  // namespace millrace::wal
