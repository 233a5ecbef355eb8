#include <deque>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "sim/devices/pipe.h"

namespace millrace::sim {
namespace {

constexpr PipeSpec kSmall{.send_buffer_bytes = 100, .window_bytes = 100};

std::string next_text(Pipe& pipe) {
  const std::string text(as_text(pipe.front()));
  pipe.credit(pipe.pop());
  return text;
}

void push(Pipe& pipe, std::string_view text) { pipe.push(as_bytes(text), {}, false, 0); }

TEST(NetworkPipe, frames_come_out_in_order_whatever_the_order_of_their_arrivals) {
  Pipe pipe({});
  for (const char* text : {"one", "two", "three"}) push(pipe, text);
  for (int frame = 0; frame < 3; ++frame) pipe.launch(1);

  // The first frame is late: nothing can be read before it.
  EXPECT_FALSE(pipe.arrive(2));
  EXPECT_FALSE(pipe.arrive(1));
  EXPECT_FALSE(pipe.is_readable());
  EXPECT_TRUE(pipe.arrive(0));

  EXPECT_EQ(next_text(pipe), "one");
  EXPECT_EQ(next_text(pipe), "two");
  EXPECT_EQ(next_text(pipe), "three");
}

TEST(NetworkPipe, a_full_send_buffer_has_room_again_when_frames_leave_it) {
  Pipe pipe(kSmall);
  push(pipe, std::string(60, 'x'));

  // 60 and 16 of overhead: another one of 8 fits, one of 9 does not.
  EXPECT_TRUE(pipe.has_room(8));
  EXPECT_FALSE(pipe.has_room(9));

  pipe.launch(1);
  EXPECT_TRUE(pipe.has_room(9));
}

TEST(NetworkPipe, a_full_window_keeps_frames_in_the_send_buffer_until_credit_comes_back) {
  Pipe pipe(kSmall);
  push(pipe, std::string(60, 'x'));
  pipe.launch(1);
  push(pipe, std::string(60, 'y'));
  EXPECT_FALSE(pipe.can_launch());

  pipe.arrive(0);
  const std::uint32_t room = pipe.pop();
  EXPECT_FALSE(pipe.can_launch());  // The sender does not know yet.
  pipe.credit(room);

  EXPECT_TRUE(pipe.can_launch());
}

TEST(NetworkPipe, a_frame_larger_than_every_bound_passes_alone) {
  Pipe pipe(kSmall);

  ASSERT_TRUE(pipe.has_room(1000));
  push(pipe, std::string(1000, 'x'));
  EXPECT_FALSE(pipe.has_room(0));
  ASSERT_TRUE(pipe.can_launch());
  pipe.launch(1);
  push(pipe, "y");
  EXPECT_FALSE(pipe.can_launch());
}

TEST(NetworkPipe, the_end_comes_after_the_accepted_frames_and_needs_no_room) {
  Pipe pipe(kSmall);
  push(pipe, std::string(84, 'x'));
  pipe.push_end({});
  pipe.launch(1);
  pipe.launch(1);

  pipe.arrive(1);
  EXPECT_FALSE(pipe.has_end_arrived());
  pipe.arrive(0);
  EXPECT_TRUE(pipe.has_end_arrived());
  EXPECT_FALSE(pipe.is_at_end());
  pipe.credit(pipe.pop());

  EXPECT_TRUE(pipe.is_at_end());
  EXPECT_FALSE(pipe.is_readable());
}

TEST(NetworkPipe, dropped_frames_give_their_room_back_and_never_arrive) {
  Pipe pipe(kSmall);
  pipe.push(as_bytes("kept"), {}, false, 0);
  pipe.push(as_bytes("lost"), {}, true, 0);
  pipe.launch(1);
  pipe.launch(1);
  pipe.push(as_bytes("never sent"), {}, false, 0);

  const DroppedFrames dropped = pipe.drop_from(1);

  EXPECT_EQ(dropped.count, 2U);
  EXPECT_EQ(dropped.replies, 1U);
  EXPECT_FALSE(pipe.is_under_way(1));
  EXPECT_TRUE(pipe.is_under_way(0));
  EXPECT_EQ(pipe.window_used(), 4 + kFrameOverheadBytes);
  EXPECT_TRUE(pipe.is_ending());
}

/// What a pipe should do, told as plainly as possible.
struct NaivePipe {
  struct Frame {
    std::string text;
    bool has_arrived = false;
  };
  std::deque<Frame> frames;  // Launched and unread.
  FrameNumber first = 0;

  bool is_readable() const { return !frames.empty() && frames.front().has_arrived; }
};

RC_GTEST_PROP(NetworkPipeProperty, agrees_with_a_plain_queue_of_texts, ()) {
  Pipe pipe({.send_buffer_bytes = 1 << 20, .window_bytes = 1 << 20});
  NaivePipe naive;
  const auto steps =
      *rc::gen::container<std::vector<std::uint8_t>>(200, rc::gen::arbitrary<std::uint8_t>());
  std::uint64_t pushed = 0;
  for (const std::uint8_t step : steps) {
    if (step % 3 == 0) {
      // Sizes up to a few thousand bytes make the block grow, move and be reused.
      const std::string text(step * 13U, static_cast<char>('a' + pushed++ % 26));
      push(pipe, text);
      pipe.launch(1);
      naive.frames.push_back({.text = text});
    } else if (step % 3 == 1 && !naive.frames.empty()) {
      NaivePipe::Frame& frame = naive.frames[step % naive.frames.size()];
      const auto number = naive.first + static_cast<FrameNumber>(step % naive.frames.size());
      RC_ASSERT(pipe.is_under_way(number) == !frame.has_arrived);
      if (!frame.has_arrived) pipe.arrive(number);
      frame.has_arrived = true;
    } else if (naive.is_readable()) {
      RC_ASSERT(next_text(pipe) == naive.frames.front().text);
      naive.frames.pop_front();
      ++naive.first;
    }
    RC_ASSERT(pipe.is_readable() == naive.is_readable());
    RC_ASSERT(pipe.size() == naive.frames.size());
  }
}

}  // namespace
}  // namespace millrace::sim
