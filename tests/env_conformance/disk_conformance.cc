// The sentences of system/env/disk.h, the crashes' among them.

#include <algorithm>
#include <set>

#include "tests/env_conformance/conformance.h"

namespace millrace::conformance {
namespace {

CONFORMANCE_SUITE(DiskConformance, nullptr);
CONFORMANCE_SUITE(DiskCrashConformance, nullptr);
CONFORMANCE_SUITE(PowerLossConformance, &Traits::can_lose_power);
CONFORMANCE_SUITE(DiskFailureConformance, &Traits::can_fail_disks);

const std::string kHost = "host-1";

std::unique_ptr<File> open(Process& p, std::string_view path) {
  return must(p.disk.open(path, OpenMode::kEither));
}

/// Writes a file, creating it where needed, without a sync.
void put(Process& p, std::string_view path, std::string_view text) {
  must(open(p, path)->write(0, as_bytes(text)));
}

/// As above, with a sync of the file but none of its name.
void put_synced(Process& p, std::string_view path, std::string_view text) {
  put(p, path, text);
  must(open(p, path)->sync());
}

/// The file as text, with '.' for zeros; "absent" where there is none.
std::string content(Process& p, std::string_view path) {
  const Result<std::unique_ptr<File>> file = p.disk.open(path, OpenMode::kExisting);
  if (failed_with(file, Errc::kNotFound)) return "absent";
  std::string text(as_text(must(must(p.disk.open(path, OpenMode::kExisting))->read(0, 1 << 20))));
  std::ranges::replace(text, '\0', '.');
  return text;
}

std::string names(Process& p, std::string_view path) {
  std::string all;
  for (const std::string& name : must(p.disk.list(path))) all += name + ' ';
  return all;
}

// --- without crashes ---

TEST_P(DiskConformance, open_modes_say_whether_a_file_may_or_must_exist) {
  run_alone([](Process& p) {
    p.claim(failed_with(p.disk.open("a", OpenMode::kExisting), Errc::kNotFound), "it is not there");
    must(p.disk.open("a", OpenMode::kCreate));
    p.claim(failed_with(p.disk.open("a", OpenMode::kCreate), Errc::kAlreadyExists), "it is there");
    put(p, "a", "kept");
    must(p.disk.open("a", OpenMode::kEither));
    must(p.disk.open("b", OpenMode::kEither));
    p.claim(content(p, "a") == "kept", "opening a file changes nothing of it");
    p.claim(content(p, "b").empty(), "a new file is empty");
    p.claim(failed_with(p.disk.open("none/a", OpenMode::kCreate), Errc::kNotFound), "no directory");
  });
}

TEST_P(DiskConformance, a_file_holds_what_was_written_and_zeros_between) {
  run_alone([](Process& p) {
    const std::unique_ptr<File> file = open(p, "a");
    must(file->write(6, as_bytes("gap")));
    must(file->write(1, as_bytes("on")));
    must(file->write(2, as_bytes("ff")));
    p.claim(content(p, "a") == ".off..gap", "the last write of a byte counts");
    p.claim(must(file->size()) == 9, "the size is the end of the last byte");
    p.claim(as_text(must(file->read(7, 100))) == "ap", "fewer bytes only at the end");
    p.claim(must(file->read(9, 100)).empty(), "nothing at the end");
    p.claim(must(file->read(5000, 100)).empty(), "nor beyond it");
    must(file->truncate(3));
    must(file->truncate(5));
    p.claim(content(p, "a") == ".of..", "what was cut off does not come back");
    must(file->sync());
    p.claim(must(file->size()) == 5, "truncate sets the size");
  });
}

TEST_P(DiskConformance, directories_list_sorted_names_that_renames_and_unlinks_change) {
  run_alone([](Process& p) {
    must(p.disk.make_directory("d"));
    must(p.disk.make_directory("d"));
    must(p.disk.make_directory("d/e"));
    for (const char* const path : {"d/c", "d/a", "d/b", "top"}) put(p, path, path);
    p.claim(names(p, "d") == "a b c e ", "names are sorted, without their path");
    p.claim(names(p, "") == "d top ", "the root is a directory");
    must(p.disk.rename("d/a", "d/b"));
    must(p.disk.rename("top", "d/e/top"));
    must(p.disk.unlink("d/c"));
    p.claim(names(p, "d") == "b e " && names(p, "") == "d ", "old names are gone");
    p.claim(content(p, "d/b") == "d/a", "a rename replaces");
    p.claim(content(p, "d/e/top") == "top", "and moves between directories");
    must(p.disk.sync_directory("d"));
  });
}

TEST_P(DiskConformance, what_is_not_there_is_not_found) {
  run_alone([](Process& p) {
    const auto is_missing = [&](const auto& result) {
      p.claim(failed_with(result, Errc::kNotFound), "kNotFound");
    };
    is_missing(p.disk.make_directory("none/d"));
    is_missing(p.disk.rename("none", "to"));
    is_missing(p.disk.unlink("none"));
    is_missing(p.disk.list("none"));
    is_missing(p.disk.sync_directory("none"));
  });
}

TEST_P(DiskConformance, a_call_lets_others_run_and_no_cancel_shortens_it) {
  run_alone([](Process& p) {
    TaskGroup group(p.tasks);
    bool has_run = false;
    group.spawn("writer", [&] {
      p.tasks.cancel(p.tasks.current());
      const std::unique_ptr<File> file = open(p, "a");
      for (int i = 0; i < 10'000 && !has_run; ++i) must(file->write(0, as_bytes("overwritten")));
      must(file->write(0, as_bytes("0123456789")));
      must(file->sync());
      must(p.disk.sync_directory(""));
    });
    group.spawn("other", [&] { has_run = true; });
    must(group.join(kNever));
    p.claim(has_run, "a call gives way until the device has answered");
    p.claim(content(p, "a").starts_with("0123456789"), "a cancelled task's calls are complete");
  });
}

// --- crashes ---

/// Runs `body` until it waits for the crash, and crashes it.
void crash_after(ConformanceWorld& world, const Body& body, Crash crash) {
  world.start(kHost, body);
  EXPECT_EQ(world.run("ready"), Stop::kSaid) << world.check_failure();
  world.crash(kHost, crash);
}

/// What a process of the crashed machine finds at `path`.
std::string found(ConformanceWorld& world, const std::string& path) {
  world.start(kHost, [path](Process& p) { p.say("found " + content(p, path)); });
  EXPECT_EQ(world.run({}), Stop::kAllEnded) << world.check_failure();
  return world.lines().back().text.substr(std::string_view("found ").size());
}

TEST_P(DiskCrashConformance, a_kill_keeps_all_that_was_written) {
  in_each_world([](ConformanceWorld& world) {
    const Body body = [](Process& p) {
      must(p.disk.make_directory("d"));
      put(p, "d/log", std::string(5000, 'a'));
      put(p, "old", "moved");
      put(p, "gone", "x");
      must(p.disk.rename("old", "d/new"));
      must(p.disk.unlink("gone"));
      must(open(p, "d/log")->truncate(4500));
      p.wait_for_crash();
    };
    crash_after(world, body, Crash::kKill);
    EXPECT_EQ(found(world, "d/log"), std::string(4500, 'a'));
    EXPECT_EQ(found(world, "d/new"), "moved");
    EXPECT_EQ(found(world, "old"), "absent");
    EXPECT_EQ(found(world, "gone"), "absent");
  });
}

TEST_P(DiskCrashConformance, a_kill_cuts_a_write_under_way_to_a_prefix) {
  std::set<std::size_t> lengths;
  in_each_world([&](ConformanceWorld& world) {
    constexpr std::size_t kOld = 6000;
    constexpr std::size_t kNew = 20'000;
    const Body body = [](Process& p) {
      const std::unique_ptr<File> file = open(p, "log");
      must(file->write(0, as_bytes(std::string(kOld, 'a'))));
      const std::string text(kNew, 'b');
      p.say("ready");
      must(file->write(0, as_bytes(text)));
      p.wait_for_crash();
    };
    crash_after(world, body, Crash::kKill);

    const std::string after = found(world, "log");
    const std::size_t written = std::min(after.find_first_not_of('b'), after.size());
    std::string expected(std::max(kOld, written), 'a');
    expected.replace(0, written, written, 'b');
    EXPECT_EQ(after, expected);
    lengths.insert(written);
  });
  expect_each_may(lengths.size(), 3);
}

TEST_P(PowerLossConformance, a_power_loss_keeps_synced_bytes_and_invents_none) {
  std::set<std::string> outcomes;
  in_each_world([&](ConformanceWorld& world) {
    const Body body = [](Process& p) {
      put_synced(p, "log", std::string(8000, 'a'));
      must(p.disk.sync_directory(""));
      const std::unique_ptr<File> file = open(p, "log");
      must(file->write(1000, as_bytes(std::string(4000, 'b'))));
      must(file->write(3000, as_bytes(std::string(9000, 'c'))));
      p.wait_for_crash();
    };
    crash_after(world, body, Crash::kPowerLoss);

    const std::string after = found(world, "log");
    ASSERT_GE(after.size(), 8000u);
    ASSERT_LE(after.size(), 12'000u);
    for (std::size_t i = 0; i < after.size(); ++i) {
      std::string possible(1, i < 8000 ? 'a' : '.');
      if (i >= 1000 && i < 5000) possible += 'b';
      if (i >= 3000) possible += 'c';
      ASSERT_TRUE(possible.contains(after[i])) << "at " << i << " is " << after[i];
    }
    outcomes.insert(after);
  });
  expect_each_may(outcomes.size(), 6);
}

TEST_P(PowerLossConformance, an_unsynced_truncation_may_be_taken_back_and_a_synced_one_is_not) {
  for (const bool syncs : {false, true}) {
    std::set<std::string> outcomes;
    in_each_world([&](ConformanceWorld& world) {
      const Body body = [syncs](Process& p) {
        put_synced(p, "log", "abcdefgh");
        must(p.disk.sync_directory(""));
        must(open(p, "log")->truncate(3));
        if (syncs) must(open(p, "log")->sync());
        p.wait_for_crash();
      };
      crash_after(world, body, Crash::kPowerLoss);
      const std::string after = found(world, "log");
      EXPECT_TRUE(after == "abc" || (after == "abcdefgh" && !syncs)) << after;
      outcomes.insert(after);
    });
    expect_each_may(outcomes.size(), syncs ? 1 : 2);
  }
}

TEST_P(PowerLossConformance, a_name_is_certain_only_after_its_directory_was_synced) {
  std::set<std::string> created;
  std::set<std::string> unlinked;
  in_each_world([&](ConformanceWorld& world) {
    const Body body = [](Process& p) {
      must(p.disk.make_directory("d"));
      must(p.disk.sync_directory(""));
      put_synced(p, "d/kept", "kept");
      put_synced(p, "d/gone", "gone");
      put_synced(p, "d/maybe", "maybe");
      must(p.disk.sync_directory("d"));
      must(p.disk.unlink("d/gone"));
      must(p.disk.sync_directory("d"));
      must(p.disk.unlink("d/maybe"));
      put(p, "d/new", "");
      p.wait_for_crash();
    };
    crash_after(world, body, Crash::kPowerLoss);
    EXPECT_EQ(found(world, "d/kept"), "kept");
    EXPECT_EQ(found(world, "d/gone"), "absent");
    created.insert(found(world, "d/new"));
    unlinked.insert(found(world, "d/maybe"));
  });
  const std::set<std::string> possible_created = {"", "absent"};
  const std::set<std::string> possible_unlinked = {"absent", "maybe"};
  EXPECT_TRUE(std::ranges::includes(possible_created, created));
  EXPECT_TRUE(std::ranges::includes(possible_unlinked, unlinked));
  expect_each_may(created.size() + unlinked.size(), 4);
}

TEST_P(PowerLossConformance, a_rename_replaces_at_once_also_as_a_power_loss_sees_it) {
  for (const bool syncs : {false, true}) {
    std::set<std::string> outcomes;
    in_each_world([&](ConformanceWorld& world) {
      const Body body = [syncs](Process& p) {
        put_synced(p, "state", "old");
        must(p.disk.sync_directory(""));
        put_synced(p, "state.new", "new");
        must(p.disk.rename("state.new", "state"));
        if (syncs) must(p.disk.sync_directory(""));
        p.wait_for_crash();
      };
      crash_after(world, body, Crash::kPowerLoss);
      const std::string after = found(world, "state");
      EXPECT_TRUE(after == "new" || (after == "old" && !syncs)) << after;
      if (syncs) {
        EXPECT_EQ(found(world, "state.new"), "absent");
      }
      outcomes.insert(after);
    });
    expect_each_may(outcomes.size(), syncs ? 1 : 2);
  }
}

TEST_P(PowerLossConformance, what_recovery_read_after_a_kill_is_certain_once_it_is_synced) {
  for (const bool syncs : {false, true}) {
    std::set<std::string> outcomes;
    in_each_world([&](ConformanceWorld& world) {
      const Body writes = [](Process& p) {
        put(p, "log", "read after the kill");
        p.wait_for_crash();
      };
      const Body recovers = [syncs](Process& p) {
        p.claim(content(p, "log") == "read after the kill", "a kill keeps what was written");
        if (syncs) {
          must(open(p, "log")->sync());
          must(p.disk.sync_directory(""));
        }
        p.wait_for_crash();
      };
      crash_after(world, writes, Crash::kKill);
      crash_after(world, recovers, Crash::kPowerLoss);
      const std::string after = found(world, "log");
      if (syncs) {
        EXPECT_EQ(after, "read after the kill");
      }
      outcomes.insert(after);
      expect_good_end(world);
    });
    if (!syncs) expect_each_may(outcomes.size(), 2);
  }
}

// --- failures ---

TEST_P(DiskFailureConformance, a_failed_sync_may_lose_what_it_should_cover_and_nothing_else) {
  std::set<std::string> outcomes;
  in_each_world([&](ConformanceWorld& world) {
    world.start(kHost, [](Process& p) {
      const std::string text(4096, 'b');
      put_synced(p, "log", std::string(3 * 4096, 'a'));
      must(p.disk.sync_directory(""));
      p.say("synced");
      p.sleep(1_s);
      const std::unique_ptr<File> file = open(p, "log");
      must(file->write(4096, as_bytes(text)));
      p.claim(failed_with(file->sync(), Errc::kIo), "the device failed");
      p.claim(file->sync().has_value(), "another sync reports success");
      p.wait_for_crash();
    });
    expect_said(world, "synced");
    world.fail_next(kHost, DiskFault::kSyncFails);
    expect_said(world, "ready");
    world.crash(kHost, Crash::kPowerLoss);

    const std::string after = found(world, "log");
    ASSERT_EQ(after.size(), 3u * 4096);
    EXPECT_EQ(after.substr(0, 4096), std::string(4096, 'a'));
    EXPECT_EQ(after.substr(2 * 4096), std::string(4096, 'a'));
    EXPECT_EQ(after.substr(4096, 4096).find_first_not_of("ab"), std::string::npos);
    outcomes.insert(after);
    expect_good_end(world);
  });
  expect_each_may(outcomes.size(), 2);
}

TEST_P(DiskFailureConformance, a_write_without_space_leaves_a_prefix) {
  in_each_world([](ConformanceWorld& world) {
    world.start(kHost, [](Process& p) {
      put(p, "log", "start");
      p.say("started");
      p.sleep(1_s);
      const Result<void> written = open(p, "log")->write(5, as_bytes(std::string(1 << 20, 'b')));
      p.claim(failed_with(written, Errc::kNoSpace), "the disk is full");
      std::string after = content(p, "log");
      p.claim(after.starts_with("start"), "what was there stays");
      p.claim(after.find_first_not_of('b', 5) == std::string::npos, "a prefix may be written");
    });
    expect_said(world, "started");
    world.fail_next(kHost, DiskFault::kNoSpace);
    expect_good_end(world);
  });
}

}  // namespace
}  // namespace millrace::conformance
