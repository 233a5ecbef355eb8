#include "system/base/check.h"

#include <gtest/gtest.h>
#include <string>

#include "system/base/error.h"
#include "system/base/strong_id.h"
#include "system/base/time.h"
#include "tests/system/base/checked.h"

namespace millrace {
namespace {

struct SlotTag;
using Slot = StrongId<SlotTag>;

enum class Colour { kRed, kGreen };

struct Opaque {
  int value = 0;
  friend bool operator==(const Opaque&, const Opaque&) = default;
};

TEST(Check, does_nothing_when_its_condition_holds) {
  EXPECT_FALSE(broken_check([] {
    CHECK(true);
    CHECK(1 < 2);
    CHECK(std::string("a") == "a", "text compares by content");
  }));
}

TEST(Check, tells_condition_message_place_and_operands) {
  const int used = 3;
  const auto failure = broken_check([&] { CHECK(used < 2, "room is left"); });

  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->condition, "used < 2");
  EXPECT_EQ(failure->message, "room is left");
  EXPECT_EQ(failure->values, "3 < 2");
  EXPECT_TRUE(failure->file.ends_with("tests/system/base/check_test.cc")) << failure->file;
  EXPECT_EQ(failure->line, __LINE__ - 7U);
}

TEST(Check, needs_no_message) {
  const auto failure = broken_check([] { CHECK(1 == 2); });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->message, "");
}

// The operands below are temporaries, which must still live when they are printed.
TEST(Check, shows_operands_of_every_kind) {
  const auto values = [](const std::function<void()>& body) {
    const auto failure = broken_check(body);
    return failure.has_value() ? failure->values : "nothing failed";
  };
  EXPECT_EQ(values([] { CHECK(std::string("a long left operand") == "b"); }),
            "\"a long left operand\" == \"b\"");
  EXPECT_EQ(values([] { CHECK(Slot(7) == Slot(8)); }), "7 == 8");
  EXPECT_EQ(values([] { CHECK(Errc::kSealed == Errc::kIo); }), "9 == 18");
  EXPECT_EQ(values([] { CHECK(Colour::kRed == Colour::kGreen); }), "0 == 1");
  EXPECT_EQ(values([] { CHECK(milliseconds(1500) <= seconds(1)); }), "1500ms <= 1s");
  EXPECT_EQ(values([] { CHECK(Instant::max() < Instant{}); }), "never < 0s");
  EXPECT_EQ(values([] { CHECK(std::uint64_t{5} != 5); }), "5 != 5");
  EXPECT_EQ(values([] { CHECK(true == false); }), "true == false");
  EXPECT_EQ(values([] { CHECK(Opaque{1} == Opaque{2}); }), "? == ?");
  EXPECT_EQ(values([] { CHECK(2 > 3); }), "2 > 3");
  EXPECT_EQ(values([] { CHECK(2 >= 3); }), "2 >= 3");
}

TEST(Check, takes_arithmetic_without_parentheses) {
  const int bytes = 10;
  EXPECT_FALSE(broken_check([&] { CHECK(bytes % 4 != 0); }));

  const auto failure = broken_check([&] { CHECK(bytes % 4 + 1 == 0, "a whole number of words"); });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->values, "3 == 0");
}

TEST(Check, shows_no_values_of_a_bare_condition) {
  const auto failure = broken_check([] { CHECK(std::string("x").empty()); });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->condition, "std::string(\"x\").empty()");
  EXPECT_EQ(failure->values, "");
}

TEST(Check, evaluates_its_condition_once) {
  int calls = 0;
  const auto count = [&] { return ++calls; };
  EXPECT_FALSE(broken_check([&] { CHECK(count() == 1); }));
  EXPECT_EQ(calls, 1);
}

TEST(Check, is_a_statement_that_may_stand_behind_an_if) {
  const bool is_applicable = false;
  bool was_else = false;
  EXPECT_FALSE(broken_check([&] {
    if (is_applicable)
      CHECK(false);
    else
      was_else = true;
  }));
  EXPECT_TRUE(was_else);
}

TEST(Check, compares_a_literal_with_an_unsigned_value_as_the_compiler_would) {
  const std::uint64_t largest = UINT64_MAX;
  EXPECT_FALSE(broken_check([&] { CHECK(largest > 0); }));
}

TEST(Unreachable, fails_with_its_message) {
  const auto failure = broken_check([] { UNREACHABLE("no such case"); });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->condition, "UNREACHABLE");
  EXPECT_EQ(failure->message, "no such case");
}

TEST(SetCheckHandler, gives_back_the_handler_before) {
  const CheckHandler mine = [](const CheckFailure&) {};
  const CheckHandler standard = set_check_handler(mine);
  EXPECT_EQ(set_check_handler(nullptr), mine);
  EXPECT_EQ(set_check_handler(standard), standard) << "null stands for the default";
}

TEST(Check, prints_and_aborts_by_default) {
  EXPECT_DEATH(CHECK(1 == 2, "one is two"), "CHECK failed: 1 == 2: one is two \\[1 == 2\\]");
}

TEST(Check, aborts_even_when_its_handler_returns) {
  EXPECT_DEATH(
      {
        set_check_handler([](const CheckFailure&) {});
        CHECK(false);
      },
      "");
}

}  // namespace
}  // namespace millrace
