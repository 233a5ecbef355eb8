// What only a process of its own shows: signals, closed pipes, assertions of other tests.

#include <array>
#include <chrono>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sim/command/command.h"
#include "sim/command/holds.h"
#include "sim/command/interrupt.h"
#include "sim/command/main.h"
#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

class Process : public CommandTest {
 protected:
  /// Calls millrace::main in a process of its own, with stdout and stderr in files.
  static pid_t start(std::vector<std::string> arguments) {
    const pid_t child = fork();
    if (child != 0) return child;
    if (freopen("stdout.txt", "w", stdout) == nullptr) _exit(99);
    if (freopen("stderr.txt", "w", stderr) == nullptr) _exit(99);
    arguments.insert(arguments.begin(), "millrace");
    std::vector<char*> words;
    for (std::string& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    _exit(millrace::main(static_cast<int>(arguments.size()), words.data(), toy_registry));
  }

  static int wait_for(pid_t child) {
    int state = 0;
    waitpid(child, &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 1'000 + WTERMSIG(state);
  }
};

TEST_F(Process, ends_with_the_status_of_its_verb) {
  EXPECT_EQ(wait_for(start({"run", "quiet"})), 0);
  EXPECT_EQ(wait_for(start({"run", "crashing"})), 1);
  EXPECT_EQ(wait_for(start({"run", "quite"})), 2);
  EXPECT_EQ(wait_for(start({"run", "idle"})), 4);
}

TEST_F(Process, ends_a_campaign_with_a_summary_within_5_seconds_of_a_signal) {
  for (const auto& [signal, status] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    const pid_t child = start({"campaign", "quiet", "--seeds", "1000000", "--out", "o"});
    std::this_thread::sleep_for(std::chrono::milliseconds(1'500));

    const auto before = std::chrono::steady_clock::now();
    kill(child, signal);

    EXPECT_EQ(wait_for(child), status);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
    EXPECT_NE(read("stdout.txt"), "");
    EXPECT_TRUE(exists("o/summary.json"));
  }
}

TEST_F(Process, leaves_at_once_at_the_second_signal) {
  const pid_t child = fork();
  if (child == 0) {
    const Interrupts interrupts(Interrupts::First::kIsNoted);
    kill(getpid(), SIGTERM);
    // A wrapper that passes the same wish on at once is no second one.
    kill(getpid(), SIGTERM);
    if (!interrupts.requested() || interrupts.status() != 143) _exit(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    kill(getpid(), SIGINT);
    _exit(2);
  }

  EXPECT_EQ(wait_for(child), 130);
}

TEST_F(Process, takes_a_closed_pipe_for_no_error) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    std::string program = "millrace";
    std::string verb = "list";
    std::array<char*, 3> words{program.data(), verb.data(), nullptr};
    _exit(millrace::main(2, words.data(), toy_registry));
  }
  close(ends[0]);
  close(ends[1]);

  EXPECT_EQ(wait_for(child), 0);
}

class HoldsTest : public CommandTest {};

TEST_F(HoldsTest, is_true_where_every_seed_passes) {
  EXPECT_TRUE(holds("quiet", {.seeds = {1, 3}, .world = toy_registry}));
}

TEST_F(HoldsTest, prints_the_failure_screen_where_one_does_not) {
  const Holds seen = holds("crashing", {.seeds = {1, 3}, .world = toy_registry});

  EXPECT_FALSE(seen);
  EXPECT_NE(seen.message().find("millrace run crashing --seed 1"), std::string::npos)
      << seen.message();
  EXPECT_NONFATAL_FAILURE(EXPECT_TRUE(holds("crashing", {.seeds = {1, 1}, .world = toy_registry})),
                          "millrace run crashing --seed 1");
}

TEST_F(HoldsTest, is_never_true_where_too_little_happened) {
  EXPECT_FALSE(holds("idle", {.seeds = {1, 1}, .world = toy_registry}));
}

TEST_F(HoldsTest, says_what_is_wrong_with_its_arguments) {
  EXPECT_NE(holds("quite", {.world = toy_registry}).message().find("'quiet'"), std::string::npos);
  EXPECT_FALSE(holds("quiet", {.seeds = {3, 1}, .world = toy_registry}));
  EXPECT_NE(holds("quiet", {}).message().find("world_of_tests"), std::string::npos);
}

}  // namespace
}  // namespace millrace::command
