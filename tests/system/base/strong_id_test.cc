#include "system/base/strong_id.h"

#include <gtest/gtest.h>
#include <map>
#include <string>
#include <type_traits>

namespace millrace {
namespace {

struct WriterTag;
struct SegmentTag;
using Writer = StrongId<WriterTag>;
using Segment = StrongId<SegmentTag, std::uint32_t>;

static_assert(!std::is_convertible_v<Writer, Segment>);
static_assert(!std::is_constructible_v<Segment, Writer>);
static_assert(!std::is_convertible_v<std::uint64_t, Writer>, "made only on purpose");
static_assert(!std::is_convertible_v<Writer, std::uint64_t>, "read only on purpose");
static_assert(sizeof(Segment) == sizeof(std::uint32_t));

TEST(StrongId, compares_and_prints_as_its_number) {
  EXPECT_EQ(Writer().value(), 0U);
  EXPECT_EQ(Writer(3), Writer(3));
  EXPECT_LT(Writer(3), Writer(4));
  EXPECT_EQ(to_text(Segment(12)), "12");
}

TEST(StrongId, orders_a_map) {
  std::map<Segment, std::string> names;
  names[Segment(2)] = "b";
  names[Segment(1)] = "a";
  EXPECT_EQ(names.begin()->second, "a");
}

}  // namespace
}  // namespace millrace
