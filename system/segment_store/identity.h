#pragma once

// Whose disk this is: a small file that formatting writes last and that every start reads first.
//
// A disk without it was never formatted, or not to the end; one with another store's belongs to
// somebody else. Neither is served, and neither is written to.

#include <cstdint>

#include "system/base/bytes.h"
#include "system/base/result.h"
#include "system/env/disk.h"

namespace millrace::segment_store {

/// What the identity file says.
struct Identity {
  std::uint64_t store_id = 0;
  /// The log's own random number; see wal::FrameHeader.
  std::uint64_t log_id = 0;

  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Writes the file, durable; replaces one that is there. Errors: kNoSpace, kIo.
Result<void> write_identity(Disk& disk, const Identity& identity);

/// Reads the file, and makes sure that what it read is durable.
/// Errors: kForeign (none, or of an unknown version), kCorrupt, kIo.
Result<Identity> read_identity(Disk& disk);

/// Removes the file, durable; success where there is none. Errors: kIo.
Result<void> remove_identity(Disk& disk);

}  // namespace millrace::segment_store
