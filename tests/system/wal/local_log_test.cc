#include "system/wal/local_log.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "system/env/sync.h"
#include "tests/system/wal/env_world.h"

namespace millrace::wal {
namespace {

constexpr std::string_view kDirectory = "log";
constexpr std::uint64_t kLogId = 5;
const std::string kMachine = "store";

// Says what a log tells its listener, and whether a waiter could have run before.
class Listener final : public LogListener {
 public:
  explicit Listener(EnvWorld& world) : world_(world) {}
  void on_durable(LogAddress address) override {
    durable = address;
    world_.say("durable " + std::to_string(address.value()));
  }
  void on_broken(const Error& error) override {
    world_.say("broken " + std::string(to_text(error.code)));
  }

  LogAddress durable;

 private:
  EnvWorld& world_;
};

Bytes record(std::string_view text) { return to_bytes(text); }

// Runs `body` on a recovered log, and closes it.
class LocalLogTest : public testing::Test {
 protected:
  using Body = std::function<void(Env&, LocalLog&)>;

  /// Called by programs too.
  void fail_next_sync() {
    // The disk outlives the process that asks for this, and with it its arena.
    const sim::ArenaScope simulator(nullptr);
    world_.disk(kMachine).fail_next({.operation = sim::DiskOperation::kSync,
                                     .code = Errc::kIo,
                                     .count = 1,
                                     .path = {},
                                     .kind = sim::FaultKind::kDiskFailedSync});
  }

  void run(const Body& body) {
    world_.boot(kMachine, [this, body](Env& env) { serve(env, body); });
    world_.run_for(seconds(10));
  }

  void serve(Env& env, const Body& body) {
    if (!is_formatted_) {
      is_formatted_ = true;
      if (!format_log(env.disk, kDirectory, kLogId).has_value()) world_.say("format failed");
      if (!env.disk.sync_directory("").has_value()) world_.say("format failed");
    }
    LocalLog log(env.clock, env.tasks, env.disk, env.journal, options_);
    Listener listener(world_);
    std::string shown;
    const Result<RecoveredLog> recovered = log.recover(
        [&](LogAddress, ByteView bytes) -> Result<void> {
          shown += ' ';
          shown += as_text(bytes);
          return {};
        },
        listener);
    if (!recovered.has_value()) {
      world_.say("recover: " + std::string(to_text(recovered.error().code)));
      return;
    }
    world_.say("recovered" + shown);
    body(env, log);
    const Result<void> closed = log.close(Instant::max());
    world_.say(closed.has_value() ? "closed" : "closed: " + to_text(closed.error()));
  }

  // Adds a record and waits for it; says the outcome.
  void add_and_wait(Env& env, LocalLog& log, std::string_view text) {
    const Result<LogAddress> address = log.add(record(text));
    if (!address.has_value()) {
      world_.say("refused " + std::string(to_text(address.error().code)));
      return;
    }
    const Result<void> durable = log.wait_durable(*address, env.clock.now() + seconds(5));
    world_.say(durable.has_value() ? "acked " + std::string(text)
                                   : "unknown " + std::string(to_text(durable.error().code)));
  }

  std::vector<std::string> lines() { return world_.take_lines(); }
  bool said(std::string_view line) {
    return std::ranges::count(world_.lines(), std::string(line)) > 0;
  }

  EnvWorld world_;
  LocalLogOptions options_{.directory = std::string(kDirectory), .log_id = kLogId};

 private:
  bool is_formatted_ = false;
};

using Lines = std::vector<std::string>;

TEST_F(LocalLogTest, tells_its_listener_before_any_waiter_goes_on) {
  run([this](Env& env, LocalLog& log) { add_and_wait(env, log, "a"); });

  EXPECT_EQ(lines(), (Lines{"recovered", "durable 1", "acked a", "closed"}));
}

TEST_F(LocalLogTest, commits_together_what_gathers_while_the_disk_works) {
  run([this](Env& env, LocalLog& log) {
    for (const std::string_view text : {"a", "b", "c"}) {
      if (!log.add(record(text)).has_value()) world_.say("refused");
    }
    add_and_wait(env, log, "d");
  });

  EXPECT_EQ(lines(), (Lines{"recovered", "durable 4", "acked d", "closed"}));
  EXPECT_EQ(world_.marks("wal.batch_durable"), 1);
}

TEST_F(LocalLogTest, keeps_frames_below_the_size_of_a_batch) {
  options_.batch_bytes_max = 2 * framed_record_bytes(1);
  run([this](Env& env, LocalLog& log) {
    for (const std::string_view text : {"a", "b", "c"}) {
      if (!log.add(record(text)).has_value()) world_.say("refused");
    }
    add_and_wait(env, log, "d");
  });

  EXPECT_EQ(lines(), (Lines{"recovered", "durable 2", "durable 4", "acked d", "closed"}));
}

TEST_F(LocalLogTest, a_batch_waits_for_others_no_longer_than_its_delay) {
  options_.batch_delay = milliseconds(50);
  run([this](Env& env, LocalLog& log) {
    const Instant start = env.clock.now();
    if (!log.add(record("a")).has_value()) world_.say("refused");
    ignore(sleep_until(env.tasks, start + milliseconds(30)), "not cancelled");
    add_and_wait(env, log, "b");
    const Duration took = env.clock.now() - start;
    world_.say(took >= milliseconds(50) && took < milliseconds(60) ? "in time" : "too late");
  });

  EXPECT_EQ(lines(), (Lines{"recovered", "durable 2", "acked b", "in time", "closed"}));
}

TEST_F(LocalLogTest, refuses_what_its_queue_has_no_room_for) {
  options_.queue_bytes_max = 10;
  run([this](Env& env, LocalLog& log) {
    if (!log.add(record("a record larger than the queue")).has_value()) world_.say("refused");
    if (failed_with(log.add(record("b")), Errc::kOverloaded)) world_.say("overloaded");
    ignore(sleep_until(env.tasks, env.clock.now() + seconds(1)), "not cancelled");
    add_and_wait(env, log, "c");
  });

  EXPECT_EQ(lines(),
            (Lines{"recovered", "overloaded", "durable 1", "durable 2", "acked c", "closed"}));
}

TEST_F(LocalLogTest, rolls_to_a_new_file_and_removes_what_was_let_go) {
  options_.file_bytes_max = 100;
  run([this](Env& env, LocalLog& log) {
    for (const std::string_view text : {"a", "b", "c", "d"}) {
      add_and_wait(env, log, text);
      log.truncate(log.durable());
    }
    world_.say("files " + std::to_string(env.disk.list(kDirectory)->size()));
  });

  EXPECT_EQ(world_.marks("wal.rolled"), 3);
  // The start is known to the disk with the next file only: one file more than needed.
  EXPECT_TRUE(said("files 2"));
  lines();
  run([](Env&, LocalLog&) {});
  EXPECT_TRUE(said("recovered c d"));
}

TEST_F(LocalLogTest, closing_makes_durable_what_it_took_and_refuses_the_rest) {
  run([this](Env& env, LocalLog& log) {
    if (!log.add(record("a")).has_value()) world_.say("refused");
    const Result<void> closed = log.close(env.clock.now() + seconds(1));
    world_.say(closed.has_value() ? "first close" : "close failed");
    add_and_wait(env, log, "b");
  });

  EXPECT_EQ(lines(),
            (Lines{"recovered", "durable 1", "first close", "refused shutting_down", "closed"}));
}

TEST_F(LocalLogTest, a_failed_sync_is_final_and_never_tried_again) {
  run([this](Env& env, LocalLog& log) {
    add_and_wait(env, log, "a");
    fail_next_sync();
    add_and_wait(env, log, "b");
    add_and_wait(env, log, "c");
  });

  EXPECT_EQ(world_.marks("wal.sync_failed"), 1);
  EXPECT_EQ(world_.marks("wal.broken"), 1);
  const Lines said = lines();
  EXPECT_EQ(Lines(said.begin(), said.end() - 1),
            (Lines{"recovered", "durable 1", "acked a", "broken io", "unknown io",
                   "refused shutting_down"}));
}

TEST_F(LocalLogTest, a_full_disk_breaks_the_log_without_an_acknowledgement) {
  run([this](Env& env, LocalLog& log) {
    add_and_wait(env, log, "a");
    world_.disk(kMachine).set_room(10);
    add_and_wait(env, log, std::string(5000, 'x'));
  });
  EXPECT_TRUE(said("unknown no_space"));
  EXPECT_EQ(world_.marks("wal.write_failed"), 1);
  lines();

  world_.disk(kMachine).heal();
  run([](Env&, LocalLog&) {});
  EXPECT_TRUE(said("recovered a"));
}

// Every record that was acknowledged must be there after a power loss at any time, in order, and
// only the record in flight may be there beside them; on both sorts of disks.
TEST_F(LocalLogTest, acknowledged_records_survive_power_losses_and_kills_at_any_time) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const sim::NameOrder order = seed % 2 == 0 ? sim::NameOrder::kWeak : sim::NameOrder::kOrdered;
    EnvWorld world(seed, order);
    LocalLogOptions options{.directory = std::string(kDirectory), .log_id = kLogId};
    options.file_bytes_max = 300;
    world.boot(kMachine, [&](Env& env) {
      const bool is_made = format_log(env.disk, kDirectory, kLogId).has_value();
      world.say(is_made && env.disk.sync_directory("").has_value() ? "formatted" : "failed");
    });
    world.run_for(seconds(1));
    ASSERT_EQ(world.take_lines(), Lines{"formatted"});

    std::uint64_t acked = 0;
    std::uint64_t recovered_last = 0;
    for (int life = 0; life < 6; ++life) {
      world.boot(kMachine, [&](Env& env) {
        LocalLog log(env.clock, env.tasks, env.disk, env.journal, options);
        Listener listener(world);
        std::uint64_t expected = 1;
        const Result<RecoveredLog> recovered = log.recover(
            [&](LogAddress address, ByteView bytes) -> Result<void> {
              if (address.value() != expected) world.say("gap");
              if (as_text(bytes) != std::to_string(expected)) world.say("wrong record");
              ++expected;
              return {};
            },
            listener);
        if (!recovered.has_value()) {
          world.say("recover: " + to_text(recovered.error()));
          return;
        }
        recovered_last = recovered->last.value();
        if (recovered_last < acked) world.say("lost " + std::to_string(acked));
        while (true) {
          const Result<LogAddress> address = log.add(record(std::to_string(expected++)));
          if (!address.has_value()) break;
          if (!log.wait_durable(*address, Instant::max()).has_value()) break;
          acked = address->value();
        }
        ignore(log.close(Instant::max()), "it is broken");
      });
      world.run_for(microseconds(900) * static_cast<std::int64_t>(2 + seed * 7 % 11));
      if (life % 3 == 1) {
        // The process dies of a failed sync; what it leaves in the cache may never be written.
        world.disk(kMachine).fail_next({.operation = sim::DiskOperation::kSync,
                                        .code = Errc::kIo,
                                        .count = 1,
                                        .path = {},
                                        .kind = sim::FaultKind::kDiskFailedSync});
        world.run_for(microseconds(500));
      }
      if ((seed + static_cast<std::uint64_t>(life)) % 3 == 0) {
        world.kill(kMachine);
      } else {
        world.power_loss(kMachine);
      }
      for (const std::string& line : world.take_lines()) {
        const bool is_fine =
            line.starts_with("durable") || line == "broken io" || line.starts_with("recover: io");
        EXPECT_TRUE(is_fine) << "seed " << seed << ": " << line;
      }
    }
    EXPECT_GT(acked, 0U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace::wal
