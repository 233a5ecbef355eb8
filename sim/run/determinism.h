#pragma once

// DET-1: the same plan gives the same execution, whatever else is different.
//
// The second run is different on purpose: another process, other fill bytes, other addresses and
// allocation order, after other seeds, with other TZ, LANG and working directory. Two plain forks
// agree even on the order of a set of pointers, so comparing them would prove nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/run/worker.h"

namespace millrace::run {

/// The first event at which two runs of one plan differ.
struct FirstDifference {
  /// Number of the fingerprint's record, from 0: events and what they brought about.
  std::uint64_t event = 0;
  std::int64_t time_ns = 0;
  std::string machine;
  std::string task;
  /// What the two runs did there, for people.
  std::string first;
  std::string second;
  /// What happens there, in words: "send to store-1: keep_alive". Of look_at() alone.
  std::string what;
};

struct DeterminismCheck {
  std::string scenario;
  std::uint64_t seed = 0;
  std::uint64_t fingerprint = 0;
  std::uint64_t other_fingerprint = 0;
  /// None where the two agree, and where nobody looked for it.
  std::optional<FirstDifference> difference;
  std::optional<std::string> tool_error;
};

/// Whether both are the same execution, or the same death: a crashed run has no fingerprint.
bool is_same_execution(const RunRecord& first, const RunRecord& second);

/// The first block of the fingerprint that differs, by the lists of hashes, which both runs kept;
/// the open one after the shorter list where no full one does.
std::uint64_t first_different_block(const RunRecord& first, const RunRecord& second);

/// The first event that differs in that block, which both runs kept; empty where they do not
/// differ in it.
FirstDifference first_difference(const RunRecord& first, const RunRecord& second);

/// Runs a seed twice in processes of its own and compares.
DeterminismCheck check_determinism(WorkerPool& pool, const RunSource& source,
                                   std::uint32_t scenario, std::uint64_t seed);

/// As above for the run of a request, which says nothing but what to run.
DeterminismCheck check_determinism(WorkerPool& pool, const RunSource& source, RunRequest plain);

/// As above where the first run's fingerprint is known: one run where it agrees.
DeterminismCheck confirm_fingerprint(WorkerPool& pool, const RunSource& source,
                                     std::uint32_t scenario, std::uint64_t seed,
                                     std::uint64_t fingerprint);

/// What a run does at one record of its fingerprint, in `first` and in words. Blocks: for as long
/// as the run takes.
FirstDifference look_at(const RunSource& source, RunRequest request, std::uint64_t number);

}  // namespace millrace::run
