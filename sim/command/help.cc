#include "sim/command/help.h"

#include <algorithm>
#include <fmt/format.h>

#include "reports/text.h"

namespace millrace::command {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kNameColumnsMax = 24;

std::size_t name_columns(const std::vector<HelpRow>& rows) {
  std::size_t widest = 0;
  for (const HelpRow& row : rows) widest = std::max(widest, row.name.size());
  return std::min(widest, kNameColumnsMax);
}

/// A name and, behind the longest one or below it, what it is.
std::string rows_text(const std::vector<HelpRow>& rows, std::size_t columns) {
  const std::size_t start = columns + 4;
  std::string text;
  for (const HelpRow& row : rows) {
    std::string line = fmt::format("  {:<{}}  ", row.name, columns);
    if (row.name.size() > columns) line = fmt::format("  {}\n{:{}}", row.name, "", start);
    for (const std::string& part : reports::wrapped(row.about, kColumns - start)) {
      text += line + part + "\n";
      line.assign(start, ' ');
    }
  }
  return text;
}

}  // namespace

std::string verb_help(std::string_view program, std::string_view about,
                      const std::vector<std::string>& usages, const std::vector<HelpRow>& rows,
                      const std::vector<HelpRow>& rows_everywhere) {
  std::string text;
  for (const std::string& usage : usages) {
    text += fmt::format("{} {} {}\n", text.empty() ? "usage:" : "      ", program, usage);
  }
  const std::size_t columns = std::max(name_columns(rows), name_columns(rows_everywhere));
  return text + fmt::format("\n{}\n\n{}\neverywhere\n{}", about, rows_text(rows, columns),
                            rows_text(rows_everywhere, columns));
}

std::string program_help(std::string_view program, const std::vector<HelpRow>& verbs,
                         const std::vector<HelpRow>& rows_everywhere) {
  const std::vector<HelpRow> statuses{
      {"0", "everything held"},
      {"1", "a property failed, or the system crashed, hung or reached a limit"},
      {"2", "usage or input"},
      {"3", "the tool itself failed"},
      {"4", "inconclusive: too little happened to say anything"}};
  const std::size_t columns = std::max(name_columns(verbs), name_columns(rows_everywhere));
  return fmt::format(
      "usage: {0} VERB ...      {0} VERB --help\n\n"
      "Runs a system in a simulated world, injects faults, and checks what it promises.\n\n"
      "verbs\n{1}\neverywhere\n{2}\nexit status\n{3}",
      program, rows_text(verbs, columns), rows_text(rows_everywhere, columns),
      rows_text(statuses, columns));
}

}  // namespace millrace::command
