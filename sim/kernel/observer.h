#pragma once

// Who watches a run. An observer never draws, never gives way and never changes the world.
//
// The kernel calls these while it holds the simulator's heap. Text arguments live for the call.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/kernel/identity.h"
#include "system/base/check.h"
#include "system/env/journal.h"

namespace millrace::sim {

class Machine;
class Task;

/// What sort of note a device leaves in the trace. Notes of a passing run cost nothing: they are
/// built only where World::is_traced().
enum class NoteKind : std::uint8_t {
  kSend,     ///< A frame was accepted for sending.
  kDeliver,  ///< A frame reached its receiver's machine.
  kDrop,     ///< A frame or connection was lost.
  kDisk,     ///< A disk request completed.
  kFault,    ///< A fault fired, healed or was refused.
  kMachine,  ///< A machine or process started, stopped, paused or resumed.
  kHistory,  ///< A client recorded something.
};

/// A line for people about something that happened at the current event.
struct Note {
  NoteKind kind = NoteKind::kMachine;
  std::string_view machine;  ///< Where it happened.
  std::string_view peer;     ///< The other machine, for kSend, kDeliver and kDrop.
  std::string text;
};

/// Sees what happens. Every method has an empty default; `final` observers override what they need.
class Observer {
 public:
  virtual ~Observer() = default;
  /// A mark was passed by the current task of `machine`.
  virtual void on_mark(Machine& /*machine*/, std::string_view /*name*/) {}
  virtual void on_fact(Machine& /*machine*/, const FactView& /*fact*/) {}
  virtual void on_note(const Note& /*note*/) {}
  /// A task ended with an exception; `what` is its message. The task is gone.
  virtual void on_task_exception(Task& /*task*/, std::string_view /*what*/) {}
  /// A task ended, in whatever way but a kill.
  virtual void on_task_end(Task& /*task*/) {}
};

}  // namespace millrace::sim
