#include "properties/ledger.h"

#include <gtest/gtest.h>

#include "tests/properties/judging.h"

namespace millrace::properties {
namespace {

TEST(Ledger, numbers_names_from_one_on_and_gives_them_back) {
  Ledger ledger;

  EXPECT_EQ(ledger.event(700), 1U);
  EXPECT_EQ(ledger.event(3), 2U);
  EXPECT_EQ(ledger.event(700), 1U);
  EXPECT_EQ(ledger.uid_of(2), 3U);
  EXPECT_EQ(ledger.segment(segment(4)), 1U);
  EXPECT_EQ(ledger.segment(segment(0)), 2U);
  EXPECT_EQ(ledger.segment_of(1), segment(4));
  EXPECT_EQ(ledger.pass("p"), 1U);
  EXPECT_EQ(ledger.writer("w"), 1U);
}

TEST(Ledger, keeps_the_stamp_of_a_record_once_and_whole) {
  const At first{.ordinal = 1ULL << 50, .record = 7, .time = {.ns = 1LL << 60}, .machine = 3};
  const At second{.ordinal = 0, .record = (1ULL << 40) - 1, .time = {}, .machine = At::kNoMachine};
  Ledger ledger;
  const std::uint32_t kept = ledger.keep(first);

  EXPECT_EQ(ledger.keep(first), kept);
  EXPECT_NE(ledger.keep(second), kept);
  for (const At& at : {first, second}) {
    const At seen = ledger.kept(at.record == first.record ? kept : kept + 1);
    EXPECT_EQ(seen.ordinal, at.ordinal);
    EXPECT_EQ(seen.record, at.record);
    EXPECT_EQ(seen.time, at.time);
    EXPECT_EQ(seen.machine, at.machine);
  }
  EXPECT_EQ(ledger.record_of(kept), 7U);
}

TEST(Stamp, is_set_once_it_is_of_a_record) {
  EXPECT_FALSE(Stamp().is_set());
  EXPECT_TRUE(Stamp(At{.ordinal = 0, .record = 1, .time = {}, .machine = 0}).is_set());
}

}  // namespace
}  // namespace millrace::properties
