#include "tests/repo/docs_links.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>

namespace millrace::repo {
namespace {

std::optional<std::string> read_from_checkout(std::string_view path) {
  const std::filesystem::path full = repository_root() / path;
  if (std::filesystem::is_directory(full)) {
    return "";
  }
  std::ifstream in(full, std::ios::binary);
  if (!in) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string found_in(const std::string& text) {
  const std::map<std::string, std::string, std::less<>> files = {
      {"docs/a.md", "# The floors\n```\n# not a heading\n```\n"}, {"README.md", ""}};
  const FileLookup lookup = [&](std::string_view path) -> std::optional<std::string> {
    const auto file = files.find(path);
    return file == files.end() ? std::nullopt : std::optional(file->second);
  };
  return describe(check_links({.path = "docs/b.md", .text = text}, lookup));
}

TEST(DocsLinks, lead_somewhere_in_every_page) {
  std::vector<RepositoryFile> files = read_files({"docs", "examples", "tests"}, {".md"});
  for (const std::string name : {"README.md", "CONTRIBUTING.md"}) {
    files.push_back({.path = name, .text = read_from_checkout(name).value_or("")});
  }

  std::vector<Violation> violations;
  for (const RepositoryFile& file : files) {
    EXPECT_NE(file.text, "") << file.path;
    const std::vector<Violation> found = check_links(file, read_from_checkout);
    violations.insert(violations.end(), found.begin(), found.end());
  }

  EXPECT_GT(files.size(), 8U) << "the walk found no pages to check";
  EXPECT_EQ(describe(violations), "");
}

TEST(DocsLinks, refuse_a_file_that_does_not_exist) {
  EXPECT_EQ(found_in("see\n[there](gone.md)\n"),
            "docs/b.md:2: the link leads to docs/gone.md, which does not exist\n");
}

TEST(DocsLinks, refuse_a_heading_that_does_not_exist) {
  EXPECT_EQ(found_in("[there](a.md#the-floors)"), "");
  EXPECT_EQ(
      found_in("[there](a.md#the-roof)"),
      "docs/b.md:1: the link leads to the heading #the-roof, which docs/a.md does not have\n");
  EXPECT_NE(found_in("[there](a.md#not-a-heading)"), "");
}

TEST(DocsLinks, are_relative_to_their_page) {
  EXPECT_EQ(found_in("[up](../README.md)"), "");
  EXPECT_NE(found_in("[up](README.md)"), "");
}

TEST(DocsLinks, of_the_web_and_in_code_are_left_alone) {
  EXPECT_EQ(found_in("[web](https://example.org/x) `[code](gone.md)`\n```\n[x](gone.md)\n```\n"),
            "");
}

}  // namespace
}  // namespace millrace::repo
