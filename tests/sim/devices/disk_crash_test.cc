#include "sim/devices/disk_crash.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "sim/devices/disk_image.h"

namespace millrace::sim {
namespace {

constexpr int kSectors = 16;

/// 16 synced sectors of 'a', each written anew with 'b' and not synced; 'c' over the first 100
/// bytes.
FileImage unsynced_image() {
  FileImage image;
  image.write(0, Bytes(kSectors * kSectorBytes, std::byte{'a'}), 1);
  image.sync(1);
  image.write(0, Bytes(kSectors * kSectorBytes, std::byte{'b'}), 2);
  for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
    image.write(sector * kSectorBytes, Bytes(100, std::byte{'c'}), 3 + sector);
  }
  return image;
}

/// One letter a sector: the letter of its byte 200; 'C' for one whose first bytes are the youngest.
std::string picture(const FileImage& image) {
  std::string letters;
  for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
    const Sector content = image.sector(sector);
    letters += content[0] == std::byte{'c'} ? 'C' : static_cast<char>(content[200]);
  }
  return letters;
}

Survival only(CrashShape shape) {
  // Everything but one shape is too seldom to wait for; `kAll` stays, as it must.
  return {.shapes = 1U | 1U << static_cast<int>(shape),
          .versions = false,
          .tear = Ratio::never(),
          .metadata = false};
}

/// All pictures that a shape leaves in 200 power losses.
std::set<std::string> pictures(const Survival& survival) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Choices choices(seed);
    FileImage image = unsynced_image();
    const EventIdentity who =
        choices.identify(fault_root(1), EventKind::kFault, where_of("disk"), {});
    lose_power(image, choices, who, survival);
    seen.insert(picture(image));
  }
  return seen;
}

const std::string kKept(kSectors, 'C');
const std::string kLost(kSectors, 'a');

struct ShapeCase {
  CrashShape shape;
  std::size_t pictures_min;  ///< How many different ones 200 power losses show at least.
};

class CrashShapes : public testing::TestWithParam<ShapeCase> {};

bool is_prefix(const std::string& picture) {
  return picture.find('C', picture.find_first_not_of('C')) == std::string::npos;
}

bool belongs(CrashShape shape, const std::string& picture) {
  const auto kept = std::ranges::count(picture, 'C');
  if (kept == kSectors) return true;
  switch (shape) {
    case CrashShape::kAll:
      return false;
    case CrashShape::kNone:
      return kept == 0;
    case CrashShape::kPrefix:
      return is_prefix(picture);
    case CrashShape::kAllButOne:
      return kept == kSectors - 1;
    case CrashShape::kOnlyOne:
      return kept == 1;
    case CrashShape::kFewIndependent:
      return kept <= kSectors / 2;
    case CrashShape::kHalfIndependent:
      return true;
    case CrashShape::kMostIndependent:
      return kept >= kSectors / 2;
  }
  return false;
}

TEST_P(CrashShapes, leave_what_their_name_says) {
  const std::set<std::string> seen = pictures(only(GetParam().shape));

  EXPECT_GE(seen.size(), GetParam().pictures_min);
  for (const std::string& picture : seen) {
    EXPECT_TRUE(belongs(GetParam().shape, picture)) << picture;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, CrashShapes,
    testing::Values(ShapeCase{CrashShape::kAll, 1}, ShapeCase{CrashShape::kNone, 2},
                    ShapeCase{CrashShape::kPrefix, 10}, ShapeCase{CrashShape::kAllButOne, 10},
                    ShapeCase{CrashShape::kOnlyOne, 10}, ShapeCase{CrashShape::kFewIndependent, 40},
                    ShapeCase{CrashShape::kHalfIndependent, 80},
                    ShapeCase{CrashShape::kMostIndependent, 40}),
    [](const auto& row) { return std::string(to_text(row.param.shape)); });

TEST(DiskCrash, with_every_kind_of_loss_off_everything_written_survives) {
  EXPECT_EQ(pictures(Survival::kept()), std::set<std::string>{kKept});
}

TEST(DiskCrash, neutral_draws_keep_everything) {
  // An override without a value asks for the neutral outcome of every draw.
  Choices choices(7, {Override{}});
  FileImage image = unsynced_image();
  const EventIdentity who = choices.identify(fault_root(1), EventKind::kFault, where_of("d"), {});

  const CrashReport report = lose_power(image, choices, who, Survival{});

  EXPECT_EQ(picture(image), kKept);
  EXPECT_EQ(report, CrashReport{});
  EXPECT_EQ(draw_lost_changes(choices, who, Survival{}, 10), 0U);
}

TEST(DiskCrash, older_versions_survive_where_they_may) {
  Survival survival = only(CrashShape::kAll);
  survival.versions = true;

  bool has_older = false;
  for (const std::string& picture : pictures(survival)) {
    EXPECT_EQ(picture.find('a'), std::string::npos) << "what all versions replaced";
    has_older = has_older || picture.find('b') != std::string::npos;
  }
  EXPECT_TRUE(has_older);
}

TEST(DiskCrash, torn_sectors_mix_two_versions_inside_what_the_younger_wrote) {
  Survival survival = only(CrashShape::kAll);
  survival.tear = Ratio::always();
  Choices choices(3);
  FileImage image = unsynced_image();
  const EventIdentity who = choices.identify(fault_root(1), EventKind::kFault, where_of("d"), {});

  const CrashReport report = lose_power(image, choices, who, survival);

  EXPECT_EQ(report.sectors_torn, static_cast<std::uint64_t>(kSectors));
  for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
    const Sector content = image.sector(sector);
    for (std::size_t byte = 100; byte < kSectorBytes; ++byte) {
      ASSERT_EQ(content[byte], std::byte{'b'}) << "the write of 100 bytes did not touch this";
    }
  }
}

TEST(DiskCrash, a_torn_write_mostly_tears_what_it_leaves) {
  int torn = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Choices choices(seed);
    const EventIdentity who = choices.identify(fault_root(1), EventKind::kFault, where_of("d"), {});
    // One frame at the end of a log, as it lies there between its write and its sync.
    FileImage image;
    image.write(0, Bytes(kSectorBytes, std::byte{'a'}), 1);
    image.sync(1);
    image.write(100, Bytes(200, std::byte{'b'}), 2);

    if (lose_power(image, choices, who, Survival::torn()).sectors_torn == 1) ++torn;
  }

  // 4 of 7 shapes leave it, taken together, and 3 of 4 are torn then: 43 on average.
  EXPECT_GE(torn, 30);
  EXPECT_LE(torn, 56);
}

TEST(DiskCrash, draws_of_one_sector_do_not_depend_on_what_else_is_unsynced) {
  const Survival survival = only(CrashShape::kHalfIndependent);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Choices choices(seed);
    const EventIdentity who = choices.identify(fault_root(1), EventKind::kFault, where_of("d"), {});
    FileImage many = unsynced_image();
    FileImage few;
    few.write(0, Bytes(kSectors * kSectorBytes, std::byte{'a'}), 1);
    few.sync(1);
    few.write(5 * kSectorBytes, Bytes(kSectorBytes, std::byte{'c'}), 2);

    lose_power(many, choices, who, survival);
    lose_power(few, choices, who, survival);

    EXPECT_EQ(picture(many)[5], picture(few)[5]);
  }
}

TEST(DiskCrash, the_end_of_the_journal_is_lost_in_about_half_of_the_power_losses) {
  int lossless = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Choices choices(seed);
    const EventIdentity who = choices.identify(fault_root(1), EventKind::kFault, where_of("d"), {});
    const std::uint64_t lost = draw_lost_changes(choices, who, Survival{}, 5);
    EXPECT_LE(lost, 5U);
    lossless += lost == 0 ? 1 : 0;
  }
  EXPECT_GT(lossless, 150);
  EXPECT_LT(lossless, 250);
}

}  // namespace
}  // namespace millrace::sim
