#include "sim/devices/pipe.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "system/base/check.h"

namespace millrace::sim {
namespace {

constexpr std::size_t kFramesAtFirst = 8;
constexpr std::size_t kBytesAtFirst = 512;

}  // namespace

void Pipe::push(ByteView bytes, Root root, bool is_reply, std::uint32_t message) {
  CHECK(has_room(bytes.size()), "the sender waits while the send buffer is full");
  make_room_for_bytes(bytes.size());
  PipeFrame& frame = add();
  frame = {.position = bytes_end_,
           .root = root,
           .bytes = static_cast<std::uint32_t>(bytes.size()),
           .is_reply = is_reply,
           .message = message};
  if (!bytes.empty()) {
    std::memcpy(block_.get() + (bytes_end_ - block_start_), bytes.data(), bytes.size());
  }
  bytes_end_ += bytes.size();
  buffered_bytes_ += cost(bytes.size());
}

void Pipe::push_end(Root root) {
  PipeFrame& frame = add();
  frame = {.position = bytes_end_, .root = root, .is_end = true};
  is_ending_ = true;
}

PipeFrame& Pipe::add() {
  CHECK(!is_ending_, "nothing follows the end of a direction");
  if (size() == frames_.size()) grow_frames();
  return frames_[end_++ & mask_];
}

void Pipe::grow_frames() {
  std::vector<PipeFrame> larger(std::max(kFramesAtFirst, frames_.size() * 2));
  const auto mask = static_cast<std::uint32_t>(larger.size() - 1);
  for (FrameNumber number = first_; number != end_; ++number) {
    larger[number & mask] = frames_[number & mask_];
  }
  frames_ = std::move(larger);
  mask_ = mask;
}

void Pipe::make_room_for_bytes(std::size_t bytes) {
  const std::uint64_t used_end = bytes_end_ - block_start_;
  if (used_end + bytes <= block_bytes_) return;
  // What is live moves to the front: in place while it is at most half of the block, so that each
  // byte is moved about once, else into a larger block.
  const auto live = static_cast<std::size_t>(bytes_end_ - bytes_first_);
  const std::byte* const from = block_.get() + (bytes_first_ - block_start_);
  if (live + bytes <= block_bytes_ / 2) {
    std::memmove(block_.get(), from, live);
  } else {
    const std::size_t larger = std::max(kBytesAtFirst, std::bit_ceil((live + bytes) * 2));
    auto block = std::make_unique_for_overwrite<std::byte[]>(larger);
    if (live > 0) std::memcpy(block.get(), from, live);
    block_ = std::move(block);
    block_bytes_ = larger;
  }
  block_start_ = bytes_first_;
}

bool Pipe::can_launch() const {
  if (launched_end_ == end_) return false;
  const PipeFrame& next = frame(launched_end_);
  return next.is_end || window_used_ == 0 || window_used_ + cost(next.bytes) <= spec_.window_bytes;
}

PipeFrame& Pipe::launch(std::uint32_t epoch) {
  CHECK(can_launch(), "frames leave in order, within the window");
  PipeFrame& next = frame(launched_end_++);
  next.epoch = epoch;
  if (!next.is_end) {
    buffered_bytes_ -= cost(next.bytes);
    window_used_ += cost(next.bytes);
  }
  return next;
}

bool Pipe::is_under_way(FrameNumber number) const {
  return between(readable_end_, number, launched_end_) && !frame(number).has_arrived;
}

bool Pipe::arrive(FrameNumber number) {
  CHECK(is_under_way(number), "a frame arrives once");
  frame(number).has_arrived = true;
  if (number != readable_end_) return false;
  while (readable_end_ != launched_end_ && frame(readable_end_).has_arrived) ++readable_end_;
  return true;
}

std::uint32_t Pipe::pop() {
  CHECK(is_readable(), "only a readable frame is taken");
  const PipeFrame& taken = frame(first_++);
  bytes_first_ += taken.bytes;
  return cost(taken.bytes);
}

void Pipe::credit(std::uint32_t bytes) {
  CHECK(bytes <= window_used_, "no more room is given back than was taken");
  window_used_ -= bytes;
}

DroppedFrames Pipe::drop_from(FrameNumber number) {
  CHECK(number - first_ <= size(), "only frames that are there can be dropped");
  DroppedFrames dropped;
  for (FrameNumber at = number; at != end_; ++at) {
    const PipeFrame& gone = frame(at);
    if (gone.is_end) continue;
    const bool was_launched = at - first_ < launched_end_ - first_;
    (was_launched ? window_used_ : buffered_bytes_) -= cost(gone.bytes);
    ++dropped.count;
    if (gone.is_reply) ++dropped.replies;
  }
  if (number != end_) bytes_end_ = frame(number).position;
  const std::uint32_t kept = number - first_;
  if (kept < readable_end_ - first_) readable_end_ = number;
  if (kept < launched_end_ - first_) launched_end_ = number;
  end_ = number;
  // Numbers of dropped frames may still be named by events: none is given again.
  is_ending_ = true;
  return dropped;
}

}  // namespace millrace::sim
