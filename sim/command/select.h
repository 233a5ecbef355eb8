#pragma once

// Which scenarios a command line means: names, paths, patterns and tags.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/registry.h"
#include "sim/run/scenario.h"

namespace millrace::command {

/// The tag that stands for no scenario at all.
inline constexpr std::string_view kDefaultTag = "@default";

/// Loads what the names mean, each scenario once, in the order in which they were named; a pattern
/// (with * ? or [) and a tag take the Registry's order. No name stands for @default. Errors: every
/// mistake of every file that is meant, unknown names with the nearest one, a pattern or tag
/// without a scenario.
std::expected<std::vector<run::Scenario>, std::vector<std::string>> select_scenarios(
    const std::vector<std::string>& names, const run::Registry& registry);

/// The scenarios that runs name, with their floors where this program has them; of the others the
/// name alone.
std::vector<run::Scenario> known_scenarios(const std::vector<std::string>& names,
                                           const run::Registry& registry);

}  // namespace millrace::command
