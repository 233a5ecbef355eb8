#pragma once

// The bytes of one segment that readers can still ask for, in memory.
//
// Without a second tier every live byte of a container is kept here, block by block as it was
// appended, each with the log record that holds it on disk.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "system/base/bytes.h"
#include "system/wal/log.h"

namespace millrace::segment_store {

/// Consecutive blocks without gaps; empty at first.
class SegmentData {
 public:
  /// Whether `offset` continues the last block, or there is none.
  bool continues_at(std::uint64_t offset) const;

  /// Adds a block that is not empty and continues the last one (both checked).
  void add(std::uint64_t offset, Bytes block, wal::LogAddress address);

  /// Forgets all blocks that end at `offset` or before.
  void truncate(std::uint64_t offset);

  /// Whether all bytes in [start, end) are here, and none behind `end`.
  bool covers(std::uint64_t start, std::uint64_t end) const;

  /// Up to `bytes_max` bytes from `offset` on, all that is here from there on; nothing where
  /// `offset` is outside of what is here. Cost: O(log blocks) and the bytes.
  Bytes read(std::uint64_t offset, std::size_t bytes_max) const;

  /// The record that holds the first block.
  std::optional<wal::LogAddress> first_address() const;

  /// Bytes in all blocks.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Block {
    Bytes bytes;
    wal::LogAddress address;
  };

  std::map<std::uint64_t, Block> blocks_;
  std::uint64_t bytes_ = 0;
};

}  // namespace millrace::segment_store
