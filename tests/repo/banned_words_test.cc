#include "tests/repo/banned_words.h"

#include <gtest/gtest.h>

namespace millrace::repo {
namespace {

std::string found_in(const std::string& path, const std::string& text) {
  return describe(check_banned_words({.path = path, .text = text}));
}

TEST(BannedWords, stand_in_no_source) {
  const std::vector<RepositoryFile> files = read_files(
      {"system", "sim", "reports", "properties", "scenarios", "benchmarks", "tests", "examples"},
      {".h", ".cc"});

  std::vector<Violation> violations;
  for (const RepositoryFile& file : files) {
    const std::vector<Violation> found = check_banned_words(file);
    violations.insert(violations.end(), found.begin(), found.end());
  }

  EXPECT_GT(files.size(), 10U) << "the walk found no sources to check";
  EXPECT_EQ(describe(violations), "");
}

TEST(BannedWords, are_found_by_every_row_with_what_to_write_instead) {
  for (const BannedExample& example : banned_examples()) {
    const std::string found = found_in(example.path, "int a;\n" + example.line + "\n");

    EXPECT_NE(found.find(example.path + ":2: "), std::string::npos) << example.line;
    EXPECT_NE(found.find("instead: " + example.advice), std::string::npos) << example.line;
  }
}

TEST(BannedWords, may_stand_in_comments_where_only_code_is_meant) {
  EXPECT_EQ(found_in("system/wal/a.cc", "// Never throw; a double fault is our own bug.\n"), "");
  EXPECT_EQ(found_in("system/wal/a.cc", "f(\"a double fault\");\n"), "");
}

TEST(BannedWords, of_the_simulator_may_not_even_stand_in_comments_of_the_system) {
  EXPECT_NE(found_in("system/wal/a.cc", "// The simulator may kill us here.\n"), "");
  EXPECT_EQ(found_in("system/wal/a.cc", "// Two simultaneous appends.\n"), "");
  EXPECT_EQ(found_in("sim/kernel/a.cc", "// The simulator may kill us here.\n"), "");
}

TEST(BannedWords, are_banned_per_folder) {
  EXPECT_NE(found_in("sim/kernel/a.cc", "#include <chrono>\n"), "");
  EXPECT_EQ(found_in("sim/run/a.cc", "#include <chrono>\n"), "");
  EXPECT_EQ(found_in("sim/kernel/a.cc", "throw 1;\n"), "");
  EXPECT_EQ(found_in("reports/a.cc", "double percent = 1;\n"), "");
}

TEST(BannedWords, are_whole_words) {
  EXPECT_EQ(found_in("system/wal/a.cc", "int doubled = operand(1);\n"), "");
}

}  // namespace
}  // namespace millrace::repo
