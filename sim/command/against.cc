#include "sim/command/against.h"

#include <cerrno>
#include <expected>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "sim/command/output_dir.h"
#include "sim/command/run_once.h"
#include "sim/run/temporary_folder.h"

namespace millrace::command {
namespace {

/// Runs a program without a shell; what it prints goes nowhere. Gives its exit status.
std::expected<int, std::string> run_program(const std::vector<std::string>& words) {
  const pid_t child = fork();
  if (child < 0) return std::unexpected("no process can be made");
  if (child == 0) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    signal(SIGPIPE, SIG_DFL);
    const int nowhere = open("/dev/null", O_WRONLY);
    if (dup2(nowhere, STDOUT_FILENO) >= 0 && dup2(nowhere, STDERR_FILENO) >= 0) {
      execv(arguments.front(), arguments.data());
    }
    _exit(127);
  }
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

std::vector<std::string> words_of(const Options& options, std::uint64_t seed) {
  std::vector<std::string> words{*options.against, "run", options.names.front(), "--seed",
                                 std::to_string(seed)};
  const std::vector<std::string> overrides = command_words(options.overrides);
  words.insert(words.end(), overrides.begin(), overrides.end());
  return words;
}

/// The record of the other build's run, with all block hashes; where a block is named, with its
/// events.
std::expected<run::RunRecord, std::string> run_other(const Options& options, std::uint64_t seed,
                                                     std::optional<std::uint64_t> block) {
  std::error_code ignored;
  const std::filesystem::path place = std::filesystem::temp_directory_path(ignored);
  const auto own = run::TemporaryFolder::make(place.empty() ? "/tmp" : place.string());
  if (!own.has_value()) return std::unexpected(own.error().detail);
  const std::string file = own->path() + "/record";
  std::vector<std::string> words = words_of(options, seed);
  words.insert(words.end(), {"--record", file});
  if (block.has_value()) words.insert(words.end(), {"--block", std::to_string(*block)});
  // A failing run leaves a repro; it belongs to nobody here.
  words.insert(words.end(), {"--out", own->path() + "/out"});
  const auto status = run_program(words);
  if (!status.has_value()) return std::unexpected(status.error());
  Result<run::RunRecord> record = run::run_record_from_json(read_file(file).value_or(""));
  if (record.has_value()) return *std::move(record);
  return std::unexpected(
      fmt::format("{} run --record gave no record (status {})", *options.against, *status));
}

}  // namespace

run::DeterminismCheck compare_builds(const run::RunSource& source, const Options& options,
                                     std::uint64_t seed) {
  run::DeterminismCheck check{
      .scenario = source.scenarios.front().name, .seed = seed, .difference = {}, .tool_error = {}};
  run::RunRequest request{.scenario = 0, .seed = seed, .keeps_block_hashes = true};
  std::optional<std::uint64_t> block;
  // First as a whole; where they differ once more, with the events of the first block that does.
  while (true) {
    const auto own = run_once(source, request);
    const auto other = own.has_value() ? run_other(options, seed, block) : own;
    if (!other.has_value()) {
      check.tool_error = other.error();
      return check;
    }
    check.fingerprint = own->fingerprint;
    check.other_fingerprint = other->fingerprint;
    if (run::is_same_execution(*own, *other)) return check;
    if (block.has_value()) {
      check.difference = run::first_difference(*own, *other);
      return check;
    }
    block = run::first_different_block(*own, *other);
    request.keep_block_first = *block;
    request.keep_block_last = *block + 1;
  }
}

}  // namespace millrace::command
