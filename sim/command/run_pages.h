#pragma once

// Pages of runs: as a file of its own, and beside the repro of a failure.

#include <expected>
#include <optional>
#include <string>

#include "reports/run_page.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/run_once.h"
#include "sim/command/verbs.h"

namespace millrace::command {

/// A run whose page is wanted.
struct RunPageRequest {
  const run::Scenario& scenario;
  const run::Plan& plan;
  /// Of the plan's run, traced.
  const run::RunRecord& record;
  const reports::FailureContext& screen;
  const RunExtras& extras;
  /// None for the neighbour that a reduction found, if there was one.
  std::optional<run::PassingNeighbour> neighbour = {};
};

/// The page of a run. Runs the passing neighbour once more, for its trace. The error is the tool's.
std::expected<std::string, std::string> run_page(const Context& context,
                                                 const RunPageRequest& request);

/// Writes failures/<NAME>.html beside the repro.
std::expected<void, std::string> write_run_page(OutputDir& directory, const FailureFiles& files,
                                                std::string_view page);

/// Traces a run, whatever it ends with; the error is the tool's.
std::expected<run::RunRecord, std::string> trace_run(const Context& context,
                                                     const run::Scenario& scenario,
                                                     const run::Plan& plan);

/// Where --trace, --junit and --report write to, checked before anything runs; nothing where a flag
/// is not there. The error says which path and why.
std::expected<void, std::string> check_places_of_files(const Options& options);

/// Writes the page where --report names a place.
std::expected<void, std::string> write_report(const Context& context, std::string_view page);

/// "millrace report latest --open", or the directory that was chosen.
std::string look_command(std::string_view program, const OutputDir& directory);

}  // namespace millrace::command
