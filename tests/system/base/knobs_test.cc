#include "system/base/knobs.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "system/base/units.h"
#include "tests/system/base/checked.h"

namespace millrace {
namespace {

using namespace literals;

enum class Order : std::uint8_t { kFifo = 1, kRandom, kPct };

std::string_view to_text(Order order) {
  switch (order) {
    case Order::kFifo:
      return "fifo";
    case Order::kRandom:
      return "random";
    case Order::kPct:
      return "pct";
  }
  return "?";
}

struct Config {
  Duration lease = 10_s;
  std::uint32_t frame_bytes = 64 * kKiB;
  std::uint16_t batch_events = 100;
  std::int64_t offset = -1;
  bool is_pipelined = true;
  Order order = Order::kRandom;

  static constexpr auto knobs = millrace::knobs(
      knob("lease", &Config::lease,
           {.low = 100_ms,
            .high = 60_s,
            .drawn_low = 100_ms,
            .drawn_high = 1_s,
            .about = "How long ownership lasts without renewal."}),
      knob("frame_bytes", &Config::frame_bytes,
           {.unit = "bytes", .low = 64, .high = kMiB, .about = "The largest frame of the log."}),
      knob("batch_events", &Config::batch_events,
           {.unit = "events", .low = 1, .high = 1000, .about = "The most events of a batch."}),
      knob("offset", &Config::offset, {.low = -5, .high = 5, .about = "Where to start."}),
      knob("is_pipelined", &Config::is_pipelined, {.about = "Whether requests overlap."}),
      knob("order", &Config::order,
           {.low = Order::kFifo, .high = Order::kPct, .about = "Who goes first."}));
};

const KnobView& view(std::string_view name) {
  static const std::vector<KnobView> views = knob_views<Config>();
  const KnobView* found = find_knob(views, name);
  CHECK(found != nullptr, "the test names a knob of its table");
  return *found;
}

TEST(KnobViews, follow_the_table_in_order_and_take_defaults_from_the_config) {
  const std::vector<KnobView> views = knob_views<Config>();

  ASSERT_EQ(views.size(), 6U);
  EXPECT_EQ(views[0].name, "lease");
  EXPECT_EQ(views[0].kind, KnobKind::kDuration);
  EXPECT_EQ(views[0].default_value, 10'000'000'000);
  EXPECT_EQ(views[0].low, 100'000'000);
  EXPECT_EQ(views[0].high, 60'000'000'000);
  EXPECT_TRUE(views[0].is_drawn);
  EXPECT_EQ(views[0].drawn_high, 1'000'000'000);
  EXPECT_EQ(views[0].about, "How long ownership lasts without renewal.");
  EXPECT_EQ(views[1].kind, KnobKind::kBytes);
  EXPECT_EQ(views[1].default_value, 65'536);
  EXPECT_FALSE(views[1].is_drawn);
  EXPECT_EQ(views[1].drawn_low, 65'536) << "a knob that is not drawn keeps its default";
  EXPECT_EQ(views[2].kind, KnobKind::kInteger);
  EXPECT_EQ(views[2].unit, "events");
  EXPECT_EQ(views[3].default_value, -1);
  EXPECT_EQ(views[4].kind, KnobKind::kBool);
  EXPECT_EQ(views[4].high, 1);
  EXPECT_EQ(views[5].kind, KnobKind::kEnum);
  EXPECT_EQ(views[5].names, (std::vector<std::string>{"fifo", "random", "pct"}));
  EXPECT_EQ(find_knob(views, "no_such_knob"), nullptr);
}

TEST(KnobView, reads_and_changes_the_member) {
  Config config;
  EXPECT_EQ(view("lease").get(&config), 10'000'000'000);
  ASSERT_TRUE(view("lease").set(&config, 2'000'000'000).has_value());
  ASSERT_TRUE(view("batch_events").set(&config, 7).has_value());
  ASSERT_TRUE(view("offset").set(&config, -5).has_value());
  ASSERT_TRUE(view("is_pipelined").set(&config, 0).has_value());
  ASSERT_TRUE(view("order").set(&config, 3).has_value());

  EXPECT_EQ(config.lease, 2_s);
  EXPECT_EQ(config.batch_events, 7);
  EXPECT_EQ(config.offset, -5);
  EXPECT_FALSE(config.is_pipelined);
  EXPECT_EQ(config.order, Order::kPct);
}

TEST(KnobView, refuses_a_value_outside_the_legal_range_and_says_which_that_is) {
  Config config;
  const Result<void> result = view("lease").set(&config, 61'000'000'000);
  ASSERT_TRUE(failed_with(result, Errc::kInvalid));
  EXPECT_EQ(result.error().detail, "lease is 100ms to 60s, not 61s");
  EXPECT_EQ(config.lease, 10_s) << "a refused value changes nothing";

  EXPECT_TRUE(failed_with(view("order").set(&config, 0), Errc::kInvalid));
  EXPECT_TRUE(failed_with(view("order").set(&config, 4), Errc::kInvalid));
  EXPECT_TRUE(failed_with(view("is_pipelined").set(&config, 2), Errc::kInvalid));
  // 65,537 would become 1 in the 16 bits of the member.
  EXPECT_TRUE(failed_with(view("batch_events").set(&config, 65'537), Errc::kInvalid));
}

TEST(KnobView, prints_and_reads_values_as_people_write_them) {
  EXPECT_EQ(view("lease").text(1'500'000'000), "1500ms");
  EXPECT_EQ(view("frame_bytes").text(4096), "4KiB");
  EXPECT_EQ(view("batch_events").text(17), "17");
  EXPECT_EQ(view("is_pipelined").text(0), "false");
  EXPECT_EQ(view("order").text(3), "pct");

  EXPECT_EQ(*view("lease").parse("200ms"), 200'000'000);
  EXPECT_EQ(*view("frame_bytes").parse("1KiB"), 1024);
  EXPECT_EQ(*view("frame_bytes").parse("100"), 100);
  EXPECT_EQ(*view("offset").parse("-3"), -3);
  EXPECT_EQ(*view("is_pipelined").parse("true"), 1);
  EXPECT_EQ(*view("order").parse("fifo"), 1);
}

TEST(KnobView, refuses_text_that_is_malformed_or_out_of_range) {
  const auto problem = [](std::string_view name, std::string_view text) {
    const Result<std::int64_t> value = view(name).parse(text);
    return value.has_value() ? "accepted" : value.error().detail;
  };
  EXPECT_EQ(problem("lease", "5"), "lease is 100ms to 60s, not 5");
  EXPECT_EQ(problem("lease", "1h"), "lease is 100ms to 60s, not 1h");
  EXPECT_EQ(problem("frame_bytes", "-1"), "frame_bytes is 64B to 1MiB, not -1");
  EXPECT_EQ(problem("batch_events", "many"), "batch_events is 1 to 1000, not many");
  EXPECT_EQ(problem("is_pipelined", "1"), "is_pipelined is true or false, not 1");
  EXPECT_EQ(problem("order", "lifo"), "order is fifo, random or pct, not lifo");
}

struct DefaultOutside {
  int size = 11;
  static constexpr auto knobs = millrace::knobs(
      knob("size", &DefaultOutside::size, {.low = 0, .high = 10, .about = "A size."}));
};

struct DrawnOutside {
  int size = 5;
  static constexpr auto knobs = millrace::knobs(
      knob("size", &DrawnOutside::size,
           {.low = 0, .high = 10, .drawn_low = 0, .drawn_high = 11, .about = "A size."}));
};

struct NameTwice {
  int a = 0;
  int b = 0;
  static constexpr auto knobs = millrace::knobs(knob("a", &NameTwice::a, {.about = "First."}),
                                                knob("a", &NameTwice::b, {.about = "Second."}));
};

struct NoSentence {
  int a = 0;
  static constexpr auto knobs = millrace::knobs(knob("a", &NoSentence::a, {}));
};

TEST(KnobViews, refuse_a_table_that_breaks_its_own_rules) {
  EXPECT_TRUE(broken_check([] { knob_views<DefaultOutside>(); }));
  EXPECT_TRUE(broken_check([] { knob_views<DrawnOutside>(); }));
  EXPECT_TRUE(broken_check([] { knob_views<NameTwice>(); }));
  EXPECT_TRUE(broken_check([] { knob_views<NoSentence>(); }));
}

}  // namespace
}  // namespace millrace
