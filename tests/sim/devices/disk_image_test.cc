#include "sim/devices/disk_image.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

#include "sim/devices/disk_crash.h"
#include "system/base/bytes.h"

namespace millrace::sim {
namespace {

constexpr DiskOrdinal kAll = UINT64_MAX;

Bytes filled(std::size_t size, char letter) { return Bytes(size, static_cast<std::byte>(letter)); }

std::string text(const FileImage& image, std::uint64_t offset, std::size_t size) {
  Bytes bytes(size);
  image.read(offset, bytes);
  return std::string(as_text(bytes));
}

std::string text(const FileImage& image) { return text(image, 0, image.size()); }

/// A power loss after which nothing unsynced is left.
void lose_everything(FileImage& image) {
  image.undo_size_changes(image.size_change_count());
  image.settle([](const DirtySector&) { return Survivor{}; });
}

/// A power loss in which sizes stay, and the medium keeps the old sectors.
void lose_contents(FileImage& image) {
  image.settle([](const DirtySector&) { return Survivor{}; });
}

TEST(DiskImage, reads_see_what_was_written_and_zeros_in_gaps) {
  FileImage image;

  image.write(2, as_bytes("ab"), 1);
  image.write(6, as_bytes("c"), 2);

  EXPECT_EQ(text(image), std::string("\0\0ab\0\0c", 7));
}

TEST(DiskImage, a_synced_write_survives_and_a_later_one_is_taken_back) {
  FileImage image;
  image.write(0, as_bytes("synced"), 1);
  image.sync(kAll);
  image.write(0, as_bytes("younger"), 2);

  lose_everything(image);

  EXPECT_EQ(text(image), "synced");
}

TEST(DiskImage, a_sync_covers_what_was_written_when_it_was_issued_and_not_what_came_while_it_ran) {
  FileImage image;
  image.write(0, as_bytes("first"), 1);
  const DiskOrdinal issued = 1;
  image.write(0, as_bytes("other"), 2);
  image.write(5, as_bytes("more"), 3);
  image.sync(issued);
  EXPECT_EQ(text(image), "othermore");

  lose_everything(image);

  EXPECT_EQ(text(image), "first");
}

TEST(DiskImage, a_size_may_survive_without_the_bytes_that_made_it) {
  FileImage image;
  image.write(0, as_bytes("old"), 1);
  image.sync(kAll);
  image.write(3, filled(1000, 'x'), 2);

  lose_contents(image);

  EXPECT_EQ(text(image), "old" + std::string(1000, '\0'));
}

TEST(DiskImage, an_undone_truncation_brings_back_what_it_cut_off_and_drops_what_came_after) {
  FileImage image;
  image.write(0, filled(5000, 'a'), 1);
  image.sync(kAll);
  image.truncate(700, 2);
  image.write(700, filled(3000, 'b'), 3);
  EXPECT_EQ(text(image), std::string(700, 'a') + std::string(3000, 'b'));

  lose_everything(image);

  EXPECT_EQ(text(image), std::string(5000, 'a'));
}

TEST(DiskImage, bytes_behind_a_surviving_truncation_never_come_back) {
  FileImage image;
  image.write(0, filled(5000, 'a'), 1);
  image.sync(kAll);
  image.truncate(700, 2);
  image.truncate(5000, 3);

  lose_contents(image);

  EXPECT_EQ(text(image), std::string(700, 'a') + std::string(4300, '\0'));
}

TEST(DiskImage, size_changes_are_undone_from_the_youngest_on) {
  FileImage image;
  image.write(0, filled(100, 'a'), 1);
  image.truncate(40, 2);
  image.write(40, filled(20, 'b'), 3);

  image.undo_size_changes(1);

  EXPECT_EQ(text(image), std::string(40, 'a'));
  image.undo_size_changes(1);
  EXPECT_EQ(text(image), std::string(100, 'a'));
}

TEST(DiskImage, another_files_sync_makes_sizes_final_but_not_contents) {
  FileImage image;
  image.write(0, filled(600, 'a'), 1);

  image.commit_sizes(1);
  lose_everything(image);

  EXPECT_EQ(text(image), std::string(600, '\0'));
}

TEST(DiskImage, a_failed_sync_shows_new_bytes_until_the_power_goes_and_then_the_old) {
  FileImage image;
  image.write(0, as_bytes("old"), 1);
  image.sync(kAll);
  image.write(0, as_bytes("new"), 2);

  EXPECT_EQ(image.fail_sync(kAll, [](std::uint64_t) { return true; }), 1U);

  EXPECT_EQ(text(image), "new");
  EXPECT_EQ(image.dirty_count(), 0U);  // Marked clean: the next sync has nothing to write.
  image.sync(kAll);
  EXPECT_EQ(text(image), "new");
  // Even if everything unsynced were kept: this is not unsynced any more, it is gone.
  image.settle([](const DirtySector& dirty) {
    return Survivor{.version = dirty.version_count, .part = dirty.newest().range};
  });
  EXPECT_EQ(text(image), "old");
}

TEST(DiskImage, an_eviction_after_a_failed_sync_shows_the_old_bytes) {
  FileImage image;
  image.write(0, as_bytes("old"), 1);
  image.sync(kAll);
  image.write(0, as_bytes("new"), 2);
  image.fail_sync(kAll, [](std::uint64_t) { return true; });

  image.evict();

  EXPECT_EQ(text(image), "old");
  image.check_invariants();
}

TEST(DiskImage, a_failed_sync_writes_the_pages_that_it_does_not_lose) {
  FileImage image;
  image.write(0, filled(3 * kPageBytes, 'a'), 1);
  image.sync(kAll);
  image.write(0, filled(3 * kPageBytes, 'b'), 2);

  const std::uint64_t lost = image.fail_sync(kAll, [](std::uint64_t page) { return page == 1; });

  EXPECT_EQ(lost, kPageSectors);
  lose_everything(image);
  EXPECT_EQ(text(image), std::string(kPageBytes, 'b') + std::string(kPageBytes, 'a') +
                             std::string(kPageBytes, 'b'));
}

TEST(DiskImage, writing_to_a_lost_page_makes_all_of_it_dirty_again) {
  FileImage image;
  image.write(0, filled(kPageBytes, 'a'), 1);
  image.sync(kAll);
  image.write(0, filled(kPageBytes, 'b'), 2);
  image.fail_sync(kAll, [](std::uint64_t) { return true; });

  image.write(10, as_bytes("c"), 3);

  EXPECT_EQ(image.dirty_count(), kPageSectors);
  image.sync(kAll);
  lose_everything(image);
  EXPECT_EQ(text(image), std::string(10, 'b') + "c" + std::string(kPageBytes - 11, 'b'));
}

TEST(DiskImage, a_tear_takes_only_bytes_of_the_write_that_was_torn) {
  FileImage image;
  image.write(0, filled(512, 'a'), 1);
  image.sync(kAll);
  image.write(100, filled(50, 'b'), 2);

  const SettledSectors settled = image.settle(
      [](const DirtySector&) { return Survivor{.version = 1, .part = {.from = 100, .to = 120}}; });

  EXPECT_EQ(settled.torn, 1U);
  EXPECT_EQ(text(image), std::string(100, 'a') + std::string(20, 'b') + std::string(392, 'a'));
}

TEST(DiskImage, memory_follows_what_is_stored_and_a_sync_gives_versions_back) {
  FileImage image;
  for (DiskOrdinal ordinal = 1; ordinal <= 10'000; ++ordinal) {
    image.write(ordinal * 10, filled(10, 'x'), ordinal);
    if (ordinal % 100 == 0) image.sync(ordinal);
  }

  EXPECT_EQ(image.live_bytes(), 25U * kPageBytes);  // 100,010 bytes in whole pages.
}

TEST(DiskImage, versions_of_a_sector_are_bounded_and_a_running_sync_is_still_covered) {
  FileImage image;
  for (DiskOrdinal ordinal = 1; ordinal <= 100; ++ordinal) {
    image.write(0, filled(1, static_cast<char>(ordinal)), ordinal);
  }

  EXPECT_EQ(image.dirty()[0].version_count, DirtySector::kVersionsMax);
  image.sync(50);
  lose_everything(image);
  EXPECT_GE(static_cast<int>(text(image)[0]), 50);
}

TEST(DiskImage, a_copy_shares_pages_and_stays_as_it_was) {
  FileImage image;
  image.write(0, filled(100, 'a'), 1);
  image.sync(kAll);
  image.write(0, filled(100, 'b'), 2);

  const FileImage older = image.durable();
  image.sync(kAll);

  EXPECT_EQ(text(older), std::string(100, 'a'));
  EXPECT_EQ(text(image), std::string(100, 'b'));
  EXPECT_FALSE(image.same_content(older));
}

TEST(DiskImage, damage_is_shown_to_readers_and_kept_apart_from_what_was_written) {
  FileImage image;
  image.write(0, as_bytes("pristine"), 1);
  image.sync(kAll);
  Sector shown = image.sector(0);
  shown[2] = std::byte{'X'};
  image.damage().show(0, image.sector(0), shown, FaultKind::kDiskBitRot);

  Bytes read(8);
  image.read(0, read);
  int seen = 0;
  image.show_damage(0, read, [&](FaultKind) { ++seen; });

  EXPECT_EQ(as_text(read), "prXstine");
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(text(image), "pristine");
  ASSERT_EQ(image.damage().ranges(image.size()).size(), 1U);
  EXPECT_EQ(image.damage().ranges(image.size())[0].begin, 2U);
}

TEST(DiskImage, an_overwrite_repairs_once_it_is_synced_and_not_if_the_power_takes_it_back) {
  FileImage image;
  image.write(0, as_bytes("pristine"), 1);
  image.sync(kAll);
  Sector shown = image.sector(0);
  shown[2] = std::byte{'X'};
  shown[7] = std::byte{'Y'};
  image.damage().show(0, image.sector(0), shown, FaultKind::kDiskBitRot);

  image.write(0, as_bytes("prist"), 2);
  lose_everything(image);
  EXPECT_EQ(image.damage().ranges(8).size(), 2U);

  image.write(0, as_bytes("prist"), 3);
  image.sync(kAll);
  ASSERT_EQ(image.damage().ranges(8).size(), 1U);
  EXPECT_EQ(image.damage().ranges(8)[0].begin, 7U);
}

TEST(DiskImage, the_cache_hides_damage_under_newer_bytes) {
  FileImage image;
  image.write(0, filled(512, 'a'), 1);
  image.sync(kAll);
  image.damage().make_unreadable(0, FaultKind::kDiskReadError);
  EXPECT_EQ(image.first_unreadable(0, 10), 0U);

  image.write(0, filled(512, 'b'), 2);
  EXPECT_EQ(image.first_unreadable(0, 10), std::nullopt);

  image.sync(kAll);
  EXPECT_EQ(image.first_unreadable(0, 10), std::nullopt);
  EXPECT_TRUE(image.damage().empty());
}

// --- the whole image against a naive model ---

/// Keeps every content that each sector and the size ever had since they were made final.
class Model {
 public:
  void changed(const FileImage& image, DiskOrdinal ordinal) {
    sizes_.emplace_back(ordinal, image.size());
    for (std::uint64_t sector = 0; sector < kSectors; ++sector) {
      const Sector now = image.sector(sector);
      if (versions_[sector].back().second != now) versions_[sector].emplace_back(ordinal, now);
    }
  }

  /// Zeros behind `size` may meet any version of the bytes before it.
  void truncated(std::uint64_t size, DiskOrdinal ordinal) {
    const std::uint64_t sector = size / kSectorBytes;
    if (sector >= kSectors) return;
    History<Sector> cut = versions_[sector];
    for (auto& [at, content] : cut) {
      at = ordinal;
      std::fill(content.begin() + static_cast<std::ptrdiff_t>(size % kSectorBytes), content.end(),
                std::byte{0});
    }
    versions_[sector].insert(versions_[sector].end(), cut.begin(), cut.end());
  }

  void synced(DiskOrdinal up_to) {
    for (auto& versions : versions_) forget(versions, up_to);
    forget(sizes_, up_to);
  }

  /// CHECKs that `image`, after a power loss, is one of the worlds that may be left.
  void check_left(const FileImage& image) const {
    const std::uint64_t size = image.size();
    RC_ASSERT(std::ranges::any_of(sizes_, [&](const auto& at) { return at.second == size; }));
    for (std::uint64_t sector = 0; sector * kSectorBytes < size; ++sector) {
      const std::size_t bytes = std::min(kSectorBytes, size - sector * kSectorBytes);
      RC_ASSERT(is_possible(versions_[sector], image.sector(sector), bytes));
    }
  }

  void restart(const FileImage& image) {
    *this = Model();
    changed(image, 0);
    synced(0);
  }

  static constexpr std::uint64_t kSectors = 24;

 private:
  template <typename Value>
  using History = std::vector<std::pair<DiskOrdinal, Value>>;

  template <typename Value>
  static void forget(History<Value>& history, DiskOrdinal up_to) {
    while (history.size() > 1 && history[1].first <= up_to) history.erase(history.begin());
  }

  /// Whether the first `bytes` of `left` are a version, or two versions that meet at one byte.
  static bool is_possible(const History<Sector>& versions, const Sector& left, std::size_t bytes) {
    for (const auto& [at, front] : versions) {
      const auto common =
          static_cast<std::size_t>(std::ranges::mismatch(front, left).in1 - front.begin());
      if (common >= bytes) return true;
      for (const auto& [other_at, back] : versions) {
        if (std::equal(left.begin() + static_cast<std::ptrdiff_t>(common),
                       left.begin() + static_cast<std::ptrdiff_t>(bytes),
                       back.begin() + static_cast<std::ptrdiff_t>(common))) {
          return true;
        }
      }
    }
    // A write in the middle of a sector that is torn leaves the older version on both of its sides:
    // three parts, of which the outer two are one version.
    for (const auto& [at, outer] : versions) {
      std::size_t from = 0;
      while (from < bytes && outer[from] == left[from]) ++from;
      std::size_t to = bytes;
      while (to > from && outer[to - 1] == left[to - 1]) --to;
      for (const auto& [other_at, inner] : versions) {
        if (std::equal(left.begin() + static_cast<std::ptrdiff_t>(from),
                       left.begin() + static_cast<std::ptrdiff_t>(to),
                       inner.begin() + static_cast<std::ptrdiff_t>(from))) {
          return true;
        }
      }
    }
    return false;
  }

  std::vector<History<Sector>> versions_ =
      std::vector<History<Sector>>(kSectors, History<Sector>{{0, Sector{}}});
  History<std::uint64_t> sizes_{{0, 0}};
};

enum class Step : std::uint8_t { kWrite, kTruncate, kSync, kIssueSync, kEndSync, kPowerLoss };

struct Walk {
  FileImage image;
  Model model;
  DiskOrdinal ordinal = 0;
  std::optional<DiskOrdinal> issued;
  std::uint32_t crashes = 0;
};

void end_sync(Walk& walk) {
  if (!walk.issued.has_value()) return;
  walk.image.sync(*walk.issued);
  walk.model.synced(*walk.issued);
  walk.issued.reset();
}

void take(Walk& walk, Step step, std::uint64_t offset, std::uint64_t size, const Survival& survival,
          Choices& choices) {
  const std::uint64_t end_max = Model::kSectors * kSectorBytes;
  switch (step) {
    case Step::kWrite: {
      const std::uint64_t bytes = std::min(size, end_max - offset);
      const auto letter = static_cast<char>('a' + walk.ordinal % 26);
      walk.image.write(offset, filled(bytes, letter), ++walk.ordinal);
      walk.model.changed(walk.image, walk.ordinal);
      break;
    }
    case Step::kTruncate:
      end_sync(walk);
      walk.image.truncate(offset, ++walk.ordinal);
      walk.model.truncated(offset, walk.ordinal);
      walk.model.changed(walk.image, walk.ordinal);
      break;
    case Step::kSync:
      end_sync(walk);
      walk.issued = walk.ordinal;
      end_sync(walk);
      break;
    case Step::kIssueSync:
      if (!walk.issued.has_value()) walk.issued = walk.ordinal;
      break;
    case Step::kEndSync:
      end_sync(walk);
      break;
    case Step::kPowerLoss: {
      const Bytes before = to_bytes(text(walk.image));
      const EventIdentity who = choices.identify(fault_root(walk.crashes++), EventKind::kFault,
                                                 where_of("disk", "file"), {});
      walk.image.undo_size_changes(
          draw_lost_changes(choices, who, survival, walk.image.size_change_count()));
      lose_power(walk.image, choices, who, survival);
      walk.model.check_left(walk.image);
      if (survival.shapes == Survival::kept().shapes && survival.tear == Ratio::never() &&
          !survival.versions && !survival.metadata) {
        RC_ASSERT(to_bytes(text(walk.image)) == before);
      }
      walk.model.restart(walk.image);
      walk.issued.reset();
      break;
    }
  }
  walk.image.check_invariants();
}

RC_GTEST_PROP(DiskImage, leaves_only_what_was_written_since_the_last_sync_or_was_synced, ()) {
  const auto seed = *rc::gen::noShrink(rc::gen::resize(100, rc::gen::arbitrary<std::uint64_t>()));
  Choices choices(seed);
  const Survival survival =
      *rc::gen::element(Survival{}, Survival::mild(), Survival::untorn(), Survival::kept());
  Walk walk;
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(rc::gen::tuple(
      rc::gen::inRange(0, 12), rc::gen::inRange(0, 11'000), rc::gen::inRange(0, 1'500)));
  for (const auto& [kind, offset, size] : steps) {
    constexpr std::array<Step, 12> kSteps = {Step::kWrite,     Step::kWrite,    Step::kWrite,
                                             Step::kWrite,     Step::kWrite,    Step::kWrite,
                                             Step::kWrite,     Step::kTruncate, Step::kSync,
                                             Step::kIssueSync, Step::kEndSync,  Step::kPowerLoss};
    take(walk, kSteps[static_cast<std::size_t>(kind)], static_cast<std::uint64_t>(offset),
         static_cast<std::uint64_t>(size), survival, choices);
  }
  take(walk, Step::kPowerLoss, 0, 0, survival, choices);
}

}  // namespace
}  // namespace millrace::sim
