#include "sim/run/worker.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/fiber/asan.h"
#include "tests/sim/run/toy_world.h"

namespace millrace::run {
namespace {

bool names_the_toy(const std::vector<std::string>& frames) {
  return std::ranges::any_of(
      frames, [](const std::string& frame) { return frame.find("toy::") != std::string::npos; });
}

class Worker : public testing::Test {
 protected:
  Worker() {
    toy::register_toy(registry_);
    source_.registry = &registry_;
  }

  void add_scenario(toy::Bug bug) {
    Scenario scenario = toy::quiet_scenario();
    scenario.name = to_text(bug);
    scenario.knobs["store.bug"] = Range::fixed(static_cast<std::int64_t>(bug));
    source_.scenarios.push_back(scenario);
  }

  RunReply run_bug(toy::Bug bug) {
    add_scenario(bug);
    return run_alone(source_, {.scenario = 0, .seed = 1}, {.hang_cpu = milliseconds(200)});
  }

  /// Runs a seed on one of 64 workers, in a process with these limits of open files.
  RunReply run_with_files(rlim_t soft, rlim_t hard) const {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      const rlimit files{.rlim_cur = soft, .rlim_max = hard};
      setrlimit(RLIMIT_NOFILE, &files);
      const RunReply reply = WorkerPool(source_, 64, {}).run_alone({.seed = 5});
      const std::string said = reply.tool_error.value_or("");
      _exit(write(ends[1], said.data(), said.size()) < 0 ? 1 : 0);
    }
    close(ends[1]);
    std::array<char, 1'000> said{};
    const ssize_t size = read(ends[0], said.data(), said.size());
    close(ends[0]);
    int state = -1;
    waitpid(child, &state, 0);
    EXPECT_EQ(state, 0);
    RunReply reply;
    if (size > 0) reply.tool_error.emplace(said.data(), static_cast<std::size_t>(size));
    return reply;
  }

  Registry registry_;
  RunSource source_;
};

// Each worker takes three files; most systems allow a process some more than it begins with.
TEST_F(Worker, gets_the_files_that_many_workers_need) {
  add_scenario(toy::Bug::kNone);

  EXPECT_EQ(run_with_files(50, 1'000).tool_error, std::nullopt);

  const RunReply refused = run_with_files(50, 50);
  ASSERT_TRUE(refused.tool_error.has_value());
  EXPECT_EQ(*refused.tool_error, "worker lost: 64 workers cannot be started: Too many open files");
}

TEST_F(Worker, gives_the_same_record_as_a_run_in_this_process) {
  add_scenario(toy::Bug::kNone);

  RunReply there = run_alone(source_, {.seed = 5, .is_traced = true}, {});
  RunReply here = run_request(source_, {.seed = 5, .is_traced = true}, {});

  EXPECT_FALSE(there.tool_error.has_value());
  there.record.wall_ns = here.record.wall_ns = 0;
  EXPECT_EQ(there.record, here.record);
}

TEST_F(Worker, a_crash_has_a_place_and_frames) {
  const RunReply reply = run_bug(toy::Bug::kCrash);

  EXPECT_FALSE(reply.tool_error.has_value()) << *reply.tool_error;
  EXPECT_EQ(reply.record.verdict, Verdict::kCrash);
  EXPECT_EQ(reply.record.signature(), "crash/SIGSEGV/store/connection");
  EXPECT_EQ(reply.record.scenario, "crash");
  EXPECT_EQ(reply.record.seed, 1U);
  EXPECT_GT(reply.record.events, 0U);
  EXPECT_GT(reply.record.virtual_ns, 0);
  const Breakdown& breakdown = *reply.record.breakdown;
  EXPECT_TRUE(breakdown.machine.starts_with("store-"));
  EXPECT_TRUE(names_the_toy(breakdown.frames)) << testing::PrintToString(breakdown.frames);
}

#ifdef MILLRACE_ASAN

TEST_F(Worker, what_a_sanitizer_reports_has_its_word_for_a_signal) {
  const RunReply reply = run_bug(toy::Bug::kUseAfterFree);

  EXPECT_FALSE(reply.tool_error.has_value()) << *reply.tool_error;
  EXPECT_EQ(reply.record.verdict, Verdict::kCrash);
  EXPECT_EQ(reply.record.signature(), "crash/heap-use-after-free/store/connection");
  EXPECT_GT(reply.record.virtual_ns, 0);
  const Breakdown& breakdown = *reply.record.breakdown;
  EXPECT_TRUE(breakdown.machine.starts_with("store-"));
  EXPECT_TRUE(breakdown.what.starts_with("SUMMARY: AddressSanitizer: heap-use-after-free"))
      << breakdown.what;
  EXPECT_TRUE(names_the_toy(breakdown.frames)) << testing::PrintToString(breakdown.frames);
}

// Where this sanitizer is a library of its own, it does not end by the other one's way.
TEST_F(Worker, undefined_behaviour_is_a_crash_with_its_one_line) {
  const RunReply reply = run_bug(toy::Bug::kUndefined);

  EXPECT_FALSE(reply.tool_error.has_value()) << *reply.tool_error;
  EXPECT_EQ(reply.record.verdict, Verdict::kCrash);
  EXPECT_EQ(reply.record.signature(), "crash/undefined-behavior/store/connection");
  const Breakdown& breakdown = *reply.record.breakdown;
  EXPECT_NE(breakdown.what.find("runtime error: signed integer overflow"), std::string::npos)
      << breakdown.what;
  EXPECT_TRUE(names_the_toy(breakdown.frames)) << testing::PrintToString(breakdown.frames);
}

#endif

TEST_F(Worker, a_stack_overflow_is_told_from_other_crashes) {
  const RunReply reply = run_bug(toy::Bug::kOverflow);

  EXPECT_EQ(reply.record.verdict, Verdict::kCrash);
  EXPECT_EQ(reply.record.signature(), "crash/stack-overflow/store/connection");
}

// Frames of 20 KiB would step over a guard of one page, into the stack below.
TEST_F(Worker, a_stack_overflow_is_seen_also_where_frames_are_larger_than_a_page) {
  const RunReply reply = run_bug(toy::Bug::kLargeFrames);

  EXPECT_EQ(reply.record.verdict, Verdict::kCrash);
  EXPECT_EQ(reply.record.signature(), "crash/stack-overflow/store/connection");
}

TEST_F(Worker, a_task_that_spins_is_a_hang_by_cpu_time) {
  const RunReply reply = run_bug(toy::Bug::kSpin);

  EXPECT_EQ(reply.record.verdict, Verdict::kHang);
  EXPECT_EQ(reply.record.signature(), "hang/store/connection");
  EXPECT_FALSE(reply.record.breakdown->frames.empty());
}

TEST_F(Worker, a_task_that_is_only_slow_is_no_hang) {
  // 600 ms at one virtual instant: beyond the limit, and within five times the limit.
  const RunReply reply = run_bug(toy::Bug::kSlow);

  EXPECT_EQ(reply.record.verdict, Verdict::kPass);
  EXPECT_EQ(reply.request.hang_factor, 5U);
}

TEST_F(Worker, a_crash_costs_one_seed) {
  add_scenario(toy::Bug::kNone);
  add_scenario(toy::Bug::kCrash);
  WorkerPool pool(source_, 1, {});
  std::vector<RunRequest> requests;
  // Every third run of one batch crashes.
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    requests.push_back({.scenario = seed % 3 == 0 ? 1U : 0U, .seed = seed});
  }
  std::vector<std::uint64_t> passed;
  std::vector<std::uint64_t> crashed;

  const bool is_done = pool.run([&](std::size_t) { return std::exchange(requests, {}); },
                                [&](const RunReply& reply) {
                                  EXPECT_FALSE(reply.tool_error.has_value());
                                  auto& list =
                                      reply.record.verdict == Verdict::kPass ? passed : crashed;
                                  list.push_back(reply.record.seed);
                                  return true;
                                },
                                [] { return true; });

  EXPECT_TRUE(is_done);
  EXPECT_EQ(passed, (std::vector<std::uint64_t>{1, 2, 4, 5, 7, 8, 10, 11}));
  EXPECT_EQ(crashed, (std::vector<std::uint64_t>{3, 6, 9, 12}));
  EXPECT_GT(pool.peak_rss_kib(), 0U);
}

TEST_F(Worker, stops_when_told_to) {
  add_scenario(toy::Bug::kSpin);
  WorkerPool pool(source_, 2, {.hang_cpu = seconds(100)});
  std::uint64_t seed = 0;
  int ticks = 0;

  const bool is_done = pool.run(
      [&](std::size_t) { return std::vector<RunRequest>{{.scenario = 0, .seed = ++seed}}; },
      [](const RunReply&) { return true; }, [&] { return ++ticks < 3; });

  EXPECT_FALSE(is_done);
}

TEST_F(Worker, a_plan_that_does_not_fit_is_an_error_of_the_tool) {
  add_scenario(toy::Bug::kNone);

  const RunReply reply = run_alone(source_, {.plan_json = "{\"schema\": 1}"}, {});

  ASSERT_TRUE(reply.tool_error.has_value());
  EXPECT_NE(reply.tool_error->find("missing"), std::string::npos) << *reply.tool_error;
}

}  // namespace
}  // namespace millrace::run
