#pragma once

// `verify-determinism --against BINARY`: the same seed in another build of the program.

#include <cstdint>

#include "sim/command/options.h"
#include "sim/run/determinism.h"
#include "sim/run/worker.h"

namespace millrace::command {

/// Runs a seed of the first scenario of `source` here and in the build that `options.against`
/// names, and compares. Where they differ, both run again with the events of the first block of
/// their fingerprints that does, so that the first event that differs is named. What the other
/// build cannot do is in `tool_error`. Blocks: for as long as the runs take.
run::DeterminismCheck compare_builds(const run::RunSource& source, const Options& options,
                                     std::uint64_t seed);

}  // namespace millrace::command
