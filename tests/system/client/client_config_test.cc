#include "system/client/client_config.h"

#include <gtest/gtest.h>
#include <vector>

namespace millrace::client {
namespace {

TEST(ClientConfig, its_table_keeps_its_own_rules) {
  const std::vector<KnobView> knobs = knob_views<ClientConfig>();

  EXPECT_NE(find_knob(knobs, "block_bytes_max"), nullptr);
  EXPECT_EQ(find_knob(knobs, "attempts_max")->is_drawn, false);
}

TEST(ClientConfig, drawn_pauses_grow) {
  const std::vector<KnobView> knobs = knob_views<ClientConfig>();
  const KnobView* initial = find_knob(knobs, "backoff_initial");
  const KnobView* longest = find_knob(knobs, "backoff_max");

  ASSERT_NE(initial, nullptr);
  ASSERT_NE(longest, nullptr);
  EXPECT_LE(initial->drawn_high, longest->drawn_low);
}

}  // namespace
}  // namespace millrace::client
