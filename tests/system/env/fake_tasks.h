#pragma once

// A process of fibers on a virtual clock, just enough to test what is built over Tasks.
//
// The order among runnable tasks is drawn from a seed, so that a test that runs under many seeds
// sees many schedules. Time jumps to the next deadline when nobody can run.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <ucontext.h>
#include <vector>

#include "system/base/check.h"
#include "system/base/draws.h"
#include "system/env/clock.h"
#include "system/env/random.h"
#include "system/env/tasks.h"

namespace millrace {

/// A linear congruential stream; good enough to mix schedules.
class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint64_t next() override {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return state_ ^ state_ >> 29;
  }

 private:
  std::uint64_t state_;
};

/// One process. `run()` returns when every task has ended, or stops at a deadlock (checked).
class FakeTasks final : public Tasks, public Clock {
 public:
  explicit FakeTasks(std::uint64_t seed) : random_(seed) {}

  void run() {
    while (!tasks_.empty()) {
      std::vector<TaskId> ready;
      for (const auto& [id, task] : tasks_) {
        if (!task->is_parked || is_woken(*task)) ready.push_back(id);
      }
      if (ready.empty()) {
        jump_to_next_deadline();
        continue;
      }
      const std::uint64_t draw = random_.next();
      resume(ready[static_cast<std::size_t>(uniform_below(draw, ready.size()))]);
    }
  }

  TaskId spawn(std::string_view name, std::function<void()> body) override {
    auto task = std::make_unique<Task>();
    task->name = name;
    task->body = std::move(body);
    task->stack.resize(kStackBytes);
    getcontext(&task->context);
    task->context.uc_stack.ss_sp = task->stack.data();
    task->context.uc_stack.ss_size = task->stack.size();
    task->context.uc_link = &main_;
    const auto address = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&task->context, reinterpret_cast<void (*)()>(&FakeTasks::start), 2,
                static_cast<unsigned>(address >> 32), static_cast<unsigned>(address));
    const TaskId id(++last_id_);
    tasks_.emplace(id, std::move(task));
    return id;
  }

  TaskId current() override { return current_; }

  Wake park(Instant deadline) override {
    Task& self = *tasks_.at(current_);
    CHECK(self.no_block_depth == 0, "nothing gives way inside a NoBlock scope");
    self.is_parked = true;
    self.deadline = deadline;
    swapcontext(&self.context, &main_);
    self.is_parked = false;
    if (self.is_cancelled && self.shield_depth == 0) return Wake::kCancelled;
    if (self.has_permit) {
      self.has_permit = false;
      return Wake::kUnparked;
    }
    return Wake::kTimeout;
  }

  void unpark(TaskId task) override {
    if (tasks_.contains(task)) tasks_.at(task)->has_permit = true;
  }

  void cancel(TaskId task) override {
    if (tasks_.contains(task)) tasks_.at(task)->is_cancelled = true;
  }

  void no_block(int change) override { tasks_.at(current_)->no_block_depth += change; }
  void shield(int change) override { tasks_.at(current_)->shield_depth += change; }

  Instant now() override { return now_; }
  WallTime wall() override { return {now_.ns}; }

 private:
  static constexpr std::size_t kStackBytes = 256 * 1024;

  struct Task {
    std::string name;
    std::function<void()> body;
    std::vector<std::byte> stack;
    ucontext_t context{};
    bool is_parked = false;
    bool has_permit = false;
    bool is_cancelled = false;
    bool has_ended = false;
    int no_block_depth = 0;
    int shield_depth = 0;
    Instant deadline{};
  };

  bool is_woken(const Task& task) const {
    const bool is_cancelled = task.is_cancelled && task.shield_depth == 0;
    return task.has_permit || is_cancelled || task.deadline <= now_;
  }

  static void start(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<FakeTasks*>(static_cast<std::uintptr_t>(high) << 32 | low);
    Task& task = *self->tasks_.at(self->current_);
    task.body();
    task.has_ended = true;
  }

  void resume(TaskId id) {
    current_ = id;
    swapcontext(&main_, &tasks_.at(id)->context);
    if (tasks_.at(id)->has_ended) tasks_.erase(id);
  }

  void jump_to_next_deadline() {
    Instant next = Instant::max();
    for (const auto& [id, task] : tasks_) next = std::min(next, task->deadline);
    CHECK(next < Instant::max(), "somebody can still wake up");
    now_ = next;
  }

  FakeRandom random_;
  std::map<TaskId, std::unique_ptr<Task>> tasks_;
  TaskId current_{};
  std::uint64_t last_id_ = 0;
  Instant now_{};
  ucontext_t main_{};
};

/// Runs `body` as the first task of a process, once under each of `seeds` schedules.
inline void under_schedules(std::uint64_t seeds, const std::function<void(FakeTasks&)>& body) {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    FakeTasks tasks(seed);
    tasks.spawn("main", [&] { body(tasks); });
    tasks.run();
  }
}

}  // namespace millrace
