#include "tests/repo/source_text.h"

#include <gtest/gtest.h>

namespace millrace::repo {
namespace {

TEST(SplitSource, gives_each_character_to_one_view) {
  const SplitSource split = split_source("int a; // note\nf(\"text\"); /* b\nc */ g();\n");

  EXPECT_EQ(split.code, "int a;        \nf(      );     \n     g();\n");
  EXPECT_EQ(split.comments, "       // note\n           /* b\nc */     \n");
  EXPECT_EQ(split.strings, "              \n  \"text\"       \n         \n");
}

TEST(SplitSource, is_not_fooled_by_quotes_within_literals) {
  EXPECT_EQ(split_source(R"(f("a\"b"); x)").code, "f(      ); x");
  EXPECT_EQ(split_source("c = '\"'; x").code, "c =    ; x");
  EXPECT_EQ(split_source("n = 1'000'000; x").code, "n = 1'000'000; x");
  EXPECT_EQ(split_source("R\"y(\" // )y\" + x").code, "             + x");
}

TEST(SplitSource, takes_a_comment_sign_within_a_string_as_text) {
  EXPECT_EQ(split_source("f(\"http://x\"); y").code, "f(          ); y");
}

TEST(SplitSource, keeps_include_lines_whole_as_code) {
  EXPECT_EQ(split_source("#include \"system/base/check.h\"\n").code,
            "#include \"system/base/check.h\"\n");
}

TEST(ReadFiles, finds_this_very_file_once) {
  const std::vector<RepositoryFile> files = read_files({"tests/repo"}, {"source_text_test.cc"});

  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].path, "tests/repo/source_text_test.cc");
  EXPECT_NE(files[0].text.find("finds_this_very_file_once"), std::string::npos);
}

}  // namespace
}  // namespace millrace::repo
