// The list of marks that the build collects (cmake/marks.cmake) is what a scenario's `must_reach`
// is checked against: a mark that it misses could never be asked for, one too many never be
// reached.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "tests/folders.h"
#include "tests/repo/source_text.h"

namespace millrace::repo {
namespace {

namespace fs = std::filesystem;

/// Runs the build's script over one planted source and returns the marks of the generated file.
std::vector<std::string> marks_of(const std::string& source) {
  // Each test has a folder of its own: ctest runs them at the same time.
  const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const fs::path folder = fs::path(build_folder()) / "mark_list_test" / test;
  fs::remove_all(folder);
  fs::create_directories(folder / "planted");
  std::ofstream(folder / "planted" / "a.cc") << source;

  const std::string command = "cmake -DDIRS=" + (folder / "planted").string() +
                              " -DEXCLUDE=" + (folder / "none").string() +
                              " -DNAMESPACE=x -DSOURCE=" + (folder / "marks.cc").string() +
                              " -DHEADER=" + (folder / "marks.h").string() + " -P " +
                              (repository_root() / "cmake/marks_script.cmake").string();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;

  std::ifstream in(folder / "marks.cc");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  static const std::regex entry("\n    \"([^\"]*)\",");
  std::vector<std::string> marks;
  for (std::sregex_iterator it(text.begin(), text.end(), entry); it != std::sregex_iterator();
       ++it) {
    marks.push_back((*it)[1].str());
  }
  return marks;
}

TEST(MarkList, is_sorted_and_has_each_mark_once) {
  EXPECT_EQ(marks_of("journal.mark(\"wal.rolled\");\n"
                     "journal_->mark(\n    \"append.durable\");\n"
                     "journal.mark(\"wal.rolled\");\n"),
            (std::vector<std::string>{"append.durable", "wal.rolled"}));
}

TEST(MarkList, leaves_out_mutants_and_comments_and_other_functions) {
  EXPECT_EQ(marks_of("journal.mark(\"mutant.ack_before_sync\");\n"
                     "// journal.mark(\"said.only\");\n"
                     "bookmark(\"not.one\"); x.remark(\"nor.this\");\n"),
            std::vector<std::string>{});
}

}  // namespace
}  // namespace millrace::repo
