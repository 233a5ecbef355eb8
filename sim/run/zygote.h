#pragma once

// The small process that forks workers.
//
// It exists before databases and threads do, so that a fork of it is cheap and safe. Each slot has
// a pipe for replies, a page for the place of a death, and a file for what the worker writes to
// stderr; all are made before the fork, so that both sides have them. When its parent goes away the
// zygote kills its workers and ends.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "sim/run/crash_page.h"
#include "sim/run/pipe_io.h"
#include "sim/run/worker.h"

namespace millrace::run {

class Zygote {
 public:
  /// A worker has ended.
  struct Ended {
    std::uint32_t slot = 0;
    std::int32_t status = 0;  ///< As wait() gives it.
    std::uint64_t peak_rss_kib = 0;
  };

  Zygote(const RunSource& source, std::uint32_t slots, const WorkerOptions& options);
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  /// Whether it could be forked and still listens.
  bool is_alive() const { return is_alive_; }
  /// Why it never was; empty where it was.
  const std::string& trouble() const { return trouble_; }

  /// Starts a worker in a slot that has none.
  void start(std::uint32_t slot, const std::vector<RunRequest>& requests);
  /// Kills the worker of a slot; its end is reported as any other.
  void kill(std::uint32_t slot);

  /// Waits up to `timeout_ms` until a reply or an end is there.
  void wait(int timeout_ms);
  /// The next reply of a slot: JSON of worker_main.h.
  std::optional<std::string> next_reply(std::uint32_t slot);
  std::optional<Ended> next_end();

  const CrashPage& page(std::uint32_t slot) const { return pages_[slot]; }
  /// What the worker that died wrote to stderr.
  std::string stderr_of(std::uint32_t slot) const;
  /// Forgets a reply that was cut off.
  void clear_replies(std::uint32_t slot) { slots_[slot].replies->clear(); }

 private:
  struct Slot {
    OwnedFile reply_in;   // The parent reads.
    OwnedFile reply_out;  // The worker writes.
    OwnedFile errors;
    std::unique_ptr<FrameReader> replies;
  };

  bool make_slots();
  bool fork_here();
  [[noreturn]] void serve(int control);
  pid_t fork_worker(int control, const std::string& message);
  void report_ends(int control);

  const RunSource& source_;
  WorkerOptions options_;
  std::vector<Slot> slots_;
  CrashPage* pages_ = nullptr;
  OwnedFile control_;
  std::unique_ptr<FrameReader> ends_;
  pid_t process_ = -1;
  bool is_alive_ = false;
  std::string trouble_;
  std::vector<pid_t> workers_;  // In the zygote: by slot, 0 for none.
};

}  // namespace millrace::run
