#include "system/base/ring.h"

#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <rapidcheck/gtest.h>
#include <vector>

#include "tests/system/base/checked.h"

namespace millrace {
namespace {

RC_GTEST_PROP(Ring, behaves_as_a_queue_with_a_bound, (const std::vector<bool>& steps)) {
  const std::size_t capacity = *rc::gen::inRange<std::size_t>(1, 6);
  Ring<int> ring(capacity);
  std::deque<int> model;
  int next = 0;
  for (const bool is_push : steps) {
    if (is_push && model.size() < capacity) {
      ring.push(next);
      model.push_back(next++);
    } else if (!is_push && !model.empty()) {
      RC_ASSERT(ring.front() == model.front());
      RC_ASSERT(ring.pop() == model.front());
      model.pop_front();
    }
    RC_ASSERT(ring.size() == model.size());
    RC_ASSERT(ring.empty() == model.empty());
    RC_ASSERT(ring.full() == (model.size() == capacity));
    RC_ASSERT(std::deque<int>(ring.begin(), ring.end()) == model);
  }
}

TEST(Ring, holds_values_that_can_only_be_moved) {
  Ring<std::unique_ptr<int>> ring(1);
  ring.push(std::make_unique<int>(3));
  EXPECT_EQ(*ring.pop(), 3);
}

TEST(Ring, refuses_what_its_owner_should_have_decided) {
  Ring<int> ring(1);
  EXPECT_TRUE(broken_check([&] { ring.pop(); }));
  EXPECT_TRUE(broken_check([&] { static_cast<void>(ring.front()); }));
  ring.push(1);
  EXPECT_TRUE(broken_check([&] { ring.push(2); }));
  EXPECT_TRUE(broken_check([] { Ring<int> none(0); }));
  ring.clear();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace millrace
