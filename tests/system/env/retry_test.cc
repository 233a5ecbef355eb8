#include "system/env/retry.h"

#include <gtest/gtest.h>
#include <vector>

#include "tests/system/env/fake_tasks.h"

namespace millrace {
namespace {

using namespace literals;

constexpr Instant kNever = Instant::max();
constexpr BackoffLimits kLimits{.pause_first = 8_ms, .pause_max = 32_ms, .attempts_max = 5};

Instant at(Duration since_start) { return Instant{} + since_start; }

TEST(Backoff, doubles_its_pauses_up_to_the_longest_and_draws_from_their_upper_half) {
  under_schedules(1, [](FakeTasks& tasks) {
    FakeRandom random(1);
    Backoff backoff(tasks, tasks, random, kLimits);
    for (const Duration nominal : {8_ms, 16_ms, 32_ms, 32_ms}) {
      const Instant before = tasks.now();

      ASSERT_TRUE(backoff.pause(kNever).has_value());

      EXPECT_GE(tasks.now() - before, nominal / 2);
      EXPECT_LE(tasks.now() - before, nominal);
    }
    EXPECT_TRUE(failed_with(backoff.pause(kNever), Errc::kTimeout)) << "the fifth was the last";

    backoff.reset();
    const Instant before = tasks.now();
    EXPECT_TRUE(backoff.pause(kNever).has_value());
    EXPECT_LE(tasks.now() - before, 8_ms);
  });
}

TEST(Backoff, waits_for_the_deadline_when_no_attempt_fits_before_it) {
  under_schedules(1, [](FakeTasks& tasks) {
    FakeRandom random(1);
    Backoff backoff(tasks, tasks, random, kLimits);
    EXPECT_TRUE(failed_with(backoff.pause(at(3_ms)), Errc::kTimeout));
    EXPECT_EQ(tasks.now(), at(3_ms)) << "a loop around it lets time pass";
  });
}

TEST(Backoff, ends_when_the_task_is_cancelled) {
  under_schedules(1, [](FakeTasks& tasks) {
    FakeRandom random(1);
    Backoff backoff(tasks, tasks, random, kLimits);
    tasks.cancel(tasks.current());
    EXPECT_TRUE(failed_with(backoff.pause(kNever), Errc::kCancelled));
  });
}

/// Calls retry() with attempts that answer `answers` in turn, kInvalid standing for success.
Result<int> retry_through(FakeTasks& tasks, std::vector<Errc> answers) {
  FakeRandom random(1);
  Backoff backoff(tasks, tasks, random, kLimits);
  std::size_t next = 0;
  const auto attempt = [&](Instant /*deadline*/) -> Result<int> {
    const Errc answer = answers.at(next);
    ++next;
    if (answer == Errc::kInvalid) return static_cast<int>(next);
    return fail(answer);
  };
  return retry(backoff, attempt, kNever);
}

TEST(Retry, goes_on_until_an_attempt_succeeds) {
  under_schedules(1, [](FakeTasks& tasks) {
    const Result<int> result =
        retry_through(tasks, {Errc::kRefused, Errc::kTimeout, Errc::kInvalid});
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(*result, 3);
  });
}

TEST(Retry, stops_at_an_error_that_is_not_transient) {
  under_schedules(1, [](FakeTasks& tasks) {
    EXPECT_TRUE(failed_with(retry_through(tasks, {Errc::kRefused, Errc::kSealed}), Errc::kSealed));
  });
}

TEST(Retry, gives_up_after_its_attempts_with_the_last_error) {
  under_schedules(1, [](FakeTasks& tasks) {
    const std::vector<Errc> answers(5, Errc::kRefused);
    EXPECT_TRUE(failed_with(retry_through(tasks, answers), Errc::kRefused));
  });
}

// The first attempt may have taken effect; saying "did not happen" of the whole would be a lie.
TEST(Retry, stays_unknown_when_an_earlier_attempt_may_have_happened) {
  under_schedules(1, [](FakeTasks& tasks) {
    const Result<int> result = retry_through(tasks, {Errc::kTimeout, Errc::kBadOffset});
    ASSERT_TRUE(failed_with(result, Errc::kTimeout));
    EXPECT_NE(result.error().detail.find("bad_offset"), std::string::npos);
  });
}

}  // namespace
}  // namespace millrace
