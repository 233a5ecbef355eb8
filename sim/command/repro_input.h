#pragma once

// The repros that an argument means: a file, a folder of them, a token, or '-' for stdin.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command/console.h"

namespace millrace::command {

inline constexpr std::string_view kReproSuffix = ".repro.json";

/// A repro that was found and not yet read.
struct ReproText {
  /// As a command names it: the path, the whole token, or "-".
  std::string name;
  /// As people are told: a token is cut.
  std::string shown_name;
  std::string json;
  bool is_token = false;
};

/// All repros of one argument, those of a folder sorted by path; a folder without any is complained
/// of and gives none. Errors: what cannot be read, each with its name and why.
std::expected<std::vector<ReproText>, std::vector<std::string>> find_repros(const std::string& name,
                                                                            Console& console);

/// The folder that "latest" means, where no file has that name: of the failures that the last run
/// or campaign saved. Any other name as it is. Errors: no failure was saved.
std::expected<std::string, std::string> resolve_latest(const std::string& name);

/// One repro or plan: a file, a token, or '-'.
std::expected<ReproText, std::string> find_repro(const std::string& name);

}  // namespace millrace::command
