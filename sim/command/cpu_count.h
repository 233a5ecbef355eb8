#pragma once

// How many CPUs this process may use: those of its affinity mask, within its cgroup's quota.

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::command {

/// At least 1.
std::uint32_t cpu_count();

/// CPUs of a cgroup's cpu.max, "200000 100000" -> 2; a part of a CPU counts as none, but at least 1
/// results. Nothing for "max" or anything else.
std::optional<std::uint32_t> parse_cpu_max(std::string_view text);

}  // namespace millrace::command
