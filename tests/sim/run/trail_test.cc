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
  EXPECT_EQ(make_trail(some_records(100)).size(), 300U);
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
                   : records[i].content) += 78;
    }
    EXPECT_EQ(where_parted(trail, make_trail(records))->record, 42U) << part;
  }
}

TEST(Trail, parts_where_the_shorter_run_ends) {
  EXPECT_EQ(where_parted(make_trail(some_records(7)), make_trail(some_records(9)))->record, 7U);
  EXPECT_EQ(where_parted(make_trail(some_records(9)), make_trail(some_records(7)))->record, 7U);
}

TEST(Trail, tells_what_is_new_from_what_is_missing_and_from_what_changed) {
  const std::vector<sim::FingerprintRecord> plain = some_records(100);
  const std::string trail = make_trail(plain);
  std::vector<sim::FingerprintRecord> longer = plain;
  longer.insert(longer.begin() + 42, 3, {.time = 415, .id = 1'000, .what = 2, .content = 5});
  std::vector<sim::FingerprintRecord> changed = plain;
  for (std::size_t i = 42; i < changed.size(); ++i) changed[i].time += 7;

  EXPECT_EQ(where_parted(trail, make_trail(longer)),
            (Parting{.record = 42, .kind = PartingKind::kNew, .count = 3}));
  EXPECT_EQ(where_parted(make_trail(longer), trail),
            (Parting{.record = 42, .kind = PartingKind::kMissing, .count = 3}));
  EXPECT_EQ(where_parted(trail, make_trail(changed)),
            (Parting{.record = 42, .kind = PartingKind::kChanged, .count = 0}));
}

TEST(Trail, finds_the_old_run_again_among_what_is_new) {
  const std::vector<sim::FingerprintRecord> plain = some_records(100);
  std::vector<sim::FingerprintRecord> mixed = plain;
  // One more before each of six records, as two tasks take turns.
  for (std::size_t i = 0; i < 6; ++i) {
    mixed.insert(mixed.begin() + 42 + static_cast<std::ptrdiff_t>(2 * i),
                 {.time = 415 + i, .id = 1'000, .what = 2, .content = 5});
  }

  EXPECT_EQ(where_parted(make_trail(plain), make_trail(mixed)),
            (Parting{.record = 42, .kind = PartingKind::kNew, .count = 1}));
}

TEST(Trail, knows_what_comes_later_because_of_something_new) {
  const std::vector<sim::FingerprintRecord> plain = some_records(100);
  std::vector<sim::FingerprintRecord> later = plain;
  for (std::size_t i = 42; i < later.size(); ++i) later[i].time += 7;
  later.insert(later.begin() + 42, {.time = 415, .id = 1'000, .what = 2, .content = 5});

  EXPECT_EQ(where_parted(make_trail(plain), make_trail(later)),
            (Parting{.record = 42, .kind = PartingKind::kNew, .count = 1}));
}

TEST(Trail, says_no_more_than_where_if_too_much_is_new) {
  const std::vector<sim::FingerprintRecord> plain = some_records(100);
  std::vector<sim::FingerprintRecord> longer = plain;
  longer.insert(longer.begin() + 42, 30, {.time = 415, .id = 1'000, .what = 2, .content = 5});

  EXPECT_EQ(where_parted(make_trail(plain), make_trail(longer)),
            (Parting{.record = 42, .kind = PartingKind::kChanged, .count = 0}));
}

}  // namespace
}  // namespace millrace::run
