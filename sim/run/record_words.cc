#include "sim/run/record_words.h"

#include <fmt/format.h>
#include <utility>

namespace millrace::run {
namespace {

/// Numbers from here on are hashes and random ids: their first digits tell them apart.
constexpr std::uint64_t kHashesFrom = std::uint64_t{1} << 53;

/// "ContainerRecovered" and "container_recovered" as "container recovered".
std::string spaced(std::string_view name) {
  std::string words;
  for (const char letter : name) {
    const bool is_capital = letter >= 'A' && letter <= 'Z';
    if (is_capital && !words.empty() && words.back() != ' ') words.push_back(' ');
    words.push_back(letter == '_' ? ' '
                    : is_capital  ? static_cast<char>(letter - 'A' + 'a')
                                  : letter);
  }
  return words;
}

std::string value_text(const FieldValue& value) {
  const auto* const number = std::get_if<std::uint64_t>(&value);
  if (number != nullptr && *number >= kHashesFrom) return fmt::format("{:08x}", *number >> 32);
  return millrace::to_text(value);
}

}  // namespace

RecordWords::RecordWords(std::string_view name) : text_(spaced(name)) {}

void RecordWords::add(void* context, std::string_view name, const FieldValue& value) {
  auto& words = *static_cast<RecordWords*>(context);
  std::string phrase = spaced(name);
  if (const bool* const truth = std::get_if<bool>(&value)) {
    // "is_sealed" and "has_offset" are sentences already.
    const bool is_quality = name.starts_with("is_");
    if (is_quality) phrase.erase(0, 3);
    if (name.starts_with("has_")) phrase.erase(0, 4);
    if (!*truth) phrase.insert(0, is_quality ? "not " : "no ");
  } else {
    const std::string text = value_text(value);
    if (text.empty()) return;
    phrase += " " + text;
  }
  words.text_.append(std::exchange(words.before_, ", ")).append(phrase);
}

}  // namespace millrace::run
