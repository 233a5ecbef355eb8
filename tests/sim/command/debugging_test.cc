// --until, --break and --log: where a run stands at an event, and what a debugger sees of it.

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/folders.h"
#include "tests/sim/command/calls.h"

namespace millrace::command {
namespace {

using nlohmann::json;

class Debugging : public CommandTest {
 protected:
  struct Shown {
    std::string out;
    std::string err;
  };

  /// Runs the toy world as a program, with these words on its standard input.
  static Shown shell(const std::string& arguments, const std::string& input) {
    write("input.txt", input);
    const std::string program = build_folder() + "/toy ";
    const std::string line = program + arguments + " <input.txt >out.txt 2>err.txt";
    EXPECT_NE(std::system(line.c_str()), -1);
    return {.out = read("out.txt"), .err = read("err.txt")};
  }

  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
};

TEST_F(Debugging, until_stops_after_the_event_and_shows_what_led_there) {
  const Call seen = call({"run", "quiet", "--until", "40", "-v"});

  EXPECT_EQ(seen.status, 4) << seen.err;
  EXPECT_NE(seen.out.find("stopped after event 40, as asked"), std::string::npos) << seen.out;
  std::uint64_t last = 0;
  for (const std::string& line : lines_of(seen.out)) {
    if (line.empty()) break;
    last = std::stoull(line);
  }
  EXPECT_GT(last, 0U);
  EXPECT_LE(last, 40U) << seen.out;
  EXPECT_TRUE(files().empty());
}

TEST_F(Debugging, until_shows_the_same_run_that_goes_on_without_it) {
  const std::string whole = call({"run", "quiet", "--log", "debug", "--trace", "whole.txt"}).out;
  const std::string stopped = call({"run", "quiet", "--until", "60", "-v"}).out;

  // Column by column the words are the same, so the first words of the trace begin the stopped one.
  const std::vector<std::string> all = lines_of(read("whole.txt"));
  const std::vector<std::string> part = lines_of(stopped);
  ASSERT_GT(all.size(), 5U) << whole;
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(std::stoull(all[i]), std::stoull(part[i]));
}

TEST_F(Debugging, says_that_the_event_never_came) {
  const Call seen = call({"run", "quiet", "--until", "99999999"});

  EXPECT_EQ(seen.status, 0);
  EXPECT_NE(seen.err.find(", before event 99,999,999\n"), std::string::npos) << seen.err;
  EXPECT_NE(seen.err.find("the run ended at event "), std::string::npos) << seen.err;
  EXPECT_EQ(call({"run", "quiet", "--until", "2", "--break", "3"}).status, 2);
}

TEST_F(Debugging, a_failure_before_the_event_is_a_failure) {
  const std::string seed = std::to_string(failing_seed());
  EXPECT_EQ(call({"run", "lossy", "--seed", seed, "--until", "100000000"}).status, 1);
}

TEST_F(Debugging, a_replay_that_is_stopped_has_no_verdict) {
  const std::string seed = std::to_string(failing_seed());
  ASSERT_EQ(call({"run", "lossy", "--seed", seed, "--out", "o"}).status, 1);
  const Call seen = call({"replay", "o", "--until", "3"});
  EXPECT_EQ(seen.status, 4) << seen.err;
  EXPECT_EQ(seen.out.find("GONE"), std::string::npos) << seen.out;
  EXPECT_NE(seen.out.find("stopped after event 3, as asked"), std::string::npos) << seen.out;

  const Call object = call({"replay", "o", "--until", "3", "--json"});
  EXPECT_EQ(json::parse(object.out)["verdict"], "inconclusive");
}

TEST_F(Debugging, refuses_what_is_no_event_or_level) {
  for (const char* const event : {"0", "-1", "x", "1.5", ""}) {
    const Call until = call({"run", "quiet", "--until", event});
    EXPECT_EQ(until.status, 2) << event;
    EXPECT_NE(until.err.find("--until"), std::string::npos) << until.err;
    EXPECT_EQ(call({"run", "quiet", "--break", event}).status, 2) << event;
  }
  const Call level = call({"run", "quiet", "--log", "loud"});
  EXPECT_EQ(level.status, 2);
  EXPECT_NE(level.err.find("warn, info or debug"), std::string::npos) << level.err;
}

TEST_F(Debugging, stops_one_repro_and_not_several) {
  const std::string seed = std::to_string(failing_seed());
  ASSERT_EQ(call({"run", "lossy", "--seed", seed, "--out", "o"}).status, 1);
  const Call seen = call({"replay", "o", "o", "--until", "3"});
  EXPECT_EQ(seen.status, 2);
  EXPECT_NE(seen.err.find("one repro"), std::string::npos) << seen.err;
}

TEST_F(Debugging, a_log_has_more_at_each_level_and_changes_nothing) {
  const std::string run = "run lossy --json --seed " + std::to_string(failing_seed());
  const Shown plain = shell(run + " --out a", "");
  const Shown warn = shell(run + " --log warn --out b", "");
  const Shown info = shell(run + " --log info --out c", "");
  const Shown debug = shell(run + " --log debug --out d", "");

  EXPECT_EQ(plain.err, "");
  EXPECT_GT(lines_of(warn.err).size(), 0U);
  EXPECT_GT(lines_of(info.err).size(), lines_of(warn.err).size());
  EXPECT_GT(lines_of(debug.err).size(), lines_of(info.err).size());
  const std::regex line(R"( *\d+ +\d+\.\d{9} s  .*POWER LOSS.*)");
  EXPECT_TRUE(std::ranges::any_of(lines_of(warn.err), [&](const std::string& one) {
    return std::regex_match(one, line);
  })) << warn.err;
  EXPECT_EQ(json::parse(debug.out)["fingerprint"], json::parse(plain.out)["fingerprint"]);
}

TEST_F(Debugging, a_log_tells_what_led_to_a_crash) {
  const Shown seen = shell("run crashing --log debug --out a", "");

  EXPECT_NE(seen.out.find("crash/"), std::string::npos) << seen.out;
  EXPECT_NE(seen.err.find("store-1"), std::string::npos) << seen.err;
  EXPECT_GT(lines_of(seen.err).size(), 2U) << seen.err;
}

TEST_F(Debugging, break_stops_in_gdb_with_every_task_in_view) {
  const std::string text =
      shell("run quiet --break 60", "millrace-where\ninfo millrace-tasks\nmillrace-step\nquit\n")
          .out;

  EXPECT_NE(text.find("event 60  "), std::string::npos) << text;
  const std::regex task(R"((   |=> )(\(gdb\) )?[\w-]+  [\w-]+, boot \d+  \S+  (is|waits) .*)");
  std::size_t tasks = 0;
  std::size_t frames = 0;
  for (const std::string& line : lines_of(text)) {
    if (std::regex_search(line, task)) ++tasks;
    if (line.find("toy_world.cc:") != std::string::npos) ++frames;
  }
  EXPECT_GT(tasks, 2U) << text;
  EXPECT_GT(frames, 1U) << text;
}

TEST_F(Debugging, break_changes_nothing_of_the_run) {
  const std::string stopped = shell("run wide --json --break 60", "continue\nquit\n").out;
  const json plain = json::parse(call({"run", "wide", "--json"}).out);

  EXPECT_NE(stopped.find(plain["fingerprint"].get<std::string>()), std::string::npos) << stopped;
}

}  // namespace
}  // namespace millrace::command
