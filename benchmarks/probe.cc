#include "benchmarks/probe.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/base/check.h"

namespace millrace::benchmarks {
namespace {

double read_clock(clockid_t clock) {
  timespec time{};
  CHECK(clock_gettime(clock, &time) == 0, "the clock exists");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::string read_to_end(int file) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// Starts a program with its stdout at `out`. Returns its id, or nothing where it cannot be run.
std::expected<pid_t, std::string> start(const std::string& program,
                                        const std::vector<std::string>& arguments, int out) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t child = -1;
  const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return std::unexpected(fmt::format("{} cannot be run", program));
  return child;
}

std::expected<Values, std::string> parse(const std::string& text) {
  Values values;
  std::istringstream lines(text);
  std::string key;
  double value = 0;
  while (lines >> key) {
    if (!(lines >> value)) return std::unexpected(fmt::format("no number after '{}'", key));
    values[key] = value;
  }
  return values;
}

}  // namespace

std::expected<Values, std::string> run_probe(const std::string& program,
                                             const std::vector<std::string>& arguments) {
  std::array<int, 2> pipe_ends{};
  CHECK(pipe2(pipe_ends.data(), O_CLOEXEC) == 0, "a pipe can be made");
  const auto child = start(program, arguments, pipe_ends[1]);
  close(pipe_ends[1]);
  const std::string text = child.has_value() ? read_to_end(pipe_ends[0]) : std::string();
  close(pipe_ends[0]);
  if (!child.has_value()) return std::unexpected(child.error());

  int status = 0;
  while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return std::unexpected(
        fmt::format("{} {} ended with status {}", program, fmt::join(arguments, " "), status));
  }
  return parse(text);
}

void print_values(const Values& values) {
  for (const auto& [key, value] : values) std::printf("%s %.17g\n", key.c_str(), value);
}

double cpu_seconds() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

double shared_clock_seconds() { return read_clock(CLOCK_MONOTONIC); }

double resident_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  CHECK(file != nullptr, "Linux tells a process its size");
  long all = 0;
  long resident = 0;
  CHECK(std::fscanf(file, "%ld %ld", &all, &resident) == 2, "sizes in pages");
  CHECK(std::fclose(file) == 0);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double peak_resident_bytes() {
  rusage usage{};
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

}  // namespace millrace::benchmarks
