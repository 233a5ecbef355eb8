#pragma once

// The files that `millrace new` writes: a scenario to start from, and a project of one's own.

#include <string>
#include <string_view>
#include <vector>

#include "sim/run/registry.h"

namespace millrace::command {

struct SkeletonFile {
  std::string path;  ///< Below the project's folder.
  std::string text;
};

/// A scenario file that loads as it is: every role, and the first workload that is not part of
/// every scenario anyway.
std::string scenario_skeleton(const run::Registry& registry);

/// A CMake project over the installed package: a store that keeps numbers, a writer, a reader, a
/// property, a scenario, and a test. Builds and passes as it is. `name` is a C++ identifier.
std::vector<SkeletonFile> project_skeleton(std::string_view name);

}  // namespace millrace::command
