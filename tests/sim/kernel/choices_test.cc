#include "sim/kernel/choices.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace millrace::sim {
namespace {

constexpr SimTime kNow{1000};
const Where kHere = where_of("a", "b");

EventIdentity next(Choices& choices, Root root) {
  return choices.identify(root, EventKind::kDeliver, kHere, kNow);
}

EventIdentity next_at(Choices& choices, Root root, Duration time) {
  return choices.identify(root, EventKind::kDeliver, kHere, SimTime{time.ns});
}

TEST(Choices, count_events_of_one_root_kind_and_place) {
  Choices choices(1);

  EXPECT_EQ(next(choices, operation_root(1)).n, 0u);
  EXPECT_EQ(next(choices, operation_root(1)).n, 1u);
  EXPECT_EQ(next(choices, operation_root(2)).n, 0u);
  EXPECT_EQ(choices.identify(operation_root(1), EventKind::kDisk, kHere, kNow).n, 0u);
  EXPECT_EQ(choices.identify(operation_root(1), EventKind::kDeliver, where_of("b", "a"), kNow).n,
            0u);
}

// What operation 1 draws does not depend on whether operation 2 ever was.
TEST(Choices, of_one_root_do_not_move_another) {
  Choices with(7);
  Choices without(7);

  next(with, operation_root(2));
  const std::int64_t kept =
      with.range(next(with, operation_root(1)), Purpose::kLatency, 0, 1 << 30);
  const std::int64_t alone =
      without.range(next(without, operation_root(1)), Purpose::kLatency, 0, 1 << 30);

  EXPECT_EQ(kept, alone);
}

TEST(Choices, differ_by_seed_purpose_and_index) {
  Choices one(1);
  Choices two(2);
  const EventIdentity who = next(one, operation_root(1));

  EXPECT_NE(one.bits(who.id, Purpose::kLatency), two.bits(who.id, Purpose::kLatency));
  EXPECT_NE(one.bits(who.id, Purpose::kLatency), one.bits(who.id, Purpose::kLoss));
  EXPECT_NE(one.bits(who.id, Purpose::kLatency), one.bits(who.id, Purpose::kLatency, 1));
}

// Another schedule is another order and other times, and everything else as before.
TEST(Choices, of_timing_alone_follow_the_seed_of_the_schedule) {
  Choices plain(7);
  Choices other(7, 8, {});
  const EventIdentity who = next(plain, operation_root(1));

  for (int i = 0; i < kPurposeCount; ++i) {
    const auto purpose = static_cast<Purpose>(i);
    EXPECT_EQ(plain.bits(who.id, purpose) == other.bits(who.id, purpose), !is_timing(purpose))
        << to_text(purpose);
  }
  EXPECT_TRUE(is_timing(Purpose::kLatency));
  EXPECT_FALSE(is_timing(Purpose::kCrashShape));
}

TEST(Choices, leave_a_draw_to_the_seed_before_a_rule_for_all_the_others) {
  Override kept;
  kept.root = operation_root(1);
  kept.is_drawn = true;
  Choices choices(1, {kept, Override{}});
  Choices plain(1);
  const EventIdentity matched = next(choices, operation_root(1));
  const EventIdentity other = next(choices, operation_root(2));

  EXPECT_EQ(choices.range(matched, Purpose::kLatency, 50, 1 << 30),
            plain.range(matched, Purpose::kLatency, 50, 1 << 30));
  EXPECT_EQ(choices.range(other, Purpose::kLatency, 50, 1 << 30), 50);
  EXPECT_EQ(choices.override_matches(), (std::vector<std::uint64_t>{1, 1}));
}

TEST(Choices, override_one_of_the_draws_that_an_event_makes_for_a_purpose) {
  Override second;
  second.purpose = Purpose::kTear;
  second.index = 2;
  second.value = 17;
  Choices choices(1, {second});
  Choices plain(1);
  const EventIdentity who = next(choices, operation_root(1));

  for (const std::uint32_t index : {0U, 1U, 3U}) {
    EXPECT_EQ(choices.range(who, Purpose::kTear, 100, 1 << 30, index),
              plain.range(who, Purpose::kTear, 100, 1 << 30, index));
  }
  EXPECT_EQ(choices.range(who, Purpose::kTear, 100, 1 << 30, 2), 17);
}

TEST(Choices, give_neutral_values_where_an_override_says_so) {
  Choices choices(1, {{.purpose = Purpose::kLatency,
                       .root = operation_root(1),
                       .kind = {},
                       .where = {},
                       .n = {},
                       .value = {}}});
  const EventIdentity matched = next(choices, operation_root(1));
  const EventIdentity other = next(choices, operation_root(2));

  EXPECT_EQ(choices.range(matched, Purpose::kLatency, 50, 1 << 30), 50);
  EXPECT_NE(choices.range(other, Purpose::kLatency, 50, 1 << 30), 50);
  EXPECT_EQ(choices.exponential(matched, Purpose::kLatency, 1000), 0);
  EXPECT_FALSE(choices.hit(matched, Purpose::kLatency, Ratio::always()));
  EXPECT_EQ(choices.override_matches(), (std::vector<std::uint64_t>{3}));
}

TEST(Choices, give_the_value_of_the_first_override_that_matches) {
  Choices choices(
      1,
      {{.purpose = Purpose::kLatency,
        .root = {},
        .kind = EventKind::kDeliver,
        .where = kHere,
        .n = 1,
        .value = 12'000'000},
       {.purpose = Purpose::kLatency, .root = {}, .kind = {}, .where = {}, .n = {}, .value = 3}});

  EXPECT_EQ(choices.range(next(choices, operation_root(1)), Purpose::kLatency, 0, 100), 3);
  EXPECT_EQ(choices.range(next(choices, operation_root(1)), Purpose::kLatency, 0, 100), 12'000'000);
  EXPECT_EQ(choices.override_matches(), (std::vector<std::uint64_t>{1, 1}));
}

TEST(Choices, stay_among_the_things_to_choose_from_whatever_an_override_says) {
  Choices choices(
      1, {{.purpose = {}, .root = {}, .kind = {}, .where = {}, .n = {}, .value = 12'000'000}});
  const EventIdentity who = next(choices, operation_root(1));

  EXPECT_EQ(choices.one_of(who, Purpose::kFault, 0, 4), 4);
  EXPECT_EQ(choices.range(who, Purpose::kFault, 0, 4), 12'000'000);
}

// Counters that rested for two generations are dropped, and what follows is no repetition.
TEST(Choices, forget_counters_that_rested_without_repeating_identities) {
  Choices choices(1);
  const EventIdentity early = next(choices, operation_root(1));
  const SimTime later{kNow.ns + seconds(300).ns};

  const EventIdentity late = choices.identify(operation_root(1), EventKind::kDeliver, kHere, later);

  EXPECT_NE(early.id, late.id);
}

// What a boot does goes on for the whole run. However much it did before, what it does at an age
// has the same identities: a poll less in the first second moves none of the later ones.
TEST(Choices, count_the_events_of_a_boot_anew_as_it_grows_older) {
  const Root boot = boot_root("a", {});
  Choices many(1);
  Choices few(1);
  for (int i = 0; i < 100; ++i) next_at(many, boot, milliseconds(10));
  next_at(few, boot, milliseconds(10));

  const EventIdentity first = next_at(many, boot, seconds(2));
  const EventIdentity second = next_at(many, boot, seconds(2));

  EXPECT_NE(first.id, second.id);
  EXPECT_EQ(next_at(few, boot, seconds(2)).id, first.id);
  EXPECT_EQ(next_at(few, boot, seconds(2)).id, second.id);
}

// An age, not a time: a process that starts later draws the same.
TEST(Choices, of_a_boot_do_not_move_when_it_boots_later) {
  const Root boot = boot_root("a", {});
  Choices early(1);
  Choices late(1);
  next_at(early, boot, milliseconds(100));
  next_at(late, boot, milliseconds(777));

  EXPECT_EQ(next_at(early, boot, milliseconds(1100)).id,
            next_at(late, boot, milliseconds(1777)).id);
}

TEST(Choices, of_an_operation_are_counted_however_long_it_takes) {
  Choices choices(1);
  next_at(choices, operation_root(1), milliseconds(10));

  EXPECT_EQ(next_at(choices, operation_root(1), seconds(30)).n, 1u);
}

TEST(Choices, of_a_boot_are_not_repeated_when_it_rested) {
  const Root boot = boot_root("a", {});
  Choices choices(1);
  std::set<EventId> ids;
  for (int i = 0; i < 20; ++i) ids.insert(next_at(choices, boot, seconds(300) * i).id);

  EXPECT_EQ(ids.size(), 20u);
}

// More than the table holds, so that it is cleared out while the boot rests.
TEST(Choices, of_a_boot_are_not_repeated_when_the_rest_was_forgotten) {
  const Root boot = boot_root("a", {});
  Choices choices(1);
  const EventIdentity early = next_at(choices, boot, seconds(1));
  for (std::uint64_t operation = 0; operation < 20'000; ++operation) {
    next_at(choices, operation_root(operation), seconds(300));
  }

  EXPECT_NE(next_at(choices, boot, seconds(300)).id, early.id);
}

TEST(Choices, keep_counting_however_many_counters_there_are) {
  Choices choices(1);
  for (std::uint64_t operation = 0; operation < 20'000; ++operation) {
    next(choices, operation_root(operation));
  }
  for (std::uint64_t operation = 0; operation < 20'000; ++operation) {
    ASSERT_EQ(next(choices, operation_root(operation)).n, 1u) << operation;
  }
}

// Many draws of one event: no bit of them leans, whatever the event's id is.
TEST(Choices, give_fair_bits_for_every_event) {
  const Choices choices(153);
  for (std::uint64_t event = 0; event < 500; ++event) {
    int ones[64] = {};
    for (std::uint32_t index = 0; index < 1000; ++index) {
      const std::uint64_t bits = choices.bits({mix(event, 1)}, Purpose::kRandom, index);
      for (int bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(bits >> bit & 1);
    }
    // Six standard deviations of 1000 fair bits are 95; with 32,000 counts none goes beyond.
    for (int bit = 0; bit < 64; ++bit) {
      ASSERT_GT(ones[bit], 500 - 96) << event << ' ' << bit;
      ASSERT_LT(ones[bit], 500 + 96) << event << ' ' << bit;
    }
  }
}

TEST(Purposes, are_found_by_their_names) {
  for (int i = 0; i < kPurposeCount; ++i) {
    const auto purpose = static_cast<Purpose>(i);
    EXPECT_EQ(purpose_from_text(to_text(purpose)), purpose);
  }
  EXPECT_EQ(purpose_from_text("latencies"), std::nullopt);
}

}  // namespace
}  // namespace millrace::sim
