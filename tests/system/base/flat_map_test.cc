#include "system/base/flat_map.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace millrace {
namespace {

TEST(FlatMap, keeps_one_value_a_key_in_order_of_the_keys) {
  FlatMap<int, std::string> map;
  map[2] = "two";
  map[1] = "one";
  map[2] = "zwei";
  EXPECT_FALSE(map.try_emplace(1, "uno").second);

  std::vector<int> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<int>{1, 2}));
  EXPECT_EQ(map.at(2), "zwei");
  EXPECT_EQ(map.erase(1), 1U);
  EXPECT_FALSE(map.contains(1));
}

TEST(FlatSet, keeps_each_element_once) {
  FlatSet<int> set;
  EXPECT_TRUE(set.insert(3).second);
  EXPECT_FALSE(set.insert(3).second);
  EXPECT_EQ(set.size(), 1U);
}

}  // namespace
}  // namespace millrace
