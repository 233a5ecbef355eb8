// The client against the segment store itself, in a simulated world where the store dies and comes
// back.

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system/client/conditional_writer.h"
#include "system/client/event_reader.h"
#include "system/client/event_writer.h"
#include "system/client/stream_admin.h"
#include "system/env/sync.h"
#include "system/segment_store/segment_store.h"
#include "tests/system/wal/env_world.h"

namespace millrace::client {
namespace {

using namespace literals;
using Lines = std::vector<std::string>;

constexpr std::uint32_t kSegments = 2;
const std::string kStore = "store-1";
const std::string kClient = "client-1";

/// What a client program stands on.
struct Program {
  Program(EnvWorld& env_world, Env& process_env)
      : world(env_world), env(process_env), context(make_context(env, directory, config())) {
    std::map<SegmentId, Address> stores;
    for (std::uint32_t i = 0; i < kSegments; ++i) {
      stores.emplace(segment(i), Address{.machine = kStore, .port = 9000});
    }
    directory.add(stream, SegmentMap::equal_split(stream, kSegments), stores);
  }

  static ClientConfig config() {
    ClientConfig config;
    config.block_events_max = 4;
    config.keep_alive_after = 50_ms;
    config.keep_alive_timeout = 50_ms;
    config.request_timeout = 200_ms;
    config.backoff_max = 50_ms;
    return config;
  }

  SegmentId segment(std::uint32_t number) const { return {.stream = stream, .number = number}; }
  Instant later() { return env.clock.now() + 600_s; }

  template <typename T>
  bool succeeded(std::string_view what, const Result<T>& result) {
    if (!result.has_value()) world.say(std::string(what) + ": " + to_text(result.error()));
    return result.has_value();
  }

  void create_segments() {
    StreamAdmin admin(context);
    for (std::uint32_t i = 0; i < kSegments; ++i) {
      succeeded("create", admin.create(segment(i), later()));
    }
  }

  /// Says every event of a segment, up to its present length.
  void say_events(std::uint32_t number) {
    StreamAdmin admin(context);
    const Result<SegmentStatus> status = admin.info(segment(number), later());
    if (!succeeded("info", status)) return;
    EventReader reader(context, segment(number), 0);
    while (reader.offset() < status->length) {
      const Result<std::optional<ReadEvent>> event = reader.next(later());
      if (!succeeded("read", event) || !event->has_value()) return;
      world.say(std::string(as_text((*event)->payload)));
    }
  }

  EnvWorld& world;
  Env& env;
  const StreamName stream = *StreamName::parse("orders");
  StaticDirectory directory;
  ClientContext context;
};

void boot_store(EnvWorld& world, bool is_new) {
  world.boot(kStore, [&world, is_new](Env& env) {
    const segment_store::SegmentStoreConfig config{.store_id = 1};
    if (is_new) {
      ignore(segment_store::format_segment_store(env, config), "the service then says why not");
    }
    const Result<void> ended = segment_store::segment_store_main(env, config);
    world.say("store: " + to_text(ended.error()));
  });
}

/// Writes events with a pause behind each, so that the store dies among them.
void write_events(Program& program, int count) {
  Result<std::unique_ptr<EventWriter>> writer =
      EventWriter::open(program.context, program.stream, program.later());
  if (!program.succeeded("open", writer)) return;
  for (int i = 0; i < count; ++i) {
    const std::string payload = std::to_string(1'000 + i);
    const std::string key = "key-" + std::to_string(i % 5);
    program.succeeded("write", (*writer)->write(key, as_bytes(payload), program.later()));
    ignore(sleep_until(program.env.tasks, program.env.clock.now() + 2_ms), "never cancelled");
  }
  program.succeeded("flush", (*writer)->flush(program.later()));
  program.succeeded("close", (*writer)->close(program.later()));
}

TEST(ClientWithStore, every_event_is_there_once_and_in_order_though_the_store_is_killed) {
  constexpr int kEvents = 300;
  int reconnected = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EnvWorld world(seed);
    boot_store(world, true);
    world.boot(kClient, [&world](Env& env) {
      Program program(world, env);
      program.create_segments();
      write_events(program, kEvents);
      world.say("segment 0");
      program.say_events(0);
      world.say("segment 1");
      program.say_events(1);
      world.say("done");
    });
    for (int i = 0; i < 6; ++i) {
      world.run_for(80_ms);
      if (i % 2 == 0) {
        world.kill(kStore);
      } else {
        world.power_loss(kStore);
      }
      world.run_for(20_ms);
      boot_store(world, false);
    }
    world.run_for(60_s);

    Lines lines = world.take_lines();
    ASSERT_GE(lines.size(), 3U) << "seed " << seed;
    EXPECT_EQ(lines.front(), "segment 0") << "seed " << seed;
    EXPECT_EQ(lines.back(), "done") << "seed " << seed;
    // Numbers grow with the order of writing, so sorted means in order.
    const auto second = std::ranges::find(lines, "segment 1");
    EXPECT_TRUE(std::is_sorted(lines.begin() + 1, second)) << "seed " << seed;
    EXPECT_TRUE(std::is_sorted(second + 1, lines.end() - 1)) << "seed " << seed;
    EXPECT_EQ(lines.size(), kEvents + 3U) << "seed " << seed;
    std::ranges::sort(lines);
    EXPECT_EQ(std::ranges::adjacent_find(lines), lines.end()) << "seed " << seed;
    EXPECT_EQ(world.facts("Unexpected"), 0) << "seed " << seed;
    reconnected += world.marks("writer.reconnected");
  }
  EXPECT_GT(reconnected, 50);
}

TEST(ClientWithStore, a_tail_reader_follows_the_writer_until_the_seal) {
  EnvWorld world;
  boot_store(world, true);
  world.boot(kClient, [&world](Env& env) {
    Program program(world, env);
    program.create_segments();
    TaskGroup tasks(env.tasks);
    for (std::uint32_t number = 0; number < kSegments; ++number) {
      tasks.spawn("reader-" + std::to_string(number), [&program, &world, number] {
        EventReader reader(program.context, program.segment(number), 0);
        int count = 0;
        while (true) {
          const Result<std::optional<ReadEvent>> event = reader.next(program.later());
          if (!program.succeeded("read", event) || !event->has_value()) break;
          ++count;
        }
        world.say("segment " + std::to_string(number) + " ended after " + std::to_string(count));
      });
    }
    write_events(program, 100);
    StreamAdmin admin(program.context);
    for (std::uint32_t number = 0; number < kSegments; ++number) {
      program.succeeded("seal", admin.seal(program.segment(number), program.later()));
    }
    ignore(tasks.join(program.later()), "said below");
    write_events(program, 1);
  });
  world.run_for(60_s);

  Lines lines = world.take_lines();
  std::ranges::sort(lines);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].starts_with("flush: sealed"));
  int total = 0;
  for (const std::string& line : {lines[1], lines[2]}) {
    total += std::stoi(line.substr(line.rfind(' ') + 1));
  }
  EXPECT_EQ(total, 100);
}

TEST(ClientWithStore, a_truncated_segment_is_read_from_its_start) {
  EnvWorld world;
  boot_store(world, true);
  world.boot(kClient, [&world](Env& env) {
    Program program(world, env);
    program.create_segments();
    const SegmentId segment = program.segment(0);
    ConditionalWriter writer(program.context, segment);
    std::uint64_t length = 0;
    std::uint64_t middle = 0;
    for (const std::string_view payload : {"one", "two", "three"}) {
      middle = length;
      const auto outcome = writer.append(as_bytes(payload), length, program.later());
      if (!program.succeeded("append", outcome)) return;
      length = outcome->segment_length;
    }
    const auto conflict = writer.append(as_bytes("four"), middle, program.later());
    if (!program.succeeded("append", conflict)) return;
    world.say(conflict->is_appended ? "appended" : "conflict");
    StreamAdmin admin(program.context);
    program.succeeded("truncate", admin.truncate(segment, middle, program.later()));

    EventReader reader(program.context, segment, 0);
    const auto gone = reader.next(program.later());
    if (failed_with(gone, Errc::kTruncated)) world.say("truncated");
    const auto first = reader.next(program.later());
    if (program.succeeded("read", first)) world.say(std::string(as_text((*first)->payload)));
    const bool is_same = conflict->segment_length == length && reader.offset() == length;
    world.say(is_same ? "lengths agree" : "lengths differ");
  });
  world.run_for(60_s);

  EXPECT_EQ(world.take_lines(), (Lines{"conflict", "truncated", "three", "lengths agree"}));
}

}  // namespace
}  // namespace millrace::client
