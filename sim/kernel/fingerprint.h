#pragma once

// The fingerprint of an execution: a chained hash of everything that happened, in order.
//
// Records of 32 bytes fill blocks of 8 KiB; a full block is hashed with the hash of the block
// before it as seed. The list of block hashes finds the first block in which two runs differ, and
// the blocks that are kept find the first record.

#include <array>
#include <cstdint>
#include <vector>

namespace millrace::sim {

/// One thing that happened. `what` packs a kind, a machine and a task; see World.
struct FingerprintRecord {
  std::uint64_t time = 0;
  std::uint64_t id = 0;
  std::uint64_t what = 0;
  std::uint64_t content = 0;

  friend bool operator==(const FingerprintRecord&, const FingerprintRecord&) = default;
};

class Fingerprint {
 public:
  static constexpr std::size_t kBlockRecords = 256;

  /// Keeps the records of blocks [first, last), beside the open one, for a comparison.
  void keep_blocks(std::uint64_t first, std::uint64_t last);

  void add(std::uint64_t time, std::uint64_t id, std::uint64_t what, std::uint64_t content) {
    block_[used_] = {time, id, what, content};
    if (++used_ == kBlockRecords) close_block();
  }

  /// Number of records so far.
  std::uint64_t records() const { return hashes_.size() * kBlockRecords + used_; }

  /// The hash of everything so far. Cost: one block's hash.
  std::uint64_t value() const;

  /// Hash of each full block; grows by 8 bytes for 256 records.
  const std::vector<std::uint64_t>& block_hashes() const { return hashes_; }

  /// Records that were kept, in order, with the ordinal of the first.
  const std::vector<FingerprintRecord>& kept() const { return kept_; }

  /// Puts the open block's records into kept() when they are to be kept; call once, at the end.
  void finish();

 private:
  void close_block();
  bool keeps(std::uint64_t block) const { return block >= keep_first_ && block < keep_last_; }

  std::array<FingerprintRecord, kBlockRecords> block_{};
  std::size_t used_ = 0;
  std::vector<std::uint64_t> hashes_;
  std::vector<FingerprintRecord> kept_;
  std::uint64_t keep_first_ = 0;
  std::uint64_t keep_last_ = 0;
};

}  // namespace millrace::sim
