// millrace_bench: measures the rows, our probes and the peers' in turn.
//
//   millrace_bench [--json] [--quick] [--row NAME]...
//   millrace_bench --probe NAME SCALE      one measurement, in this process

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/rows.h"
#include "benchmarks/table.h"

namespace millrace::benchmarks {
namespace {

struct Options {
  bool is_json = false;
  bool is_quick = false;
  std::vector<std::string> rows;
};

int run_own_probe(std::string_view name, const std::string& scale) {
  const Probe probe = find_probe(name);
  if (probe == nullptr) return 2;
  print_values(probe(std::stoll(scale)));
  return 0;
}

bool is_wanted(const Options& options, std::string_view name) {
  return options.rows.empty() || std::ranges::find(options.rows, name) != options.rows.end();
}

void print(std::FILE* file, const std::string& text) { std::fputs(text.c_str(), file); }

int run_rows(const Options& options) {
  const Effort effort = options.is_quick ? Effort{.scale = 50, .rounds = 1} : Effort{};
  std::vector<Row> rows;
  int status = 0;
  if (!options.is_json) print(stdout, table_head());
  for (const RowMaker& maker : row_makers()) {
    if (!is_wanted(options, maker.name)) continue;
    const auto row = maker.measure(effort);
    if (!row.has_value()) {
      print(stderr, fmt::format("bench: {}: {}\n", maker.name, row.error()));
      status = 3;
      continue;
    }
    if (!options.is_json) print(stdout, table_line(*row));
    if (options.is_json && !row->note.empty()) {
      print(stderr, fmt::format("bench: {}: {}\n", row->name, row->note));
    }
    std::fflush(stdout);
    rows.push_back(*row);
  }
  print(stdout, options.is_json ? to_json(rows) : table_foot(rows));
  return status;
}

int bench_main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--probe") return run_own_probe(argv[2], argv[3]);
  CLI::App app("Measures what the design promises, peers beside ours.", "dev bench");
  Options options;
  app.add_flag("--json", options.is_json, "One object on stdout, nothing else");
  app.add_flag("--quick", options.is_quick, "A small part of the work: shows the form only");
  std::vector<std::string> names;
  for (const RowMaker& maker : row_makers()) names.emplace_back(maker.name);
  app.add_option("--row", options.rows, "Only this row; may be repeated")
      ->check(CLI::IsMember(names));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run_rows(options);
}

}  // namespace
}  // namespace millrace::benchmarks

int main(int argc, char** argv) { return millrace::benchmarks::bench_main(argc, argv); }
