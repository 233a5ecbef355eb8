#include <algorithm>
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

TEST(DiskDevice, reads_back_what_was_written_by_this_life_and_the_last) {
  DiskWorld world(plain_disk());
  world.run_program([&](Disk& disk) {
    world.say("put", put(disk, "log", 0, "hello"));
    world.say(content(disk, "log"));
  });
  world.run_program([&](Disk& disk) { world.say(content(disk, "log")); });

  EXPECT_EQ(world.said(), (Lines{"put: ok", "hello", "hello"}));
  EXPECT_EQ(world.all_effects(), 0U);
}

TEST(DiskDevice, gives_each_error_of_the_contract) {
  DiskWorld world(plain_disk());
  world.run_program([&](Disk& disk) {
    world.say(content(disk, "no"));
    world.say("create", put(disk, "a", 0, "x"));
    const auto again = disk.open("a", OpenMode::kCreate);
    world.say(to_text(again.error().code));
    world.say("make", disk.make_directory("no/d"));
    world.say("rename", disk.rename("no", "b"));
    world.say("unlink", disk.unlink("no"));
    world.say("sync", disk.sync_directory("no"));
    world.say(to_text(disk.list("no").error().code));
  });

  EXPECT_EQ(world.said(),
            (Lines{"open: not_found", "create: ok", "already_exists", "make: not_found",
                   "rename: not_found", "unlink: not_found", "sync: not_found", "not_found"}));
}

TEST(DiskDevice, renames_unlinks_lists_and_truncates) {
  DiskWorld world(plain_disk());
  world.run_program([&](Disk& disk) {
    world.say("make", disk.make_directory("d"));
    world.say("put", put(disk, "d/new", 0, "abcdef"));
    world.say("put", put(disk, "d/old", 0, "x"));
    world.say("rename", disk.rename("d/new", "d/old"));
    const Result<std::vector<std::string>> names = disk.list("d");
    for (const std::string& name : *names) world.say(name);
    const std::unique_ptr<File> file = std::move(*disk.open("d/old", OpenMode::kExisting));
    world.say("truncate", file->truncate(3));
    world.say(std::to_string(*file->size()));
    world.say("unlink", disk.unlink("d/old"));
    world.say(as_text(*file->read(1, 100)));  // An open file outlives its name.
    world.say(std::to_string(disk.list("d")->size()));
  });

  EXPECT_EQ(world.said(), (Lines{"make: ok", "put: ok", "put: ok", "rename: ok", "old",
                                 "truncate: ok", "3", "unlink: ok", "bc", "0"}));
}

// --- time ---

TEST(DiskDevice, requests_wait_for_each_other_and_take_their_base_latency) {
  DiskWorld world(plain_disk());
  const DiskLatency latency = plain_disk().latency;
  std::int64_t ends[3] = {};
  std::int64_t start = 0;
  world.run_program([&](Disk& disk) {
    const auto file = *disk.open("a", OpenMode::kEither);
    start = world.now_us();
    for (std::int64_t& end : ends) {
      world.spawn("writer", [&] {
        ignore(file->write(0, as_bytes("x")), "always succeeds here");
        end = world.now_us();
      });
    }
    ignore(file->sync(), "keeps the process alive until all have written");
  });

  const auto write = static_cast<std::size_t>(DiskOperation::kWrite);
  const std::int64_t one = (latency.base[write] + latency.each_kib).ns / 1000;
  std::ranges::sort(ends);
  EXPECT_GE(ends[0] - start, one);
  EXPECT_GE(ends[2] - ends[0], 2 * one - 1);
  // They do not wait for the sync, which takes far longer.
  EXPECT_LT(ends[2] - start,
            latency.base[static_cast<std::size_t>(DiskOperation::kSync)].ns / 1000);
}

TEST(DiskDevice, a_slow_disk_takes_longer_and_is_metered) {
  std::int64_t ends[2] = {};
  for (const std::uint32_t multiplier : {1U, 50U}) {
    DiskWorld world(plain_disk());
    world.device().set_slowness(multiplier);
    world.run_program([&](Disk& disk) {
      ignore(put_synced(disk, "a", 0, "x"), "always succeeds here");
      ends[multiplier == 1 ? 0 : 1] = world.now_us();
    });
    EXPECT_EQ(world.effects(FaultKind::kDiskSlow), multiplier == 1 ? 0U : 4U);
  }

  EXPECT_GT(ends[1], 20 * ends[0]);
}

TEST(DiskDevice, a_stall_delays_what_is_under_way_and_what_comes) {
  DiskWorld world(plain_disk());
  world.at(microseconds(50), [&] { world.device().stall(milliseconds(30)); });
  std::int64_t end = 0;
  world.run_program([&](Disk& disk) {
    ignore(put_synced(disk, "a", 0, "x"), "always succeeds here");
    end = world.now_us();
  });

  EXPECT_GT(end, 30'000);
  EXPECT_LT(end, 31'000);
  EXPECT_GE(world.effects(FaultKind::kDiskStall), 1U);
}

/// When a synced write is done that meets a stall of 30 ms at 50 us and then something else.
std::int64_t end_of_stalled_write(DiskWorld& world, Duration time, std::function<void()> action) {
  world.at(microseconds(50), [&] { world.device().stall(milliseconds(30)); });
  world.at(time, std::move(action));
  std::int64_t end = 0;
  world.run_program([&](Disk& disk) {
    ignore(put_synced(disk, "a", 0, "x"), "always succeeds here");
    end = world.now_us();
  });
  return end;
}

TEST(DiskDevice, a_stall_within_another_lasts_as_long_as_the_longer_one) {
  DiskWorld world(plain_disk());
  const std::int64_t end = end_of_stalled_write(world, milliseconds(10), [&] {
    world.device().stall(milliseconds(5));
    world.device().stall(milliseconds(25));
  });

  EXPECT_GT(end, 35'000);
  EXPECT_LT(end, 36'000);
}

TEST(DiskDevice, healing_ends_a_stall_for_what_waits_and_what_comes) {
  DiskWorld world(plain_disk());
  const std::int64_t end =
      end_of_stalled_write(world, milliseconds(10), [&] { world.device().heal(); });

  EXPECT_GE(end, 10'000);
  EXPECT_LT(end, 11'000);
}

TEST(DiskDevice, a_power_loss_does_not_end_a_stall) {
  DiskWorld world(plain_disk());
  world.device().stall(milliseconds(30));
  world.power_loss(kAllOrNothing);
  std::int64_t end = 0;
  world.run_program([&](Disk& disk) {
    ignore(put(disk, "a", 0, "x"), "always succeeds here");
    end = world.now_us();
  });

  EXPECT_GT(end, 30'000);
}

/// How long a few requests take, in microseconds.
std::int64_t duration_of(std::uint64_t seed, std::vector<Override> overrides) {
  DiskWorld world(DiskOptions{}, seed, std::move(overrides));
  std::int64_t end = 0;
  world.run_program([&](Disk& disk) {
    ignore(put_synced(disk, "a", 0, "x"), "always succeeds here");
    end = world.now_us();
  });
  return end;
}

TEST(DiskDevice, latencies_have_a_spread_that_overrides_take_away) {
  std::set<std::int64_t> drawn;
  std::set<std::int64_t> neutral;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    drawn.insert(duration_of(seed, {}));
    neutral.insert(duration_of(seed, {Override{}}));
  }

  EXPECT_GT(drawn.size(), 10U);
  EXPECT_EQ(neutral.size(), 1U);
}

// --- crashes ---

TEST(DiskDevice, a_kill_keeps_the_cache_and_a_power_loss_only_what_was_synced) {
  std::set<std::string> after_kill;
  std::set<std::string> after_power_loss;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DiskWorld world(plain_disk(), seed);
    world.run_program([&](Disk& disk) {
      ignore(put_synced(disk, "log", 0, "synced"), "always succeeds here");
      ignore(put(disk, "log", 0, "cached"), "always succeeds here");
    });
    world.kill();
    world.run_program([&](Disk& disk) { world.say(content(disk, "log")); });
    after_kill.insert(world.said().back());
    // What recovery read was still unsynced: the next power loss takes it back.
    world.power_loss(kAllOrNothing);
    world.run_program([&](Disk& disk) { world.say(content(disk, "log")); });
    after_power_loss.insert(world.said().back());
    const bool is_lost = world.said().back() == "synced";
    EXPECT_EQ(world.meters().of(Situation::kUnsyncedDataLost), is_lost ? 1U : 0U);
  }

  EXPECT_EQ(after_kill, std::set<std::string>{"cached"});
  EXPECT_EQ(after_power_loss, (std::set<std::string>{"cached", "synced"}));
}

TEST(DiskDevice, a_kill_during_a_write_leaves_a_prefix_of_it) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    DiskWorld world(plain_disk(), seed);
    world.boot([&](Disk& disk) {
      const auto file = *disk.open("log", OpenMode::kEither);
      world.device().stall(seconds(1));
      ignore(file->write(0, as_bytes("abcd")), "never answered");
      world.say("not reached");
    });
    world.run(milliseconds(10));
    world.kill();
    world.run_program([&](Disk& disk) { world.say(content(disk, "log")); });
    ASSERT_EQ(world.said().size(), 1U);
    seen.insert(world.said().back());
  }

  EXPECT_EQ(seen, (std::set<std::string>{"", "a", "ab", "abc", "abcd"}));
}

TEST(DiskDevice, a_power_loss_at_an_anchor_ends_the_process_that_met_it) {
  DiskWorld world(plain_disk());
  int syncs = 0;
  world.anchors().on_moment = [&](const DiskMoment& moment) {
    const bool is_sync = moment.request == DiskRequest::kSync;
    if (is_sync && moment.phase == DiskPhase::kBefore) ++syncs;
    if (syncs == 2) world.power_loss(kAllOrNothing);
  };
  world.boot([&](Disk& disk) {
    const auto file = *disk.open("log", OpenMode::kEither);
    ignore(file->write(0, as_bytes("one")), "always succeeds here");
    world.say("first", file->sync());
    ignore(file->write(3, as_bytes("two")), "always succeeds here");
    world.say("second", file->sync());
  });
  world.run(seconds(1));

  EXPECT_EQ(world.said(), Lines{"first: ok"});
  EXPECT_EQ(world.machine().process(), nullptr);
  world.anchors().on_moment = nullptr;
  world.run_program([&](Disk& disk) { world.say(content(disk, "log").substr(0, 3)); });
  EXPECT_EQ(world.said().back(), "one");
}

TEST(DiskDevice, moments_come_before_during_and_after_each_request) {
  DiskWorld world(plain_disk());
  Lines moments;
  world.anchors().on_moment = [&](const DiskMoment& moment) {
    constexpr const char* kRequests[] = {"write", "sync", "rename", "other"};
    constexpr const char* kPhases[] = {"before ", "during ", "after "};
    moments.push_back(std::string(kPhases[static_cast<int>(moment.phase)]) +
                      kRequests[static_cast<int>(moment.request)] + ' ' + std::string(moment.path));
  };
  world.run_program([&](Disk& disk) {
    ignore(put(disk, "a", 0, "x"), "always succeeds here");
    ignore(disk.rename("a", "b"), "always succeeds here");
    ignore(disk.sync_directory(""), "always succeeds here");
  });

  EXPECT_EQ(moments, (Lines{"before other a", "during other a", "after other a", "before write a",
                            "during write a", "after write a", "before rename a", "during rename a",
                            "after rename a", "before sync ", "during sync ", "after sync "}));
}

TEST(DiskDevice, a_write_during_a_sync_is_not_covered_by_it) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DiskWorld world(plain_disk(), seed);
    world.run_program([&](Disk& disk) {
      const auto file = *disk.open("log", OpenMode::kEither);
      ignore(file->write(0, as_bytes("a")), "always succeeds here");
      ignore(disk.sync_directory(""), "always succeeds here");
      world.spawn("writer", [&] { world.say("b", file->write(0, as_bytes("b"))); });
      world.say("sync", file->sync());
    });
    ASSERT_EQ(world.said(), (Lines{"b: ok", "sync: ok"}));
    world.power_loss(kAllOrNothing);
    world.run_program([&](Disk& disk) { world.say(content(disk, "log")); });
    seen.insert(world.said().back());
  }

  EXPECT_EQ(seen, (std::set<std::string>{"a", "b"}));
}

TEST(DiskDevice, an_older_disk_is_as_it_was_at_its_syncs_and_a_lost_one_is_empty) {
  DiskWorld world(plain_disk());
  world.run_program([&](Disk& disk) {
    ignore(put_synced(disk, "log", 0, "old"), "always succeeds here");
    ignore(put(disk, "log", 0, "OLD"), "not synced: not in the image");
  });
  const std::unique_ptr<DiskSnapshot> image = world.device().snapshot();
  world.run_program([&](Disk& disk) {
    ignore(put_synced(disk, "log", 0, "new"), "always succeeds here");
    ignore(put_synced(disk, "log.1", 0, "new"), "always succeeds here");
  });

  EXPECT_TRUE(world.device().restore(*image));
  world.run_program([&](Disk& disk) {
    world.say(content(disk, "log"));
    world.say(content(disk, "log.1"));
  });
  EXPECT_TRUE(world.device().lose());
  world.run_program([&](Disk& disk) { world.say(std::to_string(disk.list("")->size())); });

  EXPECT_EQ(world.said(), (Lines{"old", "open: not_found", "0"}));
}

// --- runs are functions of their seeds ---

std::uint64_t fingerprint_of(std::uint64_t seed) {
  DiskWorld world(DiskOptions{.order = NameOrder::kWeak, .latency = {}}, seed);
  const auto program = [&](Disk& disk) {
    for (int file = 0; file < 5; ++file) {
      const std::string name = "log." + std::to_string(file);
      ignore(put(disk, name, 0, content(disk, name) + std::string(700, 'x')), "always succeeds");
      if (file % 2 == 0) ignore(put_synced(disk, name, 100, "y"), "always succeeds");
    }
  };
  for (int life = 0; life < 3; ++life) {
    world.run_program(program);
    world.power_loss(Survival{});
  }
  world.run_program(program);
  return world.world().fingerprint().value();
}

TEST(DiskDevice, one_seed_is_one_history) {
  std::set<std::uint64_t> fingerprints;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_EQ(fingerprint_of(seed), fingerprint_of(seed));
    fingerprints.insert(fingerprint_of(seed));
  }
  EXPECT_EQ(fingerprints.size(), 10U);
}

}  // namespace
}  // namespace millrace::sim
