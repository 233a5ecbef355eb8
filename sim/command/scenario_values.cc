#include "sim/command/scenario_values.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/command/scenario_file.h"
#include "sim/kernel/strategy.h"
#include "system/base/units.h"

namespace millrace::command {
namespace {

// Above this many names a list helps nobody.
constexpr std::size_t kListedNamesMax = 12;
constexpr std::int64_t kShareMax = 1'000'000;

std::expected<std::int64_t, std::string> parse_value(std::string_view text, const KnobView* knob) {
  const Result<std::int64_t> value = knob == nullptr ? parse_integer(text) : knob->parse(text);
  if (value.has_value()) return *value;
  const std::string wanted = knob == nullptr ? "a whole number" : knob->range_text();
  return std::unexpected(fmt::format("{}, got '{}'", wanted, text));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::expected<run::Range, std::string> parse_range(std::string_view text, const KnobView* knob) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    const auto value = parse_value(text, knob);
    if (!value.has_value()) return std::unexpected(value.error());
    return run::Range::fixed(*value);
  }
  const auto low = parse_value(text.substr(0, dots), knob);
  if (!low.has_value()) return std::unexpected(low.error());
  const auto high = parse_value(text.substr(dots + 2), knob);
  if (!high.has_value()) return std::unexpected(high.error());
  if (*low > *high) {
    return std::unexpected(fmt::format("a range whose ends are in order, got '{}'", text));
  }
  return run::Range::between(*low, *high);
}

std::optional<Ratio> parse_share(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '/');
  if (parts.size() != 2) return std::nullopt;
  const Result<std::int64_t> numerator = parse_integer(parts[0]);
  const Result<std::int64_t> denominator = parse_integer(parts[1]);
  if (!numerator.has_value() || !denominator.has_value()) return std::nullopt;
  const bool is_share = *denominator > 0 && *denominator <= kShareMax && *numerator >= 0 &&
                        *numerator <= *denominator;
  if (!is_share) return std::nullopt;
  return Ratio{static_cast<std::uint32_t>(*numerator), static_cast<std::uint32_t>(*denominator)};
}

std::string unknown_name(std::string_view sort, std::string_view name,
                         const std::vector<std::string>& known) {
  const std::string nearest = run::nearest_name(name, known);
  if (!nearest.empty()) {
    return fmt::format("unknown {} '{}'; the nearest is '{}'", sort, name, nearest);
  }
  if (known.empty() || known.size() > kListedNamesMax) {
    return fmt::format("unknown {} '{}'", sort, name);
  }
  return fmt::format("unknown {} '{}'; there are {}", sort, name, fmt::join(known, ", "));
}

std::vector<std::string> role_names(const run::Registry& registry) {
  std::vector<std::string> names;
  for (const run::RoleType& role : registry.roles()) names.push_back(role.name);
  return names;
}

std::vector<std::string> workload_names(const run::Registry& registry) {
  std::vector<std::string> names;
  for (const run::WorkloadType& workload : registry.workloads()) names.push_back(workload.name);
  return names;
}

std::vector<std::string> property_names(const run::Registry& registry) {
  std::vector<std::string> names;
  for (const run::PropertyType& property : registry.properties()) {
    names.emplace_back(property.claim.id);
    names.emplace_back(property.claim.name);
  }
  return names;
}

std::vector<std::string> scenario_names(const run::Registry& registry) {
  std::vector<std::string> names;
  for (const run::ScenarioSource& source : registry.scenario_sources()) {
    names.push_back(source.name);
  }
  return names;
}

std::vector<std::string> knob_names(const std::vector<KnobView>& knobs) {
  std::vector<std::string> names;
  for (const KnobView& knob : knobs) names.push_back(knob.name);
  return names;
}

std::vector<std::string> strategy_names() { return {"fifo", "random", "pos", "pct", "portfolio"}; }

std::vector<std::string> known_paths(const run::Registry& registry, std::string_view path) {
  std::vector<std::string> paths;
  for (const ScenarioKey& key : scenario_keys()) paths.emplace_back(key.name);
  const std::vector<std::string_view> parts = split(path, '.');
  for (const run::SettingGroup& group : registry.setting_groups()) {
    std::vector<std::string_view> names = split(group.pattern, '.');
    for (std::size_t i = 0; i < names.size() && i < parts.size(); ++i) {
      if (names[i] == "*") names[i] = parts[i];
    }
    for (const KnobView& knob : group.knobs) {
      paths.push_back(fmt::format("{}.{}", fmt::join(names, "."), knob.name));
    }
  }
  return paths;
}

}  // namespace millrace::command
