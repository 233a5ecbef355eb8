// `millrace new`: a scenario or a project to start from.

#include <filesystem>
#include <fmt/format.h>

#include "sim/command/output_dir.h"
#include "sim/command/scenario_values.h"
#include "sim/command/skeleton.h"
#include "sim/command/verbs.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;

/// A name that serves as a file, a CMake target and a C++ identifier.
bool is_plain_name(std::string_view name) {
  if (name.empty() || name.front() < 'a' || name.front() > 'z') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

/// Makes a file that was not there. The error says which path and why.
std::expected<void, std::string> write_new(const fs::path& path, std::string_view text) {
  std::error_code error;
  if (fs::exists(path, error)) return std::unexpected(path.string() + ": is there already");
  fs::create_directories(path.parent_path().empty() ? fs::path(".") : path.parent_path(), error);
  if (error) return std::unexpected(path.string() + ": " + error.message());
  return write_file(path.string(), text);
}

int new_scenario(const Context& context, const std::string& name) {
  fs::path folder = context.settings.scenarios.value_or("scenarios");
  if (!fs::is_directory(folder)) folder = ".";
  if (context.options.out.has_value()) folder = *context.options.out;
  const fs::path path = folder / (name + ".toml");
  const auto written = write_new(path, scenario_skeleton(context.registry));
  if (!written.has_value()) return usage_error(context, written.error());
  const std::string program = shell_word(context.options.program);
  const std::string file = shell_word((path.parent_path() / path.filename()).string());
  context.console.out(
      fmt::format("{0}\ncheck it:  {1} check {0}\nrun it:    {1} run {0}\n", file, program));
  return number(ExitStatus::kHeld);
}

int new_project(const Context& context, const std::string& name) {
  const fs::path folder = fs::path(context.options.out.value_or("")) / name;
  if (fs::exists(folder)) return usage_error(context, folder.string() + ": is there already");
  for (const SkeletonFile& file : project_skeleton(name)) {
    const auto written = write_new(folder / file.path, file.text);
    if (!written.has_value()) return tool_error(context, written.error());
    context.console.out(fmt::format("{}/{}\n", folder.string(), file.path));
  }
  context.console.out(
      fmt::format("build it:  cmake -S {0} -B {0}/build && cmake --build {0}/build\n"
                  "test it:   ctest --test-dir {0}/build\n"
                  "run it:    {0}/build/{1} campaign\n",
                  shell_word(folder.string()), name));
  return number(ExitStatus::kHeld);
}

}  // namespace

int verb_new(const Context& context) {
  const std::vector<std::string>& names = context.options.names;
  if (names.size() != 2) {
    return usage_error(context, "new needs what and a name: new scenario NAME, new project NAME");
  }
  if (names[0] != "scenario" && names[0] != "project") {
    return usage_error(context, unknown_name("thing", names[0], {"scenario", "project"}));
  }
  if (!is_plain_name(names[1])) {
    return usage_error(context,
                       fmt::format("'{}' is no name here: small letters, digits and '_', a "
                                   "letter first",
                                   names[1]));
  }
  return names[0] == "scenario" ? new_scenario(context, names[1]) : new_project(context, names[1]);
}

}  // namespace millrace::command
