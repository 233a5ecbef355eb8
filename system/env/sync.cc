#include "system/env/sync.h"

namespace millrace {

Result<void> sleep_until(Tasks& tasks, Instant deadline) {
  while (true) {
    switch (tasks.park(deadline)) {
      case Wake::kTimeout:
        return {};
      case Wake::kCancelled:
        return fail(Errc::kCancelled);
      case Wake::kUnparked:
        break;  // Left over from an earlier wait of this task.
    }
  }
}

namespace detail {

Result<void> WaitList::wait(Waiter& waiter, Instant deadline) {
  waiter.task = tasks_.current();
  waiters_.push_back(waiter);
  while (true) {
    const Wake wake = tasks_.park(deadline);
    if (waiter.is_granted) return {};
    if (wake == Wake::kUnparked) continue;  // Left over from an earlier wait of this task.
    waiters_.erase(List::s_iterator_to(waiter));
    return fail(wake == Wake::kTimeout ? Errc::kTimeout : Errc::kCancelled);
  }
}

void WaitList::grant_first() {
  CHECK(!waiters_.empty(), "there is somebody to wake");
  Waiter& waiter = waiters_.front();
  waiters_.pop_front();
  grant(waiter);
}

void WaitList::grant_all() {
  while (!waiters_.empty()) grant_first();
}

void WaitList::grant_where(bool (*is_granted)(const Waiter& waiter)) {
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    Waiter& waiter = *at;
    if (!is_granted(waiter)) {
      ++at;
      continue;
    }
    at = waiters_.erase(at);
    grant(waiter);
  }
}

// The waiter is in no list any more.
void WaitList::grant(Waiter& waiter) {
  waiter.is_granted = true;
  tasks_.unpark(waiter.task);
}

}  // namespace detail

void MutexLock::unlock() {
  CHECK(mutex_ != nullptr, "a lock is released once");
  std::exchange(mutex_, nullptr)->unlock();
}

Result<MutexLock> Mutex::lock(Instant deadline) {
  if (is_locked_) {
    detail::Waiter waiter;
    TRY(waiting_.wait(waiter, deadline));
  }
  // Either it was free, or unlock() left it locked for this task.
  is_locked_ = true;
  return MutexLock(*this);
}

void Mutex::unlock() {
  CHECK(is_locked_, "only the holder releases the lock");
  if (waiting_.empty()) {
    is_locked_ = false;
  } else {
    waiting_.grant_first();
  }
}

bool Condition::holds(const detail::Waiter& waiter) {
  const auto& asking = static_cast<const Waiter&>(waiter);
  return asking.test(asking.predicate);
}

void Condition::notify_all() { waiting_.grant_where(&holds); }

void Latch::count_down() {
  CHECK(count_ > 0, "an open latch stays open");
  --count_;
  if (count_ == 0) waiting_.grant_all();
}

Result<void> Latch::wait(Instant deadline) {
  if (is_open()) return {};
  detail::Waiter waiter;
  return waiting_.wait(waiter, deadline);
}

GateHold::~GateHold() {
  if (gate_ != nullptr) gate_->leave();
}

Result<GateHold> Gate::enter() {
  if (is_closed_) return fail(Errc::kShuttingDown);
  ++inside_count_;
  return GateHold(*this);
}

Result<void> Gate::close(Instant deadline) {
  is_closed_ = true;
  if (inside_count_ == 0) return {};
  detail::Waiter waiter;
  return waiting_.wait(waiter, deadline);
}

void Gate::leave() {
  CHECK(inside_count_ > 0, "only who entered leaves");
  --inside_count_;
  if (is_closed_ && inside_count_ == 0) waiting_.grant_all();
}

TaskId TaskGroup::spawn(std::string_view name, std::function<void()> body) {
  const TaskId task = tasks_.spawn(name, [this, body = std::move(body)]() mutable {
    body();
    body = nullptr;
    running_.erase(tasks_.current());
    // The joiner may destroy the group as soon as this task ends: nothing follows.
    if (running_.empty()) waiting_.grant_all();
  });
  running_.insert(task);
  if (is_cancelled_) tasks_.cancel(task);
  return task;
}

void TaskGroup::cancel_all() {
  is_cancelled_ = true;
  for (const TaskId task : running_) tasks_.cancel(task);
}

Result<void> TaskGroup::join(Instant deadline) {
  while (!running_.empty()) {
    detail::Waiter waiter;
    TRY(waiting_.wait(waiter, deadline));
  }
  is_cancelled_ = false;
  return {};
}

}  // namespace millrace
