#include "sim/run/trail.h"

#include <gtest/gtest.h>
#include <vector>

namespace millrace::run {
namespace {

std::vector<sim::FingerprintRecord> some_records(std::uint64_t count) {
  std::vector<sim::FingerprintRecord> records;
  for (std::uint64_t i = 0; i < count; ++i) {
    records.push_back({.time = i * 10, .id = i, .what = 1, .content = 0});
  }
  return records;
}

TEST(Trail, of_equal_runs_never_parts) {
  EXPECT_EQ(make_trail(some_records(100)).size(), 200U);
  EXPECT_EQ(where_parted(make_trail(some_records(100)), make_trail(some_records(100))),
            std::nullopt);
}

TEST(Trail, names_the_record_in_which_any_part_differs) {
  const std::string trail = make_trail(some_records(100));
  for (int part = 0; part < 4; ++part) {
    std::vector<sim::FingerprintRecord> records = some_records(100);
    // All from here on, as after a real difference: of one alone, one in 256 looks the same.
    for (std::size_t i = 42; i < records.size(); ++i) {
      (part == 0   ? records[i].time
       : part == 1 ? records[i].id
       : part == 2 ? records[i].what
                   : records[i].content) += 77;
    }
    EXPECT_EQ(where_parted(trail, make_trail(records)), 42U) << part;
  }
}

TEST(Trail, parts_where_the_shorter_run_ends) {
  EXPECT_EQ(where_parted(make_trail(some_records(7)), make_trail(some_records(9))), 7U);
  EXPECT_EQ(where_parted(make_trail(some_records(9)), make_trail(some_records(7))), 7U);
}

}  // namespace
}  // namespace millrace::run
