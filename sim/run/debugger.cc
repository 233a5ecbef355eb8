#include "sim/run/debugger.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

#include "sim/kernel/arena.h"
#include "sim/kernel/world.h"

namespace millrace::run {
namespace {

using sim::Task;
using sim::World;

/// The world that stopped for a debugger; while one runs it is running_world().
// Volatile, because a debugger reads it from within a function that does nothing.
const World* volatile stopped_world = nullptr;

const World* seen_world() {
  const World* const running = sim::running_world();
  return running == nullptr ? stopped_world : running;
}

/// Text that a debugger reads. No heap: the debugger may have stopped inside an allocator.
class Line {
 public:
  template <typename... Values>
  const char* set(fmt::format_string<Values...> format, Values&&... values) {
    const auto end =
        fmt::format_to_n(text_.data(), text_.size() - 1, format, std::forward<Values>(values)...);
    *end.out = '\0';
    return text_.data();
  }

 private:
  std::array<char, 512> text_ = {};
};

std::string_view doing(const Task& task) {
  switch (task.state()) {
    case sim::TaskState::kReady:
      return "is ready";
    case sim::TaskState::kRunning:
      return "runs";
    case sim::TaskState::kParked:
      return "is parked";
    case sim::TaskState::kInDevice:
      return "waits in a device";
    case sim::TaskState::kInDisk:
      return "waits in its disk";
    case sim::TaskState::kEnded:
      return "has ended";
  }
  return "?";
}

std::vector<const Task*>& tasks() {
  static std::vector<const Task*> all;
  return all;
}

void collect_tasks() {
  const sim::ArenaScope simulator(nullptr);
  tasks().clear();
  const World* const world = seen_world();
  if (world == nullptr) return;
  for (const auto& machine : world->machines()) {
    if (machine->process() == nullptr) continue;
    const std::vector<Task*> own = machine->process()->tasks();
    tasks().insert(tasks().end(), own.begin(), own.end());
  }
}

}  // namespace

void stop_for_debugger(const World& world) {
  stopped_world = &world;
  millrace_stopped();
  stopped_world = nullptr;
}

}  // namespace millrace::run

using millrace::run::collect_tasks;
using millrace::run::doing;
using millrace::run::seen_world;
using millrace::run::tasks;

extern "C" {

[[gnu::noinline, gnu::used]] void millrace_stopped() { asm volatile("" ::: "memory"); }

[[gnu::used]] const char* millrace_place() {
  static millrace::run::Line line;
  const millrace::sim::World* const world = seen_world();
  if (world == nullptr) return line.set("");
  const millrace::sim::Task* const next = world->next_task();
  const millrace::sim::Task* const task = world->current() != nullptr ? world->current() : next;
  const std::int64_t now = world->now().ns;
  const std::int64_t second = now / 1'000'000'000;
  const std::int64_t rest = now % 1'000'000'000;
  if (task == nullptr) {
    return line.set("event {}  {}.{:09} s  no task", world->ordinal(), second, rest);
  }
  return line.set("event {}  {}.{:09} s  {}, task {}", world->ordinal(), second, rest,
                  task->machine().name(), task->name());
}

[[gnu::used]] const char* millrace_task(std::size_t index) {
  static millrace::run::Line line;
  if (index == 0) collect_tasks();
  if (index >= tasks().size()) return nullptr;
  const millrace::sim::Task& task = *tasks()[index];
  return line.set("{}  {}, boot {}  {}  {}", task.machine().name(), task.process().role(),
                  task.machine().boots(), task.name(), doing(task));
}

[[gnu::used]] const void* millrace_task_registers(std::size_t index) {
  if (index >= tasks().size()) return nullptr;
  const millrace::sim::Task& task = *tasks()[index];
  return task.state() == millrace::sim::TaskState::kRunning ? nullptr : task.saved_registers();
}

[[gnu::used]] long millrace_next_task() {
  const millrace::sim::World* const world = seen_world();
  if (world == nullptr) return -1;
  const auto found = std::ranges::find(tasks(), world->next_task());
  return found == tasks().end() ? -1 : found - tasks().begin();
}
}
