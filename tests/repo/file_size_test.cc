#include "tests/repo/file_size.h"

#include <gtest/gtest.h>

namespace millrace::repo {
namespace {

std::string lines_of(int count, const std::string& line) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += line + "\n";
  }
  return text;
}

std::vector<int> lengths_in(const std::string& text) {
  std::vector<int> lengths;
  for (const FunctionSpan& function : find_functions(text)) {
    lengths.push_back(function.lines());
  }
  return lengths;
}

TEST(FileSize, holds_in_every_source) {
  const std::vector<RepositoryFile> files = read_files(
      {"system", "sim", "reports", "properties", "scenarios", "benchmarks", "tests", "examples"},
      {".h", ".cc"});

  std::vector<Violation> violations;
  std::size_t function_count = 0;
  for (const RepositoryFile& file : files) {
    const std::vector<Violation> found = check_file_size(file);
    violations.insert(violations.end(), found.begin(), found.end());
    function_count += find_functions(file.text).size();
  }

  EXPECT_GT(files.size(), 10U) << "the walk found no sources to check";
  EXPECT_GT(function_count, 2 * files.size()) << "the finder misses functions";
  EXPECT_EQ(describe(violations), "");
}

TEST(FileSize, allows_700_lines_and_refuses_701) {
  EXPECT_EQ(describe(check_file_size({"a.h", lines_of(700, "int a;")})), "");
  EXPECT_EQ(describe(check_file_size({"a.h", lines_of(701, "int a;")})),
            "a.h:701: the file has 701 lines, at most 700 are allowed: split it by subject\n");
}

TEST(FileSize, allows_functions_of_70_lines_and_refuses_71) {
  const std::string fits = "void f() {\n" + lines_of(68, "  g();") + "}\n";
  const std::string long_one = "int a;\nvoid f() {\n" + lines_of(69, "  g();") + "}\n";

  EXPECT_EQ(describe(check_file_size({"a.cc", fits})), "");
  EXPECT_EQ(describe(check_file_size({"a.cc", long_one})),
            "a.cc:2: a function of 71 lines, at most 70 are allowed: name its parts\n");
}

TEST(FileSize, counts_from_the_signature_and_without_the_comment_above) {
  EXPECT_EQ(lengths_in("/// Says\n/// what.\nResult<int>\nf(int a,\n  int b) {\n}\n"),
            std::vector<int>{4});
}

TEST(FileSize, looks_into_namespaces_and_classes) {
  const std::string text =
      "namespace a::b {\n"
      "template <typename T>\n"
      "class C final : public D {\n"
      " public:\n"
      "  explicit C(int x) : x_{x}, y_(std::move(x)) {\n"
      "    f();\n"
      "  }\n"
      "  int get() const noexcept { return x_; }\n"
      "\n"
      " private:\n"
      "  int x_{0};\n"
      "};\n"
      "}  // namespace a::b\n";

  EXPECT_EQ(lengths_in(text), (std::vector<int>{3, 1}));
}

TEST(FileSize, takes_tables_for_data) {
  const std::string text =
      "constexpr std::array<int, 2> kTable{\n1,\n2,\n};\n"
      "const auto kMade = make({\n1,\n2,\n});\n"
      "void f() {\n}\n";

  EXPECT_EQ(lengths_in(text), std::vector<int>{2});
}

TEST(FileSize, is_not_fooled_by_braces_in_strings_and_directives) {
  const std::string text =
      "#define OPEN(x) {  \\\n  {\n"
      "void f() {\n  g(\"}\");  // }\n  h('}');\n}\n";

  EXPECT_EQ(lengths_in(text), std::vector<int>{4});
}

TEST(FileSize, counts_a_test_as_a_function) {
  EXPECT_EQ(lengths_in("TEST(A, b) {\n  auto f = [&] {\n    g();\n  };\n}\n"), std::vector<int>{5});
}

}  // namespace
}  // namespace millrace::repo
