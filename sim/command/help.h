#pragma once

// What --help prints, at most 80 columns wide: how a verb is called, and its options.

#include <string>
#include <string_view>
#include <vector>

namespace millrace::command {

struct HelpRow {
  std::string name;
  std::string about;
};

/// Of one verb: each of its usages behind the program's name, then a row for each argument and
/// option.
std::string verb_help(std::string_view program, std::string_view about,
                      const std::vector<std::string>& usages, const std::vector<HelpRow>& rows,
                      const std::vector<HelpRow>& rows_everywhere);

/// Of the program: its verbs, the options of everywhere, and what an exit status means.
std::string program_help(std::string_view program, const std::vector<HelpRow>& verbs,
                         const std::vector<HelpRow>& rows_everywhere);

}  // namespace millrace::command
