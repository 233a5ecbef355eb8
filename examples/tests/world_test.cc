#include "quorum/world.h"

#include <gtest/gtest.h>
#include <millrace/main.h>

void millrace::world_of_tests(Registry& registry) { quorum::world(registry); }

namespace {

TEST(World, registers_are_linearizable_whatever_fails) {
  EXPECT_TRUE(millrace::holds("storm", {.seeds = {1, 10}, .program = "./quorum"}));
}

TEST(World, impatient_users_leave_no_half_written_register) {
  EXPECT_TRUE(millrace::holds(
      "split",
      {.seeds = {1, 5}, .sets = {"workloads.user.patience=200ms"}, .program = "./quorum"}));
}

}  // namespace
