#include "sim/run/judging.h"

#include <array>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::run {
namespace {

using Objections = std::vector<std::string>;

struct Number {
  std::int64_t value = 0;
  static constexpr auto fields = millrace::fields("value", &Number::value);
};

/// Objects to numbers below zero in the right way, to zero and to -1 in wrong ones.
class NumbersArePositive {
 public:
  static constexpr Claim claim{"T-1", "positive", "Numbers are above zero."};
  static constexpr std::array<std::string_view, 2> classes{"negative", "none"};
  using Sees = Records<Number>;

  void on(const Number& number, At at, Judge& judge) {
    judge.compared();
    is_any_ = true;
    if (number.value == 0)
      judge.violated({.failure_class = "zero", .seen = "0", .expected = "1", .evidence = {at}});
    if (number.value == -1) judge.violated({.failure_class = "negative"});
    if (number.value < -1)
      judge.violated(
          {.failure_class = "negative", .seen = "less", .expected = "1", .evidence = {at}});
  }
  void at_end(Judge& judge) {
    if (!is_any_)
      judge.violated({.failure_class = "none",
                      .seen = "no number",
                      .expected = "one",
                      .evidence = {judge.at()}});
  }

 private:
  bool is_any_ = false;
};

/// Has no list of classes, and an on() without a Judge.
class IsSeen {
 public:
  static constexpr Claim claim{"T-2", "seen", "A number is seen."};
  using Sees = Records<Number>;

  void on(const Number& /*number*/, At at) { last_ = at; }
  void at_end(Judge& judge) {
    if (last_.record == 2) judge.violated({.seen = "two", .expected = "one", .evidence = {last_}});
  }

 private:
  At last_;
};

TEST(Judging, keeps_the_classes_of_objections_in_order) {
  Judging<NumbersArePositive> judging;
  judging.see(Number{1}).see(Number{-5}).see(Number{-6});

  EXPECT_EQ(judging.objections(), (Objections{"negative", "negative"}));
  EXPECT_EQ(judging.comparisons(), 3U);
}

TEST(Judging, tells_an_objection_of_no_declared_class) {
  Judging<NumbersArePositive> judging;
  judging.see(Number{0});

  EXPECT_EQ(judging.objections(), Objections{"undeclared class"});
}

TEST(Judging, tells_an_objection_that_shows_nothing) {
  Judging<NumbersArePositive> judging;
  judging.see(Number{-1});

  EXPECT_EQ(judging.objections(), (Objections{"negative", "nothing to show"}));
}

TEST(Judging, judges_at_the_end_where_it_is_told_to) {
  Judging<NumbersArePositive> judging;
  EXPECT_EQ(judging.objections(), Objections{});

  judging.at_end();

  EXPECT_EQ(judging.objections(), Objections{"none"});
}

TEST(Judging, knows_the_only_class_of_a_property_without_a_list) {
  Judging<IsSeen> judging;
  judging.see(Number{1}).see(Number{2}).at_end();

  EXPECT_EQ(judging.objections(), Objections{"violated"});
}

}  // namespace
}  // namespace millrace::run
