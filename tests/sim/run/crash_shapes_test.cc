#include "sim/run/crash_shapes.h"

#include <gtest/gtest.h>
#include <map>

namespace millrace::run {
namespace {

CrashPoint point_with(std::vector<CrashPoint::DirtyPart> sectors, std::uint64_t journal) {
  CrashPoint point{.machine = "store-1", .what = "sync log"};
  point.phase = sim::DiskPhase::kBefore;
  point.journal = journal;
  point.files = {{.where = {7}, .size_changes = journal, .sectors = std::move(sectors)}};
  return point;
}

std::map<std::string, int> counts(const CrashPoint& point) {
  std::map<std::string, int> named;
  for (const CrashShapeRules& shape : crash_shapes(point, 1)) ++named[shape.name];
  return named;
}

using Counts = std::map<std::string, int>;

TEST(CrashShapes, of_a_moment_with_nothing_unsynced_are_one) {
  EXPECT_EQ(counts({.machine = "store-1", .what = "write log"}), (Counts{{"nothing", 1}}));
}

// Two sectors: either alone; each torn in two ways; a single change of the size is there or not.
TEST(CrashShapes, of_few_sectors_are_all_subsets_and_tears) {
  const CrashPoint point =
      point_with({{.sector = 0, .from = 100, .to = 512}, {.sector = 1, .from = 0, .to = 40}}, 1);

  EXPECT_EQ(counts(point), (Counts{{"nothing", 1},
                                   {"everything", 1},
                                   {"data alone", 1},
                                   {"names alone", 1},
                                   {"some sectors", 2},
                                   {"torn sector", 4}}));
}

// Three prefixes that are neither of one sector nor of all but one; each of five alone, and all but
// each of them.
TEST(CrashShapes, of_many_sectors_are_prefixes_and_single_ones) {
  std::vector<CrashPoint::DirtyPart> sectors;
  for (std::uint64_t i = 0; i < 5; ++i) sectors.push_back({.sector = i, .from = 0, .to = 1});

  const Counts seen = counts(point_with(std::move(sectors), 0));

  EXPECT_EQ(seen.at("some sectors"), 2 + 5 + 5);
  EXPECT_FALSE(seen.contains("torn sector")) << "one byte is there or not";
  EXPECT_FALSE(seen.contains("names alone")) << "no name and no size is pending";
}

TEST(CrashShapes, go_through_older_versions_and_the_journal) {
  const CrashPoint point = point_with({{.sector = 3, .versions = 3, .from = 0, .to = 1}}, 4);

  const Counts seen = counts(point);

  EXPECT_EQ(seen.at("older sector"), 2);
  EXPECT_EQ(seen.at("some of the names"), 3) << "four changes have three true prefixes";
}

// From byte 500 to 1,300 there are the boundaries at 512 and 1,024, and the middle at 900.
TEST(CrashShapes, cut_a_write_under_way_at_boundaries_and_in_its_middle) {
  CrashPoint point{.machine = "store-1", .what = "write log"};
  point.phase = sim::DiskPhase::kDuring;
  point.offset = 500;
  point.bytes = 800;
  point.root = sim::operation_root(5);

  std::vector<std::int64_t> lost;
  for (const CrashShapeRules& shape : crash_shapes(point, 1)) {
    EXPECT_EQ(shape.name, "cut write");
    ASSERT_EQ(shape.rules.size(), 1U);
    EXPECT_EQ(shape.rules[0].root, sim::operation_root(5));
    lost.push_back(shape.rules[0].value.value_or(-1));
  }

  EXPECT_EQ(lost, (std::vector<std::int64_t>{1300 - 512, 1300 - 900, 1300 - 1024}));
}

// A request without bytes has only the two outcomes, and one of them is the moment after it.
TEST(CrashShapes, leave_a_sync_under_way_undone) {
  CrashPoint point = point_with({{.sector = 0, .from = 0, .to = 1}}, 0);
  point.phase = sim::DiskPhase::kDuring;
  point.root = sim::operation_root(5);

  for (const CrashShapeRules& shape : crash_shapes(point, 1)) {
    const sim::Override& last = shape.rules.back();
    EXPECT_EQ(last.purpose, sim::Purpose::kCrashMetadata);
    EXPECT_EQ(last.kind, sim::EventKind::kDisk);
    EXPECT_EQ(last.value, 1);
  }
}

TEST(CrashShapes, of_a_weak_disk_lose_each_name_alone_and_keep_each_alone) {
  CrashPoint point{.machine = "store-1", .what = "sync log"};
  point.names = {{1}, {2}};

  EXPECT_EQ(counts(point), (Counts{{"nothing", 1}, {"everything", 1}, {"some of the names", 4}}));
}

}  // namespace
}  // namespace millrace::run
