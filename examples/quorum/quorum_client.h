#pragma once

// Reads and writes registers that a group of replicas keeps, so that each looks like one variable.
//
//   write   get from a majority -> version above all seen -> put to a majority
//   read    get from a majority -> the newest cell -> if they disagree, put it to a majority
//
// Two majorities share a replica, so whoever comes later sees at least what was settled before. The
// put of a read is what makes that true of reads, too: without it a value that only one replica has
// could be seen, and then not be seen.
// Source: Attiya, Bar-Noy, Dolev, "Sharing memory robustly in message-passing systems", 1995; with
// several writers as in Lynch and Shvartsman, 1997.

#include <cstdint>
#include <memory>
#include <millrace/system/env/env.h>
#include <millrace/system/env/sync.h>
#include <string>
#include <vector>

#include "quorum/codec.h"

namespace quorum {

/// What a read saw.
struct ReadCell {
  Cell cell;
  /// Whether replicas disagreed, so that the read had to settle it.
  bool was_settled = false;
};

/// Owned by one task at a time. Outlives nothing: join() before it is destroyed.
class QuorumClient {
 public:
  QuorumClient(millrace::Env& env, std::vector<std::string> replicas);

  /// Errors: kTimeout, kCancelled.
  Result<ReadCell> read(std::uint32_t key, millrace::Instant deadline);

  /// `operation` is unique among all writes. Errors: kTimeout, kCancelled: it may have happened,
  /// or may still.
  Result<Version> write(std::uint32_t key, std::uint64_t value, std::uint64_t operation,
                        millrace::Instant deadline);

  /// Waits for the requests that were under way to slow replicas. They end at the latest deadline
  /// that was given.
  Result<void> join(millrace::Instant deadline) { return asking_.join(deadline); }

 private:
  /// The replies of a round so far.
  struct Round {
    explicit Round(millrace::Tasks& tasks) : changed(tasks) {}

    std::vector<Cell> replies;
    millrace::Condition changed;
  };

  /// Asks all replicas until a majority has answered.
  Result<std::vector<Cell>> ask_majority(const Request& request, millrace::Instant deadline);
  /// Asks one replica until it answers or nobody needs it any more.
  void ask(const std::string& replica, const Bytes& frame, Round& round,
           millrace::Instant deadline);
  Result<Cell> ask_once(const std::string& replica, const Bytes& frame, millrace::Instant deadline);
  std::size_t majority() const { return replicas_.size() / 2 + 1; }

  millrace::Env& env_;
  std::vector<std::string> replicas_;
  millrace::TaskGroup asking_;
};

}  // namespace quorum
