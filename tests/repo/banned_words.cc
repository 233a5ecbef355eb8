#include "tests/repo/banned_words.h"

#include <algorithm>
#include <regex>
#include <string_view>

namespace millrace::repo {
namespace {

using Prefixes = std::vector<std::string>;

enum class Where { kCode, kStrings, kAnywhere };

/// One row: the word as a regular expression over a line, where it counts, the folders in which it
/// is banned, those inside them that are exempt, what to write instead, and a line that breaks it.
struct Rule {
  std::regex pattern;
  Where where;
  const Prefixes& folders;
  const Prefixes& exempt;
  std::string advice;
  std::string example;
};

const Prefixes kNone;
const Prefixes kSystem = {"system/"};
// What decides a run, so what the seed alone must decide.
const Prefixes kRun = {"system/", "sim/", "properties/", "scenarios/"};
// Workers, files, flags and a campaign's wall time live here, never inside a run.
const Prefixes kOutside = {"sim/run/", "sim/command/", "scenarios/main.cc"};
const Prefixes kState = {"system/",      "sim/fiber/",  "sim/kernel/",
                         "sim/devices/", "sim/faults/", "properties/"};
const Prefixes kOurs = {"system/",    "sim/",        "reports/", "properties/",
                        "scenarios/", "benchmarks/", "tests/",   "examples/"};
// These sources name the banned words.
const Prefixes kThese = {"tests/repo/"};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      // The system cannot tell that its world is simulated.
      {std::regex("[Ss]imul(?!taneous)"), Where::kAnywhere, kSystem, kNone,
       "say what the interface promises; the system cannot tell who implements it",
       "if (is_simulated()) {"},
      {std::regex("\"sim/"), Where::kCode, kSystem, kNone, "include system/env: sim/ implements it",
       "#include \"sim/kernel/world.h\""},
      {std::regex("[Bb][Uu][Gg][Gg][Ii][Ff][Yy]"), Where::kAnywhere, kSystem, kNone,
       "journal.mark(\"area.what\") at the rare path, or a Config field", "buggify();"},
      {std::regex("_for_test"), Where::kAnywhere, kSystem, kNone,
       "test through the public interface, or through a Config field", "void reset_for_test();"},
      {std::regex("\\bthrow\\b"), Where::kCode, kSystem, kNone,
       "return an Error, or CHECK our own bug", "throw 1;"},
      {std::regex("catch \\(\\.\\.\\.\\)"), Where::kCode, kSystem, kNone,
       "turn a library's exception into a Result where it occurs, by its type", "} catch (...) {"},
      {std::regex("<sys/"), Where::kCode, kSystem, kNone, "Disk, Network or Clock of system/env",
       "#include <sys/socket.h>"},
      {std::regex("<fstream>"), Where::kCode, kSystem, kNone, "Disk of system/env",
       "#include <fstream>"},
      // Inside a run, the seed decides everything.
      {std::regex("<(thread|mutex|atomic|condition_variable|shared_mutex|semaphore)>"),
       Where::kCode, kRun, kOutside, "Tasks and the types of system/env/sync.h",
       "#include <mutex>"},
      {std::regex("<random>"), Where::kCode, kRun, kNone, "Random of system/env, or a keyed draw",
       "#include <random>"},
      {std::regex("<chrono>"), Where::kCode, kRun, kOutside, "Duration and Instant of system/base",
       "#include <chrono>"},
      {std::regex("::now\\(\\)"), Where::kCode, kRun, kOutside, "Clock of system/env",
       "const auto t = steady_clock::now();"},
      {std::regex("\\bunordered_"), Where::kCode, kRun, kNone,
       "std::map, flat_map or a sorted vector", "std::unordered_map<int, int> m;"},
      {std::regex("\\b(float|double)\\b"), Where::kCode, kState, kNone,
       "integers: Ratio for a probability, Duration for time", "double p = 0.5;"},
      {std::regex("\\bgetenv\\b"), Where::kCode, kRun, kOutside, "a Config field or a flag",
       "getenv(\"HOME\");"},
      {std::regex("\\bstd::shuffle\\b"), Where::kCode, kRun, kNone,
       "a keyed draw: std::shuffle's order is unspecified", "std::shuffle(a, b, r);"},
      {std::regex("\\bthread_local\\b"), Where::kCode, kRun, kNone, "state that its owner holds",
       "thread_local int depth = 0;"},
      // Nowhere.
      {std::regex("\\bstd::hash\\b"), Where::kCode, kOurs, kThese, "XXH3 over encoded fields",
       "std::hash<int>{}(1);"},
      {std::regex("\\brandom_device\\b"), Where::kCode, kOurs, kThese,
       "a seed that is written down", "std::random_device d;"},
      {std::regex("\\bs?rand\\("), Where::kCode, kOurs, kThese,
       "Random of system/env, or a keyed draw", "int i = rand();"},
      {std::regex("\\b__(DATE|TIME|TIMESTAMP)__\\b"), Where::kCode, kOurs, kThese,
       "generated/build_info.h", "puts(__DATE__);"},
      {std::regex("%p"), Where::kStrings, kOurs, kThese,
       "an id handed out in order: addresses differ", "printf(\"%p\", x);"},
      {std::regex("\\b(TODO|FIXME|XXX|HACK)\\b"), Where::kAnywhere, kOurs, kThese,
       "do it now, or write an issue", "// TODO"},
      {std::regex("\\b(DISABLED_|GTEST_SKIP\\b)"), Where::kCode, kOurs, kThese,
       "mend the test or delete it", "TEST(A, DISABLED_b) {"},
  };
  return all;
}

bool is_below(std::string_view path, const Prefixes& prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](const std::string& prefix) { return path.starts_with(prefix); });
}

std::string_view view_for(Where where, const RepositoryFile& file, const SplitSource& split) {
  switch (where) {
    case Where::kCode:
      return split.code;
    case Where::kStrings:
      return split.strings;
    case Where::kAnywhere:
      return file.text;
  }
  return file.text;
}

}  // namespace

std::vector<Violation> check_banned_words(const RepositoryFile& file) {
  std::vector<Violation> violations;
  const SplitSource split = split_source(file.text);
  for (const Rule& rule : rules()) {
    if (!is_below(file.path, rule.folders) || is_below(file.path, rule.exempt)) {
      continue;
    }
    int line = 0;
    for (const std::string_view text : split_lines(view_for(rule.where, file, split))) {
      ++line;
      std::cmatch match;
      if (std::regex_search(text.data(), text.data() + text.size(), match, rule.pattern)) {
        violations.push_back(
            {file.path, line, "'" + match.str() + "' is banned here; instead: " + rule.advice});
      }
    }
  }
  return violations;
}

std::vector<BannedExample> banned_examples() {
  std::vector<BannedExample> examples;
  for (const Rule& rule : rules()) {
    examples.push_back({.path = rule.folders.front() + "planted/file.cc",
                        .line = rule.example,
                        .advice = rule.advice});
  }
  return examples;
}

}  // namespace millrace::repo
