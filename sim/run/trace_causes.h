#pragma once

// Which line of a trace made which other one happen.
//
//   send -> deliver -> what the task does that takes the frame
//   step that asked a disk -> line of the disk -> what the task does that waited
//   step that woke a task -> what that task does then
//   fault -> what it drops, the machine that boots after it
//   a task's last line -> what it does when its deadline has passed
//
// A line of a step is caused by what began the step, not by the lines before it. Steps that leave
// no line hand on what caused them. What a process remembers between two steps is no cause here:
// it would make everything the cause of everything.

#include <cstdint>
#include <map>
#include <vector>

#include "sim/kernel/world.h"

namespace millrace::run {

/// Lines by 64-bit keys: the youngest of about 65,000.
class LineTable {
 public:
  LineTable();
  void set(std::uint64_t key, std::uint64_t line);
  /// 0 where the key is unknown, or was forgotten.
  std::uint64_t find(std::uint64_t key) const;

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint64_t line = 0;
  };
  std::vector<Entry> entries_;
};

/// Hears of everything in a traced run's order.
class TraceCauses {
 public:
  /// The world outlives the causes.
  explicit TraceCauses(const sim::World& world) : world_(world) {}

  /// What happens now will bring about this event; see sim::Observer.
  void queued(const sim::EventIdentity& who);
  /// The running task takes a frame that arrived.
  void taken(std::uint64_t message);
  /// A line is added now. Returns the lines that caused it, in rising order.
  std::vector<std::uint64_t> add(std::uint64_t line, const sim::Note& note);

 private:
  std::uint64_t current_line() const;
  std::uint64_t fault_line() const;
  std::uint64_t task_key() const;
  void remember(std::uint64_t line, const sim::Note& note);

  const sim::World& world_;
  LineTable of_event_;                              // What stands for an event, by its id.
  LineTable of_task_;                               // A task's last line.
  LineTable sent_;                                  // By message.
  LineTable delivered_;                             // By message.
  std::map<std::uint64_t, std::uint64_t> strikes_;  // By the root of the fault.
  // The last fault that struck, and in which step.
  std::uint64_t strike_ = 0;
  std::uint64_t strike_step_ = 0;
};

}  // namespace millrace::run
