#include "sim/command/command.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "sim/command/file_roles.h"
#include "sim/command/options.h"
#include "sim/command/settings.h"
#include "sim/command/verbs.h"
#include "system/base/check.h"

namespace millrace::command {
namespace {

struct Verb {
  std::string_view name;
  int (*main)(const Context& context);
};

constexpr std::array kVerbs{
    Verb{"run", verb_run},         Verb{"campaign", verb_campaign},
    Verb{"replay", verb_replay},   Verb{"shrink", verb_shrink},
    Verb{"keep", verb_keep},       Verb{"plan", verb_plan},
    Verb{"explain", verb_explain}, Verb{"list", verb_list},
    Verb{"check", verb_check},     Verb{"verify-determinism", verb_verify_determinism},
    Verb{"new", verb_new},         Verb{"completion", verb_completion},
    Verb{"merge", verb_merge},     Verb{"report", verb_report},
    Verb{"sweep", verb_sweep},
};

/// Adds the scenarios of the settings' folder, but for files that the world registered already.
std::expected<void, std::string> add_scenarios(const std::string& folder, run::Registry& registry) {
  run::Registry found;
  found.scenarios(folder);
  if (!found.scenario_errors().empty()) return std::unexpected(found.scenario_errors().front());
  struct File {
    std::string name;
    std::string text;
  };
  for (const run::ScenarioSource& source : found.scenario_sources()) {
    const auto known =
        std::ranges::find(registry.scenario_sources(), source.name, &run::ScenarioSource::name);
    if (known == registry.scenario_sources().end()) continue;
    if (known->text == source.text) continue;
    return std::unexpected(
        fmt::format("{}: there is another scenario with this name", source.path));
  }
  std::vector<File> fresh;
  for (const run::ScenarioSource& source : found.scenario_sources()) {
    const auto known =
        std::ranges::find(registry.scenario_sources(), source.name, &run::ScenarioSource::name);
    if (known == registry.scenario_sources().end()) {
      fresh.push_back({.name = source.name, .text = source.text});
    }
  }
  registry.scenarios(fresh);
  return {};
}

int run_verb(const Context& context) {
  for (const Verb& verb : kVerbs) {
    if (verb.name == context.options.verb) return verb.main(context);
  }
  UNREACHABLE("the parser knows only verbs that there are");
}

}  // namespace

int run_command(std::string_view program, std::span<const std::string> arguments,
                void (*world)(run::Registry& registry), Console& console) {
  const auto options = parse_command_line(program, arguments);
  if (!options.has_value()) {
    console.out(options.error().out);
    console.err(options.error().err);
    return options.error().status;
  }
  if (const auto shared = shared_file(*options); shared.has_value()) {
    console.complain(*shared);
    return number(ExitStatus::kUsage);
  }
  std::error_code no_folder;
  const auto settings =
      load_settings(std::filesystem::current_path(no_folder).string(), read_settings_environment());
  if (!settings.has_value()) {
    for (const FileError& error : settings.error()) console.complain(to_text(error));
    return number(ExitStatus::kUsage);
  }
  run::Registry registry;
  world(registry);
  if (settings->scenarios.has_value()) {
    if (const auto added = add_scenarios(*settings->scenarios, registry); !added.has_value()) {
      console.complain(added.error());
      return number(ExitStatus::kUsage);
    }
  }
  const Context context{.options = *options,
                        .settings = *settings,
                        .registry = registry,
                        .console = console,
                        .has_color = uses_color(options->color, read_terminal_environment(),
                                                console.is_out_terminal())};
  const int status = run_verb(context);
  return console.has_failed() ? tool_error(context, "the result could not be written") : status;
}

int usage_error(const Context& context, const std::vector<std::string>& mistakes) {
  for (const std::string& mistake : mistakes) context.console.complain(mistake);
  return number(ExitStatus::kUsage);
}

int usage_error(const Context& context, const std::string& mistake) {
  return usage_error(context, std::vector<std::string>{mistake});
}

int tool_error(const Context& context, const std::string& what) {
  context.console.complain(what);
  return number(ExitStatus::kToolFailed);
}

reports::ScreenOptions screen_options(const Context& context) {
  return {.has_color = context.has_color,
          .is_verbose = context.options.is_verbose,
          .columns = context.console.columns()};
}

std::optional<std::string> chosen_directory(const Context& context) {
  return context.options.out.has_value() ? context.options.out : context.settings.out;
}

}  // namespace millrace::command
