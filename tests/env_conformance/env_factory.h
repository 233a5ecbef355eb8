#pragma once

// What a backend of Env provides to be held to the contracts of system/env: worlds of machines that
// share a network, processes on them, and the accidents that the contracts speak of.
//
// The tests are written once, over this. A body may run in another operating system process than
// the test: it captures values only, and all that leaves it are the lines that it says. Those are
// out when say() returns, so a crash does not take them back.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "system/base/check.h"
#include "system/env/env.h"
#include "system/env/sync.h"

namespace millrace::conformance {

/// What a body is given: its Env, and a way to tell what it saw.
class Process {
 public:
  using Say = std::function<void(std::string_view)>;

  /// `env` outlives the process. `say` takes one line.
  Process(Env& env, Say say)
      : clock(env.clock),
        tasks(env.tasks),
        network(env.network),
        disk(env.disk),
        random(env.random),
        journal(env.journal),
        say_(std::move(say)) {}

  Clock& clock;
  Tasks& tasks;
  Network& network;
  Disk& disk;
  Random& random;
  Journal& journal;

  void say(std::string_view line) const { say_(line); }
  /// Says a sentence of a contract where it does not hold; the test fails then.
  void claim(bool holds, std::string_view sentence) const {
    if (!holds) say("broken: " + std::string(sentence));
  }
  Instant in(Duration duration) const { return clock.now() + duration; }
  void sleep(Duration duration) const {
    ignore(sleep_until(tasks, in(duration)), "a cancelled task sleeps no more");
  }
  /// Says "ready", and waits for the crash.
  void wait_for_crash() const {
    say("ready");
    ignore(sleep_until(tasks, Instant::max()), "it never returns");
  }

 private:
  Say say_;
};

using Body = std::function<void(Process&)>;

/// The value of a step that only prepares what is tested; a failed CHECK without one.
template <typename T>
T must(Result<T> result) {
  const std::string error = result.has_value() ? std::string() : to_text(result.error());
  CHECK(error.empty(), std::string_view(error));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// How a process is ended.
enum class Crash : std::uint8_t { kKill, kPowerLoss };

/// What the next request of this sort of a disk ends in.
enum class DiskFault : std::uint8_t { kSyncFails, kNoSpace };

/// Why a world stopped.
enum class Stop : std::uint8_t {
  kAllEnded,     ///< No process is left.
  kSaid,         ///< The awaited line was said.
  kCheckFailed,  ///< A CHECK failed in a process.
  kStuck,        ///< The backend's patience is over, or nothing can happen any more.
};

struct Line {
  std::string machine;
  std::string text;
};

/// Machines on one network. Machines are made at their first mention and keep their disks.
class ConformanceWorld {
 public:
  virtual ~ConformanceWorld() = default;

  /// Starts a process on a machine that has none; it ends when `body` returns.
  virtual void start(const std::string& machine, Body body) = 0;
  /// Lets everything run until somebody says `until`, or no process is left.
  virtual Stop run(std::string_view until) = 0;
  /// Ends the machine's process. No code of it runs any more.
  virtual void crash(const std::string& machine, Crash crash) = 0;

  // Only where the traits say so.
  virtual void break_connections(const std::string& one, const std::string& other) = 0;
  /// The machine stands still, its monotonic clock included, while the others go on.
  virtual void suspend(const std::string& machine, Duration duration) = 0;
  virtual void fail_next(const std::string& machine, DiskFault fault) = 0;

  /// All that was said so far.
  virtual const std::vector<Line>& lines() const = 0;
  /// All that was journalled so far: "mark NAME", "fact NAME FIELD=VALUE ...".
  virtual const std::vector<Line>& journal() const = 0;
  /// What the failed CHECK said.
  virtual std::string check_failure() const = 0;
};

/// What a backend can do.
struct Traits {
  std::string name;
  /// Worlds that each test looks at; 1 where a seed changes nothing.
  std::uint64_t seed_count = 1;
  /// Rates of two machines' clocks differ from true time by at most this.
  std::int64_t clock_rate_ppm_max = 0;
  bool can_lose_power = false;
  bool can_break_connections = false;
  bool can_suspend = false;
  bool can_fail_disks = false;  ///< Implies can_lose_power.
  /// Whether its seeds show both outcomes of each "may" of the disk's contract.
  bool shows_each_may = false;
};

/// Makes worlds of one backend.
class EnvFactory {
 public:
  virtual ~EnvFactory() = default;
  virtual const Traits& traits() const = 0;
  virtual std::unique_ptr<ConformanceWorld> make(std::uint64_t seed) const = 0;
};

/// The simulator, with disks of either order of names.
const std::vector<const EnvFactory*>& sim_env_factories();

}  // namespace millrace::conformance
