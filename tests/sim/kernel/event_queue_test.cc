#include "sim/kernel/event_queue.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <utility>
#include <vector>

#include "sim/kernel/identity.h"

namespace millrace::sim {
namespace {

QueueEntry entry(std::uint64_t time, std::uint64_t tie) { return {.time = time, .tie = tie}; }

TEST(EventQueue, pops_in_the_order_of_time_then_tie) {
  EventQueue queue;
  queue.push(entry(5'000'000'000, 1));  // Beyond the wheel.
  queue.push(entry(700, 9));            // In the open bucket.
  queue.push(entry(700, 3));
  queue.push(entry(1'000'000, 2));  // In the wheel.

  EXPECT_EQ(queue.next_time(), 700u);
  EXPECT_EQ(queue.pop().tie, 3u);
  EXPECT_EQ(queue.pop().tie, 9u);
  EXPECT_EQ(queue.pop().tie, 2u);
  EXPECT_EQ(queue.pop().tie, 1u);
  EXPECT_TRUE(queue.empty());
}

// Any mixture of near, far and equal times pops as a sorted set would.
TEST(EventQueue, agrees_with_a_sorted_set) {
  EventQueue queue;
  std::set<std::pair<std::uint64_t, std::uint64_t>> model;
  std::uint64_t now = 0;
  for (std::uint64_t step = 0; step < 200'000; ++step) {
    const std::uint64_t draw = mix(step, 42);
    if (draw % 3 != 0 || model.empty()) {
      static constexpr std::uint64_t kSpans[] = {1, 2'000, 3'000'000, 5'000'000'000};
      const std::uint64_t time = now + (draw >> 8) % kSpans[(draw >> 4) % 4];
      queue.push(entry(time, step));
      model.emplace(time, step);
    } else {
      ASSERT_EQ(queue.next_time(), model.begin()->first);
      const QueueEntry popped = queue.pop();
      ASSERT_EQ(std::pair(popped.time, popped.tie), *model.begin());
      model.erase(model.begin());
      now = popped.time;
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

TEST(EventQueue, starts_again_after_clear) {
  EventQueue queue;
  queue.push(entry(9'000'000'000, 1));
  queue.pop();
  queue.push(entry(9'000'000'001, 1));

  queue.clear();
  queue.push(entry(3, 7));

  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.pop().time, 3u);
}

}  // namespace
}  // namespace millrace::sim
