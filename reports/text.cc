#include "reports/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <span>

#include "system/base/check.h"

namespace millrace::reports {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;
constexpr std::string_view kCutMark = "...";

/// A code point and how many bytes it takes; no bytes where the text has no UTF-8 here.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;
};

CodePoint code_point_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {.value = lead, .bytes = 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  std::uint32_t value = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kLeast[bytes] || value > 0x10FFFF || is_surrogate) return {};
  return {.value = value, .bytes = bytes};
}

struct CodeRange {
  std::uint32_t first;
  std::uint32_t last;
};

bool is_in(std::span<const CodeRange> ranges, std::uint32_t value) {
  return std::ranges::any_of(
      ranges, [&](const CodeRange& range) { return range.first <= value && value <= range.last; });
}

/// Controls, line separators, and what hides or turns the text around it.
bool is_harmful(std::uint32_t value) {
  constexpr std::array<CodeRange, 8> kHarmful{{{0x00, 0x1F},
                                               {0x7F, 0x9F},
                                               {0xAD, 0xAD},
                                               {0x200B, 0x200F},
                                               {0x2028, 0x202E},
                                               {0x2060, 0x206F},
                                               {0xFEFF, 0xFEFF},
                                               {0xE0000, 0x10FFFF}}};
  return is_in(kHarmful, value);
}

bool is_in_xml(std::uint32_t value) {
  if (value < 0x20) return value == '\t' || value == '\n' || value == '\r';
  return value != 0xFFFE && value != 0xFFFF;
}

/// Source: Unicode 15, EastAsianWidth.txt (W and F), in blocks; combining marks by their blocks.
std::size_t columns_of(std::uint32_t value) {
  constexpr std::array<CodeRange, 4> kCombining{
      {{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
  constexpr std::array<CodeRange, 8> kWide{{{0x1100, 0x115F},
                                            {0x2E80, 0xA4CF},
                                            {0xAC00, 0xD7A3},
                                            {0xF900, 0xFAFF},
                                            {0xFE30, 0xFE6F},
                                            {0xFF00, 0xFF60},
                                            {0x1F300, 0x1FAFF},
                                            {0x20000, 0x3FFFD}}};
  if (value < 0x300) return 1;
  if (is_in(kCombining, value)) return 0;
  return is_in(kWide, value) ? 2 : 1;
}

std::string escape_of(std::uint32_t value) {
  if (value == '\n') return "\\n";
  if (value == '\r') return "\\r";
  if (value == '\t') return "\\t";
  if (value < 0x80) return fmt::format("\\x{:02x}", value);
  return fmt::format("\\u{:04x}", value);
}

/// Bytes of the longest beginning that takes at most `width` columns.
std::size_t bytes_within(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  std::size_t place = 0;
  while (place < text.size()) {
    const CodePoint next = code_point_at(text.substr(place));
    const std::size_t columns = next.bytes == 0 ? 1 : columns_of(next.value);
    if (used + columns > width) break;
    used += columns;
    place += std::max<std::size_t>(next.bytes, 1);
  }
  return place;
}

std::string_view escape_code(Ink ink) {
  switch (ink) {
    case Ink::kPlain:
      return "";
    case Ink::kBold:
      return "\x1b[1m";
    case Ink::kDim:
      return "\x1b[2m";
    case Ink::kBad:
      return "\x1b[1;31m";
    case Ink::kGood:
      return "\x1b[1;32m";
    case Ink::kWarning:
      return "\x1b[33m";
  }
  UNREACHABLE("every ink has its code");
}

/// The lines of a text; `shorten` gives a word as it is to be shown.
template <typename Shorten>
std::vector<std::string> broken_between_words(std::string_view text, std::size_t width,
                                              Shorten shorten) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string word = end == 0 ? "" : shorten(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t columns = width_of(word);
    if (used > 0 && used + 1 + columns > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) lines.back().push_back(' ');
    lines.back().append(word);
    used += columns + (used > 0 ? 1 : 0);
  }
  return lines;
}

}  // namespace

std::string count_cell(std::uint64_t value) { return value == 0 ? "." : thousands(value); }

std::string rate_text(double per_second) {
  if (per_second >= 999'950) return fmt::format("{:.1f} M", per_second / 1e6);
  if (per_second >= 99.95) return thousands(static_cast<std::uint64_t>(std::llround(per_second)));
  return fmt::format("{:.1f}", per_second);
}

std::string span_text(std::int64_t ns) {
  const std::int64_t milliseconds = (ns + kMillisecond / 2) / kMillisecond;
  if (milliseconds < 1'000) return fmt::format("{} ms", milliseconds);
  const std::int64_t tenths = (ns + kSecond / 20) / (kSecond / 10);
  if (tenths < 100) return fmt::format("{}.{} s", tenths / 10, tenths % 10);
  const std::int64_t seconds = (ns + kSecond / 2) / kSecond;
  if (seconds < 60) return fmt::format("{} s", seconds);
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  if (hours == 0) return fmt::format("{} m {:02} s", minutes, seconds % 60);
  if (hours < 24) return fmt::format("{} h {:02} m", hours, minutes % 60);
  return fmt::format("{} d {:02} h", hours / 24, hours % 24);
}

std::string moment_text(std::int64_t ns) {
  const std::uint64_t milliseconds = static_cast<std::uint64_t>(ns) / kMillisecond;
  return fmt::format("{}.{:03} s", thousands(milliseconds / 1'000), milliseconds % 1'000);
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = code_point_at(text);
    if (next.bytes == 0) {
      shown += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text.front()));
    } else if (is_harmful(next.value)) {
      shown += escape_of(next.value);
    } else {
      shown += text.substr(0, next.bytes);
    }
    text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
  }
  return shown;
}

std::string xml_text(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const CodePoint point = code_point_at(text);
    if (point.bytes > 0 && is_in_xml(point.value)) kept += text.substr(0, point.bytes);
    text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
  }
  return kept;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint next = code_point_at(text);
    width += next.bytes == 0 ? 1 : columns_of(next.value);
    text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
  }
  return width;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string line(text);
  const std::size_t used = width_of(text);
  if (used < width) line.append(width - used, ' ');
  return line;
}

std::string right_aligned(std::string_view text, std::size_t width) {
  const std::size_t used = width_of(text);
  std::string line(used < width ? width - used : 0, ' ');
  return line.append(text);
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  CHECK(width > kCutMark.size(), "the mark leaves room for some text");
  std::string line(text.substr(0, bytes_within(text, width - kCutMark.size())));
  return line.append(kCutMark);
}

std::string cut_middle(std::string_view text, std::size_t width) {
  const std::size_t full = width_of(text);
  if (full <= width) return std::string(text);
  CHECK(width >= 8, "the mark leaves room for some text at both ends");
  const std::size_t kept = width - kCutMark.size();
  std::string line(text.substr(0, bytes_within(text, kept - kept / 2)));
  // What comes before the last columns; one more code point where a wide one straddles the cut.
  std::size_t tail = bytes_within(text, full - kept / 2);
  while (width_of(text.substr(tail)) > kept / 2) {
    tail += std::max<std::size_t>(code_point_at(text.substr(tail)).bytes, 1);
  }
  return line.append(kCutMark).append(text.substr(tail));
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  return broken_between_words(text, width,
                              [width](std::string_view word) { return cut_middle(word, width); });
}

std::vector<std::string> wrapped_whole(std::string_view text, std::size_t width) {
  return broken_between_words(text, width, [](std::string_view word) { return std::string(word); });
}

std::string painted(std::string_view text, Ink ink, bool has_color) {
  if (!has_color || ink == Ink::kPlain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_code(ink), text);
}

void Flow::add(std::size_t gap, std::string_view piece, Ink ink) {
  const std::size_t columns = width_of(piece);
  if (!is_line_empty_ && column_ + gap + columns > width_) {
    text_.append("\n").append(indent_, ' ');
    column_ = indent_;
    is_line_empty_ = true;
  }
  if (!is_line_empty_ || text_.empty()) {
    text_.append(gap, ' ');
    column_ += gap;
  }
  text_.append(painted(piece, ink, has_color_));
  column_ += columns;
  is_line_empty_ = false;
}

}  // namespace millrace::reports
