#include "reports/failure_screen.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

#include "reports/text.h"
#include "tests/reports/sample_records.h"

namespace millrace::reports {
namespace {

using testing::lost_event;
using testing::lost_event_context;

constexpr ScreenOptions kNarrow{.has_color = false, .is_verbose = false, .columns = 80};
constexpr ScreenOptions kWide{.has_color = false, .is_verbose = false, .columns = 120};

/// The widest line but for commands, which are never broken.
std::size_t widest(const std::string& screen) {
  std::size_t width = 0;
  std::istringstream lines(screen);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("millrace r") == std::string::npos) width = std::max(width, width_of(line));
  }
  return width;
}

/// Without what colour adds.
std::string without_colour(std::string text) {
  for (std::size_t start = text.find('\x1b'); start != std::string::npos;
       start = text.find('\x1b')) {
    text.erase(start, text.find('m', start) - start + 1);
  }
  return text;
}

TEST(FailureScreen, a_violation_at_120_columns) {
  EXPECT_EQ(
      failure_screen(lost_event(), lost_event_context(), kWide),
      R"(FAIL  crash_storm  seed 187   DUR-1 acked_is_durable   NEW   group 4e956e3a, 3 of 200 seeds

  Every acknowledged event is in the stream at the end, unless truncated.
  seen      orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read returns it
  expected  k3#1 at 0..16

   event      time   machine
      41   1.204 s   writer-1    append_invoked uid=17 writer=writer-1 key=3 sequence=1
      41   1.204 s   writer-1  > append_block k3#1, 16 B at 0                            -> store-1
      45   1.206 s   store-1   > appended k3#1, length 16                                -> writer-1
      48   1.209 s   writer-1    append_acked uid=17 segment=orders/0 offset=0 end=16
  !   49   1.209 s   store-1     POWER LOSS 400 ms (fault 1: at mark append.acked, 1st)
  !   49   1.209 s   store-1     log.0 sector 1 dropped, never synced
      63   1.655 s   store-1     segment_recovered segment=orders/0 length=0
  X   94   9.002 s   reader-1    segment_read_to_end segment=orders/0 length=0
  8 of 10 records; all: -v              consequence: VIS-1 read_your_ack at event 94

  build       0.3.0 4f2a91c clean, g++-12 release    plan 3fa9c41e127be1d4    fingerprint 8c2e51d0a97f3344
  replay      millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json
  seed        millrace run crash_storm --seed 187 --set segment_store.frame_bytes=64    (this build)
)");
}

TEST(FailureScreen, says_since_when_a_failure_is_known) {
  FailureContext context = lost_event_context();
  context.is_new = false;
  context.known = {.utc = "2026-11-20T17:48:33Z", .commit = "9e1f03d"};

  const std::string screen = failure_screen(lost_event(), context, kWide);

  EXPECT_NE(screen.find("   KNOWN since 2026-11-20 at 9e1f03d\n"), std::string::npos) << screen;
  EXPECT_EQ(screen.find("NEW"), std::string::npos);
}

TEST(FailureScreen, a_violation_at_80_columns) {
  EXPECT_EQ(failure_screen(lost_event(), lost_event_context(), kNarrow),
            R"(FAIL  crash_storm  seed 187   DUR-1 acked_is_durable   NEW
      group 4e956e3a, 3 of 200 seeds

  Every acknowledged event is in the stream at the end, unless truncated.
  seen      orders/0 ends at 0: k3#1 was acknowledged at 0..16, yet no read
            returns it
  expected  k3#1 at 0..16

   event      time   machine
      41   1.204 s   writer-1    append_invoked uid=17 writer=writer-1 key=3
                                 sequence=1
      41   1.204 s   writer-1  > append_block k3#1, 16 B at 0        -> store-1
      45   1.206 s   store-1   > appended k3#1, length 16            -> writer-1
      48   1.209 s   writer-1    append_acked uid=17 segment=orders/0 offset=0
                                 end=16
  !   49   1.209 s   store-1     POWER LOSS 400 ms (fault 1: at mark
                                 append.acked, 1st)
  !   49   1.209 s   store-1     log.0 sector 1 dropped, never synced
      63   1.655 s   store-1     segment_recovered segment=orders/0 length=0
  X   94   9.002 s   reader-1    segment_read_to_end segment=orders/0 length=0
  8 of 10 records; all: -v
  consequence: VIS-1 read_your_ack at event 94

  build       0.3.0 4f2a91c clean, g++-12 release    plan 3fa9c41e127be1d4
              fingerprint 8c2e51d0a97f3344
  replay
    millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json
  seed
    millrace run crash_storm --seed 187 --set segment_store.frame_bytes=64
)");
}

TEST(FailureScreen, a_failed_check) {
  EXPECT_EQ(failure_screen(testing::failed_check(), lost_event_context(), kNarrow),
            R"(FAIL  disk_damage  seed 12
      check/log_files:frames of one file follow each other   NEW
      group 66a8969d, 3 of 200 seeds

  The system under test broke a promise to itself, and the run stopped there.
  seen      CHECK(frame.sequence == next_) failed: frames of one file follow
            each other (9 == 8), at system/wal/log_files.cc:212
  where     store-1, segment_store, task container-0/recovery, 4.310 s,
            event 1702

   event      time   machine
  ! 1650   4.100 s   store-1    POWER LOSS 200 ms (fault 2: at 4.1 s)
    1690   4.300 s   store-1    boots as segment_store
  X 1702   4.310 s   store-1    check/log_files:frames of one file follow each
                                other
  3 of 3 records

  build       0.3.0 4f2a91c clean, g++-12 release    plan 0000000000000022
              fingerprint 0000000000000011
  replay
    millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json
  seed
    millrace run crash_storm --seed 187 --set segment_store.frame_bytes=64
)");
}

TEST(FailureScreen, a_crash) {
  EXPECT_EQ(failure_screen(testing::crash(), lost_event_context(), kNarrow),
            R"(CRASH  everything  seed 4711   crash/heap-use-after-free/segment_store/flusher
      NEW   group d2b17a61, 3 of 200 seeds

  The system under test crashed its process.
  seen      SUMMARY: AddressSanitizer: heap-use-after-free
            system/segment_store/container.cc:88 in
            millrace::segment_store::Container::flush(millrace::Instant)
  where     store-2, segment_store, task container-3/flusher, 12.044 s,
            event 8812
  frames     0  millrace::segment_store::Container::step_0(std::span<std::byt...
             1  millrace::segment_store::Container::step_1(std::span<std::byt...
             2  millrace::segment_store::Container::step_2(std::span<std::byt...
             3  millrace::segment_store::Container::step_3(std::span<std::byt...
             4  millrace::segment_store::Container::step_4(std::span<std::byt...
             5  millrace::segment_store::Container::step_5(std::span<std::byt...
             6  millrace::segment_store::Container::step_6(std::span<std::byt...
             7  millrace::segment_store::Container::step_7(std::span<std::byt...
             8  millrace::segment_store::Container::step_8(std::span<std::byt...
             9  millrace::segment_store::Container::step_9(std::span<std::byt...
                2 more frames: -v

  build       0.3.0 4f2a91c clean, g++-12 release
  replay
    millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json
  seed
    millrace run crash_storm --seed 187 --set segment_store.frame_bytes=64
)");
}

TEST(FailureScreen, hostile_text_at_80_columns) {
  EXPECT_EQ(failure_screen(testing::hostile(), lost_event_context(), kNarrow),
            R"(FAIL  bad\x1b[31m  seed 187   DUR-1 acked_is_durable   NEW
      group 4e956e3a, 3 of 200 seeds

  Every acknowledged event is in the stream at the end, unless truncated.
  seen      k\x07\n#1 is \u202egone\xff of
            kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  expected  流 of événements

   event      time   machine
      41   1.204 s   writer-1              append_invoked uid=17 writer=writer-1
                                           key=3 sequence=1
      41   1.204 s   writer-1            > xxxxxxxxxxx...x\r\x1b[2J  -> store-1
      45   1.206 s   store-1             > xxxxxxxxxxx...x\r\x1b[2J  -> writer-1
      48   1.209 s   writer-1              append_acked uid=17 segment=orders/0
                                           offset=0 end=16
  !   49   1.209 s   store-1               POWER LOSS 400 ms (fault 1: at mark
                                           append.acked, 1st)
  !   49   1.209 s   store-1               log.0 sector 1 dropped, never synced
      63   1.655 s   store-1               segment_recovered segment=orders/0
                                           length=0
  X   94   9.002 s   reader-9...9999999    segment=sssssssss...sssssssssssssssss
                                           流流 end
  8 of 10 records; all: -v
  consequence: VIS-1 read_your_ack at event 94

  build       0.3.0 4f2a91c clean, g++-12 release    plan 3fa9c41e127be1d4
              fingerprint 8c2e51d0a97f3344
  replay
    millrace replay millrace-out/latest/failures/DUR-1-4e956e3a.repro.json
  seed
    millrace run crash_storm --seed 187 --set segment_store.frame_bytes=64
)");
}

TEST(FailureScreen, hostile_text_stays_within_the_width) {
  for (const ScreenOptions& options : {kNarrow, kWide}) {
    const std::string screen = failure_screen(testing::hostile(), lost_event_context(), options);
    EXPECT_LE(widest(screen), options.columns);
    for (const char letter : screen) {
      EXPECT_TRUE(letter == '\n' || static_cast<unsigned char>(letter) >= 0x20);
    }
  }
}

TEST(FailureScreen, a_verbose_screen_has_every_related_record_and_frame) {
  ScreenOptions options = kWide;
  options.is_verbose = true;

  const std::string lost = failure_screen(lost_event(), lost_event_context(), options);
  const std::string crashed = failure_screen(testing::crash(), lost_event_context(), options);

  EXPECT_NE(lost.find("  10 of 10 records  "), std::string::npos);
  EXPECT_NE(lost.find("not yet synced"), std::string::npos);
  EXPECT_NE(crashed.find(" 11  millrace::segment_store::Container::step_11("), std::string::npos);
  EXPECT_NE(crashed.find("millrace::Instant) +0x1a4\n"), std::string::npos);
}

TEST(FailureScreen, says_in_words_what_has_words) {
  run::RunRecord record = lost_event();
  for (run::TraceLine& line : record.trace) {
    if (line.text.starts_with("append_acked")) line.words = "event 17 acknowledged at 0..16";
  }

  const std::string screen = failure_screen(record, lost_event_context(), kWide);

  EXPECT_NE(screen.find("  event 17 acknowledged at 0..16\n"), std::string::npos) << screen;
  EXPECT_EQ(screen.find("append_acked"), std::string::npos) << screen;
}

TEST(FailureScreen, has_the_overrides_of_its_plan) {
  FailureContext context = lost_event_context();
  context.overrides = {"operation 17, first frame: latency 12ms, 1 draw"};

  EXPECT_NE(failure_screen(lost_event(), context, kWide)
                .find("\n  override    operation 17, first frame: latency 12ms, 1 draw\n"),
            std::string::npos);
}

TEST(FailureScreen, colour_adds_nothing_but_colour) {
  ScreenOptions options = kWide;
  options.has_color = true;

  const std::string screen = failure_screen(lost_event(), lost_event_context(), options);

  EXPECT_NE(screen.find("\x1b[1;31mFAIL\x1b[0m"), std::string::npos);
  EXPECT_EQ(without_colour(screen), failure_screen(lost_event(), lost_event_context(), kWide));
}

TEST(FailureScreen, an_inconclusive_run_says_why) {
  run::RunRecord record;
  record.scenario = "slow_everything";
  record.seed = 131;
  record.verdict = run::Verdict::kInconclusive;
  record.plan = 1;
  record.fingerprint = 2;
  record.reason = "812 acknowledged operations, floor 1000";
  FailureContext context;
  context.build = lost_event_context().build;
  context.seed_command = "millrace run slow_everything --seed 131";

  EXPECT_EQ(failure_screen(record, context, kWide), R"(INCONCLUSIVE  slow_everything  seed 131

  reason    812 acknowledged operations, floor 1000

  build       0.3.0 4f2a91c clean, g++-12 release    plan 0000000000000001    fingerprint 0000000000000002
  seed        millrace run slow_everything --seed 131    (this build)
)");
}

TEST(FailureScreen, hangs_and_limits_have_headlines_of_their_own) {
  run::RunRecord record = testing::failed_check();
  record.verdict = run::Verdict::kHang;
  EXPECT_TRUE(failure_screen(record, {}, kWide).starts_with("HANG  disk_damage  seed 12   "));
  record.verdict = run::Verdict::kLimit;
  EXPECT_TRUE(failure_screen(record, {}, kWide).starts_with("LIMIT  disk_damage  seed 12   "));
}

TEST(FailureScreen, further_consequences_are_counted) {
  run::RunRecord record = lost_event();
  record.consequences.resize(5, record.consequences.front());

  const std::string screen = failure_screen(record, lost_event_context(), kNarrow);

  EXPECT_NE(screen.find("2 more: -v"), std::string::npos);
  EXPECT_LE(widest(screen), 80U);
}

TEST(FailureScreen, a_dirty_sanitized_build_says_so) {
  run::BuildName build = lost_event_context().build;
  build.is_dirty = true;
  build.sanitizer = "asan+ubsan";
  EXPECT_EQ(build_text(build), "0.3.0 4f2a91c dirty, g++-12 release asan+ubsan");
}

TEST(PassLine, names_what_the_run_did) {
  run::RunRecord record;
  record.scenario = "quickstart";
  record.seed = 1;
  record.acked_operations = 1'209;
  record.events = 61'204;
  record.virtual_ns = 40'000'000'000;
  record.fingerprint = 255;
  record.faults = {
      {.kind = "disk.stall", .planned = 3, .fired = 2, .refused = 1, .took_effect = 2}};

  EXPECT_EQ(pass_line(record, kNarrow),
            "PASS  quickstart  seed 1   1,209 acknowledged operations, 2 faults,\n"
            "      61,204 events, 40.000 s of virtual time   fingerprint 00000000000000ff\n");
}

TEST(FailureScreen, ends_with_the_commands_to_get_there_again_and_to_keep_it) {
  FailureContext context = lost_event_context();
  context.token_command = "millrace replay mr1." + std::string(400, 'x');
  context.keep_command = "millrace keep latest";
  context.look_command = "millrace report latest --open";

  EXPECT_TRUE(failure_screen(lost_event(), context, kWide)
                  .ends_with("  replay      millrace replay "
                             "millrace-out/latest/failures/DUR-1-4e956e3a.repro.json\n"
                             "  or\n    millrace replay mr1." +
                             std::string(400, 'x') +
                             "\n"
                             "  seed        millrace run crash_storm --seed 187 --set "
                             "segment_store.frame_bytes=64    (this build)\n"
                             "  look        millrace report latest --open\n"
                             "  stop        millrace replay "
                             "millrace-out/latest/failures/DUR-1-4e956e3a.repro.json --break 94    "
                             "(in gdb)\n"
                             "  keep        millrace keep latest    (for ctest)\n"));
}

}  // namespace
}  // namespace millrace::reports
