#pragma once
// Words that must not stand in a folder, each with what to write instead. This is how `system/`
// stays unaware of the simulator, and how nondeterminism is kept out of a run.

#include <string>
#include <vector>

#include "tests/repo/source_text.h"

namespace millrace::repo {

/// Checks one source against the rules of its folder.
std::vector<Violation> check_banned_words(const RepositoryFile& file);

/// One banned word, for tests that try every row: where it is banned, a line that holds it, and
/// the advice that the finding must give.
struct BannedExample {
  std::string path;
  std::string line;
  std::string advice;
};

/// Returns one example for every row of the table.
std::vector<BannedExample> banned_examples();

}  // namespace millrace::repo
