#include "sim/command/debugging.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "reports/failure_screen.h"
#include "reports/text.h"
#include "sim/command/seeds.h"
#include "sim/embedded.h"
#include "sim/run/trace_log.h"

namespace millrace::command {
namespace {

/// Lines of the trace that a stopped run shows without -v.
constexpr std::size_t kStoppedLines = 16;
/// Far beyond the limit of any run.
constexpr std::uint64_t kEventMax = std::uint64_t{1} << 53;

std::expected<run::LogLevel, std::string> parse_level(const std::string& text) {
  if (text == "warn") return run::LogLevel::kWarn;
  if (text == "info") return run::LogLevel::kInfo;
  if (text == "debug") return run::LogLevel::kDebug;
  return std::unexpected(fmt::format("--log is warn, info or debug, not '{}'", text));
}

/// Whether a debugger has this process.
bool has_debugger() {
  std::ifstream status("/proc/self/status");
  std::string line;
  constexpr std::string_view kTracer = "TracerPid:";
  while (std::getline(status, line)) {
    if (!line.starts_with(kTracer)) continue;
    return line.find_first_not_of(" \t0", kTracer.size()) != std::string::npos;
  }
  return false;
}

/// The words of this process's command line.
std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  std::string word;
  while (std::getline(file, word, '\0')) words.push_back(word);
  return words;
}

/// A file without a name that a program started by exec can read, and its path there.
std::expected<std::string, std::string> script_file() {
  const int file = memfd_create("millrace.gdb", 0);
  if (file < 0)
    return std::unexpected(fmt::format("memfd_create: {}", std::generic_category().message(errno)));
  const std::string_view script = sim::embedded_files().front().text;
  if (::write(file, script.data(), script.size()) != static_cast<ssize_t>(script.size())) {
    return std::unexpected(fmt::format("write: {}", std::generic_category().message(errno)));
  }
  return fmt::format("/proc/self/fd/{}", file);
}

std::string line_text(const run::TraceLine& line) {
  return fmt::format("{:>8} {:>14}   {:<12} {}", reports::thousands(line.ordinal),
                     reports::moment_text(line.time_ns), line.machine, run::said_with_peer(line));
}

std::expected<void, std::string> read_debugging(const Options& options, run::RunRequest& request) {
  if (options.until.has_value()) {
    const Parsed<std::uint64_t> event = parse_count("--until", *options.until, kEventMax);
    if (!event.has_value()) return std::unexpected(event.error());
    request.until_event = *event;
    request.is_traced = true;
  }
  if (options.break_at.has_value()) {
    const Parsed<std::uint64_t> event = parse_count("--break", *options.break_at, kEventMax);
    if (!event.has_value()) return std::unexpected(event.error());
    request.break_event = *event;
    if (request.until_event != 0 && request.until_event < *event) {
      return std::unexpected(fmt::format("--break {}: lies behind --until {}, which ends the run",
                                         *event, request.until_event));
    }
  }
  if (options.log.has_value()) {
    const auto level = parse_level(*options.log);
    if (!level.has_value()) return std::unexpected(level.error());
    request.log = *level;
    request.is_traced = true;
  }
  return {};
}

/// Returns only where it failed, and says why.
std::string enter_gdb() {
  const auto script = script_file();
  if (!script.has_value()) return script.error();
  std::vector<std::string> words{"gdb", "-q", "-x", *script, "-ex", "run", "--args"};
  const std::vector<std::string> own = own_arguments();
  words.emplace_back("/proc/self/exe");
  std::vector<char> exe(4'096);
  const ssize_t length = readlink("/proc/self/exe", exe.data(), exe.size());
  if (length > 0) words.back().assign(exe.data(), static_cast<std::size_t>(length));
  words.insert(words.end(), own.begin() + std::min<std::ptrdiff_t>(1, std::ssize(own)), own.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execvp("gdb", arguments.data());
  return fmt::format("gdb: {}", std::generic_category().message(errno));
}

}  // namespace

std::expected<void, std::string> begin_debugging(const Options& options, run::RunRequest& request) {
  const auto read = read_debugging(options, request);
  if (!read.has_value() || request.break_event == 0 || has_debugger()) return read;
  return std::unexpected(
      fmt::format("--break needs gdb, Debian's package gdb ({}); without it, {} "
                  "... --until {} shows what led to that event",
                  enter_gdb(), options.verb, request.break_event));
}

bool was_stopped(const run::RunRequest& request, const run::RunRecord& record) {
  return request.until_event != 0 && record.verdict == run::Verdict::kInconclusive &&
         record.events > request.until_event;
}

std::optional<std::string> missed_event(const run::RunRequest& request,
                                        const run::RunRecord& record) {
  const std::uint64_t event = std::max(request.until_event, request.break_event);
  // Of a process that died nobody knows how far it came.
  const bool has_end = record.fingerprint != 0;
  if (!has_end || event <= record.events) return std::nullopt;
  return fmt::format("the run ended at event {}, before event {}",
                     reports::thousands(record.events), reports::thousands(event));
}

std::string stopped_text(const run::RunRequest& request, const run::RunRecord& record,
                         const reports::ScreenOptions& options) {
  // The event after it was taken, too, when the run ended.
  const auto end = std::ranges::find_if(
      record.trace, [&](const run::TraceLine& line) { return line.ordinal > request.until_event; });
  const auto count = static_cast<std::size_t>(end - record.trace.begin());
  const std::size_t shown = options.is_verbose ? count : std::min(count, kStoppedLines);
  std::string text;
  for (std::size_t i = count - shown; i < count; ++i) {
    const std::string line = reports::printable(line_text(record.trace[i]));
    text += reports::cut(line, reports::layout_width(options)) + '\n';
  }
  if (shown < count) {
    text += fmt::format("the last {} of {} lines; all: -v\n", shown, reports::thousands(count));
  }
  return text + '\n';
}

}  // namespace millrace::command
