#include "sim/kernel/fingerprint.h"

#include <span>
#include <xxhash.h>

namespace millrace::sim {
namespace {

// Four words a record, without padding, on little-endian machines: the only ones we build for.
static_assert(sizeof(FingerprintRecord) == 32);

std::uint64_t hash_records(std::span<const FingerprintRecord> records, std::uint64_t seed) {
  return XXH3_64bits_withSeed(records.data(), records.size_bytes(), seed);
}

}  // namespace

void Fingerprint::keep_blocks(std::uint64_t first, std::uint64_t last) {
  keep_first_ = first;
  keep_last_ = last;
}

std::uint64_t Fingerprint::value() const {
  const std::uint64_t before = hashes_.empty() ? 0 : hashes_.back();
  return hash_records(std::span(block_).first(used_), before);
}

void Fingerprint::close_block() {
  if (keeps(hashes_.size())) kept_.insert(kept_.end(), block_.begin(), block_.end());
  const std::uint64_t before = hashes_.empty() ? 0 : hashes_.back();
  hashes_.push_back(hash_records(block_, before));
  used_ = 0;
}

void Fingerprint::finish() {
  if (!keeps(hashes_.size())) return;
  kept_.insert(kept_.end(), block_.begin(), block_.begin() + static_cast<std::ptrdiff_t>(used_));
}

}  // namespace millrace::sim
