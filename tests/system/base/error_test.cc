#include "system/base/error.h"

#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/folders.h"
#include "tests/system/base/checked.h"

namespace millrace {
namespace {

Errc code_at(int index) { return static_cast<Errc>(index); }

TEST(Errc, has_a_name_of_its_own_that_reads_back) {
  std::set<std::string_view> names;
  for (int i = 0; i < kErrcCount; ++i) {
    EXPECT_EQ(errc_from_text(to_text(code_at(i))), code_at(i));
    EXPECT_TRUE(names.insert(to_text(code_at(i))).second) << to_text(code_at(i));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kErrcCount));
}

TEST(Errc, reads_an_unknown_name_as_a_protocol_error) {
  EXPECT_EQ(errc_from_text("no_such_code"), Errc::kProtocol);
  EXPECT_EQ(errc_from_text(""), Errc::kProtocol);
  EXPECT_EQ(errc_from_text("sealed "), Errc::kProtocol);
}

/// "kBadOffset" as to_text spells it.
std::string spelled(std::string_view enumerator) {
  std::string name;
  for (const char letter : enumerator.substr(1)) {
    const bool is_capital = letter >= 'A' && letter <= 'Z';
    if (is_capital && !name.empty()) name += '_';
    name += is_capital ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  return name;
}

// The comments of the enumeration are what people read; the table is what programs read.
TEST(Errc, answers_whether_it_happened_as_its_documentation_says) {
  std::ifstream header(source_folder() + "/system/base/error.h");
  ASSERT_TRUE(header.is_open());
  int rows = 0;
  for (std::string line; std::getline(header, line);) {
    std::istringstream words(line);
    std::string enumerator;
    std::string slashes;
    std::string answer;
    words >> enumerator >> slashes >> answer;
    if (!enumerator.starts_with('k') || slashes != "//") continue;
    enumerator.pop_back();  // The comma.
    const Errc code = errc_from_text(spelled(enumerator));
    EXPECT_EQ(static_cast<int>(code), rows) << enumerator;
    EXPECT_EQ(happened(code), answer == "did" ? Happened::kNo : Happened::kUnknown) << enumerator;
    ++rows;
  }
  EXPECT_EQ(rows, kErrcCount);
}

TEST(Errc, outside_the_list_is_our_own_bug) {
  EXPECT_TRUE(broken_check([] { static_cast<void>(to_text(code_at(kErrcCount))); }));
}

TEST(Error, prints_its_code_and_its_detail_if_it_has_one) {
  EXPECT_EQ(to_text(Error{.code = Errc::kSealed, .detail = "segment 3"}), "sealed: segment 3");
  EXPECT_EQ(to_text(Error{.code = Errc::kNoSpace, .detail = ""}), "no_space");
}

}  // namespace
}  // namespace millrace
