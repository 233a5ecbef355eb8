#pragma once

// Text for people who read it in a terminal: numbers, spans of time, columns, wrapped lines,
// colour.
//
// Whatever comes from a run (keys, messages, names) goes through printable() first: it may hold
// anything, and a terminal obeys control characters. Widths are columns of a terminal, not bytes.
// Nothing here depends on a locale.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/counted.h"

namespace millrace::reports {

// --- numbers and times ---

using run::counted;
using run::thousands;

/// As thousands(), and "." for zero: what is there stands out in a table.
std::string count_cell(std::uint64_t value);

/// A rate in few digits: "0.4", "20.4", "1,100", "1.1 M".
std::string rate_text(double per_second);

/// A span of time in few digits: "840 ms", "4.2 s", "29 s", "1 m 09 s", "2 h 13 m", "3 d 04 h".
std::string span_text(std::int64_t ns);

/// A moment of a run, to the millisecond: "1.204 s", "1,204.001 s".
std::string moment_text(std::int64_t ns);

// --- foreign text ---

/// The text without anything that a terminal would obey or hide: control characters, bytes that are
/// no UTF-8, and invisible or direction-changing code points become \n, \x1b, \u202e and the like.
std::string printable(std::string_view text);

/// The text without what XML 1.0 cannot hold in any spelling: most control characters, bytes that
/// are no UTF-8, and two code points. Source: XML 1.0 (fifth edition), production 2, Char.
std::string xml_text(std::string_view text);

/// Columns that printable text takes: wide code points count twice, combining ones not at all.
std::size_t width_of(std::string_view text);

// --- layout ---

/// Pads with spaces; longer text stays as it is.
std::string padded(std::string_view text, std::size_t width);
std::string right_aligned(std::string_view text, std::size_t width);

/// At most `width` columns; what is cut at the end shows as "...". `width` is at least 4
/// where anything is cut.
std::string cut(std::string_view text, std::size_t width);

/// At most `width` columns; what is cut in the middle shows as "...". `width` is at least 8
/// where anything is cut.
std::string cut_middle(std::string_view text, std::size_t width);

/// Lines of at most `width` columns, broken between words. A word that is wider than a line loses
/// its middle. At least one line; `width` is at least 8.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// As wrapped(), but such a word stays whole and runs over the width: for text of our own with
/// paths and commands in it, which somebody will paste.
std::vector<std::string> wrapped_whole(std::string_view text, std::size_t width);

// --- colour ---

/// What a piece of text is written with; each also differs in its words.
enum class Ink : std::uint8_t { kPlain, kBold, kDim, kBad, kGood, kWarning };

/// With ANSI colour where there is colour, else as it is.
std::string painted(std::string_view text, Ink ink, bool has_color);

/// Puts pieces one behind the other, and begins a new line where the next one does not fit.
class Flow {
 public:
  /// Further lines begin with `indent` spaces.
  Flow(std::size_t width, std::size_t indent, bool has_color)
      : width_(width), indent_(indent), has_color_(has_color) {}

  /// Adds a piece after `gap` spaces, which fall away at the end of a line. A piece is never
  /// broken.
  void add(std::size_t gap, std::string_view piece, Ink ink);

  /// All lines, the last one with its line feed.
  std::string text() const { return text_ + '\n'; }

 private:
  std::size_t width_;
  std::size_t indent_;
  bool has_color_;
  std::size_t column_ = 0;
  bool is_line_empty_ = true;
  std::string text_;
};

}  // namespace millrace::reports
