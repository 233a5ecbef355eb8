#include "sim/fiber/fiber.h"

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/fiber/fiber_switch.h"

namespace millrace::sim {
namespace {

/// Fibers that each throw their own exception, and give way while they handle it.
struct Thrower {
  Fiber fiber;
  std::string name;
  std::vector<std::string> handled;

  static void main(void* argument) {
    auto& self = *static_cast<Thrower*>(argument);
    try {
      throw std::runtime_error(self.name);
    } catch (...) {
      self.fiber.suspend();
      try {
        throw;
      } catch (const std::runtime_error& error) {
        self.handled.emplace_back(error.what());
      }
      self.handled.emplace_back(std::uncaught_exceptions() == 0 ? "none under way"
                                                                : "one too many");
    }
    self.fiber.leave_for_ever();
  }
};

class FiberTest : public testing::Test {
 protected:
  ~FiberTest() override {
    for (Thrower* const thrower : {&one_, &two_}) {
      if (thrower->fiber.has_stack()) pool_.give_back(thrower->fiber.drop());
    }
  }

  void start(Thrower& thrower, std::string name) {
    thrower.name = std::move(name);
    thrower.fiber.start(pool_.take(), home_, &Thrower::main, &thrower);
  }

  StackPool pool_{0};
  FiberHome home_;
  Thrower one_;
  Thrower two_;
};

// The runtime has one place for the exceptions that a thread handles: without saving it, the first
// fiber would rethrow the exception of the second.
TEST_F(FiberTest, keeps_the_exception_that_it_handles_over_a_switch) {
  start(one_, "one");
  start(two_, "two");

  one_.fiber.resume();
  two_.fiber.resume();
  one_.fiber.resume();
  two_.fiber.resume();

  EXPECT_EQ(one_.handled, (std::vector<std::string>{"one", "none under way"}));
  EXPECT_EQ(two_.handled, (std::vector<std::string>{"two", "none under way"}));
}

TEST_F(FiberTest, leaves_alone_the_exception_that_its_home_handles) {
  start(one_, "one");
  std::string handled;

  try {
    throw std::runtime_error("home");
  } catch (...) {
    one_.fiber.resume();
    one_.fiber.resume();
    try {
      throw;
    } catch (const std::runtime_error& error) {
      handled = error.what();
    }
  }

  EXPECT_EQ(handled, "home");
  EXPECT_EQ(one_.handled.front(), "one");
}

}  // namespace
}  // namespace millrace::sim
