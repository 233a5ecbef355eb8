#include "sim/command/holds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/failure_screen.h"
#include "sim/command/options.h"
#include "sim/command/run_input.h"
#include "sim/command/run_once.h"
#include "sim/command/seeds.h"

namespace millrace {

using command::Overrides;

Holds holds(std::string_view scenario, const HoldsOptions& options) {
  void (*const world)(Registry&) = options.world != nullptr ? options.world : world_of_tests;
  if (world == nullptr) {
    return {false, "no world: define millrace::world_of_tests(Registry&), or give one as .world"};
  }
  if (options.seeds.first > options.seeds.last || options.seeds.last > command::kSeedMax) {
    return {false,
            fmt::format("there are no seeds {} to {}", options.seeds.first, options.seeds.last)};
  }
  Registry registry;
  world(registry);
  const Overrides overrides{.sets = options.sets};
  const auto read = command::read_scenario(std::string(scenario), overrides, registry);
  if (!read.has_value()) return {false, fmt::format("{}", fmt::join(read.error(), "\n"))};

  const run::RunSource source{.registry = &registry, .scenarios = {*read}};
  for (std::uint64_t seed = options.seeds.first; seed <= options.seeds.last; ++seed) {
    const auto record = command::run_once(source, {.scenario = 0, .seed = seed});
    if (!record.has_value()) return {false, record.error()};
    if (record->verdict == run::Verdict::kPass) continue;
    reports::FailureContext screen_context{.is_new = true, .build = run::this_build()};
    screen_context.seed_command =
        fmt::format("{} run {} --seed {}{}", options.program, command::shell_word(scenario), seed,
                    command::command_text(overrides));
    return {false, "\n" + reports::failure_screen(*record, screen_context, {})};
  }
  return {true, fmt::format("{} holds for seeds {} to {}", scenario, options.seeds.first,
                            options.seeds.last)};
}

}  // namespace millrace
