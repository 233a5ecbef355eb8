#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "sim/devices/disk_files.h"
#include "system/base/bytes.h"
#include "tests/sim/devices/disk_world.h"

namespace millrace::sim {
namespace {

using Lines = std::vector<std::string>;

constexpr Survival kAllOrNothing{
    .shapes = 0b11, .versions = false, .tear = Ratio::never(), .metadata = false};

/// Two sectors and a bit of synced data, every sector different.
std::string stored() {
  return std::string(512, 'a') + std::string(512, 'b') + std::string(100, 'c');
}

void store(DiskWorld& world) {
  world.run_program(
      [&](Disk& disk) { ignore(put_synced(disk, "log", 0, stored()), "always succeeds here"); });
}

/// The file as a new program reads it.
std::string read(DiskWorld& world) {
  world.run_program([&](Disk& disk) { world.say(content(disk, "log")); });
  return world.said().back();
}

/// Sectors of `seen` that differ from what was stored.
int differing_sectors(const std::string& seen) {
  const std::string pristine = stored();
  if (seen.size() != pristine.size()) return -1;
  int count = 0;
  for (std::size_t start = 0; start < pristine.size(); start += kSectorBytes) {
    count += seen.substr(start, kSectorBytes) != pristine.substr(start, kSectorBytes) ? 1 : 0;
  }
  return count;
}

// --- errors ---

TEST(DiskFaults, without_any_nothing_fails_differs_or_is_metered) {
  DiskWorld world(plain_disk());
  store(world);

  EXPECT_EQ(read(world), stored());
  EXPECT_FALSE(world.device().is_damaged());
  EXPECT_FALSE(world.device().has_condition());
  EXPECT_EQ(world.all_effects(), 0U);
}

TEST(DiskFaults, a_failing_write_leaves_a_prefix_and_only_as_many_fail_as_were_asked_for) {
  std::set<std::string> left;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    DiskWorld world(plain_disk(), seed);
    world.device().fail_next({.operation = DiskOperation::kWrite,
                              .code = Errc::kIo,
                              .count = 1,
                              .path = {},
                              .kind = FaultKind::kDiskWriteError});
    EXPECT_TRUE(world.device().has_condition());
    world.run_program([&](Disk& disk) {
      world.say("first", put(disk, "log", 0, "abc"));
      world.say(content(disk, "log"));
      world.say("second", put(disk, "log", 0, "xyz"));
    });
    ASSERT_EQ(world.said().size(), 3U);
    EXPECT_EQ(world.said()[0], "first: io");
    left.insert(world.said()[1]);
    EXPECT_EQ(world.said()[2], "second: ok");
    EXPECT_EQ(world.effects(FaultKind::kDiskWriteError), 1U);
  }

  EXPECT_EQ(left, (std::set<std::string>{"", "a", "ab", "abc"}));
}

TEST(DiskFaults, failures_select_by_file_and_end_with_heal) {
  DiskWorld world(plain_disk());
  world.device().fail_next({.operation = DiskOperation::kWrite,
                            .code = Errc::kIo,
                            .count = 0,
                            .path = "b",
                            .kind = FaultKind::kDiskWriteError});
  world.run_program([&](Disk& disk) {
    world.say("a", put(disk, "a", 0, "x"));
    world.say("b", put(disk, "b", 0, "x"));
    world.say("b", put(disk, "b", 0, "x"));
  });
  world.device().heal();
  world.run_program([&](Disk& disk) { world.say("b", put(disk, "b", 0, "x")); });

  EXPECT_EQ(world.said(), (Lines{"a: ok", "b: io", "b: io", "b: ok"}));
}

TEST(DiskFaults, a_full_disk_takes_what_fits_and_has_room_again_after_a_truncation) {
  DiskWorld world(plain_disk());
  store(world);
  world.device().set_room(3);
  world.run_program([&](Disk& disk) {
    const auto file = *disk.open("log", OpenMode::kExisting);
    const std::uint64_t end = *file->size();
    world.say("overwrite", file->write(0, as_bytes("needs no room")));
    world.say("grow", file->write(end, as_bytes("12345")));
    world.say(std::to_string(*file->size() - end));
    const auto created = disk.open("new", OpenMode::kEither);
    world.say(to_text(created.error().code));
    world.say("truncate", file->truncate(end));
    world.say("grow", file->write(end, as_bytes("123")));
  });

  EXPECT_EQ(world.said(), (Lines{"overwrite: ok", "grow: no_space", "3", "no_space", "truncate: ok",
                                 "grow: ok"}));
  EXPECT_EQ(world.effects(FaultKind::kDiskFull), 2U);
}

TEST(DiskFaults, of_two_bounds_of_the_room_the_smaller_holds_until_both_end) {
  DiskWorld world(plain_disk());
  store(world);
  world.device().set_room(3);
  world.device().set_room(100);
  world.run_program([&](Disk& disk) {
    world.say("full", put(disk, "log", stored().size(), "12345"));
    world.device().set_room(std::nullopt);
    world.say("free", put(disk, "log", stored().size(), "12345"));
  });

  EXPECT_EQ(world.said(), (Lines{"full: no_space", "free: ok"}));
}

// --- failed syncs ---

void fail_next_sync(DiskWorld& world) {
  world.device().fail_next({.operation = DiskOperation::kSync,
                            .code = Errc::kIo,
                            .count = 1,
                            .path = {},
                            .kind = FaultKind::kDiskFailedSync});
}

TEST(DiskFaults, each_open_handle_gets_a_failed_syncs_error_once) {
  DiskWorld world(plain_disk());
  store(world);
  fail_next_sync(world);
  world.run_program([&](Disk& disk) {
    const auto first = *disk.open("log", OpenMode::kExisting);
    const auto second = *disk.open("log", OpenMode::kExisting);
    ignore(first->write(0, as_bytes("new")), "always succeeds here");
    world.say("first", first->sync());
    world.say("first", first->sync());
    world.say("second", second->sync());
    world.say("second", second->sync());
    const auto third = *disk.open("log", OpenMode::kExisting);
    world.say("third", third->sync());
  });

  EXPECT_EQ(world.said(),
            (Lines{"first: io", "first: ok", "second: io", "second: ok", "third: ok"}));
  EXPECT_EQ(world.effects(FaultKind::kDiskFailedSync), 2U);
}

TEST(DiskFaults, what_a_failed_sync_lost_is_read_until_eviction_or_power_loss_whatever_is_tried) {
  for (const bool by_power : {false, true}) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      DiskWorld world(plain_disk(), seed);
      store(world);
      fail_next_sync(world);
      world.run_program([&](Disk& disk) {
        const auto file = *disk.open("log", OpenMode::kExisting);
        ignore(file->write(0, as_bytes("NEW")), "always succeeds here");
        world.say("sync", file->sync());
        world.say(as_text(*file->read(0, 3)));
        world.say("again", file->sync());
      });
      ASSERT_EQ(world.said(), (Lines{"sync: io", "NEW", "again: ok"}));
      if (by_power) {
        world.power_loss(Survival::kept());
      } else {
        world.device().evict();
      }
      seen.insert(read(world).substr(0, 3));
    }
    // Half of the pages were written before the sync failed; none of the others came back.
    EXPECT_EQ(seen, (std::set<std::string>{"NEW", "aaa"}));
  }
}

TEST(DiskFaults, lost_pages_leave_the_cache_by_themselves_after_a_while) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DiskWorld world(plain_disk(), seed);
    store(world);
    fail_next_sync(world);
    world.run_program([&](Disk& disk) { world.say("put", put_synced(disk, "log", 0, "NEW")); });
    // run_program() went on until every event had run, the eviction among them.
    seen.insert(read(world).substr(0, 3));
  }

  EXPECT_EQ(seen, (std::set<std::string>{"NEW", "aaa"}));
}

// --- damage ---

TEST(DiskFaults, rot_changes_bits_of_one_synced_sector_until_it_is_overwritten) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DiskWorld world(plain_disk(), seed);
    store(world);
    const std::optional<DamagedRange> damage = world.device().rot(world.fault(1), "");
    ASSERT_TRUE(damage.has_value());
    EXPECT_EQ(damage->path, "log");
    EXPECT_TRUE(world.device().is_damaged("log"));

    const std::string seen = read(world);
    EXPECT_EQ(differing_sectors(seen), 1);
    EXPECT_NE(seen[damage->begin], stored()[damage->begin]);
    EXPECT_EQ(seen.substr(0, damage->begin), stored().substr(0, damage->begin));
    EXPECT_EQ(seen.substr(damage->end), stored().substr(damage->end));
    EXPECT_EQ(world.effects(FaultKind::kDiskBitRot), 1U);

    store(world);
    EXPECT_FALSE(world.device().is_damaged());
    EXPECT_EQ(read(world), stored());
  }
}

TEST(DiskFaults, rot_stays_through_power_losses_and_reads) {
  DiskWorld world(plain_disk());
  store(world);
  ASSERT_TRUE(world.device().rot(world.fault(1), "log").has_value());
  const std::string seen = read(world);

  world.power_loss(Survival{});

  EXPECT_EQ(read(world), seen);
}

TEST(DiskFaults, there_is_nothing_to_damage_without_synced_data) {
  DiskWorld world(plain_disk());
  world.run_program([&](Disk& disk) { ignore(put(disk, "log", 0, "x"), "not synced"); });

  EXPECT_EQ(world.device().rot(world.fault(1), ""), std::nullopt);
  EXPECT_EQ(world.device().make_unreadable(world.fault(2), ""), std::nullopt);
  EXPECT_EQ(world.device().rot(world.fault(3), "no"), std::nullopt);
}

TEST(DiskFaults, unreadable_sectors_fail_reads_and_partial_writes_until_they_are_written_whole) {
  DiskWorld world(plain_disk());
  store(world);
  const std::optional<DamagedRange> damage = world.device().make_unreadable(world.fault(1), "log");
  ASSERT_TRUE(damage.has_value());
  const std::uint64_t start = damage->begin;
  world.run_program([&](Disk& disk) {
    const auto file = *disk.open("log", OpenMode::kExisting);
    world.say(to_text(file->read(start, 1).error().code));
    world.say("part", file->write(start + 1, as_bytes("x")));
    world.say("whole",
              file->write(start, ByteView(to_bytes(std::string(damage->end - start, 'w')))));
    world.say("sync", file->sync());
    world.say(as_text(*file->read(start, 1)));
  });

  EXPECT_EQ(world.said(), (Lines{"io", "part: io", "whole: ok", "sync: ok", "w"}));
  EXPECT_EQ(world.effects(FaultKind::kDiskReadError), 2U);
  EXPECT_FALSE(world.device().is_damaged());
}

TEST(DiskFaults, a_write_that_went_astray_damages_its_own_place_and_another) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DiskWorld world(plain_disk(), seed);
    store(world);
    world.device().misdirect_next_write(world.fault(1), "");
    EXPECT_TRUE(world.device().has_condition());
    world.run_program([&](Disk& disk) {
      ignore(put_synced(disk, "log", 0, std::string(512, 'N')), "succeeds, as far as it knows");
    });

    // Its own place keeps the 'a's, so what was synced is not there; 'N's stand elsewhere.
    const std::string seen = read(world);
    EXPECT_EQ(seen.substr(0, 512), std::string(512, 'a'));
    EXPECT_NE(seen.find('N'), std::string::npos);
    std::uint64_t damaged = 0;
    for (const DamagedRange& range : world.device().damaged_ranges("log")) {
      damaged += range.end - range.begin;
    }
    EXPECT_GE(damaged, 512U + 100U);
    EXPECT_EQ(world.effects(FaultKind::kDiskMisdirectedWrite), 1U);
    EXPECT_FALSE(world.device().has_condition());
  }
}

TEST(DiskFaults, a_misdirected_read_gives_another_sectors_bytes_once) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DiskWorld world(plain_disk(), seed);
    store(world);
    world.device().misdirect_next_read(world.fault(1), "log");

    EXPECT_EQ(differing_sectors(read(world)), 1);
    EXPECT_EQ(read(world), stored());
    EXPECT_EQ(world.effects(FaultKind::kDiskMisdirectedRead), 1U);
    EXPECT_FALSE(world.device().is_damaged());
  }
}

TEST(DiskFaults, a_stale_read_gives_what_a_sector_held_before_its_last_sync_once) {
  std::set<std::string> firsts;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    DiskWorld world(plain_disk(), seed);
    store(world);
    world.run_program([&](Disk& disk) {
      ignore(put_synced(disk, "log", 0, std::string(512, 'N')), "always succeeds here");
    });
    world.device().stale_next_read(world.fault(1), "");

    const std::string seen = read(world);
    firsts.insert(seen.substr(0, 1));
    const std::string now = std::string(512, 'N') + stored().substr(512);
    EXPECT_NE(seen, now);
    EXPECT_EQ(read(world), now);
    EXPECT_EQ(world.effects(FaultKind::kDiskStaleRead), 1U);
  }

  // The overwritten sector shows its 'a's again; where another one was stale, 'N' stands.
  EXPECT_EQ(firsts, (std::set<std::string>{"a", "N"}));
}

TEST(DiskFaults, heal_disarms_what_waits_and_keeps_stored_damage) {
  DiskWorld world(plain_disk());
  store(world);
  ASSERT_TRUE(world.device().rot(world.fault(1), "").has_value());
  world.device().stale_next_read(world.fault(2), "");
  world.device().misdirect_next_read(world.fault(3), "");
  world.device().misdirect_next_write(world.fault(4), "");

  world.device().heal();

  EXPECT_FALSE(world.device().has_condition());
  EXPECT_EQ(differing_sectors(read(world)), 1);
  EXPECT_TRUE(world.device().is_damaged());
}

TEST(DiskFaults, tears_are_metered_by_sectors) {
  Survival torn = kAllOrNothing;
  torn.tear = Ratio::always();
  std::uint64_t effects = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DiskWorld world(plain_disk(), seed);
    store(world);
    world.run_program([&](Disk& disk) {
      ignore(put(disk, "log", 0, std::string(1024, 'N')), "always succeeds here");
    });
    world.power_loss(torn);
    effects += world.effects(FaultKind::kDiskTornWrite);
    // Two sectors were unsynced; the third holds what was synced.
    EXPECT_EQ(read(world).substr(1024), stored().substr(1024));
  }

  EXPECT_GT(effects, 10U);
  EXPECT_EQ(effects % 2, 0U);
}

}  // namespace
}  // namespace millrace::sim
