#include "reports/text.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace millrace::reports {
namespace {

TEST(Text, numbers_have_thousands_separators) {
  EXPECT_EQ(thousands(0), "0");
  EXPECT_EQ(thousands(999), "999");
  EXPECT_EQ(thousands(1'000), "1,000");
  EXPECT_EQ(thousands(18'446'744'073'709'551'615ULL), "18,446,744,073,709,551,615");
  EXPECT_EQ(count_cell(0), ".");
  EXPECT_EQ(count_cell(1'204), "1,204");
  EXPECT_EQ(counted(1, "seed"), "1 seed");
  EXPECT_EQ(counted(0, "seed"), "0 seeds");
}

TEST(Text, rates_have_few_digits) {
  EXPECT_EQ(rate_text(0.44), "0.4");
  EXPECT_EQ(rate_text(20.4), "20.4");
  EXPECT_EQ(rate_text(99.97), "100");
  EXPECT_EQ(rate_text(1'099.6), "1,100");
  // Just below a million must not become "1,000,000".
  EXPECT_EQ(rate_text(999'999), "1.0 M");
  EXPECT_EQ(rate_text(1'130'000), "1.1 M");
}

TEST(Text, spans_round_to_the_unit_that_they_show) {
  EXPECT_EQ(span_text(0), "0 ms");
  EXPECT_EQ(span_text(840'000'000), "840 ms");
  EXPECT_EQ(span_text(999'600'000), "1.0 s");
  EXPECT_EQ(span_text(4'240'000'000), "4.2 s");
  EXPECT_EQ(span_text(9'960'000'000), "10 s");
  EXPECT_EQ(span_text(59'600'000'000), "1 m 00 s");
  EXPECT_EQ(span_text(69'000'000'000), "1 m 09 s");
  EXPECT_EQ(span_text(7'980'000'000'000), "2 h 13 m");
  EXPECT_EQ(span_text(360'000'000'000'000), "4 d 04 h");
}

TEST(Text, moments_are_exact_to_the_millisecond) {
  EXPECT_EQ(moment_text(0), "0.000 s");
  EXPECT_EQ(moment_text(1'204'999'999), "1.204 s");
  EXPECT_EQ(moment_text(1'204'001'000'000), "1,204.001 s");
}

TEST(Text, printable_leaves_nothing_that_a_terminal_obeys) {
  EXPECT_EQ(printable("a\n\r\t\x1b[31m\x7f"), "a\\n\\r\\t\\x1b[31m\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  // A C1 control as UTF-8, a direction override, a zero-width space.
  EXPECT_EQ(printable("\xC2\x9B\xE2\x80\xAE\xE2\x80\x8B"), "\\u009b\\u202e\\u200b");
  EXPECT_EQ(printable("\xC3\xA9\xE6\xB5\x81"), "\xC3\xA9\xE6\xB5\x81");
}

TEST(Text, printable_shows_bytes_that_are_no_utf8) {
  EXPECT_EQ(printable("\xFF"), "\\xff");
  EXPECT_EQ(printable("a\xE6\xB5"), "a\\xe6\\xb5") << "cut short";
  EXPECT_EQ(printable("\xC0\x80"), "\\xc0\\x80") << "overlong";
  EXPECT_EQ(printable("\xE0\x80\x80"), "\\xe0\\x80\\x80") << "overlong";
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above the last code point";
}

TEST(Text, widths_are_columns) {
  EXPECT_EQ(width_of("abc"), 3U);
  EXPECT_EQ(width_of("\xC3\xA9"), 1U);
  EXPECT_EQ(width_of("e\xCC\x81"), 1U) << "a combining accent takes no column";
  EXPECT_EQ(width_of("\xE6\xB5\x81\xE6\xB5\x81"), 4U);
  EXPECT_EQ(padded("\xE6\xB5\x81", 4), "\xE6\xB5\x81  ");
  EXPECT_EQ(right_aligned("7", 3), "  7");
  EXPECT_EQ(right_aligned("1234", 3), "1234");
}

TEST(Text, cuts_keep_within_the_width) {
  EXPECT_EQ(cut("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(cut("abcdefghi", 8), "abcde...");
  EXPECT_EQ(cut_middle("abcdefghijkl", 9), "abc...jkl");
  // Half of a wide character fits neither side, so a column stays free.
  const std::string wide =
      cut_middle("\xE6\xB5\x81\xE6\xB5\x81\xE6\xB5\x81\xE6\xB5\x81\xE6\xB5\x81", 9);
  EXPECT_EQ(wide, "\xE6\xB5\x81...\xE6\xB5\x81");
}

TEST(Text, lines_break_between_words) {
  EXPECT_EQ(wrapped("", 8), std::vector<std::string>{""});
  EXPECT_EQ(wrapped("one two  three", 8), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("a abcdefghijklm b", 9), (std::vector<std::string>{"a", "abc...klm", "b"}));
  EXPECT_EQ(wrapped_whole("one two  three", 8), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped_whole("a abcdefghijklm b", 9),
            (std::vector<std::string>{"a", "abcdefghijklm", "b"}));
}

TEST(Text, colour_is_only_added) {
  EXPECT_EQ(painted("FAIL", Ink::kBad, false), "FAIL");
  EXPECT_EQ(painted("FAIL", Ink::kBad, true), "\x1b[1;31mFAIL\x1b[0m");
  EXPECT_EQ(painted("", Ink::kBad, true), "");
}

TEST(Text, a_flow_never_breaks_a_piece) {
  Flow flow(12, 2, false);
  flow.add(1, "one two", Ink::kPlain);
  flow.add(2, "ab", Ink::kPlain);
  flow.add(3, "three four five", Ink::kPlain);
  flow.add(1, "x", Ink::kPlain);

  EXPECT_EQ(flow.text(), " one two  ab\n  three four five\n  x\n");
}

}  // namespace
}  // namespace millrace::reports
