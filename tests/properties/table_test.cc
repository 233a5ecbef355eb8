#include "properties/table.h"

#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::properties {
namespace {

TEST(Table, keeps_one_value_a_key_in_the_order_in_which_keys_came) {
  Table<std::uint64_t, int> table;
  table[std::uint64_t{7}] = 1;
  const auto [second, is_second_new] = table.at(std::uint64_t{3});
  EXPECT_TRUE(is_second_new);
  EXPECT_EQ(second, 0);
  second = 2;
  EXPECT_FALSE(table.at(std::uint64_t{7}).is_new);

  std::vector<std::pair<std::uint64_t, int>> seen;
  table.each([&](std::uint64_t key, int value) { seen.emplace_back(key, value); });
  EXPECT_EQ(seen, (std::vector<std::pair<std::uint64_t, int>>{{7, 1}, {3, 2}}));
  EXPECT_EQ(table.find(std::uint64_t{5}), nullptr);
}

// Keys that share all of their low or high bits meet in one place unless they are spread.
TEST(Table, agrees_with_a_map_whatever_the_keys) {
  for (const std::uint64_t stride : {1ULL, 256ULL, 1ULL << 32, 1ULL << 60}) {
    Table<std::uint64_t, std::uint64_t> table;
    std::map<std::uint64_t, std::uint64_t> model;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const std::uint64_t key = (i * 7 % 1000) * stride;
      table[key] += i;
      model[key] += i;
    }
    for (const auto& [key, value] : model) {
      ASSERT_NE(table.find(key), nullptr);
      EXPECT_EQ(*table.find(key), value);
    }
    std::size_t count = 0;
    table.each([&](std::uint64_t key, std::uint64_t) { count += model.count(key); });
    EXPECT_EQ(count, model.size());
    EXPECT_EQ(table.find(1001 * stride + 1), nullptr);
  }
}

TEST(Table, finds_tuples_of_text_by_views) {
  Table<std::tuple<std::string, std::string, std::uint32_t>, int> table;
  table[std::tuple<std::string_view, std::string_view, std::uint32_t>("pass", "writer", 7U)] = 1;
  const std::string pass = "pass";
  const std::string writer = "writer";
  const std::uint32_t key = 7;

  EXPECT_NE(table.find(std::tie(pass, writer, key)), nullptr);
  EXPECT_EQ(table.find(std::tuple<std::string, std::string, std::uint32_t>("writer", "pass", 7U)),
            nullptr);
}

TEST(Numbers, count_from_one_and_know_what_has_none) {
  Numbers<std::string> numbers;
  EXPECT_EQ(numbers.find("a"), 0U);
  EXPECT_EQ(numbers.of("a"), 1U);
  EXPECT_EQ(numbers.of("b"), 2U);
  EXPECT_EQ(numbers.of("b"), 2U);
  EXPECT_EQ(numbers.of("a"), 1U);
  EXPECT_EQ(numbers.find("b"), 2U);
  EXPECT_EQ(numbers.find("c"), 0U);
  EXPECT_EQ(numbers.key(2), "b");
  EXPECT_EQ(numbers.count(), 2U);
}

TEST(Column, holds_defaults_and_leaves_values_where_they_are) {
  Column<int> column;
  int& early = column[3];
  early = 7;
  column[10'000] = 9;

  EXPECT_EQ(&column[3], &early);
  EXPECT_EQ(column.at(3), 7);
  EXPECT_EQ(column[5'000], 0);
  EXPECT_EQ(column.at(10'000), 9);
}

TEST(OffsetTable, keeps_entries_in_the_order_of_their_offsets) {
  OffsetTable<int> table;
  for (const std::uint64_t offset : {10ULL, 30ULL, 20ULL, 40ULL, 0ULL}) {
    const auto [index, is_new] = table.at(offset);
    EXPECT_TRUE(is_new);
    table[index].value = static_cast<int>(offset);
  }
  ASSERT_EQ(table.size(), 5U);
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(table[i].offset, 10 * i);
    EXPECT_EQ(table[i].value, static_cast<int>(10 * i));
  }
}

// Forwards as readers go, backwards, and again from the start: wherever the last look-up was.
TEST(OffsetTable, finds_an_entry_again_from_anywhere) {
  OffsetTable<int> table;
  for (std::uint64_t offset = 0; offset < 100; offset += 10) table.at(offset);

  for (const std::uint64_t offset : {0ULL, 10ULL, 20ULL, 90ULL, 80ULL, 0ULL, 50ULL, 60ULL}) {
    const auto [index, is_new] = table.at(offset);
    EXPECT_FALSE(is_new);
    EXPECT_EQ(index, offset / 10);
  }
  EXPECT_EQ(table.size(), 10U);
}

}  // namespace
}  // namespace millrace::properties
