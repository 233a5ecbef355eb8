#include "system/base/result.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace millrace {
namespace {

Result<int> positive(int value) {
  if (value <= 0) return fail(Errc::kInvalid, "not positive");
  return value;
}

Result<void> nothing_negative(int value) {
  if (value < 0) return fail(Errc::kInvalid);
  return {};
}

Result<std::string> chain(int value, int& steps) {
  TRY(nothing_negative(value));
  ++steps;
  const int number = TRY(positive(value));
  ++steps;
  return std::to_string(number);
}

Result<std::unique_ptr<int>> boxed(int value) {
  return std::make_unique<int>(TRY(positive(value)));
}

Result<int> unboxed(int value) {
  const int number = *TRY(boxed(value));
  return number;
}

TEST(Try, gives_the_value_and_goes_on) {
  int steps = 0;
  const Result<std::string> result = chain(3, steps);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, "3");
  EXPECT_EQ(steps, 2);
}

TEST(Try, leaves_with_the_error_where_it_stands) {
  int steps = 0;
  EXPECT_TRUE(failed_with(chain(-1, steps), Errc::kInvalid));
  EXPECT_EQ(steps, 0);

  const Result<std::string> result = chain(0, steps);
  ASSERT_TRUE(failed_with(result, Errc::kInvalid));
  EXPECT_EQ(result.error().detail, "not positive");
  EXPECT_EQ(steps, 1);
}

TEST(Try, moves_values_that_cannot_be_copied) {
  EXPECT_EQ(*unboxed(4), 4);
  EXPECT_TRUE(failed_with(unboxed(0), Errc::kInvalid));
}

TEST(Fail, hands_on_an_error_of_another_type_of_result) {
  const Result<int> from = fail(Errc::kSealed, "segment 3");
  const Result<void> to = fail(from.error());
  ASSERT_TRUE(failed_with(to, Errc::kSealed));
  EXPECT_EQ(to.error().detail, "segment 3");
}

TEST(FailedWith, is_false_for_success_and_for_another_code) {
  EXPECT_FALSE(failed_with(positive(1), Errc::kInvalid));
  EXPECT_FALSE(failed_with(positive(0), Errc::kSealed));
}

TEST(Ignore, drops_a_result_with_a_reason) { ignore(positive(0), "this is what ignore is for"); }

}  // namespace
}  // namespace millrace
