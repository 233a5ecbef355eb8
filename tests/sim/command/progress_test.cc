#include "sim/command/progress.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

run::CampaignProgress progress_at(std::int64_t seconds, std::uint64_t red) {
  return {.scenario = "quiet",
          .scenario_index = 0,
          .scenario_count = 2,
          .done = static_cast<std::uint64_t>(seconds),
          .planned = 1'400,
          .red = red,
          .groups = red == 0 ? 0U : 1U,
          .wall_ns = seconds * kSecond};
}

/// What the screen wrote to this file.
std::string text_of(int file) {
  std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), '\0');
  lseek(file, 0, SEEK_SET);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(file, text.data(), text.size()))));
  return text;
}

run::FailureGroup new_group() {
  run::FailureGroup group;
  group.signature = "TOY-1/lost";
  group.property = "TOY-1";
  group.scenario = "lossy";
  group.count = 1;
  group.cheapest_seed = 7;
  group.repro = "o/failures/TOY-1-b71c09e2.repro.json";
  return group;
}

class CampaignProgressScreen : public testing::Test {
 protected:
  CampaignProgressScreen() : err_(memfd_create("err", MFD_CLOEXEC)), console_(err_, err_) {}
  ~CampaignProgressScreen() override { close(err_); }

  int err_;
  Console console_;
  Interrupts interrupts_{Interrupts::First::kIsNoted};
};

TEST_F(CampaignProgressScreen, without_a_terminal_has_a_line_a_minute_and_one_a_new_group) {
  CampaignScreen screen(console_, interrupts_, {.program = "millrace", .shown_directory = "o"});

  for (std::int64_t second = 1; second <= 130; ++second) {
    // From the 90th seed on each one fails, all in one way.
    const std::uint64_t red = second < 90 ? 0 : static_cast<std::uint64_t>(second - 89);
    EXPECT_TRUE(screen.on_progress(progress_at(second, red)));
  }

  const std::string text = text_of(err_);
  // At 60 s, at 90 s for the group; 150 s are not reached.
  EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST_F(CampaignProgressScreen, prints_a_new_group_at_once_in_three_lines) {
  CampaignScreen screen(console_, interrupts_,
                        {.program = "millrace", .shown_directory = "millrace-out/latest"});

  screen.on_new_group(new_group());

  const std::string text = text_of(err_);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
  EXPECT_NE(text.find("millrace replay millrace-out/latest/failures/TOY-1-b71c09e2.repro.json"),
            std::string::npos)
      << text;
}

TEST_F(CampaignProgressScreen, says_nothing_when_quiet) {
  CampaignScreen screen(console_, interrupts_,
                        {.program = "millrace", .shown_directory = "o", .is_quiet = true});

  screen.on_progress(progress_at(100, 3));
  screen.on_new_group(new_group());

  EXPECT_EQ(text_of(err_), "");
}

TEST_F(CampaignProgressScreen, stops_the_campaign_after_a_signal) {
  CampaignScreen screen(console_, interrupts_, {.program = "millrace", .shown_directory = "o"});

  raise(SIGINT);

  EXPECT_FALSE(screen.on_progress(progress_at(1, 0)));
  EXPECT_EQ(interrupts_.status(), 130);
}

TEST(TerminalProgress, is_one_line_that_is_redrawn_and_taken_away) {
  int terminal = -1;
  int program = -1;
  const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(openpty(&terminal, &program, nullptr, nullptr, &size), 0);
  Console console(program, program);
  const Interrupts interrupts(Interrupts::First::kIsNoted);
  CampaignScreen screen(console, interrupts, {.program = "millrace", .shown_directory = "o"});

  screen.on_progress(progress_at(1, 0));
  screen.on_progress(progress_at(2, 0));
  screen.clear();

  std::array<char, 4096> block{};
  const ssize_t got = read(terminal, block.data(), block.size());
  const std::string text(block.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  EXPECT_EQ(std::ranges::count(text, '\n'), 0) << text;
  EXPECT_EQ(std::ranges::count(text, '\r'), 3) << text;
  EXPECT_EQ(console.columns(), 80U);
  close(terminal);
  close(program);
}

}  // namespace
}  // namespace millrace::command
