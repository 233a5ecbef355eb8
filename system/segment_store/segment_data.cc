#include "system/segment_store/segment_data.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "system/base/check.h"

namespace millrace::segment_store {

bool SegmentData::continues_at(std::uint64_t offset) const {
  if (blocks_.empty()) return true;
  const auto& [last_offset, last] = *blocks_.rbegin();
  return last_offset + last.bytes.size() == offset;
}

void SegmentData::add(std::uint64_t offset, Bytes block, wal::LogAddress address) {
  CHECK(!block.empty(), "a block has bytes");
  CHECK(continues_at(offset), "blocks leave no gap");
  bytes_ += block.size();
  blocks_.emplace_hint(blocks_.end(), offset, Block{.bytes = std::move(block), .address = address});
}

void SegmentData::truncate(std::uint64_t offset) {
  while (!blocks_.empty()) {
    const auto first = blocks_.begin();
    const std::size_t size = first->second.bytes.size();
    if (first->first + size > offset) return;
    bytes_ -= size;
    blocks_.erase(first);
  }
}

bool SegmentData::covers(std::uint64_t start, std::uint64_t end) const {
  if (start == end) return blocks_.empty() || continues_at(end);
  return !blocks_.empty() && blocks_.begin()->first <= start && continues_at(end);
}

Bytes SegmentData::read(std::uint64_t offset, std::size_t bytes_max) const {
  Bytes data;
  auto block = blocks_.upper_bound(offset);
  if (block == blocks_.begin()) return data;
  for (--block; block != blocks_.end() && data.size() < bytes_max; ++block) {
    const std::uint64_t skip = offset + data.size() - block->first;
    const Bytes& bytes = block->second.bytes;
    if (skip >= bytes.size()) return data;
    const std::size_t count =
        std::min(bytes.size() - static_cast<std::size_t>(skip), bytes_max - data.size());
    append(data, ByteView(bytes).subspan(static_cast<std::size_t>(skip), count));
  }
  return data;
}

std::optional<wal::LogAddress> SegmentData::first_address() const {
  if (blocks_.empty()) return std::nullopt;
  return blocks_.begin()->second.address;
}

}  // namespace millrace::segment_store
