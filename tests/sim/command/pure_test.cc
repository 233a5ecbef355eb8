// The command's small pure parts: statuses, colour, CPUs, paths.

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <unistd.h>

#include "sim/command/console.h"
#include "sim/command/cpu_count.h"
#include "sim/command/exit_status.h"
#include "sim/command/output_dir.h"
#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

TEST(ExitStatuses, of_several_things_are_the_gravest) {
  using enum ExitStatus;
  EXPECT_EQ(combine(kHeld, kHeld), kHeld);
  EXPECT_EQ(combine(kHeld, kInconclusive), kInconclusive);
  EXPECT_EQ(combine(kInconclusive, kFailed), kFailed);
  EXPECT_EQ(combine(kFailed, kToolFailed), kToolFailed);
  EXPECT_EQ(combine(kToolFailed, kInconclusive), kToolFailed);
}

TEST(ExitStatuses, of_a_run_follow_its_verdict) {
  EXPECT_EQ(number(status_of(run::Verdict::kPass)), 0);
  for (const run::Verdict red :
       {run::Verdict::kFail, run::Verdict::kCrash, run::Verdict::kHang, run::Verdict::kLimit}) {
    EXPECT_EQ(number(status_of(red)), 1);
  }
  EXPECT_EQ(number(status_of(run::Verdict::kInconclusive)), 4);
}

TEST(Colour, follows_the_flag_then_the_environment_then_the_terminal) {
  const TerminalEnvironment nothing;
  EXPECT_TRUE(uses_color(ColorChoice::kAuto, nothing, true));
  EXPECT_FALSE(uses_color(ColorChoice::kAuto, nothing, false));
  EXPECT_FALSE(uses_color(ColorChoice::kAuto, {.is_dumb = true}, true));
  EXPECT_FALSE(uses_color(ColorChoice::kAuto, {.has_no_color = true}, true));
  EXPECT_TRUE(uses_color(ColorChoice::kAuto, {.has_clicolor_force = true}, false));
  EXPECT_FALSE(
      uses_color(ColorChoice::kAuto, {.has_no_color = true, .has_clicolor_force = true}, true));
  EXPECT_TRUE(uses_color(ColorChoice::kAlways, {.has_no_color = true}, false));
  EXPECT_FALSE(uses_color(ColorChoice::kNever, {.has_clicolor_force = true}, true));
}

TEST(Cpus, of_a_quota_are_whole) {
  EXPECT_EQ(parse_cpu_max("200000 100000"), 2U);
  EXPECT_EQ(parse_cpu_max("150000 100000"), 1U);
  EXPECT_EQ(parse_cpu_max("50000 100000"), 1U);
  EXPECT_EQ(parse_cpu_max("max 100000"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("-1 100000"), std::nullopt);
  EXPECT_EQ(parse_cpu_max(""), std::nullopt);
  EXPECT_EQ(parse_cpu_max(" "), std::nullopt);
  EXPECT_GE(cpu_count(), 1U);
}

TEST(ConsoleStreams, take_a_reader_that_went_away_for_no_failure) {
  signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  Console console(ends[1], STDERR_FILENO);

  console.out("one line\n");
  console.out("another\n");

  EXPECT_FALSE(console.has_failed());
  close(ends[1]);
}

TEST(ConsoleStreams, remember_a_full_disk) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  Console console(full, STDERR_FILENO);

  console.out("one line\n");

  EXPECT_TRUE(console.has_failed());
  close(full);
}

TEST(ConsoleMessages, are_broken_between_words_on_a_terminal_alone) {
  int terminal = -1;
  int program = -1;
  const winsize size{.ws_row = 24, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(openpty(&terminal, &program, nullptr, nullptr, &size), 0);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  constexpr std::string_view kMessage =
      "some/folder/with/a/name/wider/than/forty/s.toml:3:1: unknown key, the nearest one is "
      "'segments'";
  const auto text_of = [](int file) {
    std::array<char, 4096> block{};
    const ssize_t got = read(file, block.data(), block.size());
    return std::string(block.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  };

  Console(program, program).message(kMessage);
  Console(ends[1], ends[1]).message(kMessage);

  EXPECT_EQ(text_of(terminal),
            "some/folder/with/a/name/wider/than/forty/s.toml:3:1:\r\n"
            "  unknown key, the nearest one is\r\n"
            "  'segments'\r\n");
  EXPECT_EQ(text_of(ends[0]), std::string(kMessage) + "\n");
  for (const int file : {terminal, program, ends[0], ends[1]}) close(file);
}

using OutputDirectory = CommandTest;

TEST_F(OutputDirectory, is_made_when_it_is_needed_with_a_link_beside_it) {
  // 2026-11-22 21:14:05 UTC.
  const std::chrono::system_clock::time_point now{std::chrono::seconds(1'795'382'045)};
  OutputDir directory(std::nullopt, "campaign", "quiet", now);
  EXPECT_TRUE(files().empty());

  ASSERT_TRUE(directory.write("failures/a.txt", "text\n").has_value());

  EXPECT_EQ(directory.path(), "millrace-out/20261122-211405-campaign-quiet");
  EXPECT_EQ(directory.shown_path(), "millrace-out/latest");
  EXPECT_EQ(read("millrace-out/latest/failures/a.txt"), "text\n");
  EXPECT_EQ(read("millrace-out/.gitignore"), "*\n");
}

TEST_F(OutputDirectory, of_the_same_second_gets_a_name_of_its_own) {
  const auto now = std::chrono::system_clock::now();
  OutputDir first(std::nullopt, "run", "a", now);
  OutputDir second(std::nullopt, "run", "a", now);

  ASSERT_TRUE(first.create().has_value());
  ASSERT_TRUE(second.write("b", "2").has_value());

  EXPECT_NE(first.path(), second.path());
  EXPECT_EQ(read("millrace-out/latest/b"), "2");
}

TEST_F(OutputDirectory, that_was_named_is_used_as_it_is) {
  OutputDir directory("out/here", "campaign", "quiet", std::chrono::system_clock::now());

  ASSERT_TRUE(directory.write("summary.txt", "text").has_value());

  EXPECT_EQ(directory.shown_path(), "out/here");
  EXPECT_EQ(files(), (std::vector<std::string>{"out/here/.gitignore", "out/here/summary.txt"}));
}

TEST_F(OutputDirectory, that_cannot_be_made_is_named) {
  write("out", "a file");
  OutputDir directory("out", "campaign", "", std::chrono::system_clock::now());

  const auto written = directory.write("summary.txt", "text");

  ASSERT_FALSE(written.has_value());
  EXPECT_NE(written.error().find("out"), std::string::npos);
}

}  // namespace
}  // namespace millrace::command
