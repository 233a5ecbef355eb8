#pragma once

// Waiting for other tasks of the same process, written once over Tasks::park and unpark.
//
// Between two waits a task is alone, so nothing here protects memory: these types protect what must
// hold *across* waits, and say who is woken by what. All waiting is first come, first served. Every
// wait has a deadline as its last parameter and returns
//   kTimeout    the deadline passed first,
//   kCancelled  this task was cancelled.
// A wake-up that was given in the meantime wins over both, so none is ever lost: a task whose time
// is over while it is handed a lock or a value has the lock or the value. A wait that need not give
// way succeeds whatever the deadline, also in a cancelled task.
//
// All types here refer to the Tasks they are given, belong to one process, are neither copied nor
// moved unless stated, and must have no waiting task when they are destroyed (checked).

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "system/base/check.h"
#include "system/base/flat_map.h"
#include "system/base/result.h"
#include "system/base/ring.h"
#include "system/base/time.h"
#include "system/env/tasks.h"

namespace millrace {

/// Waits until `deadline` has passed: success is that it has. Wakes for nothing else but cancel.
/// Errors: kCancelled.
Result<void> sleep_until(Tasks& tasks, Instant deadline);

/// Problem: a stretch of code keeps two structures in step, and a wait that somebody later adds in
/// the middle of it would let others see them apart.
///
/// While one is alive, the current task must not give way; Tasks CHECKs that it does not.
class NoBlock {
 public:
  explicit NoBlock(Tasks& tasks) : tasks_(tasks) { tasks_.no_block(+1); }
  ~NoBlock() { tasks_.no_block(-1); }
  NoBlock(const NoBlock&) = delete;
  NoBlock& operator=(const NoBlock&) = delete;

 private:
  Tasks& tasks_;
};

/// Problem: a cancelled task has to wait once more to end what it began, such as to join the tasks
/// of its own group.
///
/// While one is alive, the waits of the current task go on as if it were not cancelled. Whoever
/// cancels it waits that much longer: so such a wait has a deadline, and what it waits for is told
/// to end before.
class Shield {
 public:
  explicit Shield(Tasks& tasks) : tasks_(tasks) { tasks_.shield(+1); }
  ~Shield() { tasks_.shield(-1); }
  Shield(const Shield&) = delete;
  Shield& operator=(const Shield&) = delete;

 private:
  Tasks& tasks_;
};

namespace detail {

/// A task that waits, on its own stack. `is_granted` tells a wake-up that was meant for this wait
/// from one that was left over from another.
struct Waiter : boost::intrusive::list_base_hook<> {
  TaskId task;
  bool is_granted = false;
};

/// The tasks that wait for one thing, in the order in which they came.
class WaitList {
 public:
  explicit WaitList(Tasks& tasks) : tasks_(tasks) {}
  ~WaitList() { CHECK(waiters_.empty(), "whoever waits outlives what it waits for"); }
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  bool empty() const { return waiters_.empty(); }
  Waiter& first() { return waiters_.front(); }

  /// Gives way until `waiter` is granted its wish.
  /// Errors: kTimeout, kCancelled; then it was not granted and is no longer in the list.
  Result<void> wait(Waiter& waiter, Instant deadline);

  /// Wakes the task that waits longest; somebody waits (checked). The waiter's memory stays valid
  /// until this task gives way.
  void grant_first();
  void grant_all();

  /// Wakes those for whom `is_granted` is true, in the order in which they came.
  void grant_where(bool (*is_granted)(const Waiter& waiter));

 private:
  using List = boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>>;

  void grant(Waiter& waiter);

  Tasks& tasks_;
  List waiters_;
};

}  // namespace detail

class Mutex;

/// Holds a Mutex until it is destroyed or `unlock` is called. May be moved, never copied.
class MutexLock {
 public:
  MutexLock(MutexLock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
  MutexLock& operator=(MutexLock&&) = delete;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() {
    if (mutex_ != nullptr) unlock();
  }

  /// Hands the mutex to the task that waits longest, and wakes it. The lock is held (checked).
  void unlock();

 private:
  friend class Mutex;
  explicit MutexLock(Mutex& mutex) : mutex_(&mutex) {}

  Mutex* mutex_;
};

/// Problem: an invariant must hold across a wait, such as "only one flush is under way".
///
/// One task at a time holds the lock. It is handed over, never up for grabs: a task that comes
/// while others wait stands behind them. Not recursive: locking twice waits until the deadline.
class Mutex {
 public:
  explicit Mutex(Tasks& tasks) : waiting_(tasks) {}
  ~Mutex() { CHECK(!is_locked_, "a mutex outlives its locks"); }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  /// Wakes when every task that came before has held and released the lock.
  Result<MutexLock> lock(Instant deadline);

  bool is_locked() const { return is_locked_; }

 private:
  friend class MutexLock;
  void unlock();

  bool is_locked_ = false;
  detail::WaitList waiting_;
};

/// Problem: a task can go on only when some state has become true that other tasks change, such as
/// "the durable length has reached my offset".
///
/// Needs no mutex: between the test of the predicate and the wait nobody else runs. Who notifies
/// has changed the state before: a notification tests the predicates of those who wait, and wakes
/// nobody whose predicate is still false.
class Condition {
 public:
  explicit Condition(Tasks& tasks) : waiting_(tasks) {}

  /// Wakes at a notification that finds `predicate()` true, and returns once it is still true when
  /// this task runs; tests it first without waiting. Returns an error only while it is false.
  /// `predicate` does not give way, changes nothing, and may be called by other tasks.
  template <typename Predicate>
  Result<void> wait(Predicate predicate, Instant deadline) {
    while (!predicate()) {
      Waiter waiter;
      waiter.predicate = &predicate;
      waiter.test = [](void* tested) { return (*static_cast<Predicate*>(tested))(); };
      const Result<void> woken = waiting_.wait(waiter, deadline);
      if (!woken.has_value() && !predicate()) return woken;
    }
    return {};
  }

  /// Wakes every task that waits now and whose predicate holds. Cost: linear in those who wait.
  void notify_all();

 private:
  struct Waiter : detail::Waiter {
    void* predicate = nullptr;  // On the waiting task's stack, as this is.
    bool (*test)(void* predicate) = nullptr;
  };

  static bool holds(const detail::Waiter& waiter);

  detail::WaitList waiting_;
};

/// Problem: tasks must not go on before a number of things have happened, once.
class Latch {
 public:
  /// Opens after `count` calls of count_down(); at once for 0.
  Latch(Tasks& tasks, std::size_t count) : count_(count), waiting_(tasks) {}

  /// The last call opens the latch for good and wakes everybody. Not on an open latch (checked).
  void count_down();

  bool is_open() const { return count_ == 0; }

  /// Wakes when the latch opens; returns at once when it is open.
  Result<void> wait(Instant deadline);

 private:
  std::size_t count_;
  detail::WaitList waiting_;
};

/// Problem: one task makes work for another and must neither overrun it nor lose any.
///
/// A bounded queue of values with any number of senders and receivers. A value goes to the receiver
/// that waits longest. Closing it ends the flow: what was accepted is still received.
template <typename T>
class Channel {
 public:
  /// Holds at most `capacity` values, at least 1 (checked).
  Channel(Tasks& tasks, std::size_t capacity)
      : values_(capacity), senders_(tasks), receivers_(tasks) {}

  /// Wakes when there is room and everybody who came before has sent, or when the channel closes.
  /// Errors: kTimeout, kCancelled, kUnavailable (closed); the value was then not accepted.
  Result<void> send(T value, Instant deadline) {
    if (try_accept(value)) return {};
    if (is_closed_) return fail(Errc::kUnavailable);
    Sender sender;
    sender.value.emplace(std::move(value));
    TRY(senders_.wait(sender, deadline));
    // Whoever makes room takes the value; one that is still here was woken by close().
    if (sender.value.has_value()) return fail(Errc::kUnavailable);
    return {};
  }

  /// Accepts the value if that needs no wait; false, with `value` untouched, where the channel is
  /// full or closed.
  bool try_send(T& value) { return try_accept(value); }

  /// Wakes when a value comes and everybody who came before has one, or when the channel closes.
  /// Errors: kTimeout, kCancelled; kUnavailable once it is closed and empty.
  Result<T> receive(Instant deadline) {
    std::optional<T> value = try_receive();
    if (value.has_value()) return std::move(*value);
    if (is_closed_) return fail(Errc::kUnavailable);
    Receiver receiver;
    TRY(receivers_.wait(receiver, deadline));
    if (!receiver.value.has_value()) return fail(Errc::kUnavailable);
    return std::move(*receiver.value);
  }

  /// The next value if there is one.
  std::optional<T> try_receive() {
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(values_.pop());
    if (!senders_.empty()) {
      auto& sender = static_cast<Sender&>(senders_.first());
      values_.push(std::move(*sender.value));
      sender.value.reset();
      senders_.grant_first();
    }
    return value;
  }

  /// Accepts nothing from now on and wakes everybody who waits. May be called twice.
  void close() {
    is_closed_ = true;
    senders_.grant_all();
    receivers_.grant_all();
  }

  bool is_closed() const { return is_closed_; }
  /// Values that were accepted and not yet received.
  std::size_t size() const { return values_.size(); }

 private:
  struct Sender : detail::Waiter {
    std::optional<T> value;
  };
  struct Receiver : detail::Waiter {
    std::optional<T> value;
  };

  bool try_accept(T& value) {
    if (is_closed_ || values_.full()) return false;
    if (receivers_.empty()) {
      values_.push(std::move(value));
      return true;
    }
    CHECK(values_.empty(), "nobody waits for what is there");
    static_cast<Receiver&>(receivers_.first()).value.emplace(std::move(value));
    receivers_.grant_first();
    return true;
  }

  // Somebody waits to send only while the queue is full, and to receive only while it is empty.
  Ring<T> values_;
  bool is_closed_ = false;
  detail::WaitList senders_;
  detail::WaitList receivers_;
};

namespace detail {

/// What a Promise and its Future share.
template <typename T>
struct FutureState {
  explicit FutureState(Tasks& tasks) : waiting(tasks) {}

  std::optional<Result<T>> result;
  bool is_taken = false;
  WaitList waiting;
};

}  // namespace detail

/// The receiving end of one result. May be moved, never copied.
template <typename T>
class Future {
 public:
  /// Wakes when the result is there, and takes it; returns at once when it is there already. After
  /// an error of the wait itself it may be called again, after the result not (checked). One task
  /// at a time. Errors: kTimeout, kCancelled of the wait; kCancelled where the promise was
  /// destroyed without a result; else what the promise was given.
  Result<T> wait(Instant deadline) {
    // The state is held here, too: the future may be destroyed by another task meanwhile.
    const std::shared_ptr<detail::FutureState<T>> state = state_;
    CHECK(!state->is_taken, "a result is taken once");
    if (!state->result.has_value()) {
      detail::Waiter waiter;
      TRY(state->waiting.wait(waiter, deadline));
    }
    CHECK(state->result.has_value(), "only the result ends the wait");
    state->is_taken = true;
    return std::move(*state->result);
  }

  /// Whether wait() would return at once with the result.
  bool is_ready() const { return state_->result.has_value(); }

 private:
  template <typename U>
  friend class Promise;
  explicit Future(std::shared_ptr<detail::FutureState<T>> state) : state_(std::move(state)) {}

  // Shared: whichever of the two ends is done first goes first.
  std::shared_ptr<detail::FutureState<T>> state_;
};

/// Problem: the answer to a request comes in another task than the one that asked.
///
/// The giving end of one result. May be moved, never copied.
template <typename T>
class Promise {
 public:
  explicit Promise(Tasks& tasks) : state_(std::make_shared<detail::FutureState<T>>(tasks)) {}
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&&) = delete;
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;
  ~Promise() {
    if (state_ != nullptr && !state_->result.has_value()) set(fail(Errc::kCancelled));
  }

  /// The receiving end; called once (checked).
  Future<T> future() {
    CHECK(state_.use_count() == 1, "a result has one receiver");
    return Future<T>(state_);
  }

  /// Gives the result and wakes the task that waits for it. Once (checked).
  void set(Result<T> result) {
    CHECK(!state_->result.has_value(), "a promise is kept once");
    state_->result.emplace(std::move(result));
    state_->waiting.grant_all();
  }

 private:
  std::shared_ptr<detail::FutureState<T>> state_;
};

class Gate;

/// Stands for one task inside a Gate, until it is destroyed. May be moved, never copied.
class GateHold {
 public:
  GateHold(GateHold&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
  GateHold& operator=(GateHold&&) = delete;
  GateHold(const GateHold&) = delete;
  GateHold& operator=(const GateHold&) = delete;
  ~GateHold();

 private:
  friend class Gate;
  explicit GateHold(Gate& gate) : gate_(&gate) {}

  Gate* gate_;
};

/// Problem: a service that stops must let the requests finish that are under way and refuse new
/// ones, and must not be destroyed under those that are inside.
class Gate {
 public:
  explicit Gate(Tasks& tasks) : waiting_(tasks) {}
  ~Gate() { CHECK(inside_count_ == 0, "a service outlives the requests inside it"); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Enters until the hold is destroyed. Never gives way.
  /// Errors: kShuttingDown once close() was called.
  Result<GateHold> enter();

  /// Lets nobody in from now on, and wakes when the last one inside leaves. After an error the gate
  /// stays closed; call again to wait again.
  Result<void> close(Instant deadline);

  bool is_closed() const { return is_closed_; }
  std::size_t inside_count() const { return inside_count_; }

 private:
  friend class GateHold;
  void leave();

  std::size_t inside_count_ = 0;
  bool is_closed_ = false;
  detail::WaitList waiting_;
};

/// Problem: a task that nobody waits for outlives what it works on.
///
/// Owns the tasks that it spawns: they have ended before it is destroyed (checked). A cancelled
/// task cannot wait: it joins its group under a Shield.
class TaskGroup {
 public:
  explicit TaskGroup(Tasks& tasks) : tasks_(tasks), waiting_(tasks) {}
  ~TaskGroup() { CHECK(running_.empty(), "a group is joined before it is destroyed"); }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Makes a task that runs `body`, as Tasks::spawn does. What `body` holds is destroyed before the
  /// join. After cancel_all() the task is cancelled from its start.
  TaskId spawn(std::string_view name, std::function<void()> body);

  /// Cancels every task of the group, also those that will be spawned before it is joined.
  void cancel_all();

  /// Wakes when the last task of the group has ended. The group may then be used again.
  Result<void> join(Instant deadline);

  /// Tasks that have not ended.
  std::size_t running_count() const { return running_.size(); }

 private:
  Tasks& tasks_;
  FlatSet<TaskId> running_;
  bool is_cancelled_ = false;
  detail::WaitList waiting_;
};

}  // namespace millrace
