// `millrace plan`: everything that a seed expands to, or that a repro holds.

#include <fmt/format.h>

#include "sim/command/json_output.h"
#include "sim/command/overrides.h"
#include "sim/command/repro_input.h"
#include "sim/command/run_input.h"
#include "sim/command/verbs.h"
#include "sim/run/repro.h"
#include "sim/run/repro_token.h"

namespace millrace::command {
namespace {

/// Whether the argument names a file of plans or repros, or is a token, and no scenario.
bool is_plan_file(const std::string& name) {
  return name.ends_with(".json") || name == "-" || run::is_token(name);
}

int print_file(const Context& context, const std::string& file) {
  if (context.options.seed.has_value()) {
    return usage_error(context, "--seed: a file has its seed");
  }
  const auto text = find_repro(file);
  if (!text.has_value()) return usage_error(context, text.error());
  Result<run::Plan> plan = run::plan_from_json(text->json, context.registry);
  if (!plan.has_value()) {
    const Result<run::Repro> repro = run::repro_from_json(text->json, context.registry);
    // The error about the form that the name promises is the one that helps.
    const bool is_repro = text->is_token || file.ends_with(kReproSuffix);
    if (!repro.has_value()) {
      const std::string& detail = is_repro ? repro.error().detail : plan.error().detail;
      return usage_error(context, fmt::format("{}: {}", text->shown_name, detail));
    }
    plan = repro->plan;
  }
  const auto changed = override_plan(context.options.overrides, context.registry, *plan);
  if (!changed.has_value()) return usage_error(context, changed.error());
  context.console.out(plan_text(*plan, context.registry));
  return number(ExitStatus::kHeld);
}

}  // namespace

int verb_plan(const Context& context) {
  const Options& options = context.options;
  if (options.names.size() == 1 && is_plan_file(options.names.front())) {
    return print_file(context, options.names.front());
  }
  const auto input = read_run_input(options, context.registry);
  if (!input.has_value()) return usage_error(context, input.error());
  context.console.out(plan_text(input->plan, context.registry));
  return number(ExitStatus::kHeld);
}

}  // namespace millrace::command
