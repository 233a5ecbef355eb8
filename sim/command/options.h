#pragma once

// The command line as a value. CLI11 reads it; its messages and statuses stay in the .cc.
//
// One struct holds the options of all verbs: each verb declares the ones it has, so one that it
// does not have is refused here. Values stay as they were typed; who uses one checks it (seeds.h).

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/console.h"

namespace millrace::command {

/// What changes a scenario on the command line. A printed command repeats all of it.
struct Overrides {
  std::vector<std::string> sets = {};  ///< "K=V", in the order in which they were given.
  std::optional<std::string> faults = {};
  std::optional<std::string> strategy = {};
};

struct Options {
  std::string program;  ///< As it was called, for commands that are printed.
  std::string verb;
  /// The whole command as one types it.
  std::string command_line = {};
  /// The verb's positional arguments.
  std::vector<std::string> names = {};

  // Everywhere.
  bool is_json = false;
  bool is_quiet = false;
  bool is_verbose = false;
  ColorChoice color = ColorChoice::kAuto;
  std::optional<std::string> out = {};

  // By verb.
  std::optional<std::string> junit = {};
  std::optional<std::string> report = {};
  Overrides overrides = {};
  std::optional<std::string> seed = {};
  std::optional<std::string> seeds = {};
  std::optional<std::string> from = {};
  std::optional<std::string> wall_time = {};
  std::optional<std::string> jobs = {};
  std::optional<std::string> shard = {};
  std::optional<std::string> max_failures = {};
  std::optional<std::string> database = {};
  std::optional<std::string> resume = {};
  std::optional<std::string> rerun = {};
  std::optional<std::string> plan = {};
  std::optional<std::string> trace = {};
  std::optional<std::string> until = {};
  std::optional<std::string> break_at = {};
  std::optional<std::string> log = {};
  /// For another build's verify-determinism: where to write the whole record, and which block of
  /// the fingerprint it is to have event by event.
  std::optional<std::string> record = {};
  std::optional<std::uint64_t> block = {};
  std::optional<std::string> min_match = {};
  bool is_bisect = false;
  bool replaces = false;
  std::optional<std::string> against = {};
  std::optional<std::string> show = {};
  std::optional<std::string> output = {};
  bool has_shrink = false;
  bool has_no_shrink = false;
  bool wants_schema = false;
  bool goes_on = false;
  bool opens = false;
};

/// Why there is nothing to do after the command line: help, the version, or a mistake in it.
struct EarlyEnd {
  int status = 0;
  std::string out = {};
  std::string err = {};
};

/// Reads a command line without the program's name. An unknown verb or option gets the nearest one.
std::expected<Options, EarlyEnd> parse_command_line(std::string_view program,
                                                    std::span<const std::string> arguments);

/// A verb, for help and completion.
struct VerbName {
  std::string_view name;
  std::string_view about;
};

/// All verbs, in the order in which help lists them.
std::span<const VerbName> verb_names();

/// The long options of a verb ("--seed"), the ones that every verb has included; for completion.
std::vector<std::string> option_names(std::string_view verb);

/// The flags and values that give these overrides again.
std::vector<std::string> command_words(const Overrides& overrides);

/// The overrides as a command line repeats them: " --set a.b=3 --faults mild", quoted for a shell.
std::string command_text(const Overrides& overrides);

/// One word of a command line, in quotes where a shell needs them.
std::string shell_word(std::string_view word);

}  // namespace millrace::command
