#pragma once

// Who watches a run. An observer never draws, never gives way and never changes the world.
//
// The kernel calls these while it holds the simulator's heap. Text arguments live for the call.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  kLate,     ///< A frame was lost and is sent again, or is held back.
};

/// A line for people about something that happened at the current event.
struct Note {
  NoteKind kind = NoteKind::kMachine;
  std::string_view machine = {};  ///< Where it happened.
  std::string_view peer = {};     ///< The other machine, for frames.
  std::string text = {};
  /// Of a frame: its number in a traced run, from 1.
  std::uint64_t message = 0;
  /// Id of the fault that fired, was refused, or ended.
  std::uint64_t fault = 0;
  bool is_end = false;  ///< The fault ended.
  /// Machines that the fault strikes, and those on the other side of what it cuts.
  std::vector<std::string_view> struck = {};
  std::vector<std::string_view> others = {};
  /// Of a disk: bytes that its machine wrote and did not sync, after this.
  std::int64_t unsynced_bytes = -1;
};

/// Sees what happens. Every method has an empty default; `final` observers override what they need.
class Observer {
 public:
  virtual ~Observer() = default;
  /// A mark was passed by the current task of `machine`.
  virtual void on_mark(Machine& /*machine*/, std::string_view /*name*/) {}
  virtual void on_fact(Machine& /*machine*/, const FactView& /*fact*/) {}
  virtual void on_note(const Note& /*note*/) {}
  /// The following are told of traced runs alone. What happens now will bring about this event: a
  /// task's first step or its wake by another task, or the completion of a disk request.
  virtual void on_queued(const EventIdentity& /*who*/) {}
  /// The running task takes a frame that arrived; `message` as in Note.
  virtual void on_taken(std::uint64_t /*message*/) {}
  /// A machine was switched on or off, stopped, or goes on.
  virtual void on_machine_state(Machine& /*machine*/) {}
  /// A task ended with an exception; `what` is its message. The task is gone.
  virtual void on_task_exception(Task& /*task*/, std::string_view /*what*/) {}
  /// A task ended, in whatever way but a kill.
  virtual void on_task_end(Task& /*task*/) {}
};

}  // namespace millrace::sim
