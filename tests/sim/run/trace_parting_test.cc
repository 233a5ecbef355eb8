#include "sim/run/trace_parting.h"

#include <gtest/gtest.h>
#include <string>

namespace millrace::run {
namespace {

std::vector<TraceLine> lines(std::string_view texts, std::uint64_t first = 1) {
  std::vector<TraceLine> trace;
  for (const char text : texts) {
    TraceLine& line = trace.emplace_back();
    line.text = std::string(1, text);
    line.number = first++;
    line.ordinal = 10 * line.number;
  }
  return trace;
}

TEST(TraceParting, is_at_the_first_line_that_the_other_lacks) {
  const TraceParting at = find_parting(lines("abcd"), lines("abxd"));

  EXPECT_EQ(at.here, 2U);
  EXPECT_EQ(at.there, 2U);
}

TEST(TraceParting, is_at_the_end_of_what_the_other_goes_on_from) {
  const TraceParting at = find_parting(lines("ab"), lines("abcd"));

  EXPECT_EQ(at.here, 2U);
  EXPECT_EQ(at.there, 2U);
}

TEST(TraceParting, of_a_trace_without_its_beginning_counts_by_lines) {
  const TraceParting at = find_parting(lines("cdef", 3), lines("abcdx"));

  EXPECT_EQ(at.here, 2U);
  EXPECT_EQ(at.there, 4U);
}

TEST(TraceParting, sees_a_line_that_only_comes_later) {
  std::vector<TraceLine> late = lines("abc");
  late[1].time_ns = 7;

  EXPECT_EQ(find_parting(lines("abc"), late).here, 1U);
}

}  // namespace
}  // namespace millrace::run
