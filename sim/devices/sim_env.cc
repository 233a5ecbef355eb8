#include "sim/devices/sim_env.h"

#include <utility>

namespace millrace::sim {

TaskId SimTasks::spawn(std::string_view name, std::function<void()> body) {
  const ArenaScope simulator(nullptr);
  return world_.spawn(process_, name, world_.current_root(), std::move(body)).id();
}

Wake SimTasks::park(Instant deadline) {
  const ArenaScope simulator(nullptr);
  return world_.park(deadline);
}

void SimTasks::unpark(TaskId task) {
  const ArenaScope simulator(nullptr);
  if (Task* const found = world_.find_task(process_, task); found != nullptr) {
    world_.unpark(*found);
  }
}

void SimTasks::cancel(TaskId task) {
  const ArenaScope simulator(nullptr);
  if (Task* const found = world_.find_task(process_, task); found != nullptr) {
    world_.cancel_task(*found);
  }
}

void SimJournal::mark(std::string_view name) {
  const ArenaScope simulator(nullptr);
  world_.observer().on_mark(machine_, name);
  // The marks of a planted bug are counted only, so that a program with it meets the same faults.
  if (name.starts_with("mutant.")) return;
  if (anchors_.wants(MomentKind::kMark)) anchors_.on_mark(machine_, name);
}

void SimJournal::record(const FactView& fact) {
  const ArenaScope simulator(nullptr);
  world_.observer().on_fact(machine_, fact);
  if (anchors_.wants(MomentKind::kFact)) anchors_.on_fact(machine_, fact);
}

Env& SimEnv::install(World& world, Process& process, NetworkDevice& network, DiskDevice& disk,
                     AnchorSink& anchors) {
  const ArenaScope simulator(nullptr);
  auto made = std::make_shared<SimEnv>(world, process, network, disk, anchors);
  Env& env = made->env();
  process.device_state = std::move(made);
  return env;
}

}  // namespace millrace::sim
