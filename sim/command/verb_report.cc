// `millrace report`: a failure, or a campaign, as a page that a browser shows.

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <unistd.h>

#include "reports/text.h"
#include "sim/command/campaign_pages.h"
#include "sim/command/cpu_count.h"
#include "sim/command/interrupt.h"
#include "sim/command/json_output.h"
#include "sim/command/output_dir.h"
#include "sim/command/repro_input.h"
#include "sim/command/resume.h"
#include "sim/command/run_input.h"
#include "sim/command/run_pages.h"
#include "sim/run/campaign_schema.h"
#include "sim/run/repro_token.h"
#include "sim/run/writable.h"

namespace millrace::command {
namespace {

namespace fs = std::filesystem;

/// A plan of so many operations and faults is small enough for looking for a neighbour that passes.
constexpr std::size_t kNeighbourParts = 40;
constexpr std::chrono::seconds kNeighbourTime{30};

/// What a page is to be made of.
struct Target {
  std::string database = {};            ///< Of a campaign's page.
  std::optional<ReproText> repro = {};  ///< Of a run's page.
  /// Where the page goes if nobody says otherwise.
  std::string page = {};
  /// It is there already, as the run or campaign wrote it that knew most about the failure.
  bool is_there = false;
};

bool is_database(const std::string& path) {
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  std::ifstream file(path, std::ios::binary);
  std::array<char, kMagic.size()> begin{};
  file.read(begin.data(), begin.size());
  return file && std::string_view(begin.data(), begin.size()) == kMagic;
}

std::string database_page(const std::string& database) {
  return fs::path(database).replace_extension(".html").string();
}

/// The repro that stands for what a run wrote: the one that its summary names, or the first.
std::expected<std::string, std::string> repro_in(const std::string& folder) {
  std::vector<std::string> repros;
  for (const std::string& place : {folder + "/failures", folder}) {
    std::error_code error;
    for (fs::directory_iterator entry(place, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string path = entry->path().string();
      if (path.ends_with(kReproSuffix)) repros.push_back(path);
    }
  }
  if (repros.empty()) {
    return std::unexpected(
        fmt::format("{}: holds neither {} nor a *{}", folder, kDatabaseName, kReproSuffix));
  }
  std::ranges::sort(repros);
  const auto text = read_text(folder + "/summary.json");
  const auto summary = nlohmann::json::parse(text.value_or(""), nullptr, false);
  const bool names_one =
      summary.is_object() && summary.contains("repro") && summary.at("repro").is_string();
  if (!names_one) return repros.front();
  const fs::path named = summary.at("repro").get<std::string>();
  const auto found = std::ranges::find_if(repros, [&](const std::string& path) {
    return fs::path(path).filename() == named.filename();
  });
  return found == repros.end() ? repros.front() : *found;
}

std::expected<Target, std::string> find_target(const std::string& name) {
  std::error_code ignored;
  const std::string path = name == "latest" ? std::string(kLatestPath) : name;
  if (fs::is_directory(path, ignored)) {
    const std::string database = database_path(path);
    if (fs::exists(database, ignored)) {
      return Target{.database = database, .page = database_page(database)};
    }
    const auto repro = repro_in(path);
    if (!repro.has_value()) return std::unexpected(repro.error());
    auto text = find_repro(*repro);
    if (!text.has_value()) return std::unexpected(text.error());
    const std::string page = beside_repro(*repro, ".html");
    return Target{.repro = *std::move(text), .page = page, .is_there = fs::exists(page, ignored)};
  }
  if (name == "latest") {
    return std::unexpected(fmt::format("latest: there is no {} here", kLatestPath));
  }
  if (is_database(path)) return Target{.database = path, .page = database_page(path)};
  auto text = find_repro(path);
  if (!text.has_value()) return std::unexpected(text.error());
  const bool is_file = !text->is_token && name != "-";
  return Target{.repro = *std::move(text),
                .page = is_file ? beside_repro(path, ".html") : std::string("report.html")};
}

/// Reading, running and drawing a repro.
class ReproPage {
 public:
  explicit ReproPage(const Context& context) : context_(context) {}

  /// Errors: what is wrong with the file.
  std::expected<void, std::string> read(const ReproText& text) {
    Result<run::Repro> repro = run::repro_from_json(text.json, context_.registry);
    if (!repro.has_value()) {
      return std::unexpected(fmt::format("{}: {}", text.shown_name, repro.error().detail));
    }
    repro_ = *std::move(repro);
    name_ = text.name;
    shown_name_ = text.shown_name;
    scenario_ = scenario_of_repro(repro_, context_.registry);
    return {};
  }

  /// The error is the tool's.
  std::expected<std::string, std::string> draw() {
    auto record = trace_run(context_, scenario_, repro_.plan);
    if (!record.has_value()) return std::unexpected(record.error());
    if (record->signature() != repro_.signature) {
      context_.console.complain(fmt::format(
          "{}: this build {}, not {}: the page shows that", shown_name_,
          record->is_red() ? "fails as " + std::string(record->signature()) : "does not fail",
          repro_.signature));
    }
    reports::FailureContext screen{.build = run::this_build()};
    const std::string program = shell_word(context_.options.program);
    const std::optional<std::string> token = run::repro_to_token(repro_);
    if (token.has_value() && token != name_) {
      screen.token_command = fmt::format("{} replay {}", program, *token);
    }
    // Nobody finds by that name what came from stdin.
    if (name_ != "-") {
      const std::string repro = shell_word(name_);
      screen.replay_command = fmt::format("{} replay {}", program, repro);
      screen.look_command = fmt::format("{} report {} --open", program, repro);
      screen.keep_command = fmt::format("{} keep {}", program, repro);
    }
    screen.overrides = override_lines(repro_.plan, *record);
    const RunExtras extras{
        .command = screen.replay_command, .token = token, .overrides = override_words(repro_.plan)};
    return run_page(context_, {.scenario = scenario_,
                               .plan = repro_.plan,
                               .record = *record,
                               .screen = screen,
                               .extras = extras,
                               .neighbour = find_neighbour(*record)});
  }

 private:
  std::optional<run::PassingNeighbour> find_neighbour(const run::RunRecord& record) {
    const std::uint64_t parts =
        run::operation_count(repro_.plan) + repro_.plan.faults.actions.size();
    if (!record.is_red() || parts > kNeighbourParts) return std::nullopt;
    const run::RunSource source{.registry = &context_.registry, .scenarios = {scenario_}};
    const std::uint32_t jobs = cpu_count();
    run::WorkerPool pool(source, jobs, run::WorkerOptions{});
    constexpr std::uint64_t kRunsMax = 1'000;
    run::Candidates candidates(pool, record,
                               {.jobs = jobs,
                                .deadline = std::chrono::steady_clock::now() + kNeighbourTime,
                                .runs_max = kRunsMax,
                                .goes_on = [] { return true; }});
    return run::nearest_passing(candidates, repro_.plan, record);
  }

  const Context& context_;
  run::Repro repro_;
  run::Scenario scenario_;
  std::string name_;
  std::string shown_name_;
};

/// Hands the page to whatever the desktop opens pages with, and does not wait for it. Returns why
/// that cannot be.
std::optional<std::string> open_page(const std::string& path) {
  std::string program = "xdg-open";
  std::string page = path;
  std::array<char*, 3> words{program.data(), page.data(), nullptr};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int mode = stream == STDIN_FILENO ? O_RDONLY : O_WRONLY;
    posix_spawn_file_actions_addopen(&quiet, stream, "/dev/null", mode, 0);
  }
  pid_t opener = 0;
  const int failure =
      posix_spawnp(&opener, program.c_str(), &quiet, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&quiet);
  if (failure == 0) return std::nullopt;
  return fmt::format("--open: {} cannot be started ({}): open {} in a browser", program,
                     std::system_category().message(failure), path);
}

/// Makes the page and writes it; nonzero where that failed, and was said.
int write_page(const Context& context, const Target& target, const std::string& path) {
  if (const Result<void> fits = run::check_writable(path, run::Wanted::kFile); !fits.has_value()) {
    return usage_error(context, fits.error().detail);
  }
  std::string page;
  if (target.repro.has_value()) {
    ReproPage repro(context);
    if (const auto read = repro.read(*target.repro); !read.has_value()) {
      return usage_error(context, read.error());
    }
    auto drawn = repro.draw();
    if (!drawn.has_value()) return tool_error(context, drawn.error());
    page = *std::move(drawn);
  } else {
    const std::string folder = fs::path(target.database).parent_path().string();
    auto drawn = campaign_page(
        context,
        {.database = target.database, .folder = folder.empty() ? "." : folder, .page = path});
    if (!drawn.has_value()) {
      const bool is_input = drawn.error().code == Errc::kInvalid;
      return is_input ? usage_error(context, drawn.error().detail)
                      : tool_error(context, drawn.error().detail);
    }
    page = *std::move(drawn);
  }
  const auto written = write_file(path, page);
  return written.has_value() ? 0 : tool_error(context, written.error());
}

}  // namespace

int verb_report(const Context& context) {
  const Options& options = context.options;
  if (options.names.size() > 1) {
    return usage_error(context, "report takes one folder, database or repro");
  }
  const auto target = find_target(options.names.empty() ? "latest" : options.names.front());
  if (!target.has_value()) return usage_error(context, target.error());
  if (!target->database.empty()) {
    Result<void> usable = run::check_stored_database(target->database);
    if (usable.has_value()) usable = run::check_whole(target->database);
    if (!usable.has_value()) return usage_error(context, usable.error().detail);
  }
  const Interrupts interrupts(Interrupts::First::kLeaves);
  const std::string path = options.output.value_or(target->page);
  const bool is_made = !target->is_there || options.output.has_value();
  if (is_made) {
    const int failed = write_page(context, *target, path);
    if (failed != 0) return failed;
  }
  bool is_opened = false;
  if (options.opens) {
    const std::optional<std::string> hindrance = open_page(path);
    if (hindrance.has_value()) context.console.complain(*hindrance);
    is_opened = !hindrance.has_value();
  }
  const ReportedPage page{.file = path,
                          .is_of_run = target->repro.has_value(),
                          .was_written = is_made,
                          .is_opened = is_opened};
  context.console.out(options.is_json ? report_json(page) : reports::printable(path) + "\n");
  return number(ExitStatus::kHeld);
}

}  // namespace millrace::command
