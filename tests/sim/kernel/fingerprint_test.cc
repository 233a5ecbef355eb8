#include "sim/kernel/fingerprint.h"

#include <cstdint>
#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

void add_many(Fingerprint& fingerprint, std::uint64_t count, std::uint64_t different_at) {
  for (std::uint64_t i = 0; i < count; ++i) {
    fingerprint.add(i, i * 3, 1, i == different_at ? 1 : 0);
  }
}

TEST(Fingerprint, depends_on_every_record) {
  Fingerprint base;
  add_many(base, 1000, 5000);
  for (const std::uint64_t at : {0, 255, 256, 700, 999}) {
    Fingerprint other;
    add_many(other, 1000, at);
    EXPECT_NE(base.value(), other.value()) << at;
  }
}

TEST(Fingerprint, depends_on_the_order_and_the_number_of_records) {
  Fingerprint ab;
  ab.add(1, 1, 1, 1);
  ab.add(2, 2, 2, 2);
  Fingerprint ba;
  ba.add(2, 2, 2, 2);
  ba.add(1, 1, 1, 1);
  Fingerprint a;
  a.add(1, 1, 1, 1);

  EXPECT_NE(ab.value(), ba.value());
  EXPECT_NE(ab.value(), a.value());
  EXPECT_NE(Fingerprint().value(), a.value());
}

// The first block hash that differs names the block with the first record that differs.
TEST(Fingerprint, finds_the_block_of_the_first_difference) {
  Fingerprint one;
  Fingerprint two;
  add_many(one, 2000, 5000);
  add_many(two, 2000, 700);

  std::size_t block = 0;
  while (one.block_hashes()[block] == two.block_hashes()[block]) ++block;

  EXPECT_EQ(block, 700 / Fingerprint::kBlockRecords);
}

TEST(Fingerprint, keeps_the_records_of_the_wanted_blocks) {
  Fingerprint fingerprint;
  fingerprint.keep_blocks(2, 100);
  add_many(fingerprint, 700, 5000);
  fingerprint.finish();

  ASSERT_EQ(fingerprint.kept().size(), 700 - 2 * Fingerprint::kBlockRecords);
  EXPECT_EQ(fingerprint.kept().front().time, 2 * Fingerprint::kBlockRecords);
  EXPECT_EQ(fingerprint.kept().back().time, 699u);
  EXPECT_EQ(fingerprint.records(), 700u);
}

}  // namespace
}  // namespace millrace::sim
