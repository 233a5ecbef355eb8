#pragma once

// Everything that has a name, in a paragraph each: what it is, and how to reach it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/run/registry.h"

namespace millrace::command {

/// The paragraph of a property (by id or name), fault kind, mark, knob, setting, workload, role or
/// scenario; nothing for an unknown name. Several things of one name give several paragraphs.
/// `program` is what the printed commands call; lines have at most `columns` letters, and never
/// more than 100.
std::optional<std::string> explain(std::string_view name, const run::Registry& registry,
                                   std::string_view program, std::size_t columns);

/// Every name that explain() knows.
std::vector<std::string> explained_names(const run::Registry& registry);

}  // namespace millrace::command
