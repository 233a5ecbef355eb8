#pragma once

// Cooperative tasks of one process: the one blocking primitive on which sync.h builds the rest.
//
// Exactly one task of a process runs at a time. A task gives way only inside a function that takes
// an `Instant deadline`, or in a call of Disk or File; between two such calls it is alone. The
// order among runnable tasks is unspecified.

#include <cstdint>
#include <functional>
#include <string_view>

#include "system/base/strong_id.h"
#include "system/base/time.h"

namespace millrace {

struct TaskIdTag;
/// Identifies a task within its process. Never used twice in one life of the process.
using TaskId = StrongId<TaskIdTag, std::uint64_t>;

/// Why a park ended.
enum class Wake : std::uint8_t { kUnparked, kTimeout, kCancelled };

/// Spawns, parks and wakes tasks.
class Tasks {
 public:
  virtual ~Tasks() = default;

  /// Makes a task that will run `body` some time after this call, never within it. Use a TaskGroup
  /// (sync.h), which joins it. `name` is for people and for keys of the schedule: the same role of
  /// task has the same name in every run ("flusher", "connection-3").
  virtual TaskId spawn(std::string_view name, std::function<void()> body) = 0;

  virtual TaskId current() = 0;

  /// Gives way until somebody unparks this task, it is cancelled, or the deadline has passed on
  /// this machine's monotonic clock. An unpark that came before the park ends it at once (one is
  /// remembered, not several). A cancelled task's park always ends at once with kCancelled.
  /// CHECKs that no NoBlock scope is open.
  virtual Wake park(Instant deadline) = 0;

  /// Ends the park of `task`, or its next one. Nothing happens where the task has ended.
  virtual void unpark(TaskId task) = 0;

  /// From now on each park of `task` ends with kCancelled, the current one, too, but for those
  /// under a shield.
  virtual void cancel(TaskId task) = 0;

  /// Opens (+1) or closes (-1) a stretch in which the current task parks as if it were not
  /// cancelled.
  virtual void shield(int change) = 0;

  /// Opens (+1) or closes (-1) a stretch in which the current task must not give way.
  virtual void no_block(int change) = 0;
};

}  // namespace millrace
