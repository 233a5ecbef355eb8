#include "sim/command/run_pages.h"

#include <fmt/format.h>

#include "sim/run/writable.h"

namespace millrace::command {

std::expected<run::RunRecord, std::string> trace_run(const Context& context,
                                                     const run::Scenario& scenario,
                                                     const run::Plan& plan) {
  const run::RunSource source{.registry = &context.registry, .scenarios = {scenario}};
  run::RunRequest request{.seed = plan.seed};
  request.plan_json = run::plan_to_json(plan);
  request.is_traced = true;
  return run_once(source, request);
}

std::expected<std::string, std::string> run_page(const Context& context,
                                                 const RunPageRequest& request) {
  const run::Shrunk* const shrunk = request.extras.shrunk;
  std::optional<run::PassingNeighbour> neighbour = request.neighbour;
  if (!neighbour.has_value() && shrunk != nullptr) neighbour = shrunk->neighbour;
  std::optional<reports::NeighbourRun> passing;
  if (neighbour.has_value()) {
    auto record = trace_run(context, request.scenario, neighbour->plan);
    if (!record.has_value()) return std::unexpected(record.error());
    passing = reports::NeighbourRun{
        .record = *std::move(record), .change = neighbour->change, .parts_at = neighbour->parts_at};
  }
  const bool has_screen = request.record.verdict != run::Verdict::kPass;
  return reports::run_page_html(
      {.registry = context.registry,
       .plan = request.plan,
       .record = request.record,
       .run_json = run_json(request.record, request.extras),
       .screen = request.screen,
       .screen_text = has_screen ? reports::failure_screen(request.record, request.screen,
                                                           reports::ScreenOptions{})
                                 : std::string(),
       .story = request.scenario.story,
       .token = request.extras.token.value_or(""),
       .shrunk = shrunk,
       .neighbour = passing.has_value() ? &*passing : nullptr});
}

std::expected<void, std::string> write_run_page(OutputDir& directory, const FailureFiles& files,
                                                std::string_view page) {
  return directory.write(beside_repro(files.name, ".html"), page);
}

std::expected<void, std::string> check_places_of_files(const Options& options) {
  for (const std::optional<std::string>& file : {options.trace, options.junit, options.report}) {
    if (!file.has_value()) continue;
    const Result<void> writable = run::check_writable(*file, run::Wanted::kFile);
    if (!writable.has_value()) return std::unexpected(writable.error().detail);
  }
  return {};
}

std::expected<void, std::string> write_report(const Context& context, std::string_view page) {
  if (!context.options.report.has_value()) return {};
  return write_file(*context.options.report, page);
}

std::string look_command(std::string_view program, const OutputDir& directory) {
  const bool is_latest = directory.shown_path() == kLatestPath;
  return fmt::format("{} report {} --open", program,
                     is_latest ? std::string("latest") : shell_word(directory.shown_path()));
}

}  // namespace millrace::command
