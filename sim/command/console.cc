#include "sim/command/console.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ranges>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include "reports/text.h"

namespace millrace::command {
namespace {

constexpr unsigned kColumnsWithoutTerminal = 120;
constexpr unsigned kColumnsMin = 40;

std::string_view environment(const char* name) {
  // The command has one thread.
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

TerminalEnvironment read_terminal_environment() {
  const std::string_view force = environment("CLICOLOR_FORCE");
  return {.has_no_color = !environment("NO_COLOR").empty(),
          .has_clicolor_force = !force.empty() && force != "0",
          .is_dumb = environment("TERM") == "dumb"};
}

bool uses_color(ColorChoice choice, const TerminalEnvironment& environment, bool is_terminal) {
  if (choice != ColorChoice::kAuto) return choice == ColorChoice::kAlways;
  if (environment.has_no_color) return false;
  if (environment.has_clicolor_force) return true;
  return is_terminal && !environment.is_dumb;
}

Console::Console(int out, int err)
    : out_(out),
      err_(err),
      is_out_terminal_(isatty(out) == 1),
      is_err_terminal_(isatty(err) == 1) {}

void Console::out(std::string_view text) {
  if (!is_out_open_ || write_all(out_, text)) return;
  is_out_open_ = false;
  if (errno != EPIPE) has_failed_ = true;
}

void Console::err(std::string_view text) {
  if (is_err_open_) is_err_open_ = write_all(err_, text);
}

void Console::message(std::string_view text) {
  if (!is_err_terminal_) return err(std::string(text).append("\n"));
  constexpr std::string_view kIndent = "  ";
  std::string shown;
  for (const auto part : std::views::split(text, '\n')) {
    const std::string paragraph = reports::printable(std::string_view(part));
    std::string_view indent;
    for (const std::string& line : reports::wrapped_whole(paragraph, columns() - kIndent.size())) {
      shown.append(std::exchange(indent, kIndent)).append(line).push_back('\n');
    }
  }
  err(shown);
}

void Console::complain(std::string_view text) { message(std::string("millrace: ").append(text)); }

unsigned Console::columns() const {
  winsize size{};
  for (const int file : {out_, err_}) {
    if (ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
      return std::max<unsigned>(size.ws_col, kColumnsMin);
    }
  }
  return kColumnsWithoutTerminal;
}

bool Console::write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace millrace::command
