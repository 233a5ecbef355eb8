#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "sim/devices/disk_files.h"
#include "system/base/bytes.h"

namespace millrace::sim {
namespace {

using Names = std::vector<std::string>;

Names names_of(const DiskFiles& files) {
  Names names;
  for (const auto& [path, file] : files.names().now()) {
    names.push_back(file == nullptr ? path + '/' : path);
  }
  return names;
}

FileRef open(DiskFiles& files, std::string_view path, OpenMode mode) {
  const std::expected<FileRef, Errc> file = files.open(path, mode);
  return file.has_value() ? *file : nullptr;
}

std::string text(const FileRef& file) {
  Bytes bytes(file->image.size());
  file->image.read(0, bytes);
  return std::string(as_text(bytes));
}

/// A power loss by seed; `lossy` draws are looked for by trying seeds.
CrashReport lose_power(DiskFiles& files, std::uint64_t seed, const Survival& survival) {
  Choices choices(seed);
  const EventIdentity who =
      choices.identify(fault_root(seed), EventKind::kFault, where_of("machine"), {});
  return files.lose_power(choices, {}, who, survival, nullptr);
}

/// Names, after a power loss of everything that `prepare` left pending, over 64 seeds.
template <typename Prepare>
std::set<Names> left_over(NameOrder order, Prepare prepare) {
  std::set<Names> seen;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    DiskFiles files("disk", order);
    prepare(files);
    lose_power(files, seed, Survival{});
    files.check_invariants();
    seen.insert(names_of(files));
  }
  return seen;
}

void make_two(DiskFiles& files) {
  open(files, "a", OpenMode::kCreate);
  open(files, "b", OpenMode::kCreate);
}

// A number in a file's name counts what came before, so identities leave it out; a directory's
// number is a name.
TEST(DiskNames, files_that_differ_by_a_number_are_one_place) {
  DiskFiles files("disk", NameOrder::kOrdered);
  for (const char* directory : {"log-1", "log-2"}) {
    ASSERT_TRUE(files.make_directory(directory).has_value());
  }

  const Where seven = open(files, "log-1/007.log", OpenMode::kCreate)->where;

  EXPECT_EQ(open(files, "log-1/31.log", OpenMode::kCreate)->where, seven);
  EXPECT_FALSE(open(files, "log-2/007.log", OpenMode::kCreate)->where == seven);
  EXPECT_FALSE(open(files, "log-1/007.idx", OpenMode::kCreate)->where == seven);
  EXPECT_FALSE(open(files, "log-1/007-1.log", OpenMode::kCreate)->where == seven);
}

TEST(DiskNames, opens_by_mode) {
  DiskFiles files("disk", NameOrder::kOrdered);

  EXPECT_EQ(files.open("a", OpenMode::kExisting).error(), Errc::kNotFound);
  EXPECT_TRUE(files.open("a", OpenMode::kEither).has_value());
  EXPECT_EQ(files.open("a", OpenMode::kCreate).error(), Errc::kAlreadyExists);
  EXPECT_TRUE(files.open("a", OpenMode::kExisting).has_value());
  EXPECT_EQ(files.open("no/a", OpenMode::kCreate).error(), Errc::kNotFound);
  for (const char* bad : {"", "/", "/a", "a/", "a//b", "./a", "a/.."}) {
    EXPECT_EQ(files.open(bad, OpenMode::kEither).error(), Errc::kInvalid) << bad;
  }
}

TEST(DiskNames, lists_a_directory_sorted_and_without_what_is_below) {
  DiskFiles files("disk", NameOrder::kOrdered);
  ASSERT_TRUE(files.make_directory("d").has_value());
  ASSERT_TRUE(files.make_directory("d/sub").has_value());
  for (const char* path : {"d/b", "d/a", "d/sub/c", "d-else", "e"}) {
    open(files, path, OpenMode::kCreate);
  }

  std::vector<std::string_view> names;
  ASSERT_TRUE(files.names().list("d", names).has_value());
  EXPECT_EQ(names, (std::vector<std::string_view>{"a", "b", "sub"}));
  names.clear();
  ASSERT_TRUE(files.names().list("", names).has_value());
  EXPECT_EQ(names, (std::vector<std::string_view>{"d", "d-else", "e"}));
  EXPECT_EQ(files.names().list("no", names).error(), Errc::kNotFound);
}

TEST(DiskNames, an_ordered_disk_keeps_a_prefix_of_its_journal) {
  const std::set<Names> seen = left_over(NameOrder::kOrdered, make_two);

  EXPECT_EQ(seen, (std::set<Names>{{}, {"a"}, {"a", "b"}}));
}

TEST(DiskNames, a_weak_disk_keeps_names_independently) {
  const std::set<Names> seen = left_over(NameOrder::kWeak, make_two);

  EXPECT_EQ(seen, (std::set<Names>{{}, {"a"}, {"b"}, {"a", "b"}}));
}

TEST(DiskNames, on_an_ordered_disk_any_sync_carries_all_names_before_it) {
  const auto prepare = [](DiskFiles& files) {
    make_two(files);
    files.sync(open(files, "b", OpenMode::kExisting), files.ordinal());
    open(files, "c", OpenMode::kCreate);
  };

  EXPECT_EQ(left_over(NameOrder::kOrdered, prepare),
            (std::set<Names>{{"a", "b"}, {"a", "b", "c"}}));
}

TEST(DiskNames, on_a_weak_disk_a_files_sync_does_not_keep_its_name) {
  const auto prepare = [](DiskFiles& files) {
    make_two(files);
    files.sync(open(files, "b", OpenMode::kExisting), files.ordinal());
  };

  EXPECT_EQ(left_over(NameOrder::kWeak, prepare).size(), 4U);
}

TEST(DiskNames, on_a_weak_disk_a_directorys_sync_keeps_the_names_in_it_only) {
  const auto prepare = [](DiskFiles& files) {
    ASSERT_TRUE(files.make_directory("d").has_value());
    ASSERT_TRUE(files.sync_directory("", files.ordinal()).has_value());
    open(files, "d/a", OpenMode::kCreate);
    open(files, "b", OpenMode::kCreate);
    ASSERT_TRUE(files.sync_directory("d", files.ordinal()).has_value());
  };

  EXPECT_EQ(left_over(NameOrder::kWeak, prepare),
            (std::set<Names>{{"d/", "d/a"}, {"b", "d/", "d/a"}}));
}

TEST(DiskNames, on_a_weak_disk_a_synced_name_goes_with_a_directory_that_was_not_synced) {
  const auto prepare = [](DiskFiles& files) {
    ASSERT_TRUE(files.make_directory("d").has_value());
    open(files, "d/a", OpenMode::kCreate);
    ASSERT_TRUE(files.sync_directory("d", files.ordinal()).has_value());
  };

  EXPECT_EQ(left_over(NameOrder::kWeak, prepare), (std::set<Names>{{}, {"d/", "d/a"}}));
}

TEST(DiskNames, a_rename_is_there_or_not_and_never_half) {
  for (const NameOrder order : {NameOrder::kOrdered, NameOrder::kWeak}) {
    const auto prepare = [](DiskFiles& files) {
      open(files, "new", OpenMode::kCreate);
      open(files, "old", OpenMode::kCreate);
      ASSERT_TRUE(files.sync_directory("", files.ordinal()).has_value());
      ASSERT_TRUE(files.rename("new", "old").has_value());
    };

    EXPECT_EQ(left_over(order, prepare), (std::set<Names>{{"old"}, {"new", "old"}}));
  }
}

TEST(DiskNames, changes_of_one_name_stay_in_order_on_a_weak_disk) {
  const auto prepare = [](DiskFiles& files) {
    open(files, "a", OpenMode::kCreate);
    ASSERT_TRUE(files.rename("a", "b").has_value());
    ASSERT_TRUE(files.unlink("b").has_value());
  };

  // Never b without a's creation, never anything after the unlink.
  EXPECT_EQ(left_over(NameOrder::kWeak, prepare), (std::set<Names>{{}, {"a"}, {"b"}}));
}

TEST(DiskNames, the_oldest_changes_become_durable_by_themselves) {
  DiskFiles files("disk", NameOrder::kWeak);
  for (std::size_t i = 0; i < DiskNames::kPendingMax + 10; ++i) {
    open(files, "f" + std::to_string(i), OpenMode::kCreate);
  }

  EXPECT_EQ(files.names().pending_count(), DiskNames::kPendingMax);
  EXPECT_EQ(files.names().durable().size(), 10U);
}

TEST(DiskFiles, one_journal_orders_names_and_sizes_of_all_files) {
  // a grows, then b is made: b without a's growth is impossible on an ordered disk.
  std::set<std::pair<bool, std::uint64_t>> seen;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    DiskFiles files("disk", NameOrder::kOrdered);
    const FileRef a = open(files, "a", OpenMode::kCreate);
    files.sync(a, files.ordinal());
    files.write(a, 0, as_bytes("grown"));
    open(files, "b", OpenMode::kCreate);
    lose_power(files, seed, Survival{});
    seen.emplace(files.names().now().contains("b"), a->image.size());
  }

  EXPECT_EQ(seen, (std::set<std::pair<bool, std::uint64_t>>{{false, 0}, {false, 5}, {true, 5}}));
}

TEST(DiskFiles, a_sync_of_another_file_carries_sizes_only_on_an_ordered_disk) {
  for (const NameOrder order : {NameOrder::kOrdered, NameOrder::kWeak}) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
      DiskFiles files("disk", order);
      const FileRef a = open(files, "a", OpenMode::kCreate);
      const FileRef b = open(files, "b", OpenMode::kCreate);
      ASSERT_TRUE(files.sync_directory("", files.ordinal()).has_value());
      files.write(a, 0, as_bytes("x"));
      files.sync(b, files.ordinal());
      lose_power(files, seed, Survival{});
      seen.insert(text(a));
    }

    EXPECT_TRUE(seen.contains("x"));
    EXPECT_TRUE(seen.contains(std::string(1, '\0')));
    EXPECT_EQ(seen.contains(""), order == NameOrder::kWeak);
  }
}

TEST(DiskFiles, an_image_is_the_disk_at_its_last_syncs) {
  DiskFiles files("disk", NameOrder::kOrdered);
  const FileRef a = open(files, "a", OpenMode::kCreate);
  files.write(a, 0, as_bytes("one"));
  files.sync(a, files.ordinal());
  files.write(a, 0, as_bytes("two"));
  open(files, "b", OpenMode::kCreate);

  const DiskSnapshot older = files.snapshot();
  files.sync(a, files.ordinal());
  EXPECT_TRUE(files.restore(older));

  EXPECT_EQ(names_of(files), Names{"a"});
  EXPECT_EQ(text(open(files, "a", OpenMode::kExisting)), "one");
  EXPECT_FALSE(files.restore(older)) << "nothing differs the second time";
  files.check_invariants();
}

TEST(DiskFiles, a_lost_disk_is_an_empty_image) {
  DiskFiles files("disk", NameOrder::kOrdered);
  EXPECT_FALSE(files.restore(DiskSnapshot()));
  open(files, "a", OpenMode::kCreate);

  EXPECT_TRUE(files.restore(DiskSnapshot()));

  EXPECT_TRUE(files.names().now().empty());
}

TEST(DiskFiles, a_power_loss_says_in_words_what_it_took) {
  const Survival survival{
      .shapes = 0b11, .versions = false, .tear = Ratio::never(), .metadata = false};

  std::set<std::string> said;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    DiskFiles files("disk", NameOrder::kOrdered);
    const FileRef log = open(files, "log.0", OpenMode::kCreate);
    files.write(log, 0, Bytes(1024, std::byte{'a'}));
    files.sync(log, files.ordinal());
    files.write(log, 600, as_bytes("unsynced"));
    Choices choices(seed);
    const EventIdentity who =
        choices.identify(fault_root(1), EventKind::kFault, where_of("machine"), {});
    std::vector<std::string> notes;
    files.lose_power(choices, {}, who, survival, &notes);
    said.insert(notes.begin(), notes.end());
  }

  EXPECT_EQ(said, std::set<std::string>{"log.0 sector 1 dropped, never synced"});
}

// --- names against a naive model ---

struct World {
  explicit World(NameOrder order) : files("disk", order) {}

  DiskFiles files;
  /// Every state of the names since the last one that a power loss cannot go behind.
  std::vector<DiskNames::Tree> history{{}};
  /// Files that each name held since it was last certain; null where it was free.
  std::map<std::string, std::vector<FileRef>> held;
  std::uint64_t crashes = 0;

  void changed() {
    history.push_back(files.names().now());
    for (const std::string& path : paths()) {
      const auto found = files.names().now().find(path);
      const FileRef file = found == files.names().now().end() ? nullptr : found->second;
      std::vector<FileRef>& past = held[path];
      if (past.empty() || past.back() != file) past.push_back(file);
    }
  }

  static std::vector<std::string> paths() { return {"a", "b", "c", "d/a", "d/b", "e/a", "e/b"}; }

  void all_is_certain() {
    history.assign(1, files.names().now());
    held.clear();
    changed();
  }
};

void sync(World& world, const std::string& directory) {
  const bool is_ordered = world.files.order() == NameOrder::kOrdered;
  if (!world.files.sync_directory(directory, world.files.ordinal()).has_value()) return;
  if (is_ordered) {
    world.all_is_certain();
    return;
  }
  for (auto& [path, past] : world.held) {
    const bool is_in = parent_of(path) == directory;
    if (is_in && !past.empty()) past.erase(past.begin(), past.end() - 1);
  }
}

void check_ordered(const World& world) {
  const DiskNames::Tree& left = world.files.names().now();
  RC_ASSERT(std::ranges::find(world.history, left) != world.history.end());
}

void check_weak(const World& world) {
  std::set<std::uint64_t> seen;
  for (const auto& [path, file] : world.files.names().now()) {
    if (file == nullptr) continue;
    RC_ASSERT(seen.insert(file->number).second);  // A rename leaves one name, never two.
    const std::vector<FileRef>& past = world.held.at(path);
    RC_ASSERT(std::ranges::find(past, file) != past.end());
  }
  for (const auto& [path, past] : world.held) {
    // A name that a sync made certain is there, unless its directory went.
    const bool is_certain = past.size() == 1 && past.front() != nullptr;
    if (!is_certain || !world.files.names().has_directory(parent_of(path))) continue;
    RC_ASSERT(world.files.names().now().contains(path));
  }
}

void step(World& world, int kind, const std::string& path, const std::string& other) {
  switch (kind) {
    case 0:
    case 1:
      open(world.files, path, OpenMode::kEither);
      break;
    case 2:
      if (!world.files.make_directory(other.starts_with('d') ? "d" : "e").has_value()) return;
      break;
    case 3:
    case 4:
      if (!world.files.rename(path, other).has_value()) return;
      break;
    case 5:
      if (!world.files.unlink(path).has_value()) return;
      break;
    case 6:
      sync(world, std::string(parent_of(path)));
      return;
    default: {
      lose_power(world.files, world.crashes++, Survival{});
      if (world.files.order() == NameOrder::kOrdered) check_ordered(world);
      if (world.files.order() == NameOrder::kWeak) check_weak(world);
      world.all_is_certain();
      return;
    }
  }
  world.changed();
}

RC_GTEST_PROP(DiskNames, leaves_only_states_that_its_order_allows, ()) {
  World world(*rc::gen::element(NameOrder::kOrdered, NameOrder::kWeak));
  world.crashes = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
  world.changed();
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, std::string, std::string>>>(
      rc::gen::tuple(rc::gen::inRange(0, 8), rc::gen::elementOf(World::paths()),
                     rc::gen::elementOf(World::paths())));
  for (const auto& [kind, path, other] : steps) {
    step(world, kind, path, other);
    world.files.check_invariants();
  }
  step(world, 7, "a", "b");
}

}  // namespace
}  // namespace millrace::sim
