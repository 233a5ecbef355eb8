#pragma once

// How a screen is drawn. What it says does not depend on this, but for how much of it.

#include <cstddef>

namespace millrace::reports {

struct ScreenOptions {
  bool has_color = false;
  /// Everything that is known, not the part that fits one screen.
  bool is_verbose = false;
  /// Of the terminal, or of what the text is written for.
  unsigned columns = 120;
};

/// The width that a screen is laid out for: as wide as the terminal, from 80 to 120 columns. Lines
/// that are to be copied (commands) may be longer.
constexpr std::size_t layout_width(const ScreenOptions& options) {
  if (options.columns < 80) return 80;
  return options.columns > 120 ? 120 : options.columns;
}

}  // namespace millrace::reports
