#pragma once

// Writes JSON straight into a text: the form of a plan, which every run hashes.
//
// Indented by one space a level, members in the order of their names: byte for byte what a tree of
// values would print, without the tree, which took nine tenths of the time.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::run {

/// Values come in the order of the text. Names of members rise within their object (checked).
class JsonText {
 public:
  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  /// The name of the member whose value comes next. It outlives the next member's.
  void name(std::string_view name);

  void text(std::string_view value);
  void integer(std::int64_t value);
  void boolean(bool value);

  /// The text so far, and nothing from then on.
  std::string take() { return std::move(text_); }

 private:
  struct Level {
    bool is_empty = true;
    std::string_view name_before;
  };

  void begin(char bracket);
  void end(char bracket);
  void begin_value();
  void next_line();
  void quote(std::string_view value);

  std::string text_;
  std::vector<Level> levels_;
  bool is_named_ = false;  // A member's name was written, and its value was not.
};

}  // namespace millrace::run
