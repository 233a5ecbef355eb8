#include "system/base/fields.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "system/base/error.h"
#include "system/base/strong_id.h"

namespace millrace {
namespace {

struct SegmentTag;
using Segment = StrongId<SegmentTag, std::uint32_t>;

struct Range {
  int from = 0;
  int to = 0;
};
std::string to_text(const Range& range) {
  return std::to_string(range.from) + ".." + std::to_string(range.to);
}

enum class Plain : std::uint8_t { kOne = 1 };

struct Everything {
  std::int32_t change = -5;
  std::uint16_t count = 7;
  bool is_sealed = true;
  std::string name = "orders";
  Bytes data = to_bytes("xyz");
  Duration lease = milliseconds(3);
  Instant at{9};
  WallTime modified{11};
  Segment segment{4};
  Errc code = Errc::kSealed;
  Plain plain = Plain::kOne;
  Range range{.from = 1, .to = 2};

  static constexpr auto fields =
      millrace::fields("change", &Everything::change, "count", &Everything::count, "is_sealed",
                       &Everything::is_sealed, "name", &Everything::name, "data", &Everything::data,
                       "lease", &Everything::lease, "at", &Everything::at, "modified",
                       &Everything::modified, "segment", &Everything::segment, "code",
                       &Everything::code, "plain", &Everything::plain, "range", &Everything::range);
};

struct Nothing {
  static constexpr auto fields = millrace::fields();
};

template <typename Record>
std::vector<std::pair<std::string, FieldValue>> seen_fields(const Record& record) {
  std::vector<std::pair<std::string, FieldValue>> seen;
  for_each_field(record, [&](std::string_view name, const FieldValue& value) {
    seen.emplace_back(name, value);
  });
  return seen;
}

TEST(Fields, give_every_kind_of_value_in_the_order_of_the_table) {
  const Everything record;
  const std::vector<std::pair<std::string, FieldValue>> expected{
      {"change", std::int64_t{-5}},
      {"count", std::uint64_t{7}},
      {"is_sealed", true},
      {"name", std::string_view("orders")},
      {"data", std::string_view("xyz")},
      {"lease", std::int64_t{3'000'000}},
      {"at", std::int64_t{9}},
      {"modified", std::int64_t{11}},
      {"segment", std::uint64_t{4}},
      {"code", std::string("sealed")},
      {"plain", std::uint64_t{1}},
      {"range", std::string("1..2")}};
  EXPECT_EQ(seen_fields(record), expected);
}

TEST(Fields, may_be_none) { EXPECT_TRUE(seen_fields(Nothing{}).empty()); }

TEST(FieldValue, prints_as_people_write_it) {
  EXPECT_EQ(millrace::to_text(FieldValue(std::int64_t{-5})), "-5");
  EXPECT_EQ(millrace::to_text(FieldValue(std::uint64_t{UINT64_MAX})), "18446744073709551615");
  EXPECT_EQ(millrace::to_text(FieldValue(true)), "true");
  EXPECT_EQ(millrace::to_text(FieldValue(false)), "false");
  EXPECT_EQ(millrace::to_text(FieldValue(std::string_view("a"))), "a");
  EXPECT_EQ(millrace::to_text(FieldValue(std::string("b"))), "b");
}

TEST(TypeName, is_the_name_without_its_scope) {
  EXPECT_EQ(type_name<Everything>(), "Everything");
  EXPECT_EQ(type_name<Duration>(), "Duration");
  EXPECT_EQ(type_name<int>(), "int");
}

}  // namespace
}  // namespace millrace
