#include "sim/run/id_ranges.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace millrace::run {
namespace {

constexpr std::uint64_t kIdEnd = std::uint64_t{1} << 53;

/// One spelling for each number: no sign, no leading zero, nothing behind it.
std::optional<std::uint64_t> parse_id(std::string_view digits) {
  std::uint64_t id = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, id);
  const bool is_number = error == std::errc{} && at == end;
  const bool is_plain = digits.size() == 1 || !digits.starts_with('0');
  if (!is_number || !is_plain || id >= kIdEnd) return std::nullopt;
  return id;
}

}  // namespace

IdRanges::IdRanges(std::vector<std::uint64_t> ids) {
  std::ranges::sort(ids);
  for (const std::uint64_t id : ids) {
    if (!ranges_.empty() && id <= ranges_.back().last + 1) {
      ranges_.back().last = id;
    } else {
      ranges_.push_back({.first = id, .last = id});
    }
  }
}

Result<IdRanges> IdRanges::parse(std::string_view text) {
  IdRanges read;
  const auto refuse = [&] {
    return fail(Errc::kInvalid, "ascending ids and ranges such as '1-204,300' are expected");
  };
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    const std::size_t dash = part.find('-');
    const std::optional<std::uint64_t> first = parse_id(part.substr(0, dash));
    const std::optional<std::uint64_t> last =
        dash == std::string_view::npos ? first : parse_id(part.substr(dash + 1));
    if (!first.has_value() || !last.has_value() || *first > *last) return refuse();
    const bool ascends = read.ranges_.empty() || *first > read.ranges_.back().last + 1;
    if (!ascends) return refuse();
    read.ranges_.push_back({.first = *first, .last = *last});
    if (part.size() == text.size()) break;
    text.remove_prefix(part.size() + 1);
    if (text.empty()) return refuse();
  }
  return read;
}

bool IdRanges::contains(std::uint64_t id) const {
  const auto after = std::ranges::upper_bound(ranges_, id, {}, &Range::first);
  return after != ranges_.begin() && id <= std::prev(after)->last;
}

std::string IdRanges::text() const {
  std::string text;
  for (const auto& [first, last] : ranges_) {
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last > first) text += fmt::format("-{}", last);
  }
  return text;
}

}  // namespace millrace::run
