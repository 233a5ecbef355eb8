#include "system/base/knobs.h"

#include <algorithm>

#include "system/base/units.h"

namespace millrace {
namespace {

std::unexpected<Error> outside(const KnobView& knob, std::string_view value) {
  std::string detail = knob.name;
  detail.append(" is ").append(knob.range_text()).append(", not ").append(value);
  return fail(Errc::kInvalid, std::move(detail));
}

bool is_legal(const KnobView& knob, std::int64_t value) {
  return knob.low <= value && value <= knob.high;
}

Result<std::int64_t> parse_value(const KnobView& knob, std::string_view text) {
  switch (knob.kind) {
    case KnobKind::kBool:
      if (text == "true") return 1;
      if (text == "false") return 0;
      break;
    case KnobKind::kInteger:
      return parse_integer(text);
    case KnobKind::kDuration: {
      const Duration duration = TRY(parse_duration(text));
      return duration.ns;
    }
    case KnobKind::kBytes: {
      const std::uint64_t bytes = TRY(parse_bytes(text));
      return static_cast<std::int64_t>(bytes);
    }
    case KnobKind::kEnum: {
      const auto name = std::ranges::find(knob.names, text);
      if (name != knob.names.end()) return knob.low + (name - knob.names.begin());
      break;
    }
  }
  return outside(knob, text);
}

}  // namespace

std::string_view to_text(KnobKind kind) {
  switch (kind) {
    case KnobKind::kBool:
      return "bool";
    case KnobKind::kInteger:
      return "integer";
    case KnobKind::kDuration:
      return "duration";
    case KnobKind::kBytes:
      return "bytes";
    case KnobKind::kEnum:
      return "enum";
  }
  UNREACHABLE("every kind has a name");
}

Result<void> KnobView::set(void* config, std::int64_t value) const {
  if (!is_legal(*this, value)) return outside(*this, text(value));
  write(config, value);
  CHECK(get(config) == value, "the member holds every legal value");
  return {};
}

std::string KnobView::text(std::int64_t value) const {
  if (kind == KnobKind::kDuration) return to_text(Duration{value});
  if (kind == KnobKind::kBytes && value >= 0) return bytes_text(static_cast<std::uint64_t>(value));
  if (kind == KnobKind::kBool && is_legal(*this, value)) return value == 1 ? "true" : "false";
  if (kind == KnobKind::kEnum && is_legal(*this, value)) {
    return names[static_cast<std::size_t>(value - low)];
  }
  return std::to_string(value);
}

std::string KnobView::range_text() const {
  if (low == high) return text(low);
  if (kind == KnobKind::kBool) return "true or false";
  if (kind != KnobKind::kEnum) return text(low).append(" to ").append(text(high));
  std::string all = names.front();
  for (std::size_t i = 1; i < names.size(); ++i) {
    all.append(i + 1 == names.size() ? " or " : ", ").append(names[i]);
  }
  return all;
}

Result<std::int64_t> KnobView::parse(std::string_view text) const {
  const Result<std::int64_t> value = parse_value(*this, text);
  if (!value.has_value() || !is_legal(*this, *value)) return outside(*this, text);
  return *value;
}

const KnobView* find_knob(std::span<const KnobView> knobs, std::string_view name) {
  const auto found = std::ranges::find(knobs, name, &KnobView::name);
  return found == knobs.end() ? nullptr : &*found;
}

namespace detail {

void check_knobs(std::span<const KnobView> knobs) {
  for (const KnobView& knob : knobs) {
    CHECK(!knob.name.empty());
    CHECK(find_knob(knobs, knob.name) == &knob, "a knob's name is its own");
    CHECK(!knob.about.empty(), "a knob says in a sentence what it is for");
    CHECK(knob.low <= knob.default_value, "a default is legal");
    CHECK(knob.default_value <= knob.high, "a default is legal");
    CHECK(knob.low <= knob.drawn_low, "a drawn value is legal");
    CHECK(knob.drawn_low <= knob.drawn_high, "a range has its ends in order");
    CHECK(knob.drawn_high <= knob.high, "a drawn value is legal");
    if (knob.kind == KnobKind::kBytes) CHECK(knob.low >= 0, "a size is not negative");
  }
}

}  // namespace detail
}  // namespace millrace
