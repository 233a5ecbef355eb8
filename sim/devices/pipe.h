#pragma once

// One direction of a connection: the sender's buffer, the wire, the receiver's buffer, the window.
//
//   push       launch            arrive               pop
//   ----> [send buffer] ----> [wire] ----> [receive buffer] ---->
//          bounded             `------ the window ------'
//
// Frames are numbered as they are pushed and handed over in that order, whatever the order of their
// arrivals. The window counts what was launched and whose room the sender does not know to be free
// again. The pipe knows nothing of time or links; NetworkDevice moves its frames.
// Memory: one ring of descriptors and one block of bytes, both reused; nothing is allocated per
// frame.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/kernel/identity.h"
#include "system/base/bytes.h"

namespace millrace::sim {

/// Bounds of a pipe. A frame larger than a bound still passes when nothing else is there.
struct PipeSpec {
  std::uint32_t send_buffer_bytes = 256 * 1024;
  std::uint32_t window_bytes = 256 * 1024;

  friend bool operator==(const PipeSpec&, const PipeSpec&) = default;
};

/// What a frame costs in buffers and on the wire beside its bytes.
inline constexpr std::uint32_t kFrameOverheadBytes = 16;

/// A frame's place and state in its pipe.
struct PipeFrame {
  std::uint64_t position = 0;  ///< Of its bytes; see Pipe::bytes_of.
  Root root;                   ///< In whose name it was sent.
  std::uint32_t bytes = 0;
  std::uint32_t epoch = 0;  ///< Of its link when it was launched.
  bool has_arrived = false;
  bool is_end = false;        ///< The sender closed: no frame follows.
  bool is_reply = false;      ///< It answers a frame of the other direction.
  bool needs_sender = false;  ///< It was lost and arrives only if its sender sends it again.
  /// Its number in a traced run; see Note.
  std::uint32_t message = 0;
};

/// Number of a frame in its pipe; wraps around.
using FrameNumber = std::uint32_t;

/// What removing frames took away.
struct DroppedFrames {
  std::uint32_t count = 0;    ///< Without the end.
  std::uint32_t replies = 0;  ///< Those with `is_reply`.
};

/// See above. All calls are O(1) but for copying bytes and drop_from.
class Pipe {
 public:
  explicit Pipe(const PipeSpec& spec) : spec_(spec) {}
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  /// Whether the send buffer takes a frame of this size now.
  bool has_room(std::size_t bytes) const {
    return buffered_bytes_ == 0 || buffered_bytes_ + cost(bytes) <= spec_.send_buffer_bytes;
  }
  /// Puts a frame into the send buffer. `has_room()` and not `is_ending()` (checked).
  void push(ByteView bytes, Root root, bool is_reply, std::uint32_t message);
  /// No frame follows. Takes no room.
  void push_end(Root root);

  /// Whether the next frame of the send buffer may leave.
  bool can_launch() const;
  FrameNumber next_to_launch() const { return launched_end_; }
  /// Puts the next frame of the send buffer on the wire.
  PipeFrame& launch(std::uint32_t epoch);

  /// Whether a frame that was launched is still under way.
  bool is_under_way(FrameNumber number) const;
  PipeFrame& frame(FrameNumber number) { return frames_[number & mask_]; }
  const PipeFrame& frame(FrameNumber number) const { return frames_[number & mask_]; }
  /// Notes that a frame that is under way has arrived; true where that made frames readable.
  bool arrive(FrameNumber number);

  /// Whether a frame, and not the end, can be read.
  bool is_readable() const { return first_ != readable_end_ && !frame(first_).is_end; }
  /// Whether all frames were read and the sender's end has arrived.
  bool is_at_end() const { return first_ != readable_end_ && frame(first_).is_end; }
  /// Whether it has arrived, read or not.
  bool has_end_arrived() const {
    return first_ != readable_end_ && frame(readable_end_ - 1).is_end;
  }
  /// The bytes of the oldest readable frame, valid until it is popped or a frame is pushed.
  ByteView front() const { return bytes_of(frame(first_)); }
  ByteView bytes_of(const PipeFrame& frame) const {
    return {block_.get() + (frame.position - block_start_), frame.bytes};
  }
  /// Removes it and gives the room it took in the window, which is not free before credit().
  std::uint32_t pop();
  /// The sender learns that this much of the window is free again.
  void credit(std::uint32_t bytes);

  /// Frames that were pushed and not popped, the end included.
  std::uint32_t size() const { return end_ - first_; }
  FrameNumber first() const { return first_; }
  FrameNumber readable_end() const { return readable_end_; }
  FrameNumber launched_end() const { return launched_end_; }
  FrameNumber end() const { return end_; }
  bool is_ending() const { return is_ending_; }
  bool has_unsent() const { return launched_end_ != end_; }
  std::uint32_t window_used() const { return window_used_; }

  /// Removes the frames from `number` to the newest. They are neither read nor arrive.
  DroppedFrames drop_from(FrameNumber number);

 private:
  static std::uint32_t cost(std::size_t bytes) {
    return static_cast<std::uint32_t>(bytes) + kFrameOverheadBytes;
  }
  /// Whether `number` lies in [low, high), numbers wrapping around.
  static bool between(FrameNumber low, FrameNumber number, FrameNumber high) {
    return number - low < high - low;
  }
  PipeFrame& add();
  void grow_frames();
  void make_room_for_bytes(std::size_t bytes);

  PipeSpec spec_;
  std::vector<PipeFrame> frames_;  // A ring; its size is a power of two.
  std::uint32_t mask_ = 0;
  // first_ <= readable_end_ <= launched_end_ <= end_, wrapping around.
  FrameNumber first_ = 0;
  FrameNumber readable_end_ = 0;
  FrameNumber launched_end_ = 0;
  FrameNumber end_ = 0;
  bool is_ending_ = false;
  std::uint32_t buffered_bytes_ = 0;  // Cost of frames [launched_end_, end_).
  std::uint32_t window_used_ = 0;

  // Bytes of position p lie at block_[p - block_start_].
  std::unique_ptr<std::byte[]> block_;
  std::size_t block_bytes_ = 0;
  std::uint64_t block_start_ = 0;
  std::uint64_t bytes_first_ = 0;
  std::uint64_t bytes_end_ = 0;
};

}  // namespace millrace::sim
