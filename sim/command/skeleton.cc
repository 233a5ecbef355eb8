#include "sim/command/skeleton.h"

#include <fmt/format.h>
#include <utility>

namespace millrace::command {
namespace {

constexpr std::string_view kCmake = R"(cmake_minimum_required(VERSION 3.25)
project(@NAME@ VERSION 0.1.0 LANGUAGES CXX)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
find_package(millrace REQUIRED)
find_package(GTest REQUIRED)

# The system with its workload and property, shared by the program and its tests.
add_library(@NAME@_world STATIC world.cc)
target_link_libraries(@NAME@_world PUBLIC millrace::main)

# ./@NAME@ campaign, replay, explain, ...
add_executable(@NAME@ main.cc)
target_link_libraries(@NAME@ PRIVATE @NAME@_world)
millrace_build_info(@NAME@)
millrace_embed(@NAME@_world scenarios scenarios/first.toml)
millrace_mark_list(@NAME@_world scenarios .)

enable_testing()
millrace_discover_scenarios(@NAME@ SEEDS 20 LABELS sim)
add_executable(@NAME@_test tests/world_test.cc)
target_link_libraries(@NAME@_test PRIVATE @NAME@_world GTest::gtest_main)
include(GoogleTest)
gtest_discover_tests(@NAME@_test)
)";

constexpr std::string_view kMain = R"(#include <millrace/main.h>

#include "world.h"

int main(int argc, char** argv) { return millrace::main(argc, argv, @NAME@::world); }
)";

constexpr std::string_view kWorldHeader = R"(#pragma once

// The world of @NAME@: a store that keeps numbers, and what must hold of it.

#include <millrace/main.h>

namespace @NAME@ {

/// Registers the store, its clients, its property and its scenarios.
void world(millrace::Registry& registry);

}  // namespace @NAME@
)";

constexpr std::string_view kWorld = R"(#include "world.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/embedded.h"
#include "scenarios/marks.h"

namespace @NAME@ {
namespace {

using namespace millrace;

constexpr std::uint16_t kPort = 9000;

// --- The system: one log file, one record a number. ---

struct StoreConfig {
  Duration idle_timeout = seconds(20);
  static constexpr auto knobs = millrace::knobs(
      knob("idle_timeout", &StoreConfig::idle_timeout,
           {.low = seconds(1),
            .high = seconds(600),
            .drawn_low = seconds(5),
            .drawn_high = seconds(60),
            .about = "How long a connection may be silent."}));
};

/// One connection at a time writes and syncs: a sync that fails loses what anybody wrote since the
/// last one, and tells only its caller.
struct Log {
  std::unique_ptr<File> file;
  std::uint64_t size;
  Mutex writing;
};

constexpr std::size_t kRecordBytes = 12;  // The number and its checksum.

Bytes encode(std::uint64_t number) {
  Bytes bytes;
  Writer(bytes).u64(number);
  return bytes;
}

/// A number is stored once it is synced; only then may anybody be told.
Result<void> store_number(Env& env, Log& log, ByteView number) {
  Bytes record(number.begin(), number.end());
  Writer(record).u32(crc32c(number));
  const MutexLock alone = TRY(log.writing.lock(env.clock.now() + seconds(1)));
  const std::uint64_t at = log.size;
  log.size += kRecordBytes;  // Even if this fails: nobody knows what is there then.
  TRY(log.file->write(at, record));
  TRY(log.file->sync());
  env.journal.mark("store.appended");
  return {};
}

/// All numbers. A record without its checksum is what a crash or an error left: never acknowledged.
Result<Bytes> read_numbers(Env& env, Log& log) {
  const Bytes stored = TRY(log.file->read(0, static_cast<std::size_t>(log.size)));
  Bytes numbers;
  for (Reader in(stored); in.remaining() >= kRecordBytes;) {
    const ByteView number = in.raw(8);
    if (in.u32() == crc32c(number)) {
      append(numbers, number);
    } else {
      env.journal.mark("store.skipped_record");
    }
  }
  return numbers;
}

/// A request is a number to store, or a 0 to get all that are stored.
Result<void> serve(Env& env, const StoreConfig& config, Log& log, Connection& connection) {
  while (true) {
    Bytes frame = TRY(connection.receive(env.clock.now() + config.idle_timeout));
    if (frame.size() != 8) return fail(Errc::kProtocol, "a request has eight bytes");
    if (Reader(frame).u64() == 0) {
      frame = TRY(read_numbers(env, log));
    } else {
      TRY(store_number(env, log, frame));
    }
    TRY(connection.send(frame, env.clock.now() + seconds(1)));
  }
}

Result<void> format_store(Env& env, const StoreConfig& /*config*/) {
  const auto file = TRY(env.disk.open("log", OpenMode::kCreate));
  TRY(file->sync());
  return env.disk.sync_directory("");
}

Result<void> store_main(Env& env, const StoreConfig& config) {
  auto file = TRY(env.disk.open("log", OpenMode::kExisting));
  const std::uint64_t size = TRY(file->size());
  TRY(file->sync());  // What a killed process wrote is only now there for good.
  Log log{.file = std::move(file),
          .size = (size + kRecordBytes - 1) / kRecordBytes * kRecordBytes,
          .writing = Mutex(env.tasks)};
  env.journal.mark("store.recovered");
  const auto listener = TRY(env.network.listen(kPort));
  while (true) {
    auto accepted = listener->accept(env.clock.now() + seconds(1'000));
    if (failed_with(accepted, Errc::kTimeout)) continue;
    const std::shared_ptr<Connection> connection = TRY(std::move(accepted));
    env.tasks.spawn("connection", [&env, &config, &log, connection] {
      ignore(serve(env, config, log, *connection), "the client connects again");
    });
  }
}

/// What a frame is called in traces and reports.
std::string name_frame(ByteView frame) {
  Reader in(frame);
  if (frame.size() != 8) return std::to_string(frame.size() / 8) + " numbers";
  const std::uint64_t number = in.u64();
  return number == 0 ? "get all" : "number " + std::to_string(number);
}

// --- Its clients, and what they record. ---

/// A writer is about to send its number.
struct Asked {
  std::uint64_t number = 0;
  static constexpr auto fields = millrace::fields("number", &Asked::number);
};

/// The store acknowledged it.
struct Stored {
  std::uint64_t number = 0;
  static constexpr auto fields = millrace::fields("number", &Stored::number);
};

/// The final look found it.
struct Found {
  std::uint64_t number = 0;
  static constexpr auto fields = millrace::fields("number", &Found::number);
};

struct WriterConfig {
  std::int64_t operations = 20;
  static constexpr auto knobs = millrace::knobs(
      knob("operations", &WriterConfig::operations,
           {.low = 0, .high = 10'000, .about = "How many numbers each client stores."}));
};

struct ReaderConfig {};

/// Sends a request until it is answered; asking twice does no harm here.
Bytes ask(Env& env, const std::string& store, ByteView request) {
  while (true) {
    const Instant deadline = env.clock.now() + milliseconds(500);
    auto connection = env.network.connect({.machine = store, .port = kPort}, deadline);
    if (connection.has_value() && (*connection)->send(request, deadline).has_value()) {
      auto reply = (*connection)->receive(deadline);
      if (reply.has_value()) return *std::move(reply);
    }
    ignore(sleep_until(env.tasks, env.clock.now() + milliseconds(50)), "a pause between tries");
  }
}

void writer_main(Env& env, const WriterConfig& /*config*/, Client& client) {
  const std::string store = client.directory().machines("store")[0];
  while (const auto operation = client.next_operation()) {
    client.history().record(Asked{.number = operation->id});
    ask(env, store, encode(operation->id));
    client.history().record(Stored{.number = operation->id});
    client.finish(*operation, Outcome::kOk);
  }
}

void final_reader_main(Env& env, const ReaderConfig& /*config*/, Client& client) {
  const std::string store = client.directory().machines("store")[0];
  const Bytes all = ask(env, store, encode(0));
  Reader in(all);
  while (in.remaining() >= 8) {
    client.history().record(Found{.number = in.u64()});
  }
}

// --- What must hold. ---

/// Every acknowledged number is found at the end. Cost: O(log n) a record.
class AckedIsFound {
 public:
  static constexpr Claim claim{"MINE-1", "acked_is_found",
                               "Every acknowledged number is found at the end.",
                               PropertyKind::kEventually};
  using Sees = Records<Stored, Found>;

  void on(const Stored& stored, At at) { open_.emplace(stored.number, at); }
  void on(const Found& found, At /*at*/) { open_.erase(found.number); }
  void at_end(Judge& judge) {
    for (const auto& [number, at] : open_) {
      judge.violated({.seen = std::to_string(number) + " was acknowledged and is not there",
                      .expected = std::to_string(number) + " among what is stored",
                      .evidence = {at}});
    }
  }

 private:
  std::map<std::uint64_t, At> open_;
};

/// Nothing comes out that nobody put in. Cost: O(log n) a record.
class AnswersAreAskedFor {
 public:
  static constexpr Claim claim{"MINE-2", "answers_are_asked_for",
                               "Every number is asked for once, before it is acknowledged or "
                               "found."};
  static constexpr std::array<std::string_view, 3> classes{"repeated", "acked", "found"};
  using Sees = Records<Asked, Stored, Found>;

  void on(const Asked& asked, At at, Judge& judge) {
    if (!asked_.insert(asked.number).second) object("repeated", asked.number, at, judge);
    judge.compared();
  }
  void on(const Stored& stored, At at, Judge& judge) {
    if (!asked_.contains(stored.number)) object("acked", stored.number, at, judge);
    judge.compared();
  }
  void on(const Found& found, At at, Judge& judge) {
    if (!asked_.contains(found.number)) object("found", found.number, at, judge);
    judge.compared();
  }

 private:
  static void object(std::string_view how, std::uint64_t number, At at, Judge& judge) {
    judge.violated({.failure_class = how,
                    .seen = std::to_string(number) + " is " + std::string(how),
                    .expected = "one request for it, before",
                    .evidence = {at}});
  }

  std::set<std::uint64_t> asked_;
};

}  // namespace

void world(Registry& registry) {
  registry.role("store", store_main, format_store, {.about = "Keeps numbers."});
  registry.workload("writer", writer_main, {.fresh_clients = 1, .about = "Stores numbers."});
  registry.workload("final_reader", final_reader_main,
                    {.start = ClientStart::kLast,
                     .is_in_every_scenario = true,
                     .about = "Reads all numbers when the writers are done."});
  registry.property<AckedIsFound>();
  registry.property<AnswersAreAskedFor>();
  registry.frame_namer(name_frame);
  registry.marks(scenarios::marks());
  registry.scenarios(scenarios::embedded_files());
}

}  // namespace @NAME@
)";

constexpr std::string_view kScenario =
    R"(story = "One store, a few writers, every fault mild: what was acknowledged is found."
tags = ["default", "ci"]
run_for = "10s"
settle_for = "20s"
cluster.store = 1
faults.profile = "mild"
faults.disk.full = "none"         # The log is too small to fill a disk,
faults.disk.torn_write = "harsh"  # and its records so short that few are torn.
floors = { acked_operations = 100, must_reach = { "store.recovered" = "1/10" } }

[workloads.writer]
clients = "2..4"
operations = "100..400"
)";

constexpr std::string_view kTest = R"(#include <gtest/gtest.h>

#include "../world.h"

void millrace::world_of_tests(Registry& registry) { @NAME@::world(registry); }

namespace {

TEST(World, keeps_what_it_acknowledged) {
  EXPECT_TRUE(millrace::holds("first", {.seeds = {1, 20}, .program = "./@NAME@"}));
}

}  // namespace
)";

constexpr std::string_view kSettings =
    R"(# Settings of the command; `keep` looks for this file from where it is called upwards.
repros = "tests/repros"
)";

constexpr std::string_view kReadme = R"(# @NAME@

A small store on a simulated network, disk and clock, under faults that a seed decides.

    cmake -S . -B build && cmake --build build
    ctest --test-dir build                 # the scenarios, and tests/
    build/@NAME@ campaign                  # 200 seeds of each scenario tagged `default`
    build/@NAME@ run first --seed 7        # one seed, one history
    build/@NAME@ list                      # scenarios, properties, faults, workloads, knobs, marks

`world.cc` has the system, its clients and its property; `scenarios/` says what happens to them. To
see a failure: take the sync out of `store_number`, add `faults.machine.power_loss = "harsh"` to the
scenario, build, and run a campaign. It names the command that replays what it found.
)";

std::string filled(std::string_view pattern, std::string_view name) {
  constexpr std::string_view kPlaceholder = "@NAME@";
  std::string text(pattern);
  for (std::size_t at = text.find(kPlaceholder); at != std::string::npos;
       at = text.find(kPlaceholder, at + name.size())) {
    text.replace(at, kPlaceholder.size(), name);
  }
  return text;
}

/// Settings of a group under one name, at their defaults: "streams.first.segments = \"2\"".
std::string settings_skeleton(const run::SettingGroup& group) {
  std::string place = group.pattern;
  if (const std::size_t star = place.find('*'); star != std::string::npos) {
    place.replace(star, 1, "first");
  }
  std::string text;
  for (const KnobView& knob : group.knobs) {
    text += fmt::format("{}.{} = \"{}\"  # {}\n", place, knob.name, knob.text(knob.default_value),
                        knob.about);
  }
  return text;
}

}  // namespace

std::string scenario_skeleton(const run::Registry& registry) {
  std::string text =
      "story = \"What happens here, and what must hold, in a sentence.\"\n"
      "tags = []                  # @default and @ci are what the command and CI run\n"
      "run_for = \"30s\"            # faults on: safety is judged\n"
      "settle_for = \"20s\"         # healed: liveness is judged\n"
      "faults.profile = \"mild\"    # none mild harsh; or a kind: faults.disk.torn_write = "
      "\"harsh\"\n";
  for (const run::RoleType& role : registry.roles()) {
    text += fmt::format("cluster.{} = \"1..3\"       # machines; a range is drawn from the seed\n",
                        role.name);
  }
  for (const run::SettingGroup& group : registry.setting_groups()) {
    text += settings_skeleton(group);
  }
  text +=
      "\n[floors]                   # below these a green run means nothing\n"
      "acked_operations = 10\n";
  for (const run::WorkloadType& workload : registry.workloads()) {
    if (workload.options.is_in_every_scenario) continue;
    text += fmt::format("\n[workloads.{}]  # {}\nclients = \"1..3\"\n", workload.name,
                        workload.options.about);
    for (const KnobView& knob : workload.knobs) {
      text += fmt::format("# {} = \"{}\"  # {}\n", knob.name, knob.text(knob.default_value),
                          knob.about);
    }
    break;
  }
  return text;
}

std::vector<SkeletonFile> project_skeleton(std::string_view name) {
  const std::pair<std::string_view, std::string_view> files[]{
      {"CMakeLists.txt", kCmake},
      {"README.md", kReadme},
      {".gitignore", "build/\nmillrace-out/\n"},
      {"millrace.toml", kSettings},
      {"main.cc", kMain},
      {"world.h", kWorldHeader},
      {"world.cc", kWorld},
      {"scenarios/first.toml", kScenario},
      {"tests/world_test.cc", kTest},
  };
  std::vector<SkeletonFile> skeleton;
  for (const auto& [path, pattern] : files) {
    skeleton.push_back({.path = std::string(path), .text = filled(pattern, name)});
  }
  return skeleton;
}

}  // namespace millrace::command
