// `millrace check`: every mistake of scenario files, before anything runs.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/text.h"
#include "sim/command/scenario_file.h"
#include "sim/command/scenario_schema.h"
#include "sim/command/verbs.h"

namespace millrace::command {
namespace {

/// The mistakes of one file, which is always a path here.
std::vector<FileError> mistakes_of(const std::string& file, const run::Registry& registry) {
  // A bare "x" would be looked up in the library.
  const bool is_path = file.find('/') != std::string::npos || file.ends_with(".toml");
  const auto source = find_scenario(is_path ? file : "./" + file, registry);
  if (!source.has_value()) return {source.error()};
  const ScenarioResult scenario = load_scenario(*source, registry);
  return scenario.has_value() ? std::vector<FileError>() : scenario.error();
}

}  // namespace

int verb_check(const Context& context) {
  const Options& options = context.options;
  if (options.wants_schema) {
    if (!options.names.empty()) return usage_error(context, "check --schema takes no files");
    context.console.out(scenario_schema(context.registry));
    return number(ExitStatus::kHeld);
  }
  if (options.names.empty()) return usage_error(context, "check needs a file: check F.toml...");
  std::size_t mistakes = 0;
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const std::string& file : options.names) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const FileError& error : mistakes_of(file, context.registry)) {
      ++mistakes;
      context.console.message(to_text(error));
      list.push_back({{"line", error.line}, {"column", error.column}, {"what", error.what}});
    }
    files.push_back({{"file", file}, {"mistakes", std::move(list)}});
  }
  if (options.is_json) {
    const nlohmann::ordered_json object{{"schema", 1}, {"files", std::move(files)}};
    using Handler = nlohmann::ordered_json::error_handler_t;
    context.console.out(object.dump(2, ' ', false, Handler::replace) + "\n");
  } else {
    context.console.out(mistakes == 0 ? fmt::format("{} of {} files are right\n",
                                                    options.names.size(), options.names.size())
                                      : reports::counted(mistakes, "mistake") + "\n");
  }
  return number(mistakes == 0 ? ExitStatus::kHeld : ExitStatus::kUsage);
}

}  // namespace millrace::command
