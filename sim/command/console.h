#pragma once

// Where the command writes: the result to one stream, everything else to the other.
//
// A reader that goes away (`| head`) is no error: what follows is dropped. A stream that fails
// otherwise (a full disk) is remembered, and makes the tool's own failure of it. Colour is decided
// once, from the flag, the environment and the terminal, and never carries meaning alone.

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::command {

/// The flag --color.
enum class ColorChoice : std::uint8_t { kAuto, kAlways, kNever };

/// What the environment says of colour and of the terminal.
struct TerminalEnvironment {
  bool has_no_color = false;        ///< NO_COLOR is set and not empty.
  bool has_clicolor_force = false;  ///< CLICOLOR_FORCE is set, not empty and not "0".
  bool is_dumb = false;             ///< TERM is "dumb".
};

/// Reads NO_COLOR, CLICOLOR_FORCE and TERM.
TerminalEnvironment read_terminal_environment();

/// Whether to write colour. The flag outweighs NO_COLOR, that CLICOLOR_FORCE, and these the
/// terminal.
bool uses_color(ColorChoice choice, const TerminalEnvironment& environment, bool is_terminal);

class Console {
 public:
  /// Writes to two open files, which it does not own.
  Console(int out, int err);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Writes a part of the result.
  void out(std::string_view text);
  /// Writes progress or a warning.
  void err(std::string_view text);
  /// Writes a message of one or more lines on the second stream: as they are, but on a terminal
  /// broken between words, with what goes on indented.
  void message(std::string_view text);
  /// Writes the message "millrace: ...".
  void complain(std::string_view text);

  bool is_out_terminal() const { return is_out_terminal_; }
  bool is_err_terminal() const { return is_err_terminal_; }
  /// Width of the terminal, or 120 where there is none.
  unsigned columns() const;

  /// Whether the result could not be written, for another reason than a reader that went away.
  bool has_failed() const { return has_failed_; }

 private:
  /// False once nobody reads.
  bool write_all(int file, std::string_view text);

  int out_;
  int err_;
  bool is_out_terminal_;
  bool is_err_terminal_;
  bool is_out_open_ = true;
  bool is_err_open_ = true;
  bool has_failed_ = false;
};

}  // namespace millrace::command
