#pragma once

// The files of a local log: their names, and reading them back after a crash.
//
//   log-0/0000000000000001.log   head frame | frame | frame | ...
//   log-0/0000000000000002.log   head frame | frame | ...            <- written at its end
//
// A file opens with a head: a frame without records. A new file is begun only when every frame of
// the one before is durable. Files whose records were all let go are garbage from the moment at
// which a later file's head that says so is durable.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "system/base/result.h"
#include "system/env/disk.h"
#include "system/env/journal.h"
#include "system/wal/log.h"
#include "system/wal/log_frame.h"

namespace millrace::wal {

/// A file that holds records from `first` on, up to the next file's first.
struct LogFile {
  std::uint64_t index = 0;
  LogAddress first;
};

/// "log-0/0000000000000001.log"
std::string log_file_path(std::string_view directory, std::uint64_t index);

/// The state of a log's files, ready to be written on.
struct LogFiles {
  RecoveredLog recovered;
  LogAddress start{1};
  std::deque<LogFile> files;
  /// The last of `files`, open, and the offset of its end.
  std::unique_ptr<File> last_file;
  std::uint64_t last_file_bytes = 0;
};

/// Makes an empty log, durable, in `directory`, in place of whatever was there.
/// Errors: kNoSpace, kIo.
Result<void> format_log(Disk& disk, std::string_view directory, std::uint64_t log_id);

/// Shows every record that is left to `visit`, in order; then makes sure that what it showed is
/// durable, cuts off an incomplete end, and removes files that are garbage. New frames have the
/// recovered epoch.
/// Errors: kCorrupt, kIo, kNoSpace, and what `visit` returned. With an error of `visit` or kCorrupt
/// nothing was changed on the disk.
/// Cost: reads the whole log, one file at a time.
Result<LogFiles> recover_log(Disk& disk, Journal& journal, std::string_view directory,
                             std::uint64_t log_id, const RecordVisitor& visit);

/// Begins the file after the last one with a head that holds `start`, durable, and makes it the
/// last. Errors: kNoSpace, kIo.
Result<void> roll_log(Disk& disk, std::string_view directory, std::uint64_t log_id, LogAddress next,
                      LogAddress start, LogFiles& files);

/// Removes the files whose records all lie before the start that a durable head holds.
/// Errors: kIo.
Result<void> remove_garbage(Disk& disk, std::string_view directory, LogFiles& files);

}  // namespace millrace::wal
