#pragma once

// Writes JSON straight into a text: the form of a plan, which every run hashes.
//
// Indented by one space a level, members in the order of their names: byte for byte what a tree of
// values would print, without the tree, which took nine tenths of the time.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::run {

/// Values come in the order of the text. Names of members rise within their object (checked).
class JsonText {
 public:
  /// Takes the text in parts, for who wants no more than its hash. It need not be kept then, and
  /// fresh memory for all of it is what costs a run that is about to begin.
  using Drain = std::function<void(std::string_view)>;

  JsonText() = default;
  explicit JsonText(Drain drain) : drain_(std::move(drain)) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }

  /// The name of the member whose value comes next. It outlives the next member's.
  void name(std::string_view name);

  void text(std::string_view value);
  void integer(std::int64_t value);
  void boolean(bool value);

  /// Ends the text with a line feed. Returns what no drain took.
  std::string finish();

 private:
  struct Level {
    bool is_empty = true;
    std::string_view name_before;
  };

  void begin(char bracket);
  void end(char bracket);
  void drain();
  void begin_value();
  void next_line(bool is_after_bracket);
  void quote(std::string_view value);

  static constexpr std::size_t kPartBytes = 4096;

  Drain drain_;
  std::string text_;
  std::vector<Level> levels_;
  bool is_named_ = false;  // A member's name was written, and its value was not.
};

}  // namespace millrace::run
