#include "sim/command/against.h"

#include <array>
#include <cerrno>
#include <expected>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
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
  std::vector<std::string> words{*options.against,     "run",   options.names.front(), "--seed",
                                 std::to_string(seed), "--json"};
  for (const std::string& set : options.overrides.sets) {
    words.emplace_back("--set");
    words.push_back(set);
  }
  return words;
}

/// The fingerprint that the other build reports, and where it traced to, if asked to.
std::expected<std::uint64_t, std::string> run_other(const Options& options, std::uint64_t seed,
                                                    const std::string& trace) {
  std::vector<std::string> words = words_of(options, seed);
  if (!trace.empty()) words.insert(words.end(), {"--trace", trace});
  // A failing run leaves a repro; it belongs to nobody here.
  const std::string folder = std::filesystem::temp_directory_path() / "millrace-against";
  words.insert(words.end(), {"--out", folder});
  const auto output = run_program(words);
  if (!output.has_value()) return std::unexpected(output.error());
  const auto object = nlohmann::json::parse(output->text, nullptr, false);
  if (!object.is_object() || !object.value("fingerprint", nlohmann::json()).is_string()) {
    return std::unexpected(fmt::format("{} run --json gave no fingerprint (status {})",
                                       *options.against, output->status));
  }
  return std::stoull(object["fingerprint"].get<std::string>(), nullptr, 16);
}

/// Where the lines of two traces part.
run::FirstDifference first_difference(const run::RunRecord& record, const std::string& own,
                                      const std::string& other) {
  std::size_t at = 0;
  std::size_t line = 0;
  for (;;) {
    const std::size_t end = own.find('\n', at);
    if (end == std::string::npos || own.compare(at, end - at + 1, other, at, end - at + 1) != 0) {
      break;
    }
    at = end + 1;
    ++line;
  }
  const auto line_at = [&](const std::string& text) {
    return at >= text.size() ? std::string("(its trace ends here)")
                             : text.substr(at, text.find('\n', at) - at);
  };
  run::FirstDifference difference;
  difference.first = line_at(own);
  difference.second = line_at(other);
  if (line < record.trace.size()) {
    difference.event = record.trace[line].ordinal;
    difference.time_ns = record.trace[line].time_ns;
    difference.machine = record.trace[line].machine;
  }
  return difference;
}

}  // namespace

run::DeterminismCheck compare_builds(const run::RunSource& source, const Options& options,
                                     std::uint64_t seed) {
  run::DeterminismCheck check;
  check.scenario = source.scenarios.front().name;
  check.seed = seed;
  run::RunRequest request{.scenario = 0, .seed = seed};
  const auto own = run_once(source, request);
  if (!own.has_value()) {
    check.tool_error = own.error();
    return check;
  }
  const auto other = run_other(options, seed, "");
  if (!other.has_value()) {
    check.tool_error = other.error();
    return check;
  }
  check.fingerprint = own->fingerprint;
  check.other_fingerprint = *other;
  if (check.fingerprint == check.other_fingerprint) return check;

  const std::string folder = std::filesystem::temp_directory_path();
  const std::string own_trace = fmt::format("{}/millrace-{}-own.trace", folder, getpid());
  const std::string other_trace = fmt::format("{}/millrace-{}-other.trace", folder, getpid());
  request.is_traced = true;
  const auto traced = run_once(source, request);
  if (traced.has_value() && write_trace(own_trace, *traced).has_value() &&
      run_other(options, seed, other_trace).has_value()) {
    check.difference = first_difference(*traced, read_file(own_trace).value_or(""),
                                        read_file(other_trace).value_or(""));
  }
  std::error_code ignored;
  std::filesystem::remove(own_trace, ignored);
  std::filesystem::remove(other_trace, ignored);
  return check;
}

}  // namespace millrace::command
