#pragma once

// Values and names in scenario files and flags: ranges, shares, and the names that a message can
// offer instead of an unknown one.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/registry.h"
#include "sim/run/scenario.h"
#include "system/base/ratio.h"

namespace millrace::command {

/// "2..3", "10ms..1s", "true", "7". With a knob its units and legal range apply; without, plain
/// integers. The error says what was expected.
std::expected<run::Range, std::string> parse_range(std::string_view text, const KnobView* knob);

/// "1/20". Nothing for anything else, a denominator of 0 or a share above 1.
std::optional<Ratio> parse_share(std::string_view text);

/// "unknown role 'stor'; the nearest is 'store'", or the whole list where none is near and it is
/// short.
std::string unknown_name(std::string_view sort, std::string_view name,
                         const std::vector<std::string>& known);

std::vector<std::string> role_names(const run::Registry& registry);
std::vector<std::string> workload_names(const run::Registry& registry);
/// Ids and names.
std::vector<std::string> property_names(const run::Registry& registry);
std::vector<std::string> scenario_names(const run::Registry& registry);
std::vector<std::string> knob_names(const std::vector<KnobView>& knobs);
std::vector<std::string> strategy_names();
/// Top-level keys, and the settings with `path`'s own names in the place of '*'.
std::vector<std::string> known_paths(const run::Registry& registry, std::string_view path);

}  // namespace millrace::command
