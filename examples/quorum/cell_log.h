#pragma once

// A replica's cells on disk: one file of records, appended and synced one by one.
//
// Opening reads all records, and writes what is newest of each key into a new file that replaces
// the old one. That keeps the file small, and makes what a killed process left in the kernel's
// cache, or a failed sync forgot, durable before anybody is told of it. A record without its
// checksum is what a crash left of a write that nobody was told of, so it is skipped.

#include <cstdint>
#include <map>
#include <memory>
#include <millrace/system/env/disk.h>
#include <string_view>

#include "quorum/codec.h"

namespace quorum {

class CellLog {
 public:
  using Cells = std::map<std::uint32_t, Cell>;

  /// Makes an empty disk that of the machine `owner`. Durable on return.
  static Result<void> format(millrace::Disk& disk, std::string_view owner);

  /// Errors: kForeign where the disk is another machine's or was never formatted; kNoSpace, kIo.
  static Result<CellLog> open(millrace::Disk& disk, std::string_view owner);

  /// What was stored when it was opened. Durable.
  const Cells& cells() const { return cells_; }

  /// Durable on success. After an error the log is of no more use: open it again.
  Result<void> append(const Record& record);

 private:
  CellLog(std::unique_ptr<millrace::File> file, std::uint64_t size, Cells cells);

  std::unique_ptr<millrace::File> file_;
  std::uint64_t size_;
  Cells cells_;
};

}  // namespace quorum
