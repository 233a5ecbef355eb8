#include "tests/sim/command/toy_scenarios.h"

#include <array>
#include <string_view>

#include "tests/sim/run/toy_world.h"

namespace millrace::command {
namespace {

struct File {
  std::string_view name;
  std::string_view text;
};

constexpr std::array kScenarios{
    File{"quiet.toml", R"(story = "Two stores, two writers, no faults."
tags = ["default", "ci"]
run_for = "5s"
settle_for = "5s"
cluster.store = 2
[workloads.writer]
clients = 2
)"},
    File{"lossy.toml", R"(story = "A store that acknowledges before it has synced loses its power."
tags = ["red"]
run_for = "5s"
settle_for = "20s"
cluster.store = 1
knobs.store.bug = "no_sync"
faults.machine.power_loss = "harsh"
[workloads.writer]
clients = 2
)"},
    File{"checked.toml", R"(story = "A store with a check that fails."
run_for = "5s"
cluster.store = 1
knobs.store.bug = "check"
[workloads.writer]
)"},
    File{"crashing.toml", R"(story = "A store that reads where nothing is."
run_for = "5s"
cluster.store = 1
knobs.store.bug = "crash"
[workloads.writer]
)"},
    File{"idle.toml", R"(story = "Too little happens."
tags = ["ci"]
run_for = "5s"
cluster.store = 1
floors = { acked_operations = 1000 }
[workloads.writer]
)"},
    File{"wide.toml", R"(extends = "quiet"
run_for = "2s"
cluster.store = "1..3"
)"},
};

}  // namespace

void toy_registry(run::Registry& registry) {
  toy::register_toy(registry);
  registry.scenarios(kScenarios);
}

void edited_toy_registry(run::Registry& registry) {
  toy::register_edited_toy(registry);
  registry.scenarios(kScenarios);
}

}  // namespace millrace::command
