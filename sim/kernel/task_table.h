#pragma once

// The tasks of a process by id, in one block of memory.
//
// Ids are handed out in rising order and never again, so a new task goes to the end, and the table
// stays sorted. One that ended leaves a gap; when most are gaps, the others move together.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "system/base/check.h"

namespace millrace::sim {

/// See above. `Task` is World's; a template only because Task's own header includes this one.
template <typename Task>
class TaskTable {
 public:
  /// `id` is higher than all before it (checked).
  void add(std::uint64_t id, std::unique_ptr<Task> task) {
    if (!rows_.empty()) CHECK(rows_.back().id < id, "ids rise");
    rows_.push_back({.id = id, .task = std::move(task)});
  }

  /// Null where it has ended. Cost: O(log n).
  Task* find(std::uint64_t id) const {
    const auto found = std::ranges::lower_bound(rows_, id, {}, &Row::id);
    return found == rows_.end() || found->id != id ? nullptr : found->task.get();
  }

  /// Frees a task, which is there (checked). Cost: O(log n) amortised.
  void remove(std::uint64_t id) {
    const auto found = std::ranges::lower_bound(rows_, id, {}, &Row::id);
    CHECK(found != rows_.end(), "only a task that is there ends");
    CHECK(found->id == id, "only a task that is there ends");
    found->task.reset();
    ++gaps_;
    if (gaps_ < kGapsMin || gaps_ * 2 < rows_.size()) return;
    std::erase_if(rows_, [](const Row& row) { return row.task == nullptr; });
    gaps_ = 0;
  }

  /// Calls `action` with each task in the order of ids. It adds and removes none.
  template <typename Action>
  void for_each(Action action) const {
    for (const Row& row : rows_) {
      if (row.task != nullptr) action(*row.task);
    }
  }

 private:
  static constexpr std::size_t kGapsMin = 16;

  struct Row {
    std::uint64_t id = 0;
    std::unique_ptr<Task> task;
  };

  std::vector<Row> rows_;
  std::size_t gaps_ = 0;
};

}  // namespace millrace::sim
