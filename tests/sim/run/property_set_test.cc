#include "sim/run/property_set.h"

#include <array>
#include <gtest/gtest.h>

namespace millrace::run {
namespace {

struct Seen {
  std::uint64_t number = 0;
  static constexpr auto fields = millrace::fields("number", &Seen::number);
};

/// Objects to 13 as "unlucky", and at the end where nothing was seen.
class NeverUnlucky {
 public:
  static constexpr Claim claim{"T-1", "never_unlucky", "No 13.", PropertyKind::kNever};
  static constexpr std::array<std::string_view, 2> classes{"unlucky", "nothing"};
  static constexpr std::array<Assumption, 1> needs{Assumption::kLeaseTiming};
  using Sees = Records<Seen>;
  void on(const Seen& seen, At at, Judge& judge) {
    judge.compared();
    if (seen.number == 13) judge.violated({.failure_class = "unlucky", .evidence = {at}});
    if (seen.number == 14) judge.violated({.failure_class = "nothing", .evidence = {at}});
  }
};

/// Sees an even number in some run.
class SometimesEven {
 public:
  static constexpr Claim claim{"T-2", "sometimes_even", "Even at times.", PropertyKind::kSometimes};
  using Sees = Records<Seen>;
  void on(const Seen& seen, At /*at*/, Judge& judge) {
    if (seen.number % 2 == 0) judge.witnessed();
  }
};

/// Is judged at the end.
class EventuallyQuiet {
 public:
  static constexpr Claim claim{"T-3", "eventually_quiet", "Quiet.", PropertyKind::kEventually};
  using Sees = Records<Seen>;
  void on(const Seen& /*seen*/, At /*at*/) { ++count_; }
  void at_end(Judge& judge) {
    if (count_ > 5) judge.violated({.seen = "more than 5"});
  }

 private:
  int count_ = 0;
};

struct Tally {
  int count = 0;
};

/// Counts what it sees where others find it.
class Counts {
 public:
  static constexpr Claim claim{"T-4", "counts", "It counts."};
  using Sees = Records<Seen>;
  using Shares = Tally;
  explicit Counts(Tally& tally) : tally_(tally) {}
  void on(const Seen& /*seen*/, At /*at*/) { ++tally_.count; }

 private:
  Tally& tally_;
};

/// Objects where another has counted more than one.
class FindsOne {
 public:
  static constexpr Claim claim{"T-5", "finds_one", "One was counted."};
  using Sees = Records<Seen>;
  using Shares = Tally;
  explicit FindsOne(Tally& tally) : tally_(tally) {}
  void on(const Seen& /*seen*/, At at, Judge& judge) {
    judge.compared();
    if (tally_.count != 1) judge.violated({.seen = "another count", .evidence = {at}});
  }

 private:
  Tally& tally_;
};

class PropertySets : public testing::Test {
 protected:
  PropertySets() {
    registry_.property<NeverUnlucky>();
    registry_.property<SometimesEven>();
    registry_.property<EventuallyQuiet>();
  }

  /// Shows these numbers; whether the last was objected to.
  bool show(std::initializer_list<std::uint64_t> numbers) {
    bool is_objected = false;
    for (const std::uint64_t number : numbers) {
      const Seen seen{.number = number};
      ++records_;
      is_objected = set().take(kRecordType<Seen>.key, &seen, {.record = records_});
    }
    return is_objected;
  }

  /// Made at its first use.
  PropertySet& set() {
    if (set_ == nullptr) {
      set_ = std::make_unique<PropertySet>(
          registry_, scenario_,
          [this](const PropertyType& type) -> std::optional<std::string> {
            if (type.claim.id == excused_) return "because";
            return std::nullopt;
          },
          [this](std::uint32_t) -> const std::string& { return name_; });
    }
    return *set_;
  }

  PropertyResult result(std::string_view id, bool has_ended) {
    for (const PropertyResult& one : set().results(has_ended)) {
      if (one.id == id) return one;
    }
    ADD_FAILURE() << id;
    return {};
  }

  Registry registry_;
  Scenario scenario_;
  std::string excused_;
  std::string name_ = "machine-1";
  std::uint64_t records_ = 0;
  std::unique_ptr<PropertySet> set_;
};

TEST_F(PropertySets, keep_the_first_objection_of_each_property) {
  EXPECT_FALSE(show({12}));
  EXPECT_TRUE(show({13}));
  EXPECT_FALSE(show({14, 13}));

  ASSERT_EQ(set().objections().size(), 1U);
  EXPECT_EQ(set().objections()[0].signature, "T-1/unlucky");
  EXPECT_EQ(set().objections()[0].at.record, 2U);
  EXPECT_EQ(result("T-1", true).verdict, PropertyVerdict::kFailed);
  EXPECT_EQ(result("T-1", true).evaluated, 4U);
}

TEST_F(PropertySets, do_not_judge_what_a_run_broke_the_ground_of) {
  excused_ = "T-1";

  EXPECT_FALSE(show({13}));

  EXPECT_TRUE(set().objections().empty());
  const PropertyResult seen = result("T-1", true);
  // Not judged, with the reason, and not passed.
  EXPECT_EQ(seen.verdict, PropertyVerdict::kNotJudged);
  EXPECT_EQ(seen.reason, "because");
}

TEST_F(PropertySets, an_objection_from_before_the_ground_was_broken_stands) {
  EXPECT_TRUE(show({13}));
  excused_ = "T-1";

  EXPECT_EQ(result("T-1", true).verdict, PropertyVerdict::kFailed);
}

TEST_F(PropertySets, tell_what_was_never_compared_from_what_held) {
  EXPECT_EQ(result("T-1", true).verdict, PropertyVerdict::kNotEvaluated);

  show({1});

  EXPECT_EQ(result("T-1", true).verdict, PropertyVerdict::kHeld);
}

TEST_F(PropertySets, a_sometimes_is_seen_or_not_and_never_fails) {
  show({1, 3});
  EXPECT_EQ(result("T-2", true).verdict, PropertyVerdict::kNotSeen);

  show({2});
  EXPECT_EQ(result("T-2", true).verdict, PropertyVerdict::kHeld);
}

TEST_F(PropertySets, an_eventually_is_judged_only_at_the_end) {
  EXPECT_FALSE(show({1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(result("T-3", false).verdict, PropertyVerdict::kNotJudged);
  EXPECT_EQ(result("T-3", false).reason, "the run ended before");

  set().at_end({.record = 7});

  EXPECT_EQ(result("T-3", true).verdict, PropertyVerdict::kFailed);
}

TEST_F(PropertySets, leave_out_what_the_scenario_skips_with_its_reason) {
  scenario_.skips.push_back({.id = "never_unlucky", .reason = "not here"});

  EXPECT_FALSE(show({13}));

  EXPECT_EQ(result("T-1", true).verdict, PropertyVerdict::kSkipped);
  EXPECT_EQ(result("T-1", true).reason, "not here");
}

// Two properties of a run share one object, those of the next run another one.
TEST_F(PropertySets, give_properties_of_one_run_what_they_share) {
  registry_.property<Counts>();
  registry_.property<FindsOne>();

  EXPECT_FALSE(show({1}));
  set_ = nullptr;
  EXPECT_FALSE(show({1}));
  EXPECT_TRUE(show({1}));

  EXPECT_EQ(result("T-5", true).verdict, PropertyVerdict::kFailed);
}

}  // namespace
}  // namespace millrace::run
