#include "sim/command/cpu_count.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string>

#include "system/base/units.h"

namespace millrace::command {
namespace {

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// This process's group in the unified hierarchy: "/user.slice/..." of the line
/// "0::/user.slice/...".
std::string own_group() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return "/";
}

/// The smallest quota of the group and those above it.
std::optional<std::uint32_t> cgroup_cpus() {
  const std::filesystem::path root = "/sys/fs/cgroup";
  std::optional<std::uint32_t> least;
  for (std::filesystem::path group = own_group();; group = group.parent_path()) {
    const auto cpus = parse_cpu_max(first_line(root / group.relative_path() / "cpu.max"));
    if (cpus.has_value()) least = std::min(least.value_or(*cpus), *cpus);
    if (group == group.parent_path()) break;
  }
  if (least.has_value()) return least;
  // Version 1 has two files, and -1 for no quota.
  return parse_cpu_max(first_line(root / "cpu/cpu.cfs_quota_us") + " " +
                       first_line(root / "cpu/cpu.cfs_period_us"));
}

}  // namespace

std::optional<std::uint32_t> parse_cpu_max(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const Result<std::int64_t> quota = parse_integer(text.substr(0, space));
  const Result<std::int64_t> period = parse_integer(text.substr(space + 1));
  if (!quota.has_value() || !period.has_value() || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(*quota / *period, 1, UINT32_MAX));
}

std::uint32_t cpu_count() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  const bool is_known = sched_getaffinity(0, sizeof mask, &mask) == 0;
  const std::uint32_t allowed =
      is_known ? std::max<std::uint32_t>(1, static_cast<std::uint32_t>(CPU_COUNT(&mask))) : 1;
  return std::min(allowed, cgroup_cpus().value_or(allowed));
}

}  // namespace millrace::command
