#include "sim/run/json_text.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "system/base/check.h"

namespace millrace::run {
namespace {

/// By letter: whether it stands for something else in a quoted text, or may not stand there.
constexpr std::array<bool, 256> kIsStrange = [] {
  std::array<bool, 256> strange{};
  for (int letter = 0; letter < 256; ++letter) {
    strange[static_cast<std::size_t>(letter)] =
        letter < ' ' || letter > '~' || letter == '"' || letter == '\\';
  }
  return strange;
}();

bool is_plain(std::string_view value) {
  bool is_strange = false;
  for (const char letter : value) is_strange |= kIsStrange[static_cast<unsigned char>(letter)];
  return !is_strange;
}

}  // namespace

void JsonText::name(std::string_view name) {
  CHECK(!levels_.empty(), "only an object has members");
  CHECK(!is_named_, "a member has one name");
  Level& level = levels_.back();
  if (!level.is_empty) CHECK(level.name_before < name, "names of members rise");
  begin_value();
  level.name_before = name;
  quote(name);
  text_ += ": ";
  is_named_ = true;
}

void JsonText::text(std::string_view value) {
  begin_value();
  quote(value);
}

void JsonText::integer(std::int64_t value) {
  begin_value();
  std::array<char, 24> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text_.append(digits.data(), written.ptr);
}

void JsonText::boolean(bool value) {
  begin_value();
  text_ += value ? "true" : "false";
}

std::string JsonText::finish() {
  CHECK(levels_.empty(), "what began has ended");
  text_ += '\n';
  drain();
  return std::move(text_);
}

void JsonText::begin(char bracket) {
  begin_value();
  text_ += bracket;
  levels_.emplace_back();
}

void JsonText::end(char bracket) {
  CHECK(!levels_.empty(), "what ends has begun");
  CHECK(!is_named_, "a member has a value");
  const bool is_empty = levels_.back().is_empty;
  levels_.pop_back();
  if (!is_empty) next_line(true);
  text_ += bracket;
  if (text_.size() >= kPartBytes) drain();
}

void JsonText::drain() {
  if (drain_ == nullptr) return;
  drain_(text_);
  text_.clear();
}

/// What stands between the value before and this one.
void JsonText::begin_value() {
  if (is_named_) {
    is_named_ = false;
    return;
  }
  if (levels_.empty()) return;
  const bool is_first = std::exchange(levels_.back().is_empty, false);
  next_line(is_first);
}

/// Each value has a line, so what leads to it is added in one piece.
void JsonText::next_line(bool is_after_bracket) {
  constexpr std::string_view kComma = ",\n                ";
  CHECK(levels_.size() + 2 <= kComma.size(), "values lie a few levels deep");
  const std::string_view line = kComma.substr(0, 2 + levels_.size());
  text_ += is_after_bracket ? line.substr(1) : line;
}

void JsonText::quote(std::string_view value) {
  if (!is_plain(value)) {
    text_ += nlohmann::json(value).dump();
    return;
  }
  text_ += '"';
  text_ += value;
  text_ += '"';
}

}  // namespace millrace::run
