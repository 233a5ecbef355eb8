// `millrace verify-determinism`: the same plan twice, differently on purpose, must be the same
// execution.

#include <fmt/format.h>
#include <unistd.h>

#include "reports/text.h"
#include "sim/command/against.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/run_input.h"
#include "sim/command/seeds.h"
#include "sim/command/verbs.h"
#include "sim/run/determinism.h"

namespace millrace::command {
namespace {

constexpr std::uint64_t kSeedsByDefault = 20;
// Each seed takes two runs; who wants more than this splits the range.
constexpr std::uint64_t kSeedsMax = 1'000'000;

std::vector<std::uint64_t> listed(const SeedChoice& choice) {
  if (!choice.chosen.empty()) return choice.chosen;
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t i = 0; i < choice.count; ++i) seeds.push_back(choice.first + i);
  return seeds;
}

std::string text_of(const run::DeterminismCheck& check) {
  if (check.tool_error.has_value()) {
    return fmt::format("seed {}: {}\n", check.seed, *check.tool_error);
  }
  std::string text = fmt::format("seed {}: fingerprints {:016x} and {:016x} differ\n", check.seed,
                                 check.fingerprint, check.other_fingerprint);
  if (check.difference.has_value()) {
    const run::FirstDifference& difference = *check.difference;
    text += fmt::format("  first at event {}, {}", difference.event,
                        reports::moment_text(difference.time_ns));
    if (!difference.machine.empty()) text += ", machine " + difference.machine;
    if (!difference.task.empty()) text += ", task " + difference.task;
    text +=
        fmt::format("\n    one run    {}\n    the other  {}\n",
                    reports::printable(difference.first), reports::printable(difference.second));
  }
  return text;
}

}  // namespace

int verb_verify_determinism(const Context& context) {
  const Options& options = context.options;
  if (options.names.size() != 1) {
    return usage_error(context, "verify-determinism needs one scenario");
  }
  Parsed<SeedChoice> choice = SeedChoice{.count = kSeedsByDefault};
  if (options.seeds.has_value()) choice = parse_seeds(*options.seeds);
  if (!choice.has_value()) return usage_error(context, "--seeds: " + choice.error());
  if (choice->count > kSeedsMax) {
    return usage_error(context, fmt::format("--seeds: at most {} at once", kSeedsMax));
  }
  const auto scenario = read_scenario(options.names.front(), options.overrides, context.registry);
  if (!scenario.has_value()) return usage_error(context, scenario.error());
  if (options.against.has_value() && access(options.against->c_str(), X_OK) != 0) {
    return usage_error(context, *options.against + ": is no program");
  }

  const run::RunSource source{.registry = &context.registry, .scenarios = {*scenario}};
  run::WorkerPool pool(source, 1, run::WorkerOptions{});
  const Interrupts interrupts(Interrupts::First::kLeaves);
  const std::vector<std::uint64_t> seeds = listed(*choice);
  std::vector<run::DeterminismCheck> different;
  for (const std::uint64_t seed : seeds) {
    const run::DeterminismCheck check = options.against.has_value()
                                            ? compare_builds(source, options, seed)
                                            : run::check_determinism(pool, source, 0, seed);
    if (check.difference.has_value() || check.tool_error.has_value() ||
        check.fingerprint != check.other_fingerprint) {
      different.push_back(check);
    }
  }
  if (options.is_json) {
    context.console.out(determinism_json(scenario->name, seeds.size(), different));
  } else {
    for (const run::DeterminismCheck& check : different) context.console.out(text_of(check));
    context.console.out(different.empty()
                            ? fmt::format("{}: {}, each the same execution twice\n", scenario->name,
                                          reports::counted(seeds.size(), "seed"))
                            : fmt::format("{}: {} of {} seeds differ, exit 3\n", scenario->name,
                                          different.size(), seeds.size()));
  }
  return number(different.empty() ? ExitStatus::kHeld : ExitStatus::kToolFailed);
}

}  // namespace millrace::command
