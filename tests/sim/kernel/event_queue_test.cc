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

QueueEntry pop(EventQueue& queue) { return queue.pop_until(UINT64_MAX).value(); }

TEST(EventQueue, pops_in_the_order_of_time_then_tie) {
  EventQueue queue;
  queue.push(entry(5'000'000'000, 1));  // Beyond the wheel.
  queue.push(entry(700, 9));            // In the open bucket.
  queue.push(entry(700, 3));
  queue.push(entry(1'000'000, 2));  // In the wheel.

  EXPECT_FALSE(queue.pop_until(699).has_value());
  EXPECT_EQ(pop(queue).tie, 3u);
  EXPECT_EQ(pop(queue).tie, 9u);
  EXPECT_EQ(pop(queue).tie, 2u);
  EXPECT_EQ(pop(queue).tie, 1u);
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
      const std::uint64_t first = model.begin()->first;
      if (first > 0) {
        ASSERT_FALSE(queue.pop_until(first - 1).has_value());
      }
      const QueueEntry popped = pop(queue);
      ASSERT_EQ(std::pair(popped.time, popped.tie), *model.begin());
      model.erase(model.begin());
      now = popped.time;
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

// At 1,000 timers each bucket of a microsecond holds one entry or none.
TEST(EventQueue, glances_at_what_comes_next_also_beyond_the_open_bucket) {
  EventQueue queue;
  for (std::uint64_t i = 1; i <= 100; ++i) queue.push(entry(i * 50'000, i));

  for (std::uint64_t i = 1; i < 100; ++i) {
    ASSERT_EQ(pop(queue).tie, i);
    ASSERT_NE(queue.glance(), nullptr);
    // Of a turn that is not dealt out yet, any entry may be seen.
    if (i * 50'000 >> 21 != (i + 1) * 50'000 >> 21) continue;
    EXPECT_EQ(queue.glance()->tie, i + 1);
  }
  pop(queue);
  EXPECT_EQ(queue.glance(), nullptr);
}

TEST(EventQueue, starts_again_after_clear) {
  EventQueue queue;
  queue.push(entry(9'000'000'000, 1));
  pop(queue);
  queue.push(entry(9'000'000'001, 1));

  queue.clear();
  queue.push(entry(3, 7));

  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(pop(queue).time, 3u);
}

}  // namespace
}  // namespace millrace::sim
