#include "sim/command/shrinking.h"

#include <algorithm>
#include <fmt/format.h>

#include "reports/text.h"
#include "sim/command/run_once.h"

namespace millrace::command {
namespace {

constexpr std::int64_t kTerminalEveryNs = 100'000'000;
constexpr std::int64_t kFileEveryNs = 60'000'000'000;

}  // namespace

void ShrinkScreen::show(const run::ShrinkProgress& progress) {
  const bool is_terminal = console_.is_err_terminal();
  const std::int64_t every = is_terminal ? kTerminalEveryNs : kFileEveryNs;
  // A next failure begins at 0 again.
  if (progress.wall_ns < shown_ns_) shown_ns_ = 0;
  if (is_quiet_ || progress.wall_ns - shown_ns_ < every) return;
  shown_ns_ = progress.wall_ns;
  const std::string line = shrink_line(progress);
  if (!is_terminal) return console_.err(line + '\n');
  console_.err("\r\x1b[K" + reports::cut(line, std::max(console_.columns(), 20U) - 1));
  has_line_ = true;
}

void ShrinkScreen::clear() {
  if (has_line_) console_.err("\r\x1b[K");
  has_line_ = false;
}

std::expected<run::Shrunk, std::string> shrink_failure(const Context& context,
                                                       const Interrupts& interrupts,
                                                       const ShrinkRequest& request) {
  run::RunSource source{.registry = &context.registry, .scenarios = {request.scenario}};
  run::WorkerPool pool(source, request.jobs, run::WorkerOptions{});
  ShrinkScreen screen(context.console, context.options.is_quiet);
  const run::ShrinkOptions options{.jobs = request.jobs,
                                   .wall_time = request.wall_time,
                                   .on_progress = [&](const run::ShrinkProgress& progress) {
                                     screen.show(progress);
                                     return !interrupts.requested();
                                   }};
  Result<run::Shrunk> shrunk =
      run::shrink(pool, context.registry, request.plan, request.record, options);
  screen.clear();
  if (!shrunk.has_value()) return std::unexpected(shrunk.error().detail);
  return *std::move(shrunk);
}

std::string shrink_line(const run::ShrinkProgress& progress) {
  return fmt::format("shrinking {}  {}, {}, {}  {}  {}", progress.step,
                     reports::counted(progress.size.operations, "operation"),
                     reports::counted(progress.size.faults, "fault"),
                     reports::counted(progress.size.machines, "machine"),
                     reports::counted(progress.runs, "run"), reports::span_text(progress.wall_ns));
}

void tell(const run::Shrunk& shrunk, reports::FailureContext& screen_context) {
  screen_context.story = reports::story_text(shrunk);
  screen_context.parts = reports::story_parts(shrunk.plan);
  screen_context.passes_if = reports::passes_if_text(shrunk);
  screen_context.overrides = override_lines(shrunk.plan, shrunk.record);
}

std::expected<void, std::string> write_findings(const Context& context, OutputDir& directory,
                                                const run::Scenario& scenario,
                                                const run::Shrunk& shrunk) {
  for (const auto& [signature, finding] : shrunk.findings) {
    const auto files = write_repro(directory, scenario, finding.plan, finding.record);
    if (!files.has_value()) return std::unexpected(files.error());
    context.console.complain(fmt::format("another failure on the way: {}: {} replay {}", signature,
                                         shell_word(context.options.program),
                                         shell_word(files->repro)));
  }
  return {};
}

}  // namespace millrace::command
