#pragma once

// One run in a process of its own, and the files that a failure leaves.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/output_dir.h"
#include "sim/run/plan.h"
#include "sim/run/repro.h"
#include "sim/run/worker.h"

namespace millrace::command {

/// Runs a request of `source`; a red run is run a second time, traced, and must end in the same
/// way. `is_traced` of the request traces at once. The error is the tool's: a lost worker, or two
/// runs that differ. Blocks: for as long as the run takes.
std::expected<run::RunRecord, std::string> run_once(const run::RunSource& source,
                                                    const run::RunRequest& request);

/// What stands where in the files of a failure.
struct FailureFiles {
  /// The repro, as a printed command has it.
  std::string repro;
  /// The repro's name below the directory: "failures/DUR-1-b71c09e2.repro.json".
  std::string name;
  /// The repro as a token; none where it would be too long.
  std::optional<std::string> token = {};
};

/// Writes failures/<NAME>.repro.json.
std::expected<FailureFiles, std::string> write_repro(OutputDir& directory,
                                                     const run::Scenario& scenario,
                                                     const run::Plan& plan,
                                                     const run::RunRecord& record);

/// The name of a file beside a repro: "failures/DUR-1-b71c09e2.txt" for ".txt".
std::string beside_repro(std::string_view repro, std::string_view suffix);

/// The command that keeps a repro that was written to `directory`: "millrace keep latest" where it
/// is the only one there.
std::string keep_command(std::string_view program, const OutputDir& directory,
                         const std::string& repro, bool is_only_one);

/// Writes failures/<NAME>.txt beside the repro.
std::expected<void, std::string> write_screen(OutputDir& directory, const FailureFiles& files,
                                              std::string_view screen);

/// The overrides of a plan in words.
std::vector<std::string> override_words(const run::Plan& plan);
/// The same, and how many draws each decided:
/// "operation 17, writer-2 -> store-1, first frame: latency 12ms, 3 draws".
std::vector<std::string> override_lines(const run::Plan& plan, const run::RunRecord& record);

/// Writes a trace: a line each with event, virtual time, machine and what happened.
std::expected<void, std::string> write_trace(const std::string& path, const run::RunRecord& record);

}  // namespace millrace::command
