#pragma once

// A configuration as a table: what may be tuned, within which limits, and what each setting is for.
//
//   struct StoreConfig {
//     Duration lease = seconds(10);
//     std::uint32_t frame_bytes = 64 * kKiB;
//     static constexpr auto knobs = millrace::knobs(
//         knob("lease", &StoreConfig::lease,
//              {.low = milliseconds(100), .high = seconds(60), .drawn_low = milliseconds(100),
//               .drawn_high = seconds(1), .about = "How long ownership lasts without renewal."}),
//         knob("frame_bytes", &StoreConfig::frame_bytes,
//              {.unit = "bytes", .low = 64, .high = kMiB, .about = "The largest log frame."}));
//   };
//
// The program reads its members and never this table. Whoever sets them (a scenario file, a flag, a
// seed that draws boundaries small, a reducer) goes through KnobView, in which every value is a
// 64-bit integer: nanoseconds, bytes, 0 or 1, or the value of an enumerator.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "system/base/check.h"
#include "system/base/result.h"
#include "system/base/time.h"

namespace millrace {

/// How a knob's integer is to be understood and written.
enum class KnobKind : std::uint8_t { kBool, kInteger, kDuration, kBytes, kEnum };

/// "bool", "integer", "duration", "bytes" or "enum".
std::string_view to_text(KnobKind kind);

/// A member that may be a knob. An enumeration has a free function `to_text` and no gaps between
/// the legal values.
template <typename Member>
concept KnobMember =
    std::integral<Member> || std::same_as<Member, Duration> ||
    (std::is_enum_v<Member> && requires(Member value) { std::string(to_text(value)); });

/// What the table says of one knob. All limits are included in their range.
template <KnobMember Member>
struct KnobOptions {
  /// For people, such as "events". "bytes" makes the knob a size; a Duration needs none.
  std::string_view unit = {};
  /// Legal values. A bool may leave both out.
  Member low = {};
  Member high = {};
  /// The part of the legal range from which a seed draws; where left out, no seed draws this knob.
  std::optional<Member> drawn_low = {};
  std::optional<Member> drawn_high = {};
  /// One sentence.
  std::string_view about = {};
};

/// One row of the table.
template <typename Config, KnobMember Member>
struct Knob {
  std::string_view name;
  Member Config::* member;
  KnobOptions<Member> options;
};

/// Makes a row; `name` is the member's.
template <typename Config, KnobMember Member>
constexpr Knob<Config, Member> knob(std::string_view name, Member Config::* member,
                                    std::type_identity_t<KnobOptions<Member>> options) {
  return {name, member, options};
}

/// Makes the table, for a member `static constexpr auto knobs` of the configuration.
template <typename... Rows>
constexpr auto knobs(Rows... rows) {
  return std::make_tuple(rows...);
}

/// An aggregate whose default-constructed value is legal and which names its knobs.
template <typename Config>
concept HasKnobs = std::default_initializable<Config> && requires { Config::knobs; };

/// A knob without its types. Values are integers; see the top of this file.
struct KnobView {
  std::string name;
  std::string unit;
  KnobKind kind = KnobKind::kInteger;
  std::int64_t default_value = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
  /// Whether a seed may draw this knob, and from where; both equal the default where not.
  bool is_drawn = false;
  std::int64_t drawn_low = 0;
  std::int64_t drawn_high = 0;
  std::string about;
  /// For an enumeration, the names of the values from `low` to `high`.
  std::vector<std::string> names;
  std::int64_t (*read)(const void* config) = nullptr;
  void (*write)(void* config, std::int64_t value) = nullptr;

  /// The value in `config`, which has the type that the view was made of.
  std::int64_t get(const void* config) const { return read(config); }

  /// Changes the value in `config`, which has the type that the view was made of.
  /// Errors: kInvalid outside the legal range, which the detail names; `config` is unchanged.
  Result<void> set(void* config, std::int64_t value) const;

  /// A value as people write it: "200ms", "4KiB", "true", "fifo", "17".
  std::string text(std::int64_t value) const;

  /// "100ms to 60s", "true or false", "fifo, random or pct".
  std::string range_text() const;

  /// Reads what `text` prints and the other spellings of units.h.
  /// Errors: kInvalid where it is malformed or outside the legal range; the detail names both.
  Result<std::int64_t> parse(std::string_view text) const;
};

/// The knob of this name, or null.
const KnobView* find_knob(std::span<const KnobView> knobs, std::string_view name);

namespace detail {

template <KnobMember Member>
constexpr std::int64_t knob_integer(Member value) {
  if constexpr (std::same_as<Member, Duration>) {
    return value.ns;
  } else {
    return static_cast<std::int64_t>(value);
  }
}

template <KnobMember Member>
constexpr Member knob_member(std::int64_t value) {
  if constexpr (std::same_as<Member, Duration>) {
    return Duration{value};
  } else {
    return static_cast<Member>(value);
  }
}

template <KnobMember Member>
constexpr KnobKind knob_kind(std::string_view unit) {
  if constexpr (std::same_as<Member, bool>) return KnobKind::kBool;
  if constexpr (std::same_as<Member, Duration>) return KnobKind::kDuration;
  if constexpr (std::is_enum_v<Member>) return KnobKind::kEnum;
  return unit == "bytes" ? KnobKind::kBytes : KnobKind::kInteger;
}

template <HasKnobs Config, std::size_t kIndex>
std::int64_t read_knob(const void* config) {
  return knob_integer(
      static_cast<const Config*>(config)->*(std::get<kIndex>(Config::knobs).member));
}

template <HasKnobs Config, std::size_t kIndex>
void write_knob(void* config, std::int64_t value) {
  auto& member = static_cast<Config*>(config)->*(std::get<kIndex>(Config::knobs).member);
  member = knob_member<std::remove_cvref_t<decltype(member)>>(value);
}

template <HasKnobs Config, std::size_t kIndex>
KnobView knob_view(const Config& defaults) {
  constexpr auto kRow = std::get<kIndex>(Config::knobs);
  using Member = std::remove_cvref_t<decltype(defaults.*(kRow.member))>;
  const KnobOptions<Member>& options = kRow.options;
  const Member standard = defaults.*(kRow.member);
  const bool is_unlimited_bool = std::same_as<Member, bool> && options.low == options.high;

  KnobView view{.name = std::string(kRow.name),
                .unit = std::string(options.unit),
                .kind = knob_kind<Member>(options.unit),
                .default_value = knob_integer(standard),
                .low = is_unlimited_bool ? 0 : knob_integer(options.low),
                .high = is_unlimited_bool ? 1 : knob_integer(options.high),
                .is_drawn = options.drawn_low.has_value() && options.drawn_high.has_value(),
                .drawn_low = knob_integer(options.drawn_low.value_or(standard)),
                .drawn_high = knob_integer(options.drawn_high.value_or(standard)),
                .about = std::string(options.about),
                .names = {},
                .read = &read_knob<Config, kIndex>,
                .write = &write_knob<Config, kIndex>};
  if constexpr (std::is_enum_v<Member>) {
    for (std::int64_t value = view.low; value <= view.high; ++value) {
      view.names.emplace_back(to_text(knob_member<Member>(value)));
    }
  }
  return view;
}

/// CHECKs what the table promises: distinct names, sentences, and ranges inside each other.
void check_knobs(std::span<const KnobView> knobs);

}  // namespace detail

/// The table of `Config` without its types, in its order. A table that breaks its own rules (names
/// twice, no sentence, a default or drawn range outside the legal range) fails a CHECK.
template <HasKnobs Config>
std::vector<KnobView> knob_views() {
  const Config defaults{};
  std::vector<KnobView> views;
  [&]<std::size_t... kIndexes>(std::index_sequence<kIndexes...>) {
    (views.push_back(detail::knob_view<Config, kIndexes>(defaults)), ...);
  }(std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<decltype(Config::knobs)>>>());
  detail::check_knobs(views);
  return views;
}

}  // namespace millrace
