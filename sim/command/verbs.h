#pragma once

// The verbs: each takes the parsed command line and what the world registered, does its work, and
// returns the exit status.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/screen_options.h"
#include "sim/command/console.h"
#include "sim/command/exit_status.h"
#include "sim/command/options.h"
#include "sim/command/settings.h"
#include "sim/run/registry.h"

namespace millrace::command {

/// What every verb is given. All of it outlives the call.
struct Context {
  const Options& options;
  const Settings& settings;
  const run::Registry& registry;
  Console& console;
  /// Whether text on stdout is coloured.
  bool has_color = false;
};

int verb_run(const Context& context);
int verb_campaign(const Context& context);
int verb_sweep(const Context& context);
int verb_merge(const Context& context);
int verb_report(const Context& context);
int verb_replay(const Context& context);
int verb_shrink(const Context& context);
int verb_keep(const Context& context);
int verb_plan(const Context& context);
int verb_explain(const Context& context);
int verb_list(const Context& context);
int verb_check(const Context& context);
int verb_verify_determinism(const Context& context);
int verb_new(const Context& context);
int verb_completion(const Context& context);

/// Complains of each mistake in the command line or an input file; returns 2.
int usage_error(const Context& context, const std::vector<std::string>& mistakes);
int usage_error(const Context& context, const std::string& mistake);
/// Complains that the tool itself failed; returns 3.
int tool_error(const Context& context, const std::string& what);

/// How screens are drawn on stdout.
reports::ScreenOptions screen_options(const Context& context);

/// The directory for what the verb writes: --out, or what the settings say; none for the default.
std::optional<std::string> chosen_directory(const Context& context);

}  // namespace millrace::command
