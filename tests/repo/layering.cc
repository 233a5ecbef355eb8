#include "tests/repo/layering.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace millrace::repo {
namespace {

using Folders = std::set<std::string>;

Folders operator+(Folders left, const Folders& right) {
  left.insert(right.begin(), right.end());
  return left;
}

/// What each folder may include beside itself.
std::map<std::string, Folders> make_table() {
  const Folders base = {"system/base"};
  const Folders env = base + Folders{"system/env"};
  const Folders types = base + Folders{"system/types"};
  const Folders wire = env + types + Folders{"system/wire"};
  const Folders logs = wire + Folders{"system/wal", "system/storage", "system/coord"};
  const Folders servers = logs + Folders{"system/controller", "system/segment_store"};
  const Folders system = servers + Folders{"system/client", "system/pipeline"};

  const Folders kernel = env + Folders{"sim/fiber", "sim/kernel"};
  const Folders devices = kernel + Folders{"sim/devices"};
  const Folders world = devices + Folders{"sim/faults"};
  const Folders run = world + Folders{"sim/run"};
  const Folders command = run + Folders{"reports", "sim/command", "sim"};

  return {
      {"system/base", {}},
      {"system/env", base},
      {"system/types", base},
      // Inside the system: pipeline -> client -> (controller, segment_store)
      //                    -> (wal, storage, coord) -> wire.
      {"system/wire", env + types},
      {"system/wal", wire},
      {"system/storage", wire},
      {"system/coord", wire},
      {"system/segment_store", logs},
      {"system/controller", logs},
      {"system/client", servers},
      {"system/pipeline", servers + Folders{"system/client"}},
      // The world, the runs, and the command, which alone sees the reports.
      {"sim/fiber", base},
      {"sim/kernel", env + Folders{"sim/fiber"}},
      {"sim/devices", kernel},
      {"sim/faults", devices},
      {"sim", world},
      {"sim/run", world},
      {"reports", run},
      {"sim/command", run + Folders{"reports", "sim"}},
      // What is about streams: the domain's types and the history, never a server.
      {"properties", types + Folders{"sim/run"}},
      // The only place that joins the harness with the store.
      {"scenarios", system + command + Folders{"properties", "scenarios/workloads"}},
      {"scenarios/workloads", system + command + Folders{"properties", "scenarios"}},
  };
}

const Folders& heavy_packages() {
  static const Folders packages = {
      "nlohmann/json.hpp", "toml++/", "CLI/", "sqlite3.h", "gtest/", "gmock/", "regex", "zstd.h",
      "fmt/ranges.h"};
  return packages;
}

std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, std::min(path.rfind('/'), path.size())));
}

/// The path that an include line names, with its first quote or bracket.
std::optional<std::string> included_by(std::string_view line) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') {
    return std::nullopt;
  }
  const std::size_t open = line.find_first_of("\"<");
  if (line.find("include") == std::string_view::npos || open == std::string_view::npos) {
    return std::nullopt;
  }
  const std::size_t close = line.find_first_of("\">", open + 1);
  return std::string(line.substr(open, close - open));
}

}  // namespace

std::vector<Violation> check_layering(const RepositoryFile& file) {
  static const std::map<std::string, Folders> table = make_table();
  std::vector<Violation> violations;
  const std::string from = folder_of(file.path);
  const auto row = table.find(from);
  if (row == table.end()) {
    return {{.path = file.path,
             .line = 1,
             .message = "the folder " + from + " has no floor: give it a row in layering.cc"}};
  }

  const SplitSource split = split_source(file.text);
  int line = 0;
  for (const std::string_view code : split_lines(split.code)) {
    ++line;
    const std::optional<std::string> include = included_by(code);
    if (!include) {
      continue;
    }
    const std::string path = include->substr(1);
    if (include->front() == '<') {
      const auto is_heavy = [&](const std::string& heavy) { return path.starts_with(heavy); };
      if (file.path.ends_with(".h") && std::ranges::any_of(heavy_packages(), is_heavy)) {
        violations.push_back({file.path, line, "<" + path + "> is heavy: include it in a .cc"});
      }
      continue;
    }
    const std::string to = folder_of(path);
    // What the build generates for a folder stands in that folder, or in generated/.
    if (to == from || to == "generated" || row->second.contains(to)) {
      continue;
    }
    violations.push_back({file.path, line,
                          table.contains(to)
                              ? from + " may not include " + to + " (docs/architecture.md)"
                              : "\"" + path + "\" is not a path from the repository root"});
  }
  return violations;
}

}  // namespace millrace::repo
