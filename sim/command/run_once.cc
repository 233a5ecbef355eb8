#include "sim/command/run_once.h"

#include <fmt/format.h>

#include "reports/text.h"
#include "sim/command/options.h"
#include "sim/command/repro_input.h"
#include "sim/run/override_text.h"
#include "sim/run/repro_token.h"
#include "sim/run/signature.h"

namespace millrace::command {
namespace {

/// Whether two runs of one request ended in the same way. A verdict by CPU time may come at another
/// event, so its fingerprint says nothing.
bool is_same_end(const run::RunRecord& first, const run::RunRecord& second) {
  if (first.verdict != second.verdict || first.signature() != second.signature()) return false;
  return first.verdict == run::Verdict::kHang || first.fingerprint == second.fingerprint;
}

std::expected<run::RunRecord, std::string> run_request(const run::RunSource& source,
                                                       const run::RunRequest& request) {
  // What a debugger has is this process.
  run::RunReply reply = request.break_event == 0
                            ? run::run_alone(source, request, run::WorkerOptions{})
                            : run::run_request(source, request, run::WorkerOptions{});
  if (reply.tool_error.has_value()) return std::unexpected(*std::move(reply.tool_error));
  return std::move(reply.record);
}

}  // namespace

std::expected<run::RunRecord, std::string> run_once(const run::RunSource& source,
                                                    const run::RunRequest& request) {
  auto first = run_request(source, request);
  if (!first.has_value() || !first->is_red() || request.is_traced) return first;
  run::RunRequest traced = request;
  traced.is_traced = true;
  traced.break_event = 0;
  auto second = run_request(source, traced);
  if (!second.has_value()) return second;
  if (!is_same_end(*first, *second)) {
    return std::unexpected(fmt::format(
        "seed {} of {} ended differently a second time ({}, then {}): the run is not deterministic",
        request.seed, first->scenario, first->signature(), second->signature()));
  }
  return second;
}

std::expected<FailureFiles, std::string> write_repro(OutputDir& directory,
                                                     const run::Scenario& scenario,
                                                     const run::Plan& plan,
                                                     const run::RunRecord& record) {
  const std::string name = "failures/" + run::repro_file_name(record.signature());
  const run::Repro repro = run::make_repro(scenario, plan, record);
  if (const auto written = directory.write(name, run::repro_to_json(repro)); !written.has_value()) {
    return std::unexpected(written.error());
  }
  return FailureFiles{.repro = directory.shown_path() + "/" + name,
                      .name = name,
                      .token = run::repro_to_token(repro)};
}

std::string keep_command(std::string_view program, const OutputDir& directory,
                         const std::string& repro, bool is_only_one) {
  const bool is_latest = is_only_one && directory.shown_path() == kLatestPath;
  const std::string name = is_latest ? std::string("latest") : shell_word(repro);
  return fmt::format("{} keep {}", program, name);
}

std::expected<void, std::string> write_screen(OutputDir& directory, const FailureFiles& files,
                                              std::string_view screen) {
  return directory.write(beside_repro(files.name, ".txt"), screen);
}

std::string beside_repro(std::string_view repro, std::string_view suffix) {
  std::string name(repro);
  const bool is_named_so = name.ends_with(kReproSuffix);
  if (is_named_so) name.resize(name.size() - kReproSuffix.size());
  return name.append(suffix);
}

std::vector<std::string> override_words(const run::Plan& plan) {
  std::vector<std::string> words;
  for (const sim::Override& rule : plan.overrides) words.push_back(run::describe(rule, plan));
  return words;
}

std::vector<std::string> override_lines(const run::Plan& plan, const run::RunRecord& record) {
  std::vector<std::string> lines = override_words(plan);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // A run whose process died has no counts.
    std::string count = "draws unknown";
    if (i < record.override_matches.size()) {
      const std::uint64_t draws = record.override_matches[i];
      count = draws == 0 ? "matched no draw" : reports::counted(draws, "draw");
    }
    lines[i] += ", " + count;
  }
  return lines;
}

std::expected<void, std::string> write_trace(const std::string& path,
                                             const run::RunRecord& record) {
  std::string text;
  for (const run::TraceLine& line : record.trace) {
    text += fmt::format("{:>9} {:>16} {:<16} {}", line.ordinal, to_text(Duration{line.time_ns}),
                        line.machine, line.text);
    if (!line.peer.empty()) text += fmt::format("  [{}]", line.peer);
    text += '\n';
  }
  return write_file(path, text);
}

}  // namespace millrace::command
