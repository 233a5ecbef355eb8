#include "sim/command/against.h"

#include <array>
#include <cerrno>
#include <expected>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "sim/command/output_dir.h"
#include "sim/command/run_once.h"

namespace millrace::command {
namespace {

struct Output {
  std::string text;
  int status = 0;
};

/// Runs a program without a shell and reads its stdout; stderr goes nowhere.
std::expected<Output, std::string> run_program(const std::vector<std::string>& words) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected("no pipe can be made");
  const pid_t child = fork();
  if (child < 0) return std::unexpected("no process can be made");
  if (child == 0) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    signal(SIGPIPE, SIG_DFL);
    const int nowhere = open("/dev/null", O_WRONLY);
    if (dup2(ends[1], STDOUT_FILENO) >= 0 && dup2(nowhere, STDERR_FILENO) >= 0) {
      execv(arguments.front(), arguments.data());
    }
    _exit(127);
  }
  close(ends[1]);
  Output output;
  std::array<char, 65'536> block{};
  for (;;) {
    const ssize_t got = read(ends[0], block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    output.text.append(block.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  output.status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return output;
}

std::vector<std::string> words_of(const Options& options, std::uint64_t seed) {
  std::vector<std::string> words{*options.against, "run", options.names.front(), "--seed",
                                 std::to_string(seed)};
  for (const std::string& set : options.overrides.sets) {
    words.emplace_back("--set");
    words.push_back(set);
  }
  return words;
}

/// A file for what the other build writes, gone at the end.
class TemporaryFile {
 public:
  TemporaryFile()
      : path_(fmt::format("{}/millrace-{}.record", std::filesystem::temp_directory_path().string(),
                          getpid())) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The record of the other build's run, with all block hashes; where a block is named, with its
/// events.
std::expected<run::RunRecord, std::string> run_other(const Options& options, std::uint64_t seed,
                                                     std::optional<std::uint64_t> block) {
  const TemporaryFile file;
  std::vector<std::string> words = words_of(options, seed);
  words.insert(words.end(), {"--record", file.path()});
  if (block.has_value()) words.insert(words.end(), {"--block", std::to_string(*block)});
  // A failing run leaves a repro; it belongs to nobody here.
  const std::string folder = std::filesystem::temp_directory_path() / "millrace-against";
  words.insert(words.end(), {"--out", folder});
  const auto output = run_program(words);
  if (!output.has_value()) return std::unexpected(output.error());
  Result<run::RunRecord> record = run::run_record_from_json(read_file(file.path()).value_or(""));
  if (record.has_value()) return *std::move(record);
  return std::unexpected(
      fmt::format("{} run --record gave no record (status {})", *options.against, output->status));
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
