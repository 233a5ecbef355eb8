#include "sim/run/trace_log.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "system/base/check.h"

namespace millrace::run {
namespace {

int log_file = STDERR_FILENO;

LogLevel level_of(sim::NoteKind kind) {
  switch (kind) {
    case sim::NoteKind::kFault:
    case sim::NoteKind::kDrop:
      return LogLevel::kWarn;
    case sim::NoteKind::kMachine:
    case sim::NoteKind::kHistory:
      return LogLevel::kInfo;
    case sim::NoteKind::kSend:
    case sim::NoteKind::kDeliver:
    case sim::NoteKind::kLate:
    case sim::NoteKind::kDisk:
      return LogLevel::kDebug;
  }
  UNREACHABLE("a kind of note outside its list");
}

}  // namespace

std::string said_with_peer(const TraceLine& line) {
  const std::string& said = line.words.empty() ? line.text : line.words;
  if (line.peer.empty()) return said;
  return fmt::format("{} {} {}", said, line.kind == sim::NoteKind::kSend ? "->" : "<-", line.peer);
}

void write_log(const TraceLine& line, LogLevel level) {
  if (level_of(line.kind) > level) return;
  std::string said = said_with_peer(line);
  std::ranges::replace_if(
      said,
      [](char letter) { return static_cast<unsigned char>(letter) < ' ' || letter == '\x7F'; },
      '?');
  const std::string text =
      fmt::format("{:>8} {:>5}.{:09} s  {:<16} {}\n", line.ordinal, line.time_ns / 1'000'000'000,
                  line.time_ns % 1'000'000'000, line.machine, said);
  // Whoever closed the log does not want it.
  [[maybe_unused]] const ssize_t written = ::write(log_file, text.data(), text.size());
}

void set_log_file(int file) { log_file = file; }

}  // namespace millrace::run
